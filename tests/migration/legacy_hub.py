"""Legacy databases of an ordinary owner, and what psql does to them. Knows nothing of how the conversion works."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from tests.hub_command import CHECKOUT
from tests.migration.test_psql_and_program_agree import program

FIXTURES = Path(__file__).with_name("legacy")
EXTENSION = "\\i database/chronotrack_live_schema_extension.sql\n"
#: The files that make each kind of database.
KINDS = {
    "empty": (),
    "m": ("variant_m.sql",),
    "d": ("variant_d.sql",),
    "m_half": ("variant_m.sql", "half_extension.sql"),
    "d_half": ("variant_d.sql", "half_extension.sql"),
}

Row = tuple[object, ...]


@dataclass(frozen=True)
class LegacyServer:
    """The test server and a role on it that owns databases and may do nothing else."""

    admin_url: str
    owner: str
    password: str

    def url(self, database: str) -> str:
        return _address(self.admin_url, dbname=database, user=self.owner, password=self.password)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[LegacyDatabase]:
        """A new database, dropped afterwards."""
        name = f"legacy_{uuid.uuid4().hex}"
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            made = SQL("create database {} template {} owner {}")
            admin.execute(made.format(Identifier(name), Identifier(template), Identifier(self.owner)))
            try:
                yield LegacyDatabase(self, name)
            finally:
                admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@dataclass(frozen=True)
class LegacyDatabase:
    server: LegacyServer
    name: str

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def rows(self, statement: str) -> list[Row]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description is not None else []

    def psql(self, typed: str) -> subprocess.CompletedProcess[str]:
        """As typed from the repository root. Without the switch psql ends with 0 whatever a file did that \\i read."""
        command = [program("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-d", self.url]
        return subprocess.run(command, input=typed, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    def extend(self, before: str = "") -> subprocess.CompletedProcess[str]:
        return self.psql(before + EXTENSION)

    def fill(self, kind: str) -> None:
        for name in KINDS[kind]:
            command = [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", str(FIXTURES / name)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@contextmanager
def legacy_server(server_url: str) -> Iterator[LegacyServer]:
    """The role is gone afterwards."""
    owner, password = f"legacy_owner_{uuid.uuid4().hex}", uuid.uuid4().hex
    server = LegacyServer(_address(server_url, dbname="postgres"), owner, password)
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(SQL("create role {} login password {}").format(Identifier(owner), Literal(password)))
        try:
            yield server
        finally:
            admin.execute(SQL("drop role {}").format(Identifier(owner)))


@contextmanager
def legacy_database(server: LegacyServer, kind: str) -> Iterator[LegacyDatabase]:
    with server.database() as database:
        database.fill(kind)
        yield database


@contextmanager
def extended_copy(original: LegacyDatabase) -> Iterator[LegacyDatabase]:
    with original.server.database(original.name) as database:
        done = database.extend()
        assert done.returncode == 0, done.stderr
        yield database


def _address(url: str, **parts: str) -> str:
    return make_conninfo(url, **parts)
