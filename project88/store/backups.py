"""What is noted of backups, and the state of a database that a backup must hold. Reads and writes no file.

The rows of every table are counted in the very state that the dump sees, so that a restored copy can be compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.sql import Identifier

from project88.errors import StoreError
from project88.store.connection import Connection, Database, number_of
from project88.store.queries import load

queries = load("backups")
of_server = load("connection")
of_schema = load("monitor")

VerifiedBy = Literal["restore", "reading"]
BACKUPS_ON_A_SCREEN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What our role may do on the server."""

    version: int
    may_create_database: bool
    may_create_schema: bool
    may_create_table: bool
    size_bytes: int

    @property
    def major(self) -> int:
        return self.version // 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A row of the table backups."""

    backup_id: int
    file_name: str
    started_at: datetime
    finished_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    verified_at: datetime | None
    verified_by: VerifiedBy | None
    status: str
    error_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One state of the database. It can be dumped as long as its connection is open."""

    name: str
    connection: Connection

    async def rows(self) -> dict[str, int]:
        """Rows by table, with the schema's name before a dot."""
        return await _counts(self.connection)


async def rights(db: Database) -> Rights:
    found = await db.row(queries["rights"])
    assert found is not None
    return Rights(**found)


@asynccontextmanager
async def only_backup(db: Database) -> AsyncIterator[None]:
    """Raises StoreError where another backup of this database is under way."""
    async with db.listening() as connection:
        row = await (await connection.execute(queries["lock"])).fetchone()
        if not row or not row[0]:
            raise StoreError("another backup of this database is under way; wait for its end")
        if await can_note(db):
            await db.execute(queries["give_up_lost"])
        yield


async def can_note(db: Database) -> bool:
    return bool(await db.value(queries["has_table"]))


async def begin(db: Database, file_name: str) -> int | None:
    """Note a backup; None where the database has no table for it yet."""
    if not await can_note(db):
        return None
    return int(await db.value(queries["begin"], {"file_name": file_name}))


async def complete(db: Database, backup_id: int | None, size_bytes: int, sha256: str, verified_by: VerifiedBy) -> None:
    if backup_id is not None:
        facts = {"backup_id": backup_id, "size_bytes": size_bytes, "sha256": sha256, "verified_by": verified_by}
        await db.execute(queries["complete"], facts)


async def fail(db: Database, backup_id: int | None, error_message: str) -> None:
    if backup_id is not None:
        await db.execute(queries["fail"], {"backup_id": backup_id, "error_message": error_message})


async def note(db: Database, facts: Mapping[str, Any]) -> None:
    """A backup that was verified before the table was there."""
    await db.execute(queries["note"], facts)


async def backups(db: Database, limit: int = BACKUPS_ON_A_SCREEN) -> list[Backup]:
    if not await can_note(db):
        return []
    return [Backup(**row) for row in await db.rows(queries["backups"], {"limit": limit})]


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[Snapshot]:
    """The state of the database at this moment, for the block."""
    async with db.listening() as connection:
        await connection.execute(queries["begin_snapshot"])
        row = await (await connection.execute(queries["export_snapshot"])).fetchone()
        assert row is not None
        yield Snapshot(name=row[0], connection=connection)


async def row_counts(db: Database) -> dict[str, int]:
    """The rows of every table."""
    async with db.transaction() as connection:
        return await _counts(connection)


@asynccontextmanager
async def scratch_database(db: Database, name: str) -> AsyncIterator[None]:
    """An empty database beside this one, dropped at the end. One of that name that was left behind goes first."""
    await drop_database(db, name)
    await make_database(db, name)
    try:
        yield
    finally:
        await drop_database(db, name)


async def make_database(db: Database, name: str) -> None:
    await db.execute(of_server["create_database"].format(name=Identifier(name)))


async def database_exists(db: Database, name: str) -> bool:
    return bool(await db.value(of_server["database_exists"], {"name": name}))


async def drop_database(db: Database, name: str) -> None:
    await db.execute(of_server["drop_database"].format(name=Identifier(name)))


async def replace_database(db: Database, name: str, by: str) -> None:
    """Drop ``name`` and give its name to the database ``by``. ``db`` is another one on the server."""
    await drop_database(db, name)
    await db.execute(queries["rename_database"].format(name=Identifier(by), new_name=Identifier(name)))


async def clients_of(db: Database, name: str) -> int:
    return int(await db.value(queries["clients"], {"name": name}))


async def has_reader(db: Database) -> bool:
    """Whether the server knows the role that the policies of our tables name."""
    return bool(await db.value(queries["has_role"]))


async def analyze(db: Database) -> None:
    await db.execute(queries["analyze"])


async def problems(db: Database) -> list[str]:
    """What the schema lacks, a sentence each; nothing where the database cannot check itself."""
    if not await db.value(queries["has_self_check"]):
        return []
    rows = await db.rows(of_schema["schema_problems"])
    return [f"{row['object']}: {row['problem']}; {row['remedy']}" for row in rows]


async def _counts(connection: Connection) -> dict[str, int]:
    names = await (await connection.execute(queries["tables"])).fetchall()
    counted = {}
    for schema, table in names:
        counting = queries["count"].format(table=Identifier(schema, table))
        counted[f"{schema}.{table}"] = await number_of(connection, counting)
    return counted
