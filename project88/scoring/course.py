"""Where a race is timed and by which rules, as an operator writes it. Pure; no clock, no SQL."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from project88.errors import BadValue

Rule = Literal["first", "last"]
TimeFrom = Literal["chip", "gun"]
Seconds = Annotated[float, Meta(ge=0)]
#: A gun that is looked for near an instant is no further from it than this.
GUN_WITHIN_MS = 15 * 60_000
SECOND_MS = 1000


class Gun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which shot starts a race or a wave: one at an instant, or the gun time that a location told.

    Of several at a location the one nearest to ``near``, without it the first.
    """

    at: datetime | None = None
    location: str | None = None
    near: datetime | None = None

    def __post_init__(self) -> None:
        if (self.at is None) == (self.location is None):
            raise ValueError("a gun has either at or location")
        if any(each is not None and each.tzinfo is None for each in (self.at, self.near)):
            raise ValueError("an instant needs a zone, such as 2026-04-20T10:00:00-04:00")


class Point(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place on the course, in the order in which runners come by.

    ``minimum_seconds`` is the shortest plausible time since the point before it. Several locations are mats at the
    same place; a location may stand in several points, which are then laps.
    """

    name: str
    locations: Annotated[tuple[str, ...], Meta(min_length=1)]
    distance_m: Annotated[float, Meta(ge=0)] | None = None
    rule: Rule = "first"
    minimum_seconds: Seconds = 0


class Course(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One race. The first point is the start, the last one the finish.

    ``opens_seconds`` before the gun and ``closes_seconds`` after it are the window of its reads. ``ignore_seconds``
    after a read the same chip at the same place says nothing new. ``missed_start`` is what counts where the start mat
    missed a chip: nothing, or the gun.
    """

    race_id: Annotated[str, Meta(min_length=1)]
    name: str
    points: Annotated[tuple[Point, ...], Meta(min_length=2)]
    gun: Gun | None = None
    waves: dict[str, Gun] = {}
    rank_by: TimeFrom = "chip"
    missed_start: Literal["unknown", "gun"] = "unknown"
    opens_seconds: Seconds = 0
    closes_seconds: Seconds | None = None
    ignore_seconds: Seconds = 30

    def __post_init__(self) -> None:
        names = [point.name for point in self.points]
        if len(set(names)) != len(names):
            raise ValueError("two points have the same name")

    @cached_property
    def points_of(self) -> dict[str, tuple[int, ...]]:
        """The points that a location's reads may count for, in course order."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, point in enumerate(self.points):
            for location in point.locations:
                found[location].append(number)
        return {location: tuple(numbers) for location, numbers in found.items()}

    @cached_property
    def earliest_ms(self) -> tuple[int, ...]:
        """The shortest plausible time from the start to each point."""
        total, found = 0, []
        for point in self.points:
            total += round(point.minimum_seconds * SECOND_MS)
            found.append(total)
        return tuple(found)

    @cached_property
    def ignore_ms(self) -> int:
        return round(self.ignore_seconds * SECOND_MS)

    @property
    def finish(self) -> int:
        return len(self.points) - 1

    def gun_of(self, wave: str | None) -> Gun | None:
        return self.waves.get(wave or "", self.gun)


def read_course(said: object) -> Course:
    """From JSON's values. Raises BadValue with what is wrong and where."""
    try:
        return msgspec.convert(said, Course)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadValue(str(error)) from None


def written(course: Course) -> Any:  # noqa: ANN401
    """As JSON's values."""
    return msgspec.to_builtins(course)
