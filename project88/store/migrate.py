"""Applying the files that database/install.sql and roles.sql list, as psql would. Holds no schema of its own.

psql and this program read the same manifest, so there is one order. Each file may run again and records its own name;
this program adds the file's sha256 and runs a file whose text is not the one noted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from psycopg.rows import dict_row

from project88.errors import ConfigError
from project88.store.connection import Connection, Database
from project88.store.failures import translated
from project88.store.queries import load

DATABASE_FOLDER = Path(__file__).resolve().parents[2] / "database"
IGNORED_LINE = re.compile(r"\s*(--.*|\\set\s+ON_ERROR_STOP\s+on|begin;|commit;)?\s*", re.IGNORECASE)
INCLUDE_LINE = re.compile(r"\\ir\s+(\S+)\s*")

VIEWS = "views/"

queries = load("migrate")

State = Literal["applied", "pending", "changed", "applied by psql"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of the manifest. Its name is its path as the manifest writes it."""

    name: str
    script: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.script).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStatus:
    """Whether one file ran on a database."""

    name: str
    state: State
    #: None where it did not run.
    applied_at: datetime | None

    @property
    def is_missing(self) -> bool:
        """Whether the database lacks what the file would bring."""
        return self.state in ("pending", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    name: str
    applied_at: datetime
    sha256: str | None


def read_manifest(folder: Path = DATABASE_FOLDER, listed_in: str = "install.sql") -> list[Migration]:
    """The files of a list in their order."""
    manifest = folder / listed_in
    if not manifest.exists():
        raise ConfigError(f"{manifest} is missing; run the hub from a checkout, which has the folder database")
    names = list(_included(listed_in, manifest.read_text(encoding="utf-8").splitlines()))
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise ConfigError(f"{listed_in} names files that are missing: {', '.join(absent)}")
    return [Migration(name=name, script=(folder / name).read_bytes()) for name in names]


async def migrate(db: Database, folder: Path = DATABASE_FOLDER) -> list[str]:
    """Apply what is missing in one transaction and say which files ran."""
    migrations = read_manifest(folder)
    async with db.dedicated() as connection, connection.transaction():
        await connection.execute(queries["lock"])
        applied = await _applied(connection)
        due = _due(migrations, applied)
        for migration in due:
            await _apply(connection, migration)
    return [migration.name for migration in due]


def _due(migrations: list[Migration], applied: Mapping[str, _Applied]) -> list[Migration]:
    """What is new or edited. Views rest on one another, so all are made anew where one is."""
    due = {migration.name for migration in migrations if not _is_sealed(migration, applied)}
    if any(name.startswith(VIEWS) for name in due):
        due |= {migration.name for migration in migrations if migration.name.startswith(VIEWS)}
    return [migration for migration in migrations if migration.name in due]


async def status(db: Database, folder: Path = DATABASE_FOLDER) -> list[MigrationStatus]:
    """How the database stands to each file of the manifest."""
    async with db.connection() as connection:
        applied = await _applied(connection)
    return [_status(migration, applied.get(migration.name)) for migration in read_manifest(folder)]


def _included(listed_in: str, lines: Iterable[str]) -> Iterable[str]:
    for number, line in enumerate(lines, start=1):
        if include := INCLUDE_LINE.fullmatch(line):
            yield include[1]
        elif not IGNORED_LINE.fullmatch(line):
            raise ConfigError(
                f"{listed_in} line {number} is not understood: {line.strip()!r}."
                " It may hold comments, '\\set ON_ERROR_STOP on', 'begin;', 'commit;' and '\\ir path' only"
            )


async def _applied(connection: Connection) -> dict[str, _Applied]:
    exists = await (await connection.execute(queries["table_exists"])).fetchone()
    if not exists or not exists[0]:
        return {}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["applied"])
        return {row["name"]: _Applied(**row) for row in await cursor.fetchall()}


def _is_sealed(migration: Migration, applied: Mapping[str, _Applied]) -> bool:
    return migration.name in applied and applied[migration.name].sha256 == migration.sha256


async def _apply(connection: Connection, migration: Migration) -> None:
    with translated(f"database/{migration.name}"):
        await connection.execute(migration.script)
    parameters = {"name": migration.name, "sha256": migration.sha256}
    if (await connection.execute(queries["seal"], parameters)).rowcount != 1:
        raise ConfigError(f"database/{migration.name} must end by recording its own name in applied_migrations")


def _status(migration: Migration, applied: _Applied | None) -> MigrationStatus:
    if applied is None:
        return MigrationStatus(name=migration.name, state="pending", applied_at=None)
    state: State = "applied"
    if applied.sha256 is None:
        state = "applied by psql"
    elif applied.sha256 != migration.sha256:
        state = "changed"
    return MigrationStatus(name=migration.name, state=state, applied_at=applied.applied_at)
