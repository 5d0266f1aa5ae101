"""How soon a read at the rig is on a display: the rehearsal's timing computers, the listener, the pages, one screen."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from bench import postgres, programs
from bench.hardware_drill import START, free_port, set_up
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import BenchDatabase
from bench.screen import Finish, Screen, Watched, waits_of
from bench.tables import Section, Table
from bench.web_world import pages
from project88.cli.rehearsal.hardware import FAULTS
from project88.records.entities import EventId, TimingPartnerId
from project88.sandbox import rehearsal_world
from project88.sandbox.entities import Event
from project88.sandbox.rig.faults import LinkFaults
from project88.sandbox.rig.field import FINISH, Crossing, crossings
from project88.store import backups, displays, timing
from project88.store.budget import set_clock
from project88.store.connection import Database
from project88.store.results_page import EventKey

#: The rig draws its faults from its default seed.
SEED = 2014
PERCENTILES = ("p50, ms", "p95, ms", "longest, ms")
COLUMNS = ("", "finishers a second", "shown", "passed over", "too late", "missing", *PERCENTILES)
LOOK_SECONDS = 0.5
#: What happened before the measuring begins is stored and scored by then on a machine that has little else to do.
CATCH_UP_SECONDS = 120.0
#: Reads of the last moments may still be on their way.
LAST_SECONDS = 3.0
INTRODUCTION = """
The rehearsal's rig plays the real race as three timing computers with the rehearsal's faults; `project88 listen` takes
and scores the reads; `project88 web` serves an announcer's display, which one reader follows as a browser does: its
stream, and the part after each message. From the instant at which the mat of the finish gives the read away, by the
rig's clock, until the part is at the reader that shows the runner, or twelve who finished after him.
"""
NOTES = (
    "The display shows the twelve who finished last by the clock. Passed over: when the part came, twelve others had "
    "finished later. Too late: twelve others stood there already when the mat gave the read away.",
    "Rig, listener, database, pages and reader share the machine's cores. The polls of ChronoTrack Live are not part "
    "of it; python -m bench --only rehearsal has them too.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """``hours``: how far the race is, by its own clock, when the programs start.

    ``is_registered``: who runs is known from a registration service, so that results are joined of two sources.
    """

    words: str
    field: int | None
    speed: float
    hours: float
    seconds: float
    is_registered: bool = True


FULL = (
    Play(words="the rehearsal, all runners", field=None, speed=60.0, hours=3.5, seconds=30.0),
    Play(words="the rehearsal, 2,000 runners", field=2_000, speed=60.0, hours=3.3, seconds=45.0),
    Play(
        words="60 times as fast, own start list", field=None, speed=60.0, hours=3.5, seconds=30.0, is_registered=False
    ),
    Play(words="race day, all runners", field=None, speed=1.0, hours=4.0, seconds=60.0),
)
QUICK = (Play(words="the rehearsal, 500 runners", field=500, speed=60.0, hours=3.5, seconds=20.0),)


async def measure(options: RunOptions, console: Console) -> Section:
    rows = []
    version = ""
    for number, play in enumerate(FULL if options.field_size is None else QUICK):
        console.print(play.words)
        async with (
            postgres.server(statement_times=False, settings={"autovacuum": "on"}) as running,
            postgres.database(running, f"bench_display_{number}") as db,
        ):
            version = str((await db.rows("version"))[0]["server_version"])
            rows.append(row_of(play.words, play.seconds, await _played(db, play)))
    return Section(
        name="display",
        title="From the mat to the display",
        command="python -m bench --only display",
        introduction=INTRODUCTION,
        tables=[Table(title="Reads at the finish", columns=COLUMNS, rows=rows), machine_table(version, {})],
        notes=NOTES,
    )


async def _played(db: BenchDatabase, play: Play) -> Watched:
    event = list(rehearsal_world(START, season=0, field_size=play.field, with_unfinished=False).events.values())[-1]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="project88-bench-hub-") as name:
        folder = Path(name)
        async with Database.open(db.url) as hub:
            partner, event_id = await set_up(hub, "Display", event, folder / "files")
            if play.is_registered:
                await db.run("register_entries")
            offset = START.timestamp() + play.hours * 3600 - time.time() * play.speed
            await set_clock(hub, play.speed, offset)
            ports = ("--port", str(port), "--status-port", "0", "--metrics-port", "0", "--bind", "127.0.0.1")
            async with (
                programs.running(db.url, folder, ("listen", *ports)),
                _rig(play, port, offset),
                pages(db.url, folder) as (_, web_port),
            ):
                return await _watched(hub, db, play, event, offset, partner, event_id, web_port)


async def _watched(
    hub: Database,
    db: BenchDatabase,
    play: Play,
    event: Event,
    offset: float,
    partner: TimingPartnerId,
    event_id: EventId,
    web_port: int,
) -> Watched:
    given = given_away(event, play.speed, offset)
    await _caught_up(hub, db, given, partner, event_id)
    # Hours of the race came within seconds; by now autovacuum would have been there.
    await backups.analyze(hub)
    screen = Screen()
    address = await _display(hub, EventKey(partner, event_id), web_port)
    following = asyncio.create_task(screen.follow(address))
    await asyncio.sleep(LAST_SECONDS)
    began = time.time()
    await asyncio.sleep(play.seconds)
    ended = time.time()
    await asyncio.sleep(LAST_SECONDS)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    finishes = finishes_of(given)
    wanted = [bib for bib, finish in finishes.items() if began <= finish.read_at < ended]
    return Watched(finishes, wanted, screen.parts)


def given_away(event: Event, speed: float, offset: float) -> dict[str, list[tuple[Crossing, float]]]:
    """Every read with the instant of the machine's clock at which the rig's clock says that it is to be sent."""
    faults = dict(zip(FAULTS[::2], map(float, FAULTS[1::2]), strict=True))
    drawn = LinkFaults(repeated=faults["--repeated"], late=faults["--late"], seed=SEED)
    return {
        location: [(each, (each.sent_ms / 1000 - offset) / speed) for each in found]
        for location, found in crossings(event, drawn).items()
    }


def finishes_of(given: Mapping[str, Sequence[tuple[Crossing, float]]]) -> dict[str, Finish]:
    """By bib, the first read at the finish."""
    finishes: dict[str, Finish] = {}
    for crossing, at in given[FINISH]:
        if not crossing.is_gun:
            finishes.setdefault(crossing.tag, Finish(at, crossing.at_ms))
    return finishes


async def _caught_up(
    hub: Database,
    db: BenchDatabase,
    given: Mapping[str, Sequence[tuple[Crossing, float]]],
    partner: TimingPartnerId,
    event_id: EventId,
) -> None:
    """Until what was given away a moment ago is stored and scored; each computer is bound as an operator would."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < deadline:
        for session in await timing.sessions(hub, partner):
            if session["event_id"] is None:
                await timing.bind_session(hub, session, event_id)
        [found] = await db.rows("timing_progress", {"event_id": event_id})
        before = time.time() - LAST_SECONDS
        reads = sum(at < before for crossings_of in given.values() for _, at in crossings_of)
        finishers = len({each.tag for each, at in given[FINISH] if at < before and not each.is_gun})
        if found["stored"] >= reads and found["finished"] >= finishers:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _display(hub: Database, key: EventKey, port: int) -> str:
    wanted = displays.Wanted(
        key=key, kind="announcer", timing_session_id=None, race_id=None, created_by="bench", lifetime=timedelta(hours=1)
    )
    secret, _ = await displays.create(hub, wanted)
    return f"http://127.0.0.1:{port}/display/{secret}"


@asynccontextmanager
async def _rig(play: Play, port: int, offset: float) -> AsyncIterator[Process]:
    arguments = ["sandbox", "rig", "--json", "--port", str(port), "--start", START.isoformat(), "--season", "0"]
    arguments += ["--speed", str(play.speed), f"--offset={offset!r}", "--no-unfinished", *FAULTS]
    arguments += ["--field", str(play.field)] if play.field is not None else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", *arguments, stdout=DEVNULL, stderr=DEVNULL, env=dict(os.environ)
    )
    try:
        yield process
    finally:
        await programs.kill(process)


def row_of(words: str, seconds: float, watched: Watched) -> list[str]:
    """Of ``COLUMNS``."""
    found = waits_of(watched)
    waits = sorted(1000 * wait for wait in (*found.shown, *found.passed))
    percentiles = (
        [f"{waits[min(int(len(waits) * share), len(waits) - 1)]:.0f}" for share in (0.5, 0.95, 1.0)] if waits else []
    )
    counts = (len(found.shown), len(found.passed), found.too_late, found.missing)
    rate = f"{len(watched.wanted) / seconds:.1f}"
    return [words, rate, *(f"{count:,}" for count in counts), *(percentiles or ("–", "–", "–"))]
