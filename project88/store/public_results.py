"""What pages for everyone read beyond the leaderboard: a runner, a race's figures, an export. Writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from project88.store.connection import Database, Stream
from project88.store.queries import load
from project88.store.results_page import EventKey

queries = load("public_results")

#: So few that reading them keeps nobody waiting who asks for a page meanwhile.
PORTION_ROWS = 200

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long a race is and where its points are, as far as somebody told."""

    distance_m: float | None = None
    #: The unit that the provider shows; None where it told none.
    unit: str | None = None
    #: Metres from the start by the point's name.
    points_m: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceFigures:
    """A race in numbers that take a scan of it."""

    #: How many finished within each minute since their start.
    minutes: dict[int, int]
    #: name, passed, median_ms and fastest_ms of each split in course order; the finish, without a name, comes last.
    splits: list[Row]


async def runner(db: Database, key: EventKey, race_id: str, participant_id: str) -> Row | None:
    """The row of published_results; None where the race has no such runner."""
    parameters = {**key.parameters(), "race_id": race_id, "participant_id": participant_id}
    return await _of(key, db).row(queries["runner"], parameters)


async def course(db: Database, key: EventKey, race_id: str) -> Course:
    row = await _of(key, db).row(queries["course"], {**key.parameters(), "race_id": race_id})
    if row is None:
        return Course(points_m={})
    points = {point["name"]: point["distance_m"] for point in row["points"] if point.get("distance_m") is not None}
    return Course(distance_m=row["distance_m"] or max(points.values(), default=None), unit=row["unit"], points_m=points)


async def race_figures(db: Database, key: EventKey, race_id: str) -> RaceFigures:
    parameters = {**key.parameters(), "race_id": race_id}
    limited = _of(key, db)
    minutes = await limited.rows(queries["finish_minutes"], parameters)
    splits = await limited.rows(queries["split_figures"], parameters)
    finish = await limited.row(queries["finish_figures"], parameters)
    return RaceFigures(
        minutes={row["minute"]: row["results"] for row in minutes},
        splits=[*splits, {**finish, "name": None}] if finish and finish["passed"] else splits,
    )


@asynccontextmanager
async def published_results(
    db: Database, key: EventKey, race_id: str | None, gender: str | None, division: str | None
) -> AsyncIterator[Stream]:
    """The rows as they arrive; of every race, gender or division where that is None."""
    parameters = {**key.parameters(), "race_id": race_id, "gender": gender, "division": division}
    query = queries["published_results_of_event"]
    async with _of(key, db).stream(query, parameters, PORTION_ROWS) as found:
        yield found


def _of(key: EventKey, db: Database) -> Database:
    return db.of_partners([key.timing_partner_id])
