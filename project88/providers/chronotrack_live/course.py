"""The races, intervals and brackets of one event, and which of them a result row is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from project88.errors import BadValue
from project88.records.entities import Race

#: The usual name of the whole distance (S); used only where the full flag is missing.
FULL_COURSE_NAME = "full course"

BracketKind = Literal["open", "gender", "division", "other"]
#: bracket_type words (D).
BRACKET_KINDS: Mapping[str, BracketKind] = {"OPEN": "open", "SEX": "gender", "AGE": "division"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    interval_id: str
    race_id: str
    name: str | None
    is_full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    bracket_id: str
    race_id: str | None
    name: str
    kind: BracketKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What a result row is about: a race, and one interval of it."""

    race_id: str
    key: str
    name: str | None
    is_full: bool


@dataclass(frozen=True, slots=True)
class LiveCourse:
    """What is known of an event before its results are read."""

    races: tuple[Race, ...]
    intervals: tuple[Interval, ...] = ()
    brackets: tuple[Bracket, ...] = ()
    _kinds: dict[tuple[str | None, str], BracketKind] = field(init=False, repr=False, default_factory=dict)
    _by_id: dict[str, Interval] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._kinds.update({(bracket.race_id, bracket.name): bracket.kind for bracket in self.brackets})
        self._by_id.update({interval.interval_id: interval for interval in self.intervals})

    @property
    def full_intervals(self) -> tuple[Interval, ...]:
        return tuple(interval for interval in self.intervals if interval.is_full)

    def brackets_of(self, race_id: str, kind: BracketKind) -> Iterable[Bracket]:
        return (each for each in self.brackets if each.kind == kind and each.race_id in {race_id, None})

    def bracket_kind(self, race_id: str, name: str | None) -> BracketKind | None:
        """None where the event does not list the bracket."""
        if name is None:
            return None
        return self._kinds.get((race_id, name)) or self._kinds.get((None, name))

    def leg(
        self,
        race_id: str | None,
        race_name: str | None,
        interval_id: str | None,
        interval_name: str | None,
        full: bool | None,
    ) -> Leg:
        """Which race and interval a row is about. Raises BadValue where that cannot be told."""
        interval = self._by_id.get(interval_id) if interval_id else None
        race = race_id or (interval.race_id if interval else None) or self._race_by_name(race_name)
        interval = interval or self._interval_by_name(race, interval_name)
        key = interval_id or (interval.interval_id if interval else None) or interval_name
        if full is None:
            full = interval.is_full if interval else (interval_name or "").lower() == FULL_COURSE_NAME
        if key is None and not full:
            raise BadValue("the row names no interval")
        name = interval_name or (interval.name if interval else None)
        return Leg(race_id=race, key=key or FULL_COURSE_NAME, name=name, is_full=full)

    def _race_by_name(self, race_name: str | None) -> str:
        """A bib may repeat across races, so a row without a race is unreadable unless only one race fits."""
        named = [race.race_id for race in self.races if race_name is None or race.name == race_name]
        if len(named) != 1:
            raise BadValue(f"the row names no race of this event (race name {race_name!r})")
        return named[0]

    def _interval_by_name(self, race_id: str, name: str | None) -> Interval | None:
        named = [each for each in self.intervals if each.race_id == race_id and each.name == name]
        return named[0] if len(named) == 1 else None
