"""``project88 monitor``: a table or JSON of how the hub stands, once or again and again. Judges and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_url, print_json, print_table, run, stop_on_signals
from project88.cli.options import AsJson
from project88.edges import environment

if TYPE_CHECKING:
    from project88.monitor import Status

COLUMNS = ("check", "state", "who", "cause", "remedy")
DEFAULT_SECONDS = 30.0
#: Without it the embedded server was never started, and looking must not do that.
DATA_FOLDER = Path("postgres/data")


def monitor(
    *,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing where all is well.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="With --watch: how often.")] = DEFAULT_SECONDS,
) -> None:
    """Say whether all is well: schema, logins, programs, polls, duplicates, budget, disk, backups.

    Exits 0 when healthy, 1 when degraded, 2 when unhealthy; with --watch it is the state of the last look.

    Example: project88 monitor --json
    """
    raise typer.Exit(run(_watch(as_json, quiet, every) if watch else _once(as_json, quiet)))


async def _once(as_json: bool, quiet: bool) -> int:
    status = await _look()
    if not (quiet and status.exit_code == 0):
        _print(status, as_json)
    return status.exit_code


async def _watch(as_json: bool, quiet: bool, every: float) -> int:
    from project88.schedule.service import stopped_within

    code = 0
    with stop_on_signals() as stop:
        while not stop.is_set():
            code = await _once(as_json, quiet)
            await stopped_within(stop, every)
    return code


async def _look() -> Status:
    from project88.errors import HubError
    from project88.monitor import look, unreachable
    from project88.store.connection import Database

    try:
        async with Database.open(await _url()) as db:
            return await look(db)
    except HubError as error:
        return unreachable(error)


async def _url() -> str:
    from project88.errors import ConfigError

    target = environment.database()
    if isinstance(target, environment.EmbeddedDatabase) and not (target.home / DATA_FOLDER).exists():
        raise ConfigError("no database is named and the embedded one was never started; run: project88 db migrate")
    return await hub_url()


def _print(status: Status, as_json: bool) -> None:
    if as_json:
        print_json(status)
        return
    rows = [(each.check, each.state, each.who, each.cause, each.remedy) for each in status.checks]
    print_table(COLUMNS, rows)
    typer.echo(f"{status.timestamp}  {status.status}")
