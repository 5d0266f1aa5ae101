"""A race of the hardware from files alone, as an operator types it: an event, courses, a start list, reads, scoring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.hub_command import Finished, HubCommand


@dataclass(frozen=True, slots=True)
class Runner:
    """Crosses the start with the gun."""

    entry_id: str
    bib: str
    name: str
    finish_ms: int
    race: str


async def done(command: HubCommand, *arguments: str, code: int = 0) -> Finished:
    """The command, which exits as it should."""
    finished = await command(*arguments)
    assert finished.code == code, (arguments, finished)
    return finished


async def add_event(command: HubCommand, partner: int, name: str, start: datetime) -> str:
    """Our id of the new event."""
    named = ("--name", name, "--start", start.isoformat(), "--time-zone", "UTC")
    return (await done(command, "timing", "add-event", "--timing-partner-id", str(partner), *named)).out.strip()


async def import_race(
    command: HubCommand, event: str, start: datetime, races: Mapping[str, str], runners: Sequence[Runner]
) -> None:
    """``races``: their names by id. All of them start and finish at the same mats."""
    courses = json.dumps([_course(race_id, name, start) for race_id, name in races.items()])
    await done(command, "import", "course", _written(command.home / "course.json", courses), "--event", event)
    await import_start_list(command, event, runners)
    reads = _written(command.home / "reads.txt", "".join(_reads(start, runners)))
    await done(command, "import", "reads", reads, "--event", event)
    await done(command, "score", event)


async def import_start_list(command: HubCommand, event: str, runners: Sequence[Runner]) -> None:
    """Who is not on it is not entered any more."""
    rows = (f"{who.entry_id},{who.bib},{who.name.replace(' ', ',', 1)},{who.race}" for who in runners)
    listed = _written(command.home / "start.csv", "\n".join(["entry id,bib,first name,last name,race", *rows]))
    await done(command, "import", "entries", listed, "--event", event, "--replace")


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _course(race_id: str, name: str, start: datetime) -> dict[str, object]:
    return {
        "race_id": race_id,
        "name": name,
        "gun": {"at": start.isoformat()},
        "points": [{"name": "Start", "locations": ["start"]}, {"name": "Finish", "locations": ["finish"]}],
    }


def _reads(start: datetime, runners: Sequence[Runner]) -> list[str]:
    """What the timing computers saw, to a hundredth."""
    return [
        f"CT01_13,{number},{location},{who.bib},{at:%H:%M:%S}.{at.microsecond // 10_000:02},1,0FA22E,1\r\n"
        for number, who in enumerate(runners, 1)
        for location, after_ms in (("start", 0), ("finish", who.finish_ms))
        for at in (start + timedelta(milliseconds=after_ms),)
    ]
