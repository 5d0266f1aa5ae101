"""When to ask next: the polls that rules give an event, and the one to run now. Pure; reads no clock.

Nothing here walks through the beats of a rule to find one: ``next_poll`` costs a few divisions for each rule, however
many beats it has. Only where two rules overlap are the beats between its two instants compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from project88.schedule.anchors import Anchors
from project88.schedule.beats import EPOCH, INSTANT, Beats, beats_of
from project88.store.cadence import CadenceRule, Kind, Lane

#: From the most urgent to the least.
LANES: tuple[Lane, ...] = ("live", "soon", "routine", "backfill")
LIVE_BEFORE_START = timedelta(hours=1)
SOON_AROUND_START = timedelta(hours=24)

FIRST_RETRY = timedelta(minutes=1)
#: The wait before a retry stops doubling at 64 minutes.
DOUBLINGS = 6

UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One planned question. ``every`` is None where polls follow a clock on the wall or there is only one."""

    due: datetime
    kind: Kind
    phase: str
    lane: Lane
    every: timedelta | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    """The poll to run, and how many before it can no longer be run."""

    poll: Poll
    missed: int


class _Series(NamedTuple):
    rule: CadenceRule
    beats: Beats


def polls(rules: Sequence[CadenceRule], anchors: Anchors, kind: Kind, since: datetime | None = None) -> Iterator[Poll]:
    """Every poll in order, those before ``since`` left out. Discovery has no end: give ``since`` there."""
    series = _all_series(rules, anchors, kind)
    after = EPOCH if since is None else since - INSTANT
    for due, _ in groupby(merge(*(each.beats.between(after, None) for each in series))):
        yield _poll(series, anchors, due)


def next_poll(
    rules: Sequence[CadenceRule], anchors: Anchors, kind: Kind, after: datetime, now: datetime
) -> NextPoll | None:
    """The poll due later than ``after``, the due instant of the last one that ran; None when the plan has ended.

    Of those due by ``now`` it is the last one, and the others are missed. ``after`` may come from another plan, of a
    start that was moved since: no later poll of this plan is lost, and no earlier one is run again.
    """
    series = _all_series(rules, anchors, kind)
    overdue = max((due for each in series if (due := each.beats.latest(now))), default=None)
    if overdue is not None and overdue > after:
        missed = _count(series, after, now) - 1
        return NextPoll(poll=_poll(series, anchors, overdue), missed=missed)
    coming = min((due for each in series if (due := each.beats.later(max(after, now)))), default=None)
    return None if coming is None else NextPoll(poll=_poll(series, anchors, coming), missed=0)


def first_due(rules: Sequence[CadenceRule], anchors: Anchors, kind: Kind, now: datetime) -> Poll | None:
    """The first poll of an event or account that is new: the one under way, at once, else the next.

    What was due before the hub knew of it counts as missed by nobody. None when the whole plan lies in the past, which
    is the backfill's.
    """
    series = _all_series(rules, anchors, kind)
    coming = min((due for each in series if (due := each.beats.later(now))), default=None)
    if coming is None:
        return None
    overdue = max((due for each in series if (due := each.beats.latest(now))), default=None)
    return _poll(series, anchors, coming if overdue is None else overdue)


def retry_due(failures: int, now: datetime, regular_due: datetime | None) -> datetime:
    """When to try again after so many failures in a row: 1, 2, 4 ... minutes later, no later than the next poll."""
    wait = FIRST_RETRY * (1 << min(failures - 1, DOUBLINGS))
    return now + wait if regular_due is None else min(now + wait, regular_due)


def rested_due(regular_due: datetime, began_at: datetime, now: datetime, every: timedelta | None) -> datetime:
    """When to ask after a poll that ran from ``began_at`` to ``now``: one that outlasted its beat rests as it overran.

    So an event that cannot be kept up with takes little more than half of the time, never all of it.
    """
    return regular_due if every is None else max(regular_due, now + (now - began_at - every))


def words(length: timedelta) -> str:
    """A length of time without its sign, in the largest unit that leaves no fraction."""
    length = abs(length)
    for name, unit in UNITS:
        if length and not length % unit:
            return f"{length // unit} {name}"
    return f"{length.total_seconds():g} s"


def _all_series(rules: Sequence[CadenceRule], anchors: Anchors, kind: Kind) -> list[_Series]:
    wanted = (rule for rule in rules if rule.is_on and rule.kind == kind)
    return [_Series(rule, beats) for rule in wanted if (beats := beats_of(rule, anchors))]


def _count(series: Sequence[_Series], after: datetime, until: datetime) -> int:
    """How many polls are due in an interval; a beat that several rules share is one poll."""
    counted = 0
    for number, each in enumerate(series):
        counted += each.beats.count(after, until)
        earlier = [other for other in series[:number] if _overlap(each.beats, other.beats)]
        if earlier:
            counted -= sum(any(_holds(other, due) for other in earlier) for due in each.beats.between(after, until))
    return counted


def _overlap(one: Beats, other: Beats) -> bool:
    return (one.last is None or other.first <= one.last) and (other.last is None or one.first <= other.last)


def _holds(series: _Series, due: datetime) -> bool:
    return series.beats.latest(due) == due


def _poll(series: Sequence[_Series], anchors: Anchors, due: datetime) -> Poll:
    holders = [each for each in series if _holds(each, due)]
    rule, beats = min(holders, key=lambda each: LANES.index(_lane(each.rule, anchors, due)))
    return Poll(
        due=due,
        kind=rule.kind,
        phase=rule.phase,
        lane=_lane(rule, anchors, due),
        every=None if rule.at_times is not None else rule.every,
        reason=_reason(rule, anchors, beats.number(due)),
    )


def _lane(rule: CadenceRule, anchors: Anchors, due: datetime) -> Lane:
    """The rule's own, else by nearness to the start, never by how often a poll is due."""
    if rule.lane is not None or anchors.begins is None:
        return rule.lane or "routine"
    since_start = due - anchors.begins
    if -LIVE_BEFORE_START <= since_start <= timedelta():
        return "live"
    return "soon" if abs(since_start) <= SOON_AROUND_START else "routine"


def _reason(rule: CadenceRule, anchors: Anchors, number: tuple[int | None, int | None]) -> str:
    """The rule's sentence with its gaps filled in. Braces that are no gap stay, because an operator wrote them."""
    gaps = {
        "{number}": number[0],
        "{count}": number[1],
        "{start}": "the gun" if anchors.gun_start else "the planned start",
        "{every}": words(rule.every) if rule.every else None,
        "{begins}": words(rule.begins) if rule.begins is not None else None,
        "{ends}": words(rule.ends) if rule.ends is not None else None,
    }
    text = rule.reason
    for gap, value in gaps.items():
        text = text.replace(gap, "?" if value is None else str(value))
    return f"{text}; {anchors.remark}" if anchors.remark else text
