"""``project88 sandbox registration``: a stand-in for a registration service. Touches no database, no real service."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.sandbox_serving import clock_of, faults_of, serve_until_told, told
from project88.cli.starting import starting_at

if TYPE_CHECKING:
    from project88.sandbox import Fault, HakuSandbox, RaceRosterSandbox, RegistrationWorld, RunSignUpSandbox


class Played(StrEnum):
    """The services that can be played."""

    RUNSIGNUP = "runsignup"
    HAKU = "haku"
    RACE_ROSTER = "race-roster"


TITLES = {Played.RUNSIGNUP: "RunSignUp", Played.HAKU: "Haku", Played.RACE_ROSTER: "Race Roster"}


def registration(
    service: Annotated[Played, typer.Argument(help="Which service to play.")],
    *,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes any free one.")] = 8091,
    speed: Annotated[float, typer.Option(help="Simulated seconds in one real second.")] = 1.0,
    offset: Annotated[
        float | None, typer.Option("--offset", help="Simulated epoch seconds = real epoch seconds * speed + offset.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Start of the race: an ISO instant, simulated.")] = None,
    starts_in: Annotated[float, typer.Option(help="Or so many simulated minutes from now.")] = 5.0,
    people: Annotated[
        int | None, typer.Option(min=1, help="So many invented people in place of the big race's start list.")
    ] = None,
    field: Annotated[int | None, typer.Option(min=1, help="Finishers of the big race; all 31,984 without it.")] = None,
    season: Annotated[int, typer.Option(min=0, help="As for sandbox live, so that both show the same race.")] = 24,
    unfinished: Annotated[bool, typer.Option(help="Also entries that never start or finish.")] = True,
    seed: Annotated[int, typer.Option(help="Names and dates come from it.")] = 2014,
    rate_limit: Annotated[int | None, typer.Option(min=1, help="Calls in any simulated hour per login.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A JSON file with a list of faults.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the line as JSON.")] = False,
) -> None:
    """Serve a registration service until SIGINT or SIGTERM, after printing one line that says where.

    The start list is that of the big race of sandbox live and sandbox rig: the same bibs and names. RunSignUp takes the
    key sandbox-key with sandbox-secret; Haku and Race Roster take the client sandbox-client with sandbox-client-secret,
    Race Roster also the login sandbox@example.org with sandbox-password.

    Example: project88 sandbox registration runsignup --port 8091 --field 300 --starts-in 30
    """
    import asyncio

    clock = clock_of(speed, offset)
    starts = starting_at(start, starts_in, clock)
    world = _world(starts, people, seed, season, field, unfinished)
    world.clock = clock
    served = _served(service, world, port, rate_limit, faults_of(faults))

    def ready_line(running: HakuSandbox | RaceRosterSandbox | RunSignUpSandbox) -> str:
        facts = {"base_url": running.base_url, **_login(running), "starts_at": starts.isoformat()}
        return told(f"{TITLES[service]} sandbox", facts, as_json)

    asyncio.run(serve_until_told(served, ready_line))


def _world(
    starts: datetime, people: int | None, seed: int, season: int, field: int | None, unfinished: bool
) -> RegistrationWorld:
    from project88.sandbox import registration_world, rehearsal_world, start_list_world

    if people is not None:
        return registration_world(people, start=starts, seed=seed)
    world = rehearsal_world(starts, seed=seed, season=season, field_size=field, with_unfinished=unfinished)
    return start_list_world(list(world.events.values())[-1], seed=seed)


def _served(
    service: Played, world: RegistrationWorld, port: int, rate_limit: int | None, faults: list[Fault]
) -> AbstractAsyncContextManager[HakuSandbox | RaceRosterSandbox | RunSignUpSandbox]:
    from project88.sandbox import (
        HakuSettings,
        RaceRosterSettings,
        RunSignUpSettings,
        serve_haku,
        serve_race_roster,
        serve_runsignup,
    )

    match service:
        case Played.RUNSIGNUP:
            return serve_runsignup(world, RunSignUpSettings(port=port, rate_limit=rate_limit), faults=faults)
        case Played.HAKU:
            return serve_haku(world, HakuSettings(port=port, rate_limit=rate_limit), faults=faults)
        case Played.RACE_ROSTER:
            return serve_race_roster(world, RaceRosterSettings(port=port, rate_limit=rate_limit), faults=faults)


def _login(running: HakuSandbox | RaceRosterSandbox | RunSignUpSandbox) -> dict[str, str]:
    """What of the login is no secret."""
    from project88.sandbox import HakuSandbox, RaceRosterSandbox

    match running:
        case HakuSandbox():
            return {"token_url": running.token_url, "client_id": running.settings.clients[0].client_id}
        case RaceRosterSandbox():
            account = running.settings.accounts[0]
            return {
                "token_url": running.token_url,
                "results_url": running.results_url,
                "client_id": account.client_id,
                "login": account.username,
            }
        case _:
            return {"key": running.settings.accounts[0].key}
