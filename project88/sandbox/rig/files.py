"""The race of a rig as an operator's files: a start list in CSV and the courses in JSON. Writes no table."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from project88.sandbox.entities import Event, Race
from project88.sandbox.rig.field import FINISH, START

START_LIST, COURSE = "entries.csv", "course.json"
COLUMNS = (
    "entry id",
    "bib",
    "race",
    "first name",
    "last name",
    "gender",
    "age",
    "division",
    "wave",
    "state",
    "country",
)
#: Nobody runs faster than that for long.
FASTEST_METRES_PER_SECOND = 11.0


def write_files(event: Event, folder: Path) -> tuple[Path, Path]:
    """Raises OSError where the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    start_list, course = folder / START_LIST, folder / COURSE
    with start_list.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for race in event.races:
            writer.writerows(_rows(race))
    courses = [course_of(race) for race in event.races]
    course.write_bytes(msgspec.json.format(msgspec.json.encode(courses), indent=2) + b"\n")
    return start_list, course


def _rows(race: Race) -> list[tuple[object, ...]]:
    return [
        (
            entry.entry_id,
            entry.bib,
            race.name,
            entry.first_name,
            entry.last_name,
            entry.sex,
            entry.age or "",
            entry.division,
            entry.wave,
            entry.region,
            entry.country,
        )
        for entry in race.entries
        if not entry.is_removed
    ]


def course_of(race: Race) -> dict[str, object]:
    gun = datetime.fromtimestamp(race.gun_ms / 1000, UTC)
    points: list[dict[str, object]] = [{"name": "Start", "locations": [START], "distance_m": 0.0}]
    metres = 0.0
    for interval in race.intervals:
        points.append(
            {
                "name": "Finish" if interval.is_full else interval.name,
                "locations": [FINISH if interval.is_full else interval.name],
                "distance_m": interval.distance_m,
                "minimum_seconds": round((interval.distance_m - metres) / FASTEST_METRES_PER_SECOND),
            }
        )
        metres = interval.distance_m
    return {
        "race_id": race.race_id,
        "name": race.name,
        "gun": {"location": START, "near": gun.isoformat()},
        "rank_by": "chip",
        "points": points,
    }
