"""A start list as a race with invented times: two mats, everybody finishes. Knows no table of the hub."""

from __future__ import annotations

import csv
import random
from datetime import datetime
from pathlib import Path

from project88.errors import UsageError
from project88.sandbox.entities import Entry, Event
from project88.sandbox.worlds.build import FULL_COURSE, Ids, add_race

DISTANCE_M = 10_000.0
FASTEST_MS, SLOWEST_MS = 30 * 60_000, 90 * 60_000
LONGEST_DELAY_MS = 120_000
HUNDREDTH_MS = 10


def event_of_start_list(path: Path, start: datetime, seed: int) -> Event:
    """One race of 10 km for the bibs of a CSV file with a column ``bib``. Raises UsageError."""
    start_ms = round(start.timestamp() * 1000)
    ids = Ids()
    event = Event(event_id=ids.event(), name=path.stem, start_ms=start_ms, end_ms=start_ms + SLOWEST_MS * 2, zone="UTC")
    race = add_race(ids, event, path.stem, start_ms, [(FULL_COURSE, DISTANCE_M)])
    luck = random.Random(seed)
    race.entries = [_entry(ids, bib, luck) for bib in _bibs(path)]
    return event


def _bibs(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--start-list {path}: {error}") from error
    found = [(row.get("bib") or row.get("bib_number") or "").strip() for row in rows]
    if not any(found):
        raise UsageError(f"--start-list {path} has no column bib, or no bib in it")
    return [bib for bib in found if bib]


def _entry(ids: Ids, bib: str, luck: random.Random) -> Entry:
    elapsed_ms = luck.randrange(FASTEST_MS, SLOWEST_MS, HUNDREDTH_MS)
    entry_id = ids.entry()
    return Entry(
        entry_id=entry_id,
        athlete_id=entry_id,
        bib=bib,
        first_name="",
        last_name="",
        sex="",
        age=0,
        division="",
        elapsed_ms=(elapsed_ms,),
        delay_ms=luck.randrange(0, LONGEST_DELAY_MS, HUNDREDTH_MS),
    )
