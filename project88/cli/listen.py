"""``project88 listen``: take reads from timing computers, or watch how a listener stands. Scores nothing itself."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import run
from project88.cli.services import Duration, MetricsPort, service, tell
from project88.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from project88.cli.services import Service
    from project88.listen.rules import Network, Rules
    from project88.listen.service import ListenOptions
    from project88.store.connection import Database

MIBIBYTE = 1024 * 1024
SPOOL = "listen-spool"
#: Between attempts to reach a database that is away at the start.
WAIT_SECONDS = 2.0


class AuthenticationKind(StrEnum):
    none = "none"
    plaintext = "plaintext"
    hmac_sha1 = "hmac-sha1"
    hmac_md5 = "hmac-md5"
    seed_sha1 = "seed-sha1"
    seed_md5 = "seed-md5"


def listen(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for timing computers; 0 takes any free one.")
    ] = 61611,
    bind: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Only this address of the machine; may be repeated.")
    ] = None,
    status_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1 for /status; 0 takes any free one.")
    ] = 61612,
    authentication: Annotated[
        AuthenticationKind, typer.Option(help="How a computer proves its password.")
    ] = AuthenticationKind.hmac_sha1,
    timing_partner_id: Annotated[
        int | None, typer.Option(metavar="N", help="With --authentication none: whose reads they are.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK", help="Only computers of this network; may be repeated. Needed for none."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of computers whose zone nobody said; without it the partner's.")
    ] = None,
    spool: Annotated[Path | None, typer.Option(help="Folder of the reads on disk; one in the home folder.")] = None,
    spool_limit: Annotated[
        int, typer.Option(min=64, metavar="MIB", help="With more on disk than this no read is taken.")
    ] = 4096,
    score: Annotated[bool, typer.Option(help="Also score the events that the reads belong to.")] = True,
    metrics_port: MetricsPort = None,
    duration: Duration = None,
    watch: Annotated[bool, typer.Option("--watch", help="Only show how the listener at --status-port stands.")] = False,
) -> None:
    """Take reads from timing computers (CTP01) until Ctrl-C or SIGTERM, and score their events.

    A read is on this machine's disk before anything else happens to it, and goes into the database from there. A
    computer logs in with an account that project88 credentials set --provider chronotrack_tcp has stored.

    Example: project88 listen --port 61611 --authentication hmac-sha1
    """
    if watch:
        from project88.cli.listen_watch import watch_status

        raise typer.Exit(run(watch_status(status_port, duration)))
    options = _options(
        port=port,
        hosts=bind,
        status_port=status_port,
        rules=_rules(authentication, timing_partner_id, allow or []),
        time_zone=time_zone,
        spool=spool,
        spool_limit_bytes=spool_limit * MIBIBYTE,
    )
    run(_listen(options, score, metrics_port, duration))


def _rules(authentication: AuthenticationKind, timing_partner_id: int | None, allow: list[str]) -> Rules:
    from project88.listen.accounts import TimingAccount
    from project88.listen.rules import Rules
    from project88.records.entities import TimingPartnerId

    is_open = authentication is AuthenticationKind.none
    if is_open and (timing_partner_id is None or not allow):
        raise UsageError(
            "--authentication none needs --timing-partner-id N, whose reads they are, and --allow NETWORK, from where "
            "anybody may send them"
        )
    if timing_partner_id is not None and not is_open:
        raise UsageError(
            "--timing-partner-id is for --authentication none; otherwise the account says whose reads they are"
        )
    anybody = None
    if timing_partner_id is not None:
        anybody = TimingAccount(timing_partner_id=TimingPartnerId(timing_partner_id), user=None)
    return Rules(authentication=authentication.value, anybody=anybody, networks=tuple(map(_network, allow)))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise UsageError(f"--allow {text!r} is no network: {error}; write one like 192.168.1.0/24") from None


def _options(*, spool: Path | None, **others: object) -> ListenOptions:
    from project88.edges import environment
    from project88.listen.service import ListenOptions

    return ListenOptions(spool=spool or environment.home() / SPOOL, **others)  # type: ignore[arg-type]


async def _listen(options: ListenOptions, score: bool, metrics_port: int | None, duration: float | None) -> None:
    from project88.edges.identity import process_name
    from project88.listen.service import listening
    from project88.schedule.heartbeat import beating

    await _database_there()
    async with service(metrics_port, duration) as running:
        await _check(running.db, options)
        async with (
            beating(running.db, "listener", process_name()),
            listening(running.db, options, running.stop) as opened,
        ):
            tell(_first_line(options, opened.port, opened.status_port))
            if score:
                await _score(running)
            else:
                await running.stop.wait()


async def _database_there() -> None:
    """A listener that starts during an outage waits: what is on its disk must go on, and computers keep their reads."""
    from project88.cli.common import borrowed_hub_database
    from project88.edges import clock
    from project88.errors import DatabaseAway

    while True:
        try:
            async with borrowed_hub_database():
                return
        except DatabaseAway as error:
            typer.echo(f"waiting for the database: {error}", err=True)
            await clock.sleep(WAIT_SECONDS)


async def _score(running: Service) -> None:
    from project88.listen.scorer import Scorer
    from project88.schedule.service import keep_running

    await keep_running("scoring", lambda: Scorer(running.db).run(running.stop), running.stop)


async def _check(db: Database, options: ListenOptions) -> None:
    """What cannot be is told before the port is open."""
    from project88.store.partners import partners
    from project88.store.timing import time_zone_exists

    anybody = options.rules.anybody
    if options.time_zone is not None and not await time_zone_exists(db, options.time_zone):
        raise UsageError(f"--time-zone: the database knows no time zone {options.time_zone!r}")
    if anybody is not None:
        known = {each["timing_partner_id"] for each in await partners(db)}
        if anybody.timing_partner_id not in known:
            raise ConfigError(f"timing partner {anybody.timing_partner_id} does not exist: see project88 partner list")


def _first_line(options: ListenOptions, port: int, status_port: int) -> str:
    where = ", ".join(options.hosts or ["every interface"])
    return (
        f"Listening for timing computers on port {port} of {where}, authentication {options.rules.authentication}; "
        f"status at http://127.0.0.1:{status_port}/status. Ctrl-C or SIGTERM ends it."
    )
