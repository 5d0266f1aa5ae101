"""``project88 sandbox``: stand-ins for services and timing computers. Touches no database, no real service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.sandbox_registration import registration
from project88.cli.sandbox_rig import rig
from project88.cli.sandbox_serving import clock_of, faults_of, serve_until_told, told
from project88.cli.starting import starting_at

if TYPE_CHECKING:
    from project88.sandbox import LiveSettings, World

DEFAULT_LOGIN = "sandbox@example.org"
DEFAULT_PASSWORD = "sandbox-password"
DEFAULT_CLIENT_ID = "sandbox-client"
DEFAULT_CLIENT_SECRET = "sandbox-client-secret"

sandbox_app = typer.Typer(
    no_args_is_help=True, help="Stand-ins for timing and registration services, for tests and rehearsals."
)


@sandbox_app.callback()
def sandbox() -> None:
    """Stand-ins for timing and registration services, for tests and rehearsals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is served once everything that was typed has been understood."""

    world: World
    settings: LiveSettings
    start: datetime
    as_json: bool


@sandbox_app.command()
def live(
    *,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes any free one.")] = 8090,
    speed: Annotated[float, typer.Option(help="Simulated seconds in one real second.")] = 1.0,
    offset: Annotated[
        float | None,
        typer.Option(
            "--offset",
            "--clock-offset",
            help="Simulated epoch seconds = real epoch seconds * speed + offset. Without it the clock shows the "
            "real time at the start.",
        ),
    ] = None,
    start: Annotated[str | None, typer.Option(help="Start of the big race: an ISO instant, simulated.")] = None,
    starts_in: Annotated[float, typer.Option(help="Or so many simulated minutes from now.")] = 5.0,
    season: Annotated[int, typer.Option(min=0, help="Past events in the 365 days before the race.")] = 24,
    field: Annotated[int | None, typer.Option(min=1, help="Finishers of the big race; all 31,984 without it.")] = None,
    unfinished: Annotated[bool, typer.Option(help="Also entries that never start or finish.")] = True,
    seed: Annotated[int, typer.Option(help="Names, delays and dates come from it.")] = 2014,
    rate_limit: Annotated[int, typer.Option(min=1, help="Calls in any 60 simulated seconds per login.")] = 1500,
    page_cap: Annotated[int, typer.Option(min=1, help="Longest page.")] = 1000,
    scoring_every: Annotated[float, typer.Option(help="Simulated seconds between scoring runs.")] = 30.0,
    token_seconds: Annotated[float, typer.Option(help="Simulated seconds an OAuth2 token lives.")] = 3600.0,
    accept_sha256: Annotated[bool, typer.Option(help="Accept a SHA-256 digest, and no client id.")] = False,
    faults: Annotated[Path | None, typer.Option(help="A JSON file with a list of faults.")] = None,
    login: Annotated[str, typer.Option()] = DEFAULT_LOGIN,
    password: Annotated[str, typer.Option()] = DEFAULT_PASSWORD,
    client_id: Annotated[str, typer.Option()] = DEFAULT_CLIENT_ID,
    client_secret: Annotated[str, typer.Option()] = DEFAULT_CLIENT_SECRET,
    as_json: Annotated[bool, typer.Option("--json", help="Print the line as JSON.")] = False,
) -> None:
    """Serve a ChronoTrack Live service until SIGINT or SIGTERM, after printing one line that says where.

    The world is the 2014 Boston field as a live race and a season of smaller past events; people are invented.

    Example: project88 sandbox live --port 8090 --speed 60 --starts-in 2
    """
    import asyncio

    from project88.sandbox import Account, LiveSettings, rehearsal_world, serve

    clock = clock_of(speed, offset)
    starts = starting_at(start, starts_in, clock)
    account = Account(login=login, password=password, client_id=client_id, client_secret=client_secret)
    settings = LiveSettings(
        port=port,
        accounts=(account,),
        accept_sha256=accept_sha256,
        token_seconds=token_seconds,
        rate_limit=rate_limit,
        page_cap=page_cap,
        page_size=min(50, page_cap),
        scoring_every_seconds=scoring_every,
    )
    world = rehearsal_world(starts, seed=seed, season=season, field_size=field, with_unfinished=unfinished)
    plan = _Plan(world=world, settings=settings, start=starts, as_json=as_json)
    served = serve(world, settings, clock=clock, faults=faults_of(faults))
    asyncio.run(serve_until_told(served, lambda running: _ready_line(plan, running.base_url)))


def _instant(epoch_ms: int) -> str:
    from datetime import UTC

    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat()


def _ready_line(plan: _Plan, base_url: str) -> str:
    account = plan.settings.accounts[0]
    facts = {
        "base_url": base_url,
        "login": account.login,
        "client_id": account.client_id,
        "event_id": list(plan.world.events)[-1],
        "starts_at": plan.start.isoformat(),
        "last_crossing_at": _instant(plan.world.last_crossing_ms()),
    }
    return told("ChronoTrack Live sandbox", facts, plan.as_json)


sandbox_app.command()(rig)
sandbox_app.command()(registration)
