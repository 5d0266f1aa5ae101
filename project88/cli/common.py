"""What every command needs: running a coroutine, the hub's database, tables. Imports heavy modules only when used."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

import typer

from project88.edges import environment
from project88.errors import ConfigError

if TYPE_CHECKING:
    from project88.edges.embedded import Server
    from project88.store.connection import Database

#: The database that every server has, to connect to while making another.
ADMIN_DATABASE = "postgres"

T = TypeVar("T")

#: Commands that a second signal has cancelled.
_ended_by_signal: WeakSet[asyncio.Task[Any]] = WeakSet()


class Terminated(BaseException):
    """SIGTERM ended the command after it had cleaned up. Like KeyboardInterrupt, no ordinary handler may catch it."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end. SIGINT and SIGTERM cancel it, and take effect when it has cleaned up."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_terminated(coroutine))


@asynccontextmanager
async def borrowed_hub_database() -> AsyncIterator[Database]:
    """The hub's database for a long-running command, which leaves the embedded server as it found it."""
    target = environment.database()
    if not isinstance(target, environment.EmbeddedDatabase):
        async with hub_database() as db:
            yield db
        return
    async with borrowed_embedded(target, target.name), hub_database() as db:
        yield db


@asynccontextmanager
async def hub_database(*, migrate_embedded: bool = True) -> AsyncIterator[Database]:
    """The hub's database, ready to use. The embedded one is started and brought up to date first."""
    from project88.store.connection import Database
    from project88.store.migrate import migrate
    from project88.store.roles import apply_roles

    target = environment.database()
    if isinstance(target, environment.EmbeddedDatabase):
        server = await ensure_embedded(target, target.name)
        async with Database.open(server.url(target.name)) as db:
            if migrate_embedded and await migrate(db):
                await apply_roles(db)
                typer.echo(await seal_old_secrets(db), err=True, nl=False)
            yield db
    else:
        async with Database.open(target.conninfo) as db:
            await _require_migrated(db)
            yield db


async def seal_old_secrets(db: Database) -> str:
    """Seal what earlier versions stored in plain; a line about it, empty where there was nothing to do.

    A machine that cannot hold a key leaves the secrets as they are, and the migration is no failure for that.
    """
    from project88.sync.sealed_logins import seal_logins

    try:
        count = await seal_logins(db)
    except ConfigError as error:
        return f"note: secrets stay in plain: {error}\n"
    return f"logins whose secrets were in plain and are sealed now: {count.sealed}\n" if count.sealed else ""


async def hub_url() -> str:
    """The address of the hub's database, whatever is in it. The embedded server is started first."""
    target = environment.database()
    if isinstance(target, environment.EmbeddedDatabase):
        return (await ensure_embedded(target, target.name)).url(target.name)
    # An address without parts tells libpq to take them from its own environment.
    return target.conninfo or "postgresql://"


@asynccontextmanager
async def borrowed_embedded(target: environment.EmbeddedDatabase, database: str) -> AsyncIterator[Server]:
    """The embedded server for a block; stopped at its end if this started it and nobody else is connected."""
    from project88.edges.embedded import stop
    from project88.store.connection import other_clients

    server = await ensure_embedded(target, database)
    try:
        yield server
    finally:
        if server.started_here and await other_clients(server.url(ADMIN_DATABASE)) == 0:
            await stop(target.home)


async def ensure_embedded(target: environment.EmbeddedDatabase, database: str) -> Server:
    """The embedded server, running and with the database ``database`` in it."""
    from project88.edges.embedded import Options, ensure_running
    from project88.store.connection import ensure_database

    server = await ensure_running(target.home, options=Options(binaries=target.binaries, os_user=target.os_user))
    await ensure_database(server.url(ADMIN_DATABASE), database)
    return server


@contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Log lines go into this file too while the block runs. One that cannot be written is no reason not to work."""
    from project88.edges.logs import also_logged

    if path is None:
        yield
        return
    with also_logged(path.absolute()) as warning:
        if warning:
            typer.echo(f"warning: {warning}", err=True)
        yield


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people on a terminal; aligned plain columns elsewhere."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        _print_plain([list(columns), *cells])
        return
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    # A word that does not fit goes on in the next line: the end of a time is what tells it from another.
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def print_json(value: object) -> None:
    """Any value that msgspec can encode, indented."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def value_text(value: Any) -> str:  # noqa: ANN401
    """A field of a history or of an explanation in one cell of a table."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return f"{len(value)} splits"
    return str(value)


def second_text(instant: datetime | None) -> str | None:
    """An instant in one cell of a table."""
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"


def _print_plain(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


async def _require_migrated(db: Database) -> None:
    from project88.store.migrate import status

    missing = [migration.name for migration in await status(db) if migration.is_missing]
    if missing:
        raise ConfigError(f"the database lacks {', '.join(missing)}; run: project88 db migrate")


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """For services: the first SIGTERM or Ctrl-C sets the event, a second one ends the process as for any command."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def end() -> None:
        if stop.is_set() and task is not None:
            _ended_by_signal.add(task)
            task.cancel()
        stop.set()

    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, end)
    try:
        yield stop
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def _until_terminated(coroutine: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    signalled = False

    def terminate() -> None:
        nonlocal signalled
        signalled = True
        if task is not None:
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await coroutine
    except asyncio.CancelledError:
        if signalled or task in _ended_by_signal:
            raise Terminated from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
