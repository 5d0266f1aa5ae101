"""The instants of one rule for one event, found and counted by arithmetic. Pure; reads no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

from project88.schedule.anchors import Anchors
from project88.store.cadence import CadenceRule

#: Before every beat.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
#: A time of day and a weekday return within so many days, also where a zone skips a day.
DAY_RETURNS = timedelta(days=3)
WEEKDAY_RETURNS = timedelta(days=9)
MONTH = timedelta(days=30)


class Beats(Protocol):
    """Instants in order, each once. An interval leaves its first instant out and includes its last one."""

    @property
    def first(self) -> datetime: ...
    @property
    def last(self) -> datetime | None: ...
    def latest(self, until: datetime) -> datetime | None: ...
    def later(self, after: datetime) -> datetime | None: ...
    def between(self, after: datetime, until: datetime | None) -> Iterator[datetime]: ...
    def count(self, after: datetime, until: datetime) -> int: ...
    def number(self, due: datetime) -> tuple[int | None, int | None]:
        """Which one it is and of how many; None where that has no meaning."""


@dataclass(frozen=True, slots=True)
class EvenBeats:
    """Beats at an even distance. Each is counted from the first one, so that no delay adds up."""

    first: datetime
    every: timedelta
    #: None: without an end.
    total: int | None

    @property
    def last(self) -> datetime | None:
        return None if self.total is None else self._at(self.total - 1)

    def latest(self, until: datetime) -> datetime | None:
        passed = self._passed(until)
        return self._at(passed - 1) if passed else None

    def later(self, after: datetime) -> datetime | None:
        passed = self._passed(after)
        return None if passed == self.total else self._at(passed)

    def between(self, after: datetime, until: datetime | None) -> Iterator[datetime]:
        due = self.later(after)
        while due is not None and (until is None or due <= until):
            yield due
            due = self.later(due)

    def count(self, after: datetime, until: datetime) -> int:
        return max(0, self._passed(until) - self._passed(after))

    def number(self, due: datetime) -> tuple[int | None, int | None]:
        return (None, None) if self.total is None else (self._passed(due), self.total)

    def _at(self, index: int) -> datetime:
        return self.first + index * self.every

    def _passed(self, until: datetime) -> int:
        if until < self.first:
            return 0
        passed = (until - self.first) // self.every + 1
        return passed if self.total is None else min(passed, self.total)


@dataclass(frozen=True, slots=True)
class LocalBeats:
    """Beats at times of day of a zone, on some weekdays or all.

    A time of day that the zone skips is as much later as the zone skips; of a doubled one the first counts.
    """

    first: datetime
    #: None: without an end.
    last: datetime | None
    zone: tzinfo
    at_times: Sequence[time]
    weekdays: Sequence[int] | None

    def latest(self, until: datetime) -> datetime | None:
        until = until if self.last is None else min(until, self.last)
        return max(self._within(until - self._returns, until), default=None)

    def later(self, after: datetime) -> datetime | None:
        after = max(after, self.first - INSTANT)
        return min(self._within(after, after + self._returns), default=None)

    def between(self, after: datetime, until: datetime | None) -> Iterator[datetime]:
        after = max(after, self.first - INSTANT)
        ends = [each for each in (until, self.last) if each is not None]
        while not ends or after < min(ends):
            portion = min([after + MONTH, *ends])
            yield from sorted(self._within(after, portion))
            after = portion

    def count(self, after: datetime, until: datetime) -> int:
        return sum(1 for _ in self.between(after, until))

    def number(self, due: datetime) -> tuple[int | None, int | None]:
        return None, None

    @property
    def _returns(self) -> timedelta:
        return WEEKDAY_RETURNS if self.weekdays else DAY_RETURNS

    def _within(self, after: datetime, until: datetime) -> set[datetime]:
        """The local days reach further than the interval, because a zone may skip a day."""
        first = after.astimezone(self.zone).date().toordinal() - 2
        last = until.astimezone(self.zone).date().toordinal() + 1
        days = (date.fromordinal(ordinal) for ordinal in range(first, last + 1))
        found = {due for day in days if self._is_on(day) for due in self._of_day(day)}
        return {due for due in found if after < due <= until and self._is_inside(due)}

    def _is_on(self, day: date) -> bool:
        return self.weekdays is None or day.isoweekday() in self.weekdays

    def _of_day(self, day: date) -> Iterator[datetime]:
        return (datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC) for at in self.at_times)

    def _is_inside(self, due: datetime) -> bool:
        return due >= self.first and (self.last is None or due <= self.last)


def beats_of(rule: CadenceRule, anchors: Anchors) -> Beats | None:
    """None where the rule gives no beat, as one that counts from an event where there is none."""
    window = _window(rule, anchors)
    if window is None:
        return None
    first, last = window
    if rule.at_times is not None:
        return LocalBeats(first, last, anchors.time_zone, rule.at_times, rule.weekdays)
    if rule.every is None:
        return EvenBeats(first, INSTANT, 1)
    if rule.anchor == "clock":
        first = EPOCH - (EPOCH - first) // rule.every * rule.every
    total = None if last is None else (last - first) // rule.every + 1
    return EvenBeats(first, rule.every, total) if total is None or total > 0 else None


def _window(rule: CadenceRule, anchors: Anchors) -> tuple[datetime, datetime | None] | None:
    """The first and the last instant that may be a beat."""
    if rule.kind == "discovery":
        return EPOCH, None
    begins, ends = anchors.begins, anchors.ends
    if begins is None or ends is None or rule.begins is None:
        return None
    first = (ends if rule.anchor == "end" else begins) + rule.begins
    if rule.ends is None:
        return first, None
    last = (ends if (rule.ends_anchor or rule.anchor) == "end" else begins) + rule.ends
    return first, last if rule.closed else last - INSTANT
