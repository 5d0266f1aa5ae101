"""Ids, intervals and brackets for a world that is being built. Knows no data file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from project88.sandbox.entities import Bracket, BracketType, Event, Interval, Race

FULL_COURSE = "Full Course"
FIRST_EVENT_ID = 60_411
FIRST_RACE_ID = 151_203
FIRST_INTERVAL_ID = 402_117
FIRST_BRACKET_ID = 1_130_019
FIRST_ENTRY_ID = 31_400_201
SEXES = (("Male", "M"), ("Female", "F"))


class Ids:
    """Numbers that are unique within one world, as text."""

    def __init__(self) -> None:
        self._events = count(FIRST_EVENT_ID, 7)
        self._races = count(FIRST_RACE_ID)
        self._intervals = count(FIRST_INTERVAL_ID)
        self._brackets = count(FIRST_BRACKET_ID)
        self._entries = count(FIRST_ENTRY_ID)

    def event(self) -> str:
        return str(next(self._events))

    def race(self) -> str:
        return str(next(self._races))

    def interval(self) -> str:
        return str(next(self._intervals))

    def bracket(self) -> str:
        return str(next(self._brackets))

    def entry(self) -> str:
        return str(next(self._entries))


def add_race(ids: Ids, event: Event, name: str, gun_ms: int, course: Sequence[tuple[str, float]]) -> Race:
    """A race with its intervals; the last of ``course`` is the full one."""
    tag = name.lower().replace(" ", "")
    race = Race(race_id=ids.race(), name=name, tag=tag, gun_ms=gun_ms, event=event)
    for ordinal, (interval_name, distance_m) in enumerate(course):
        interval = Interval(
            interval_id=ids.interval(),
            name=interval_name,
            is_full=ordinal == len(course) - 1,
            distance_m=distance_m,
            ordinal=ordinal,
            race=race,
        )
        race.intervals.append(interval)
    event.races.append(race)
    return race


def add_brackets(ids: Ids, race: Race) -> None:
    """Overall, the two sexes, and the divisions that the race's entries are in."""

    def add(name: str, bracket_type: BracketType, key: str) -> None:
        bracket = Bracket(bracket_id=ids.bracket(), name=name, bracket_type=bracket_type, key=key, race=race)
        race.brackets.append(bracket)

    add("Overall", "OPEN", "")
    for name, sex in SEXES:
        add(name, "SEX", sex)
    for division in sorted({entry.division for entry in race.entries}):
        add(division, "AGE", division)


def milliseconds(splits_s: Iterable[int | None]) -> tuple[int | None, ...]:
    return tuple(None if seconds is None else seconds * 1000 for seconds in splits_s)
