"""A database whose every change is taken back: one connection in one transaction that never commits. Knows no table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project88.store.connection import Connection, Database
from project88.store.failures import translated


class ScratchDatabase(Database):
    """Looks like a Database to whoever writes; what it was told is forgotten at the end.

    All that is asked of it is asked of one connection, so its users must not work at the same time.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        with translated():
            yield self._connection

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Connection]:
        async with self.connection() as connection:
            yield connection

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Connection]:
        async with self.connection() as connection:
            yield connection


@asynccontextmanager
async def rolled_back(db: Database) -> AsyncIterator[ScratchDatabase]:
    """The same database for a block that leaves no row, lock or notification behind."""
    async with db.listening() as connection:
        # Plans are made for each statement, as they are for long work.
        connection.prepare_threshold = None
        async with connection.transaction(force_rollback=True):
            yield ScratchDatabase(connection)
