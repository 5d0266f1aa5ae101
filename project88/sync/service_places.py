"""Room for a call at a service that counts the calls of all who ask it. Calls nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from project88.store.connection import Database
from project88.store.service_places import place_of

#: In this process so many wait for the database's word as the service has places: each keeps a connection meanwhile.
_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


class ServicePlaces:
    """``count``: calls at once of all credentials and programs together; None: the service says nothing of it."""

    def __init__(self, db: Database, service: str, count: int | None) -> None:
        self._db = db
        self._service = service
        self._count = count

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        if self._count is None:
            yield
            return
        async with self._line(self._count), place_of(self._db, self._service, self._count):
            yield

    def _line(self, count: int) -> asyncio.Semaphore:
        lines = _lines.setdefault(asyncio.get_running_loop(), {})
        return lines.setdefault(self._service, asyncio.Semaphore(count))
