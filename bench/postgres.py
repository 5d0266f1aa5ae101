"""A PostgreSQL of the benchmarks' own with the settings they are defined with, and what is read off it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import Identifier

from bench.statements import queries
from project88.edges import environment
from project88.edges.embedded import Options, Server, ensure_running, stop
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate

#: Autovacuum is off because its moment is chance; the benchmarks do its work between the measurements.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "work_mem": "64MB",
    "autovacuum": "off",
}
STATEMENT_TIMES = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A point in the server's life."""

    wal_bytes: int
    next_transaction: int


@dataclass(frozen=True, slots=True)
class BenchDatabase:
    """One database of a running server."""

    url: str = field(repr=False)

    async def state(self) -> State:
        """Where the server stands now, after a checkpoint."""
        await self.run("checkpoint")
        row = (await self.rows("state"))[0]
        return State(wal_bytes=int(row["wal_bytes"]), next_transaction=row["next_transaction"])

    async def wal_bytes_since(self, before: State) -> int:
        return int((await self.rows("state"))[0]["wal_bytes"]) - before.wal_bytes

    async def count(self, name: str, parameters: dict[str, Any]) -> int:
        return int(next(iter((await self.rows(name, parameters))[0].values())))

    async def rows(self, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(queries[name], parameters)
            return await cursor.fetchall()

    async def execute(self, name: str, parameters: dict[str, Any]) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(queries[name], parameters)

    async def run(self, *names: str) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            for name in names:
                await connection.execute(queries[name])


@asynccontextmanager
async def server(*, statement_times: bool, settings: Mapping[str, str] | None = None) -> AsyncIterator[Server]:
    """A server in a folder that is gone afterwards. ``settings`` go over those that all benchmarks share."""
    chosen = environment.embedded()
    settings = {**SETTINGS, **(STATEMENT_TIMES if statement_times else {}), **(settings or {})}
    options = Options(binaries=chosen.binaries, os_user=chosen.os_user, settings=settings)
    with open_folder() as folder:
        home = folder / "home"
        try:
            yield await ensure_running(home, options=options)
        finally:
            await stop(home)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the server's own user can walk through."""
    with tempfile.TemporaryDirectory(prefix="project88-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@asynccontextmanager
async def database(running: Server, name: str) -> AsyncIterator[BenchDatabase]:
    """A migrated database that is dropped afterwards."""
    admin_url = running.url("postgres")
    await ensure_database(admin_url, name)
    url = running.url(name)
    async with Database.open(url) as db:
        await migrate(db)
    made = BenchDatabase(url)
    await made.run("create_tables")
    yield made
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as connection:
        await connection.execute(queries["drop_database"].format(name=Identifier(name)))


def processor_seconds(running: Server) -> float:
    """Processor time of the server's processes so far, those that have ended included."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if path.parent.name == str(running.pid):
            ticks += sum(int(value) for value in fields[11:15])
        elif fields[1] == str(running.pid):
            ticks += sum(int(value) for value in fields[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")
