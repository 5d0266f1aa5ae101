"""What the whole of an event looks like: counts, finishers over time, splits passed. Kept until the event changes."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from project88.edges.clock import monotonic, sleep
from project88.store import results_page
from project88.store.connection import Database
from project88.store.results_page import Event, EventKey
from project88.web.renewals import Renewals

#: A page may show figures this old; its stream then brings the new ones.
FRESH_SECONDS = 5.0
#: The figures of one event are made so long after the last ones at the earliest: they take a scan of it.
RENEW_EVERY_SECONDS = 2.0
#: What the version of a page ends with while its rows are newer than its figures.
BEHIND = "-behind"
NEWEST_FINISHERS = 8
KEPT_PICTURES = 64

Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Race:
    """One race of an event in numbers."""

    race_id: str
    name: str
    entries: int
    statuses: Counter[str] = field(default_factory=Counter)
    genders: Counter[str] = field(default_factory=Counter)
    divisions: Counter[str] = field(default_factory=Counter)
    #: Finishers, those of each gender and those of each division, under the gender or the division.
    finishers_by_gender: Counter[str] = field(default_factory=Counter)
    finishers_by_division: Counter[str] = field(default_factory=Counter)
    #: Finishers per minute of the clock.
    minutes: Counter[datetime] = field(default_factory=Counter)
    #: How many passed each split, in course order.
    splits: dict[str, int] = field(default_factory=dict)

    @property
    def results(self) -> int:
        return self.statuses.total()

    @property
    def started(self) -> int:
        """Who was seen at all, as far as statuses tell."""
        return sum(self.statuses[status] for status in ("started", "finished", "dnf", "dq"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An event in numbers, as of one version of its data."""

    version: str
    races: list[Race]
    newest: list[Row]
    crossed_at: datetime | None
    made_at_seconds: float

    def version_beside(self, event: Event) -> str:
        """The version of a page with the event's rows and this picture."""
        version = event.change.version
        return version if self.version == version else version + BEHIND

    @property
    def shown_races(self) -> list[Race]:
        """Without the races of which nobody started, where one of the same name has starters.

        A registration has races of its own. Entries that nobody timed are left in them.
        """
        timed = {race.name.casefold() for race in self.races if race.started}
        return [race for race in self.races if race.started or race.name.casefold() not in timed]

    def race(self, race_id: str) -> Race | None:
        """None where the event has no such race."""
        return next((race for race in self.races if race.race_id == race_id), None)


class Pictures:
    """The pictures of this process. However many ask at once, each is made once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[EventKey, Picture] = {}
        self._locks: defaultdict[EventKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._renewals = Renewals(self._renew, "the figures of an event wait", "web_figures")

    def is_current(self, key: EventKey, version: str) -> bool:
        """Whether the event's picture is of this version."""
        kept = self._kept.get(key)
        return kept is not None and kept.version == version

    async def get(self, event: Event) -> Picture:
        """The event's picture; one that is a few seconds old is given at once and renewed behind it."""
        if (kept := self._fresh(event)) is None:
            async with self._locks[event.key]:
                kept = self._fresh(event) or await self._make(event)
        if kept.version != event.change.version:
            self.renew_soon(event.key)
        return kept

    def renew_soon(self, key: EventKey) -> None:
        """Have the picture made anew, so that nobody who reads need wait for it."""
        self._renewals.begin(key)

    def close(self) -> None:
        self._renewals.close()

    def _fresh(self, event: Event) -> Picture | None:
        kept = self._kept.get(event.key)
        if kept is None or kept.version == event.change.version:
            return kept
        return kept if monotonic() - kept.made_at_seconds < FRESH_SECONDS else None

    async def _renew(self, key: EventKey) -> None:
        if kept := self._kept.get(key):
            await sleep(max(0.0, kept.made_at_seconds + RENEW_EVERY_SECONDS - monotonic()))
        event = await results_page.event(self._db, key)
        if event is None:
            return
        async with self._locks[key]:
            if not self.is_current(key, event.change.version):
                await self._make(event)

    async def _make(self, event: Event) -> Picture:
        rows = await results_page.groups(self._db, event.key)
        picture = Picture(
            version=event.change.version,
            races=await self._races(event.key, rows),
            newest=await results_page.newest_finishers(self._db, event.key, NEWEST_FINISHERS),
            crossed_at=max((row["crossed_at"] for row in rows if row["crossed_at"]), default=None),
            made_at_seconds=monotonic(),
        )
        self._keep(event.key, picture)
        return picture

    async def _races(self, key: EventKey, rows: list[Row]) -> list[Race]:
        entries = await results_page.race_entries(self._db, key)
        names = {row["race_id"]: row["race_name"] for row in await results_page.races(self._db, key)}
        found = {race_id: _race(race_id, names.get(race_id), entries) for race_id in _race_ids(names, rows)}
        for row in rows:
            _count(found[row["race_id"]], row)
        for race_id, race in found.items():
            by_splits = (row for row in rows if row["counted_by"] == "splits")
            race.splits = splits_passed(row for row in by_splits if row["race_id"] == race_id)
        return sorted(found.values(), key=lambda race: (-race.entries, -race.results, race.race_id))

    def _keep(self, key: EventKey, picture: Picture) -> None:
        self._kept.pop(key, None)
        self._kept[key] = picture
        if len(self._kept) > KEPT_PICTURES:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._locks.pop(oldest, None)


def splits_passed(rows: Iterable[Row]) -> dict[str, int]:
    """Passings by split. The longest lists come first, so that the order is the course's."""
    passed: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: -len(row["split_names"])):
        for name in row["split_names"]:
            passed[name or "Split"] = passed.get(name or "Split", 0) + row["results"]
    return passed


def _race_ids(names: Iterable[str], rows: Iterable[Row]) -> list[str]:
    return sorted({*names, *(row["race_id"] for row in rows)})


def _race(race_id: str, name: str | None, entries: dict[str | None, int]) -> Race:
    return Race(race_id=race_id, name=name or f"Race {race_id}", entries=entries.get(race_id, 0))


def _count(race: Race, row: Row) -> None:
    if row["counted_by"] == "minute" and row["finish_minute"]:
        race.minutes[row["finish_minute"]] += row["results"]
    if row["counted_by"] != "status":
        return
    race.statuses[row["result_status"] or "unknown"] += row["results"]
    race.genders[row["gender"] or ""] += row["results"]
    race.divisions[row["division"] or ""] += row["results"]
    if row["result_status"] == "finished":
        race.finishers_by_gender[row["gender"] or ""] += row["results"]
        race.finishers_by_division[row["division"] or ""] += row["results"]
