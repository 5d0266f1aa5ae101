"""The database's roles: applying database/roles.sql, what a login may do, and a login for pages. Keeps no password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from psycopg import AsyncConnection, errors
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg.sql import Identifier, Literal

from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER, read_manifest
from project88.store.queries import load

LISTED_IN = "roles.sql"
#: Roles belong to the server: two programs may change the same one at once, and one of them has to try again.
ATTEMPTS = 5

queries = load("roles")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the login of a connection may do to this database."""

    login: str
    is_superuser: bool
    #: Whether it is beyond row-level security by an attribute of its own.
    bypasses: bool
    may_create_roles: bool
    #: Whether the server has all of our roles.
    roles_exist: bool
    is_reader: bool
    is_owner: bool
    reads_logins: bool
    rows_are_secured: bool

    @property
    def too_much(self) -> str | None:
        """Why pages must not work as this login; None where they may."""
        reasons = {
            "it is a superuser": self.is_superuser,
            "it is beyond row-level security": self.bypasses,
            "it owns the tables": self.is_owner,
            "it can read the logins of timing partners": self.reads_logins,
            "it is no member of project88_reader": not self.is_reader,
            "the tables have no row-level security yet": not self.rows_are_secured,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)


async def standing(db: Database) -> Standing:
    row = await db.row(queries["standing"])
    assert row is not None
    return Standing(**row)


async def apply_roles(db: Database, folder: Path = DATABASE_FOLDER) -> str | None:
    """Bring roles, rights and policies up to date, all or nothing; why not, where this login may not do it."""
    found = await standing(db)
    if not found.roles_exist and not found.may_create_roles:
        return f"{found.login} may not create roles"
    scripts = [file.script for file in read_manifest(folder, LISTED_IN)]

    async def apply(connection: AsyncConnection[TupleRow]) -> str | None:
        try:
            async with connection.transaction():
                for script in scripts:
                    await connection.execute(script)
        except errors.InsufficientPrivilege as error:
            return f"{found.login} may not: {error.diag.message_primary}"
        return None

    return await _again_while_others_do(db, apply)


async def make_reader(db: Database, login: str, password: str) -> str:
    """A login that may read what pages show, made or with this password from now on; its address, not for logs."""

    async def make(connection: AsyncConnection[TupleRow]) -> None:
        verifier = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
        row = await (await connection.execute(queries["role_exists"], {"login": login})).fetchone()
        if not (row and row[0]):
            await connection.execute(queries["create_login"].format(login=Identifier(login)))
        await connection.execute(queries["set_password"].format(login=Identifier(login), verifier=Literal(verifier)))

    await _again_while_others_do(db, make)
    return make_conninfo(db.conninfo, user=login, password=password)


async def _again_while_others_do(db: Database, change: Callable[[AsyncConnection[TupleRow]], Awaitable[T]]) -> T:
    """What fails because of another program's change finds that one done, so it need not wait."""
    for _ in range(ATTEMPTS - 1):
        async with db.listening() as connection:
            try:
                return await change(connection)
            except (errors.InternalError_, errors.DuplicateObject, errors.UniqueViolation, errors.DeadlockDetected):
                continue
    async with db.listening() as connection:
        return await change(connection)
