"""Runs the test server of one test run and ends it with the run, however the run ends. Not a test.

    python tests/postgres_keeper.py FOLDER PID [BINARIES]

It makes a server in FOLDER with migrated template databases, writes the first one's address to FOLDER/url, waits
until the process PID is gone (kill -9 included), then stops the server and removes FOLDER.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier, Literal

from project88.edges import clock, embedded
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate
from project88.store.roles import apply_roles

#: As project88 db migrate leaves a database, and as the migrations alone do.
TEMPLATE, WITHOUT_ROLES = "project88_template", "project88_without_roles"
POLL_SECONDS = 0.2
#: The first version of PostgreSQL whose rounds of hashing a password can be set.
ADJUSTABLE_SINCE = 160_000
#: A test server may lose everything in a crash of the machine.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # Compiling a statement over a few rows takes longer than the statement.
    "jit": "off",
}


async def keep(folder: Path, watched_pid: int, binaries: Path | None) -> None:
    home = folder / "home"
    options = embedded.Options(binaries=binaries, settings=SETTINGS, initdb_arguments=("--no-sync",))
    try:
        server = await embedded.ensure_running(home, options=options)
        await make_templates(server)
        partial = folder / "url.partial"
        partial.write_text(server.url(TEMPLATE))
        partial.rename(folder / "url")
        while is_alive(watched_pid):
            await clock.sleep(POLL_SECONDS)
    finally:
        await embedded.stop(home)
        shutil.rmtree(folder, ignore_errors=True)


async def make_templates(server: embedded.Server) -> None:
    await ensure_database(server.url("postgres"), WITHOUT_ROLES)
    async with Database.open(server.url(WITHOUT_ROLES)) as db:
        await migrate(db)
        await log_in_quickly(db, server.password)
    async with await AsyncConnection.connect(server.url("postgres"), autocommit=True) as admin:
        made = SQL("create database {} template {}")
        await admin.execute(made.format(Identifier(TEMPLATE), Identifier(WITHOUT_ROLES)))
    async with Database.open(server.url(TEMPLATE)) as db:
        await apply_roles(db)


async def log_in_quickly(db: Database, password: str) -> None:
    """Tests make thousands of connections, and thousands of rounds of hashing are most of what one costs."""
    async with db.connection() as connection:
        if connection.info.server_version < ADJUSTABLE_SINCE:
            return
        await connection.execute(SQL("alter system set scram_iterations = 1"))
        await connection.execute(SQL("set scram_iterations = 1"))
        await connection.execute(SQL("alter role current_user password {}").format(Literal(password)))
        await connection.execute(SQL("select pg_reload_conf()"))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    named = [Path(argument) for argument in sys.argv[3:]]
    asyncio.run(keep(Path(sys.argv[1]), int(sys.argv[2]), named[0] if named else None))
