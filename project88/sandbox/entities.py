"""What the sandbox's world is made of: events, races, intervals, brackets and entries. Holds facts, ranks nothing.

Instants are simulated epoch milliseconds. Durations are milliseconds from the gun or from an entry's own start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BracketType = Literal["OPEN", "SEX", "AGE"]
CONFIRMED = "CONF"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStyle:
    """How an event prints durations: digits of the hour and decimals of the second."""

    hour_digits: int = 2
    decimals: int = 3


@dataclass(slots=True, eq=False, kw_only=True)
class Entry:
    """One athlete in one race.

    ``elapsed_ms`` has one value per interval of the race, None where there is no crossing.
    ``status`` is shown from ``status_from_ms`` after the gun; until then the entry is confirmed.
    ``place`` breaks ties between equal times.
    """

    entry_id: str
    athlete_id: str
    bib: str
    first_name: str
    last_name: str
    sex: str
    age: int
    division: str
    elapsed_ms: tuple[int | None, ...]
    delay_ms: int = 0
    place: int = 0
    city: str = ""
    region: str = ""
    country: str = ""
    wave: str = ""
    status: str = CONFIRMED
    status_from_ms: int | None = None
    is_test: bool = False
    is_removed: bool = False

    def status_at(self, after_gun_ms: int) -> str:
        if self.status_from_ms is not None and after_gun_ms < self.status_from_ms:
            return CONFIRMED
        return self.status


@dataclass(slots=True, eq=False, kw_only=True)
class Interval:
    interval_id: str
    name: str
    is_full: bool
    distance_m: float
    ordinal: int
    race: Race


@dataclass(slots=True, eq=False, kw_only=True)
class Bracket:
    """``key`` is what an entry must have to be in it: a sex or a division; empty for OPEN."""

    bracket_id: str
    name: str
    bracket_type: BracketType
    key: str
    race: Race


@dataclass(slots=True, eq=False, kw_only=True)
class Race:
    """``version`` rises with every edit, so that whoever caches a ranking knows when it is stale."""

    race_id: str
    name: str
    tag: str
    gun_ms: int
    event: Event
    has_start_mat: bool = True
    version: int = 0
    intervals: list[Interval] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def distance_m(self) -> float:
        return self.intervals[-1].distance_m


@dataclass(slots=True, eq=False, kw_only=True)
class Event:
    event_id: str
    name: str
    start_ms: int
    end_ms: int
    zone: str
    city: str = ""
    country: str = ""
    style: TimeStyle = TimeStyle()
    races: list[Race] = field(default_factory=list)
