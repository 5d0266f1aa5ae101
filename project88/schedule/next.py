"""What the plan's rows say next, from the rules and the stored times of events. Runs no poll and enqueues nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from project88.records.entities import EventId, TimingPartnerId
from project88.schedule.anchors import Anchors, anchors_of, unplanned, zone_of
from project88.schedule.plan import Poll, first_due, next_poll
from project88.store.cadence import CadenceRule, EventTimes, Kind, event_times_in
from project88.store.connection import Connection
from project88.store.plan import Planned

#: The kinds of poll that an event has; discovery belongs to the login.
EVENT_KINDS: tuple[Kind, ...] = ("participants", "results")
OVER = "the plan has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the next poll follows from. ``anchors`` None: nothing can be planned, for the reason ``why_not``."""

    rules: Sequence[CadenceRule]
    anchors: Anchors | None
    why_not: str | None = None

    def first(self, kind: Kind, now: datetime) -> Planned:
        """The first poll of a row that has never run."""
        if self.anchors is None:
            return Planned(due=None, reason=self.why_not)
        return _planned(first_due(self.rules, self.anchors, kind, now))

    def after(self, kind: Kind, last_due: datetime, now: datetime) -> Planned:
        """The poll after the one that was due last."""
        if self.anchors is None:
            return Planned(due=None, reason=self.why_not)
        found = next_poll(self.rules, self.anchors, kind, last_due, now)
        return _planned(found.poll if found else None)

    def overdue(self, kind: Kind, last_due: datetime | None, due: datetime, now: datetime) -> tuple[datetime, int]:
        """The latest beat that a poll begun now stands for, at least ``due``, and how many it makes up for."""
        if self.anchors is None or last_due is None:
            return due, 0
        found = next_poll(self.rules, self.anchors, kind, last_due, now)
        if found is None or found.poll.due > now:
            return due, 0
        return max(due, found.poll.due), found.missed


def situation(rules: Sequence[CadenceRule], event: EventTimes) -> Situation:
    own = [rule for rule in rules if rule.provider_key == event.data_source]
    why_not = unplanned(event) or (None if own else f"nothing is asked of {event.data_source}")
    return Situation(rules=own, anchors=anchors_of(event) if own else None, why_not=why_not)


def account_situation(rules: Sequence[CadenceRule], provider_key: str, time_zone: str) -> Situation:
    """For the discoveries of a login."""
    own = [rule for rule in rules if rule.provider_key == provider_key]
    return Situation(rules=own, anchors=Anchors(time_zone=zone_of(time_zone)))


async def situations(
    connection: Connection, rules: Sequence[CadenceRule], timing_partner_id: TimingPartnerId, event_id: EventId | None
) -> Mapping[tuple[EventId, str], tuple[EventTimes, Situation]]:
    """Of one event, or of all of a partner; of each source that an event is collected from."""
    events = await event_times_in(connection, timing_partner_id, event_id)
    return {(event.event_id, event.data_source): (event, situation(rules, event)) for event in events}


def _planned(poll: Poll | None) -> Planned:
    if poll is None:
        return Planned(due=None, reason=OVER)
    return Planned(due=poll.due, phase=poll.phase, lane=poll.lane, every=poll.every, reason=poll.reason)
