"""The real race through the hardware path while links are cut, the database is away and the listener is killed."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row
from rich.console import Console

from bench import programs
from bench.machine import machine_table
from bench.options import RunOptions
from bench.statements import queries
from bench.tables import Section, Table
from project88.edges import embedded, environment
from project88.imports.lists import Wanted, import_start_list
from project88.imports.run import import_course
from project88.imports.tables import read_table
from project88.records.entities import EventId, TimingPartnerId
from project88.sandbox import rehearsal_world
from project88.sandbox.entities import Event
from project88.sandbox.rig.files import COURSE, START_LIST, write_files
from project88.store import scoring
from project88.store.connection import Database, ensure_database
from project88.store.events import find_event
from project88.store.migrate import migrate
from project88.store.partners import add_partner, set_credentials

USER, PASSWORD = "rig", "sandbox-password"
START = datetime(2026, 4, 20, 13, tzinfo=UTC)
#: From the first gun until the last runner is in.
RACE_SECONDS = 36_000.0
COMPUTERS = 3
CUTS = 0.3
NAME = "hardware_drill"
LAST_SECONDS = 300.0
LOOK_SECONDS = 0.5
INTRODUCTION = """
`project88 sandbox rig` plays the real race as three timing computers on the loopback, faster than real time;
`project88 listen` takes the reads and scores them while they come. Links are pulled at random. The listener is ended by
SIGKILL twice, the second time while the database is away, and started again. In the end every line that the computers
hold must be stored once, and `unified_results` must have the data file's chip times and the organiser's places.
"""
NOTES = (
    "Stored twice or missing: the lines that the computers hold against rows of timing_reads by location and number.",
    "Wrong places: further from the organiser's than ties within a second allow; the organiser broke ties.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """``play_seconds``: how long the race takes by our clock. The outage begins after two fifths of it."""

    field: int | None
    play_seconds: float
    outage_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFigures:
    """What must be nought is ``missing``, ``twice``, ``wrong_times`` and ``wrong_places``."""

    finishers: int
    lines: int
    cuts: int
    kills: int
    outage_seconds: float
    stored: int
    missing: int
    twice: int
    wrong_times: int
    wrong_places: int
    seconds: float
    settled_seconds: float
    server_version: str


async def measure(options: RunOptions, console: Console) -> Section:
    is_full = options.field_size is None
    plan = DrillPlan(
        field=options.field_size, play_seconds=240.0 if is_full else 40.0, outage_seconds=60.0 if is_full else 8.0
    )
    console.print(f"playing the race for {plan.play_seconds:.0f} s with an outage of {plan.outage_seconds:.0f} s")
    with tempfile.TemporaryDirectory(prefix="project88-bench-") as name:
        os.chmod(name, 0o755)  # noqa: PTH101 - the server's own user must be able to walk through it
        figures = await drill(plan, Path(name))
    return section(figures, options)


async def drill(plan: DrillPlan, folder: Path) -> DrillFigures:
    """All of it in a folder that every user can walk through, with a server of its own."""
    home = folder / "postgres"
    options = embedded.Options(
        binaries=environment.embedded().binaries, os_user=environment.embedded().os_user, settings={}
    )
    server = await embedded.ensure_running(home, options=options)
    try:
        await ensure_database(server.url("postgres"), NAME)
        url = server.url(NAME)
        event = _race(plan.field)
        async with Database.open(url) as db:
            await migrate(db)
            partner, event_id = await set_up(db, "Drill", event, folder / "files")
        return await _Drill(plan, folder, home, options, url, event, partner, event_id).run()
    finally:
        await embedded.stop(home)


class _Drill:
    def __init__(
        self,
        plan: DrillPlan,
        folder: Path,
        home: Path,
        options: embedded.Options,
        url: str,
        event: Event,
        partner: TimingPartnerId,
        event_id: EventId,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._home = home
        self._options = options
        self._url = url
        self._event = event
        self._partner = partner
        self._event_id = event_id
        self._port = free_port()
        self._kills = 0

    async def run(self) -> DrillFigures:
        began = time.monotonic()
        async with self._listening() as self._listener, _rig(self._plan, self._port, self._folder) as rig:
            await self._bind_when_known()
            await self._disturb()
            said = await _all_sent(rig)
            sent_at = time.monotonic()
            await self._until_settled(said["lines"])
        return await self._figures(said, time.monotonic() - began, time.monotonic() - sent_at)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Process]:
        self._listener = await self._start()
        try:
            yield self._listener
        finally:
            await programs.kill(self._listener)

    async def _start(self) -> Process:
        ports = ("--port", str(self._port), "--status-port", "0", "--metrics-port", "0", "--bind", "127.0.0.1")
        return await programs.start(self._url, self._folder, "listen", *ports)

    async def _disturb(self) -> None:
        """By the clock of the race: killed after a fifth, the database away after two, killed again meanwhile."""
        plan = self._plan
        await asyncio.sleep(plan.play_seconds * 0.2)
        await self._kill()
        await asyncio.sleep(plan.play_seconds * 0.2)
        await embedded.stop(self._home)
        await asyncio.sleep(plan.outage_seconds / 2)
        await self._kill()
        await asyncio.sleep(plan.outage_seconds / 2)
        await embedded.ensure_running(self._home, options=self._options)

    async def _kill(self) -> None:
        await programs.kill(self._listener)
        self._kills += 1
        self._listener = await self._start()

    async def _bind_when_known(self) -> None:
        """As an operator does once the computers have connected."""
        while len(await self._rows("timing_sessions")) < COMPUTERS:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(LOOK_SECONDS)
        number = (await self._rows("timing_sessions"))[0]["timing_session_id"]
        await programs.output(self._url, self._folder, "timing", "bind", str(number), self._event_id)

    async def _until_settled(self, lines: int) -> None:
        """Until everything that was sent is stored and scored, or nothing has changed for long."""
        deadline = time.monotonic() + LAST_SECONDS
        while time.monotonic() < deadline:
            found = (await self._rows("timing_progress"))[0]
            if (
                found["stored"] >= found["lines"]
                and found["finished"] == self._finishers()
                and not await self._misplaced()
            ):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _figures(self, said: dict[str, Any], seconds: float, settled: float) -> DrillFigures:
        found = (await self._rows("timing_totals"))[0]
        lines = said["held"]
        return DrillFigures(
            finishers=self._finishers(),
            lines=lines,
            cuts=said["cuts"],
            kills=self._kills,
            outage_seconds=self._plan.outage_seconds,
            stored=found["stored"],
            missing=lines - found["different"],
            twice=found["stored"] - found["different"],
            wrong_times=len(await self._wrong_times()),
            wrong_places=len(await self._misplaced()),
            seconds=seconds,
            settled_seconds=settled,
            server_version=(await self._rows("version"))[0]["server_version"],
        )

    def _finishers(self) -> int:
        return sum(len(race.entries) for race in self._event.races)

    async def _wrong_times(self) -> list[str]:
        found = {row["participant_id"]: row["chip_ms"] for row in await self._rows("hardware_results")}
        entries = [entry for race in self._event.races for entry in race.entries]
        return [entry.entry_id for entry in entries if found.get(entry.entry_id) != entry.elapsed_ms[-1]]

    async def _misplaced(self) -> list[str]:
        found = {row["participant_id"]: row for row in await self._rows("hardware_results")}
        wrong = []
        for race in self._event.races:
            for place, entry in enumerate(sorted(race.entries, key=lambda entry: entry.place), start=1):
                row = found.get(entry.entry_id)
                if row is None or row["overall_place"] is None or abs(row["overall_place"] - place) > row["near"]:
                    wrong.append(entry.entry_id)
        return wrong

    async def _rows(self, name: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(queries[name], {"event_id": self._event_id})
            return await cursor.fetchall()


def _race(field: int | None) -> Event:
    world = rehearsal_world(START, season=0, field_size=field, with_unfinished=False)
    return list(world.events.values())[-1]


async def set_up(db: Database, name: str, event: Event, folder: Path) -> tuple[TimingPartnerId, EventId]:
    """A timing partner of this name with the event, its course and its start list. Writes them into ``folder``."""
    partner = await add_partner(db, name, event.zone)
    await set_credentials(db, partner, "chronotrack_tcp", USER, PASSWORD, {})
    event_id = await scoring.add_event(db, partner, event.name, START, event.zone)
    write_files(event, folder)
    stored = await find_event(db, event_id, partner)
    await import_course(db, msgspec.json.decode((folder / COURSE).read_bytes()), stored)
    start_list = read_table((folder / START_LIST).read_bytes())
    await import_start_list(db, Wanted(table=start_list, event=stored, complete=True))
    return partner, event_id


@asynccontextmanager
async def _rig(plan: DrillPlan, port: int, folder: Path) -> AsyncIterator[Process]:
    speed = RACE_SECONDS / plan.play_seconds
    offset = START.timestamp() - time.time() * speed
    arguments = ["sandbox", "rig", "--json", "--port", str(port), "--start", START.isoformat(), "--season", "0"]
    arguments += ["--speed", str(speed), f"--offset={offset!r}", "--computers", str(COMPUTERS), "--cuts", str(CUTS)]
    arguments += ["--repeated", "0.02", "--doubled", "0.01", "--late", "0.01", "--garbled", "0.0005", "--no-unfinished"]
    arguments += ["--field", str(plan.field)] if plan.field is not None else []
    with (folder / "rig.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "project88", *arguments, stdout=PIPE, stderr=log, env=dict(os.environ)
        )
    try:
        yield process
    finally:
        await programs.kill(process)


async def _all_sent(rig: Process) -> dict[str, Any]:
    """What the rig says once every computer has sent all, with the lines that they hold."""
    assert rig.stdout is not None
    playing = msgspec.json.decode(await rig.stdout.readline())
    said = msgspec.json.decode(await rig.stdout.readline())
    return {**said, "held": playing["lines"]}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def section(figures: DrillFigures, options: RunOptions) -> Section:
    counts = (figures.finishers, figures.lines, figures.cuts, figures.kills)
    nought = (figures.missing, figures.twice, figures.wrong_times, figures.wrong_places)
    return Section(
        name="hardware-drill",
        title="A race of the hardware, disturbed",
        command=options.command,
        introduction=INTRODUCTION,
        tables=[
            Table(
                title=f"Three computers, an outage of {figures.outage_seconds:.0f} s",
                columns=(
                    "",
                    "finishers",
                    "lines held",
                    "links pulled",
                    "SIGKILLs",
                    "stored",
                    "missing",
                    "stored twice",
                    "wrong chip times",
                    "wrong places",
                ),
                rows=[("race", *(f"{count:,}" for count in (*counts, figures.stored, *nought)))],
            ),
            Table(
                title="How long",
                columns=("", "played and disturbed, s", "stored and scored after the last line, s"),
                rows=[("race", f"{figures.seconds:.0f}", f"{figures.settled_seconds:.1f}")],
            ),
            machine_table(figures.server_version, {}),
        ],
        notes=NOTES,
    )
