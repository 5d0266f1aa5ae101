"""``project88 monitor``: a table or JSON of how the hub stands, once or again and again. Judges and changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable
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
    alert: Annotated[bool, typer.Option("--alert", help="Tell people of what is new by webhook and e-mail.")] = False,
    test_alert: Annotated[bool, typer.Option("--test-alert", help="Only send a test message.")] = False,
) -> None:
    """Say whether all is well: schema, logins, programs, polls, duplicates, budget, disk, backups.

    Exits 0 when healthy, 1 when degraded, 2 when unhealthy; with --watch it is the state of the last look. The running
    hub alerts by itself; --alert is for cron, so that somebody hears of a hub that does not run. --test-alert exits 0
    when every channel took the message.

    Example: project88 monitor --json
    """
    if test_alert:
        raise typer.Exit(run(_test_alert()))
    raise typer.Exit(run(_watch(as_json, quiet, alert, every) if watch else _once(as_json, quiet, alert)))


async def _once(as_json: bool, quiet: bool, tells: bool) -> int:
    status = await _look(tells)
    if not (quiet and status.exit_code == 0):
        _print(status, as_json)
    return status.exit_code


async def _watch(as_json: bool, quiet: bool, tells: bool, every: float) -> int:
    from project88.schedule.service import stopped_within

    code = 0
    with stop_on_signals() as stop:
        while not stop.is_set():
            code = await _once(as_json, quiet, tells)
            await stopped_within(stop, every)
    return code


async def _look(tells: bool) -> Status:
    from project88.errors import HubError
    from project88.monitor import look, unreachable
    from project88.monitor.alerting import alert, alert_of_outage
    from project88.store.connection import Database

    try:
        async with Database.open(await _url()) as db:
            status = await look(db)
            if tells:
                await _warned(alert(db, status))
    except HubError as error:
        status = unreachable(error)
        if tells:
            await _warned(alert_of_outage(status))
    return status


async def _warned(telling: Awaitable[list[str]]) -> None:
    """What could not be told is said here, and changes nothing of how the hub stands."""
    from project88.errors import HubError

    try:
        failures = await telling
    except HubError as error:
        failures = [f"nobody was told: {error}"]
    for failure in failures:
        typer.echo(f"warning: {failure}", err=True)


async def _test_alert() -> int:
    from project88.edges import notify
    from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError
    from project88.monitor.alerting import send_test

    channels = notify.channels()
    if not channels:
        raise ConfigError("no channel is set: PROJECT88_ALERT_WEBHOOK or PROJECT88_ALERT_EMAIL_TO names one")
    failures = await send_test(channels)
    for channel in channels:
        typer.echo(failures.get(channel.name) or f"the {channel.name} took the message")
    return EXIT_FAILED if failures else EXIT_DONE


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
