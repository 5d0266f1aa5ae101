"""How far a timing computer's clock is ahead of ours, by the reads that come at once. Pure.

A read cannot arrive before it was made, and a replayed one arrives long after. So the largest of the differences is the
clock's, less the way of one line.
"""

from __future__ import annotations

from datetime import datetime, timedelta

#: What an older read showed counts no longer: clocks are set right.
REMEMBERED = timedelta(minutes=10)
HOUR = timedelta(hours=1)
#: So near to whole hours an offset is a wrong time zone rather than a wrong clock.
NEAR_WHOLE_HOURS = timedelta(minutes=2)
#: More than this is worth a look.
TOLERATED = timedelta(seconds=2)


#: A read that is further from now than any two time zones is one of another day and says nothing of the clock.
WIDEST = timedelta(hours=27)


class ClockOffset:
    """Of one link. ``ahead`` is None until a read has come; behind is negative."""

    def __init__(self) -> None:
        self.ahead: timedelta | None = None
        self._seen_at: datetime | None = None

    def note(self, read_time: datetime, received_at: datetime) -> None:
        ahead = read_time - received_at
        if abs(ahead) > WIDEST:
            return
        is_old = self._seen_at is None or received_at - self._seen_at > REMEMBERED
        if self.ahead is None or is_old or ahead >= self.ahead:
            self.ahead, self._seen_at = ahead, received_at

    @property
    def milliseconds(self) -> int | None:
        return None if self.ahead is None else round(self.ahead / timedelta(milliseconds=1))


def whole_hours(ahead: timedelta | None) -> int:
    """How many hours a clock's time zone seems to be wrong; 0 where it does not."""
    if ahead is None:
        return 0
    hours = round(ahead / HOUR)
    return hours if abs(ahead - hours * HOUR) <= NEAR_WHOLE_HOURS else 0
