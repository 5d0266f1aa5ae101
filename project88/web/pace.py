"""How far a split is from the start, and how fast somebody went there. Pure; what nobody told is not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from project88.store.public_results import Course

MILE_M = 1609.344
KILOMETRE_M = 1000.0
#: A split whose name is a distance and nothing else.
NAMED_DISTANCE = re.compile(r"(?:(\d{1,3}(?:\.\d{1,3})?)\s*(k|km|mi|miles?)|(?:mile|mi)\s*(\d{1,3}))", re.IGNORECASE)
#: What a provider calls miles.
MILES = frozenset({"mi", "mile", "miles"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Milliseconds over metres, in the unit in which the race is told."""

    ms: int
    metres: float
    in_miles: bool


def distance_m(course: Course, name: str | None) -> float | None:
    """Metres from the start to the split, of the finish where the name is None."""
    if name is None:
        return course.distance_m
    if name in course.points_m:
        return course.points_m[name]
    found = NAMED_DISTANCE.fullmatch(name.strip())
    if not found:
        return None
    if found[3]:
        return float(found[3]) * MILE_M
    return float(found[1]) * (KILOMETRE_M if found[2].lower().startswith("k") else MILE_M)


def pace_between(course: Course, ms: int | None, metres: float | None) -> Pace | None:
    if ms is None or metres is None or ms <= 0 or metres <= 0:
        return None
    return Pace(ms=ms, metres=metres, in_miles=(course.unit or "").lower() in MILES)


def pace(value: Pace | None) -> str:
    """Minutes and seconds for a kilometre or a mile."""
    if value is None:
        return "–"
    unit_m = MILE_M if value.in_miles else KILOMETRE_M
    minutes, seconds = divmod(round(value.ms * unit_m / value.metres / 1000), 60)
    return f"{minutes}:{seconds:02} /{'mi' if value.in_miles else 'km'}"
