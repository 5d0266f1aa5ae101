"""``project88 sandbox rig``: timing computers that play a race. Touches no database and no real listener by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.sandbox_serving import clock_of
from project88.cli.starting import starting_at

if TYPE_CHECKING:
    from project88.sandbox import SandboxClock
    from project88.sandbox.entities import Event
    from project88.sandbox.rig import RigOptions

DEFAULT_USER = "rig"
DEFAULT_PASSWORD = "sandbox-password"


def rig(
    *,
    host: Annotated[str, typer.Option(help="Where the listener is.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port for timing computers.")] = 61611,
    user: Annotated[
        list[str] | None, typer.Option(help="The account of each computer; one for all, or one each.")
    ] = None,
    computers: Annotated[int, typer.Option(min=1, max=20, help="How many timing computers.")] = 3,
    start_list: Annotated[
        Path | None, typer.Option(help="A CSV start list to play, with invented times, in place of the big race.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Simulated seconds in one real second.")] = 1.0,
    offset: Annotated[
        float | None, typer.Option("--offset", help="Simulated epoch seconds = real epoch seconds * speed + offset.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Start of the race: an ISO instant, simulated.")] = None,
    starts_in: Annotated[float, typer.Option(help="Or so many simulated minutes from now.")] = 0.0,
    field: Annotated[int | None, typer.Option(min=1, help="Finishers of the big race; all 31,984 without it.")] = None,
    season: Annotated[int, typer.Option(min=0, help="As for sandbox live, so that both play the same race.")] = 24,
    unfinished: Annotated[bool, typer.Option(help="Also entries that never start or finish.")] = True,
    seed: Annotated[int, typer.Option(help="Names, delays and luck come from it.")] = 2014,
    cuts: Annotated[float, typer.Option(min=0, help="Links pulled per 1,000 lines.")] = 0.0,
    repeated: Annotated[float, typer.Option(min=0, max=1, help="Share of chips that are read twice.")] = 0.0,
    doubled: Annotated[float, typer.Option(min=0, max=1, help="Share of lines that are sent twice.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share of reads that come up to 30 s late.")] = 0.0,
    garbled: Annotated[float, typer.Option(min=0, max=1, help="Share of lines before which noise comes.")] = 0.0,
    clock_offset: Annotated[
        list[float] | None, typer.Option(metavar="SECONDS", help="How far each computer's clock is ahead.")
    ] = None,
    files: Annotated[
        Path | None, typer.Option(help="Only write the race's start list and courses into this folder.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when all is sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON.")] = False,
) -> None:
    """Play a race as timing computers that connect to a listener by CTP01, until SIGINT or SIGTERM.

    Prints one line when it begins and one when all is sent. The password of the accounts is in PROJECT88_RIG_PASSWORD,
    else it is the sandbox's own.

    Example: project88 sandbox rig --field 2000 --speed 60 --user rig --cuts 1 --once
    """
    import asyncio

    from project88.edges import environment
    from project88.sandbox.rig import LinkFaults, Login, RigOptions

    clock = clock_of(speed, offset)
    starts = starting_at(start, starts_in, clock)
    password = environment.variable("PROJECT88_RIG_PASSWORD") or DEFAULT_PASSWORD
    faults = LinkFaults(cuts=cuts, repeated=repeated, doubled=doubled, late=late, garbled=garbled, seed=seed)
    options = RigOptions(
        logins=[Login(user=each, password=password) for each in user or [DEFAULT_USER]],
        computers=computers,
        faults=faults,
        offsets=clock_offset or [],
    )
    event = _event(start_list, starts, seed, season, field, unfinished)
    if files is not None:
        _write_files(event, files)
        return
    asyncio.run(_play(_Show(event, options, clock, f"{host}:{port}", once, as_json)))


def _event(
    start_list: Path | None, starts: datetime, seed: int, season: int, field: int | None, unfinished: bool
) -> Event:
    from project88.sandbox import rehearsal_world
    from project88.sandbox.rig.start_list import event_of_start_list

    if start_list is not None:
        return event_of_start_list(start_list, starts, seed)
    world = rehearsal_world(starts, seed=seed, season=season, field_size=field, with_unfinished=unfinished)
    return list(world.events.values())[-1]


def _write_files(event: Event, folder: Path) -> None:
    from project88.errors import UsageError
    from project88.sandbox.rig.files import write_files

    try:
        start_list, course = write_files(event, folder)
    except OSError as error:
        raise UsageError(f"--files {folder}: {error.strerror}") from None
    typer.echo(f"wrote {start_list} and {course}")


@dataclass(frozen=True, slots=True)
class _Show:
    event: Event
    options: RigOptions
    clock: SandboxClock
    address: str
    once: bool
    as_json: bool


async def _play(show: _Show) -> None:
    import asyncio
    import signal

    from project88.sandbox.rig import play, rig_of

    computers = rig_of(show.event, show.clock, show.options)
    _say(
        show,
        "playing",
        {"event": show.event.name, "computers": len(computers), "lines": sum(computer.size for computer in computers)},
    )
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)

    def all_sent() -> None:
        counts = {
            "lines": sum(computer.lines_sent for computer in computers),
            "cuts": sum(computer.cuts for computer in computers),
        }
        _say(show, "all sent", counts)
        if show.once:
            task.cancel()

    host, _, port = show.address.rpartition(":")
    try:
        await play(computers, host, int(port), all_sent)
    except asyncio.CancelledError:
        return


def _say(show: _Show, what: str, facts: Mapping[str, object]) -> None:
    import sys

    import msgspec

    if show.as_json:
        line = msgspec.json.encode({"state": what, **facts}).decode()
    else:
        line = f"Timing rig: {what}, " + ", ".join(f"{name} {value}" for name, value in facts.items())
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
