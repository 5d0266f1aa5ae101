"""How soon a read at the rig is on a display in the rehearsal as ``make run`` starts it, while its field finishes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from bench import postgres
from bench.display_speed import COLUMNS, LAST_SECONDS, NOTES, finishes_of, given_away, row_of
from bench.hardware_drill import free_port
from bench.machine import machine_table
from bench.options import RunOptions
from bench.screen import Finish, Screen, Watched
from bench.tables import Section, Table
from project88.sandbox import rehearsal_world

#: The display is followed from the first of these shares of the finishers to the last, in parts of so many seconds.
FROM_SHARE, TO_SHARE = 0.01, 0.99
PART_SECONDS = 30.0
#: Making the display takes a moment on a busy machine.
LEAD_SECONDS = 10.0
#: The rehearsal makes its database and collects the season first.
START_SECONDS = 120.0
END_SECONDS = 60.0
INTRODUCTION = """
`project88 up --rehearsal` on its embedded PostgreSQL, with all that it does: the season's backfill, the polls of
ChronoTrack Live, the start list of RunSignUp, the hardware of three timing computers, the joins, the pages. One reader
follows an announcer's display as a browser does, from the moment at which 1 % have finished until 99 % have. The waits
are counted as in "From the mat to the display".
"""
OWN_NOTES = (
    NOTES[0],
    "At 60 times the speed a poll of ChronoTrack Live outlasts its beat. It rests as long as it overran, so about half "
    "of the time one is under way.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Race:
    """Whose clock runs at ``speed`` and shows ``offset`` seconds at the machine's zero."""

    starts_at: datetime
    speed: float
    offset: float


async def measure(options: RunOptions, console: Console) -> Section:
    field = options.field_size
    port = free_port()
    with postgres.open_folder() as home:
        async with _rehearsal(home, port, field) as hub:
            race = await _begun(hub)
            rows = await _followed(home, port, field, race, console)
    return Section(
        name="rehearsal",
        title="From the mat to the display, in the rehearsal",
        command="python -m bench --only rehearsal",
        introduction=INTRODUCTION,
        tables=[Table(title="Reads at the finish", columns=COLUMNS, rows=rows), machine_table("embedded", {})],
        notes=OWN_NOTES,
    )


async def _followed(home: Path, port: int, field: int | None, race: _Race, console: Console) -> list[list[str]]:
    event = list(rehearsal_world(race.starts_at, field_size=field).events.values())[-1]
    finishes = finishes_of(given_away(event, race.speed, race.offset))
    instants = sorted(finish.read_at for finish in finishes.values())
    first, last = (instants[int(len(instants) * share)] for share in (FROM_SHARE, TO_SHARE))
    console.print(f"the display is followed for {last - first:.0f} s, in {first - time.time():.0f} s")
    await asyncio.sleep(first - LEAD_SECONDS - time.time())
    screen = Screen()
    following = asyncio.create_task(screen.follow(await _display(home, port)))
    await asyncio.sleep(last + LAST_SECONDS - time.time())
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return [*_parts(finishes, screen, first, last, race), _row("all of it", finishes, screen, first, last)]


def _parts(finishes: Mapping[str, Finish], screen: Screen, first: float, last: float, race: _Race) -> list[list[str]]:
    rows = []
    for number in range(int((last - first) / PART_SECONDS)):
        began = first + number * PART_SECONDS
        clock_seconds = began * race.speed + race.offset - race.starts_at.timestamp()
        hours, minutes = divmod(int(clock_seconds / 60), 60)
        rows.append(_row(f"from {hours}:{minutes:02} on", finishes, screen, began, began + PART_SECONDS))
    return rows


def _row(words: str, finishes: Mapping[str, Finish], screen: Screen, began: float, ended: float) -> list[str]:
    wanted = [bib for bib, finish in finishes.items() if began <= finish.read_at < ended]
    return row_of(words, ended - began, Watched(dict(finishes), wanted, screen.parts))


@asynccontextmanager
async def _rehearsal(home: Path, port: int, field: int | None) -> AsyncIterator[Process]:
    arguments = ["up", "--rehearsal", "--no-browser", "--port", str(port)]
    arguments += ["--field", str(field)] if field is not None else []
    with (home / "up.log").open("wb") as log:
        hub = await _started(home, arguments, log.fileno(), log.fileno())
    try:
        yield hub
    finally:
        with suppress(ProcessLookupError):
            hub.terminate()
        await asyncio.wait_for(hub.wait(), END_SECONDS)


async def _started(home: Path, arguments: list[str], out: int, err: int) -> Process:
    environment = {**os.environ, "PROJECT88_HOME": str(home), "PROJECT88_REHEARSAL": "1"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", *arguments, stdout=out, stderr=err, env=environment, start_new_session=True
    )


async def _begun(hub: Process) -> _Race:
    """What the rehearsal told its rig. Raises RuntimeError where it starts none."""
    deadline = time.monotonic() + START_SECONDS
    while hub.returncode is None and time.monotonic() < deadline:
        for words in _children(hub.pid):
            if "rig" in words:
                said = dict(pairwise(words))
                offset = next(word for word in words if word.startswith("--offset=")).partition("=")[2]
                start = datetime.fromisoformat(said["--start"])
                return _Race(starts_at=start, speed=float(said["--speed"]), offset=float(offset))
        await asyncio.sleep(0.5)
    raise RuntimeError(f"the rehearsal started no rig within {START_SECONDS:.0f} s")


def _children(pid: int) -> list[list[str]]:
    """The command lines of a process's children."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            found.append(Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0"))
    return found


async def _display(home: Path, port: int) -> str:
    arguments = ["display", "create", "p1", "--kind", "announcer", "--address", f"http://127.0.0.1:{port}"]
    process = await _started(home, arguments, PIPE, DEVNULL)
    printed, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"project88 display create ended with {process.returncode}")
    return printed.decode().strip()
