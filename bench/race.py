"""The real race as rows of the ChronoTrack Live API, each already encoded. Serves and stores nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from project88.sandbox.entities import Event
from project88.sandbox.live import render
from project88.sandbox.scoring import Scoreboard
from project88.sandbox.worlds.boston import boston_event
from project88.sandbox.worlds.build import Ids

START = datetime(2014, 4, 21, 13, 17, tzinfo=UTC)
SEED = 88
SCORING_SECONDS = 30.0
CHANGED_SHARE = 0.01
#: Entry ids of the n-th copy of the race are this much higher; the world's own stay below it.
COPY_STEP = 100_000_000

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One event after its end: the short lists as rows, the results as rows in the order of the service."""

    event_id: str
    events: Sequence[Row]
    races: Sequence[Row]
    intervals: Sequence[Row]
    entries: Sequence[Row]
    results: Sequence[Row]


def build(field_size: int | None) -> Race:
    """The race of ``field_size`` finishers, all 31,984 for None."""
    event = boston_event(Ids(), START, SEED, field_size, False)
    return Race(
        event_id=event.event_id,
        events=[render.event_row(event)],
        races=[render.race_row(race, event.end_ms) for race in event.races],
        intervals=[render.interval_row(interval) for race in event.races for interval in race.intervals],
        entries=[render.entry_row(race, entry, event.end_ms) for race in event.races for entry in race.entries],
        results=list(_results(event)),
    )


def _results(event: Event) -> Iterator[Row]:
    scoreboard = Scoreboard(SCORING_SECONDS)
    for race in event.races:
        generated_ms = scoreboard.generated_ms(race, event.end_ms)
        for interval in race.intervals:
            placed = scoreboard.standing(interval, event.end_ms).placed
            ranked = list(zip(placed, range(1, len(placed) + 1), strict=True))
            yield from render.result_rows(interval, race.brackets[0], ranked, generated_ms)


def changed(rows: Sequence[Row]) -> Iterator[Row]:
    """The same rows, one in a hundred of them corrected by a second."""
    chosen = frozenset(random.Random(SEED).sample(range(len(rows)), round(len(rows) * CHANGED_SHARE)))
    for number, row in enumerate(rows):
        yield _corrected(row) if number in chosen else row


def reordered(rows: Sequence[Row]) -> list[Row]:
    shuffled = list(rows)
    random.Random(SEED).shuffle(shuffled)
    return shuffled


def repeated(rows: Sequence[Row], count: int) -> Iterator[Row]:
    """``count`` rows: the race over and over, every time with other entry ids."""
    for number in range(count):
        copy, position = divmod(number, len(rows))
        row = rows[position]
        entry_id = int(str(row["results_entry_id"])) + copy * COPY_STEP
        yield {**row, "results_entry_id": str(entry_id)}


def encoded(rows: Iterator[Row] | Sequence[Row]) -> Iterator[bytes]:
    return map(msgspec.json.encode, rows)


def _corrected(row: Row) -> Row:
    return {
        **row,
        "results_time": _second_later(str(row["results_time"])),
        "results_gun_time": _second_later(str(row["results_gun_time"])),
        "results_end_chip_time": f"{float(str(row['results_end_chip_time'])) + 1:.3f}",
    }


def _second_later(clock: str) -> str:
    hours, minutes, seconds = clock.split(":")
    whole, fraction = seconds.split(".")
    total = int(hours) * 3600 + int(minutes) * 60 + int(whole) + 1
    return f"{total // 3600:02d}:{total % 3600 // 60:02d}:{total % 60:02d}.{fraction}"
