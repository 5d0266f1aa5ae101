"""A runner's page, and a race in charts: what they read and which template shows it. Holds no SQL and no markup."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from project88.edges.clock import monotonic
from project88.store import public_results
from project88.store.public_results import Course, RaceFigures
from project88.store.results_page import EventKey
from project88.web import figures
from project88.web.choices import read_choice, read_runner
from project88.web.kept import Kept
from project88.web.pace import Pace, distance_m, pace_between
from project88.web.pages import Pages, chosen_race

#: Charts take a scan of the race, so those of a race that changes every second are made again at most so often.
CHARTS_SECONDS = 10.0
KEPT_CHARTS = 64

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitLine:
    """One split of a runner, or the finish."""

    name: str
    #: Since the start; None where the runner was not seen or nobody told.
    cumulative_ms: int | None
    leg_ms: int | None
    leg_pace: Pace | None
    pace: Pace | None
    at: datetime | None
    rank: int | None


class Runners:
    """The handlers. One per application."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._kept = Kept()
        self._figures: OrderedDict[tuple[EventKey, str], tuple[str, float, RaceFigures]] = OrderedDict()

    async def runner(self, request: Request) -> Response:
        return await self._kept.answer(request, self._runner_page)

    async def runner_part(self, request: Request) -> Response:
        return await self._kept.answer(request, self._runner_part)

    async def charts(self, request: Request) -> Response:
        return await self._kept.answer(request, self._charts_page)

    async def _runner_page(self, request: Request) -> str:
        return self._pages.rendering.html("runner.html", await self._runner(request))

    async def _runner_part(self, request: Request) -> str:
        return self._pages.rendering.html("runner_part.html", await self._runner(request))

    async def _runner(self, request: Request) -> Row:
        race_id, participant_id = read_runner(request.query_params)
        event = await self._pages.wanted(request)
        row = await public_results.runner(self._pages.db, event.key, race_id, participant_id)
        if row is None:
            raise HTTPException(404, "This race has no such runner. The result may have been withdrawn.")
        picture = await self._pages.pictures.get(event)
        return {
            **await self._pages.head(event),
            "row": row,
            "race": picture.race(race_id),
            "lines": split_lines(row, await public_results.course(self._pages.db, event.key, race_id)),
            "version": event.change.version,
        }

    async def _charts_page(self, request: Request) -> str:
        choice = read_choice(request.query_params)
        event = await self._pages.wanted(request)
        picture = await self._pages.pictures.get(event)
        race = chosen_race(picture, choice.race_id)
        found = await self._race_figures(event.key, race.race_id, picture.version) if race else None
        course = await public_results.course(self._pages.db, event.key, race.race_id) if race else None
        values = {
            **await self._pages.head(event),
            "picture": picture,
            "race": race,
            "choice": choice,
            "times": figures.time_histogram(found.minutes) if found else None,
            "clock_times": figures.histogram(race.minutes, event.time_zone) if race else None,
            "splits": pace_lines(found.splits, course) if found and course else [],
        }
        return self._pages.rendering.html("charts.html", values)

    async def _race_figures(self, key: EventKey, race_id: str, version: str) -> RaceFigures:
        kept = self._figures.get((key, race_id))
        if kept and (kept[0] == version or monotonic() - kept[1] < CHARTS_SECONDS):
            return kept[2]
        found = await public_results.race_figures(self._pages.db, key, race_id)
        self._figures[key, race_id] = (version, monotonic(), found)
        if len(self._figures) > KEPT_CHARTS:
            self._figures.popitem(last=False)
        return found


def split_lines(row: Row, course: Course) -> list[SplitLine]:
    """The runner's splits in course order, and the finish where there is one."""
    lines = []
    before_ms: int = 0
    before_m: float | None = 0.0
    splits = [{**split, "name": split["name"] or ""} for split in row["split_times"]]
    for split in [*splits, *_finish(row)]:
        metres = distance_m(course, split["name"])
        lines.append(_line(split, course, metres, before_ms, before_m))
        if split["cumulative_ms"] is not None:
            before_ms, before_m = split["cumulative_ms"], metres
    return lines


def _finish(row: Row) -> list[Row]:
    """The finish in the shape of a split; its name is None, so that it is no split without a name."""
    time = row["chip_time"] if row["chip_time"] is not None else row["gun_time"]
    if time is None:
        return []
    at = row["finish_time"].isoformat() if row["finish_time"] else None
    return [{"name": None, "cumulative_ms": figures.milliseconds(time), "at": at, "rank": row["overall_place"]}]


def _line(split: Row, course: Course, metres: float | None, before_ms: int, before_m: float | None) -> SplitLine:
    since_start_ms = split["cumulative_ms"]
    leg_ms = None if since_start_ms is None else since_start_ms - before_ms
    leg_m = None if metres is None or before_m is None else metres - before_m
    return SplitLine(
        name=split_name(split["name"]),
        cumulative_ms=since_start_ms,
        leg_ms=leg_ms,
        leg_pace=pace_between(course, leg_ms, leg_m),
        pace=pace_between(course, since_start_ms, metres),
        at=datetime.fromisoformat(split["at"]) if split.get("at") else None,
        rank=split.get("rank"),
    )


def split_name(name: str | None) -> str:
    """None stands for the finish."""
    return "Finish" if name is None else name or "Split"


def pace_lines(splits: list[Row], course: Course) -> list[Row]:
    """What the race did at each split, with paces where the distance is known."""
    return [
        {
            **split,
            "name": split_name(split["name"]),
            "median_pace": pace_between(course, split["median_ms"], distance_m(course, split["name"])),
            "fastest_pace": pace_between(course, split["fastest_ms"], distance_m(course, split["name"])),
        }
        for split in splits
    ]
