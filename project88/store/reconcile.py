"""The sources of one event beside each other: who is missing where, and whose times differ. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from project88.store.connection import Database
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("reconcile")

HOUR = timedelta(hours=1)
#: Crossings that differ by so much less than whole hours are of a clock in the wrong zone.
NEAR_AN_HOUR = timedelta(seconds=60)
#: So many finishers, and so large a share of those that two sources have, make a wrong zone more than chance.
ZONE_PERSONS = 3
ZONE_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Rows of one source. ``what``: entry or result."""

    data_source: str
    what: str
    status: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A person who has a result at one source and none at another."""

    race_id: str
    bib: str | None
    name: str | None
    has: Sequence[str]
    lacks: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two sources' times of one person, in milliseconds."""

    race_id: str
    bib: str | None
    name: str | None
    one: str
    other: str
    one_ms: int
    other_ms: int

    @property
    def apart_ms(self) -> int:
        return self.one_ms - self.other_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongZone:
    """Crossings of two sources that differ by near whole hours."""

    one: str
    other: str
    hours: int
    persons: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBib:
    """A bib that several sources give to different people. ``said``: the source and its name."""

    race_id: str
    bib: str
    said: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBib:
    bib: str | None
    reads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """``compared``: how many persons have times of several sources."""

    event_id: str
    sources: Sequence[str]
    tolerance_ms: int
    counts: Sequence[Count]
    missing: Sequence[Missing]
    compared: int
    differences: Sequence[Difference]
    wrong_zones: Sequence[WrongZone]
    same_bib: Sequence[SameBib]
    unknown_bibs: Sequence[UnknownBib]

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.differences or self.wrong_zones or self.same_bib or self.unknown_bibs)


@dataclass(slots=True)
class _Comparison:
    """What the persons of an event show, one after the other."""

    tolerance_ms: int
    result_sources: set[str]
    missing: list[Missing] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    compared: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    zones: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def take(self, person: Mapping[str, Any]) -> None:
        who = {"race_id": person["race_id"], "bib": person["bib"], "name": person["name"]}
        lacks = sorted(self.result_sources - set(person["with_results"]))
        if person["with_results"] and lacks:
            self.missing.append(Missing(**who, has=person["with_results"], lacks=lacks))
        times: Mapping[str, int] = person["elapsed_ms"] or {}
        self.compared += len(times) > 1
        for one, other in combinations(sorted(times), 2):
            if abs(times[one] - times[other]) > self.tolerance_ms:
                self.differences.append(
                    Difference(**who, one=one, other=other, one_ms=times[one], other_ms=times[other])
                )
        self._look_at_clocks(person["finished_at"] or {})

    def _look_at_clocks(self, finished_at: Mapping[str, str]) -> None:
        for one, other in combinations(sorted(finished_at), 2):
            self.pairs[one, other] += 1
            apart = datetime.fromisoformat(finished_at[one]) - datetime.fromisoformat(finished_at[other])
            hours = round(apart / HOUR)
            if hours and abs(apart - hours * HOUR) <= NEAR_AN_HOUR:
                self.zones[one, other, hours] += 1

    def wrong_zones(self) -> list[WrongZone]:
        return [
            WrongZone(one=one, other=other, hours=hours, persons=persons, of=self.pairs[one, other])
            for (one, other, hours), persons in sorted(self.zones.items())
            if persons >= ZONE_PERSONS and persons >= self.pairs[one, other] * ZONE_SHARE
        ]


async def reconcile(db: Database, event: StoredEvent, tolerance: timedelta) -> Reconciled:
    """Compare every source of the event. One source alone differs from nobody."""
    counts = [Count(**row) for row in await db.rows(queries["statuses"], event.key)]
    found = _Comparison(
        tolerance_ms=round(tolerance.total_seconds() * 1000),
        result_sources={count.data_source for count in counts if count.what == "result"},
    )
    for person in await db.rows(queries["persons"], event.key):
        found.take(person)
    return Reconciled(
        event_id=event.event_id,
        sources=sorted({count.data_source for count in counts}),
        tolerance_ms=found.tolerance_ms,
        counts=counts,
        missing=found.missing,
        compared=found.compared,
        differences=sorted(found.differences, key=lambda each: -abs(each.apart_ms)),
        wrong_zones=found.wrong_zones(),
        same_bib=[SameBib(**row) for row in await db.rows(queries["same_bib"], event.key)],
        unknown_bibs=[UnknownBib(**row) for row in await db.rows(queries["unknown_bibs"], event.key)],
    )
