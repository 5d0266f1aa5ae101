"""When the results of an event are due: an iterator of instants counted from the start. Pure; reads no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Polls from ``begins`` to ``ends`` after the start, the end left out unless ``closed``."""

    name: str
    begins: timedelta
    ends: timedelta
    every: timedelta
    closed: bool = False


#: ChronoTrack Live: start + 5 min, then every 90 s to 5 h (197 polls), then hourly to 72 h (67 polls).
RESULTS = (
    Phase(name="intensive", begins=timedelta(minutes=5), ends=timedelta(hours=5), every=timedelta(seconds=90)),
    Phase(name="standard", begins=timedelta(hours=6), ends=timedelta(hours=72), every=timedelta(hours=1), closed=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    due: datetime
    phase: str
    every: timedelta


def result_polls(start: datetime, phases: tuple[Phase, ...] = RESULTS) -> Iterator[Poll]:
    """Every poll of an event in order. Counted from the start, so that no delay adds up."""
    for phase in phases:
        after = phase.begins
        while after < phase.ends or (phase.closed and after == phase.ends):
            yield Poll(due=start + after, phase=phase.name, every=phase.every)
            after += phase.every


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    """The poll to run, and how many before it can no longer be run."""

    poll: Poll
    missed: int


def next_poll(start: datetime, after: datetime, now: datetime) -> NextPoll | None:
    """The first poll due later than ``after``; polls that a later due one has overtaken are collapsed into it."""
    coming = [poll for poll in result_polls(start) if poll.due > after]
    if not coming:
        return None
    overdue = [poll for poll in coming if poll.due <= now]
    if not overdue:
        return NextPoll(poll=coming[0], missed=0)
    return NextPoll(poll=overdue[-1], missed=len(overdue) - 1)
