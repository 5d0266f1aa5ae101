"""The coming polls of one event, from its times and the rules. Asks no provider and plans nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from project88.schedule.anchors import Anchors, anchors_of, unplanned
from project88.schedule.plan import Poll, polls
from project88.store.budget import hub_clock
from project88.store.cadence import CadenceRule, EventTimes, cadence_rules, event_times
from project88.store.connection import Database
from project88.store.events import StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What the polls of an event follow from. ``anchors`` None: nothing can be planned, and ``why_not`` says why."""

    times: EventTimes
    rules: Sequence[CadenceRule]
    anchors: Anchors | None
    why_not: str | None
    now: datetime

    def polls(self, every: bool = False) -> Iterator[Poll]:
        """In order, and among them the account's next list of events; ``every``: past ones too."""
        if self.anchors is None:
            return iter(())
        since = None if every else self.now
        account = Anchors(time_zone=self.anchors.time_zone)
        discovery = islice(polls(self.rules, account, "discovery", self.now), 1)
        results = polls(self.rules, self.anchors, "results", since)
        participants = polls(self.rules, self.anchors, "participants", since)
        return merge(discovery, results, participants, key=lambda poll: poll.due)


async def coming(db: Database, event: StoredEvent) -> Coming:
    """By the rules of the provider that the event is collected from."""
    sources = await event_times(db, event.timing_partner_id, event.event_id)
    rules = await cadence_rules(db)
    known = {rule.provider_key for rule in rules}
    # An event of the hardware may be collected from ChronoTrack Live as well.
    times = next((each for each in sources if each.data_source in known), sources[0])
    rules = [rule for rule in rules if rule.provider_key == times.data_source]
    anchors = anchors_of(times) if rules else None
    why_not = None
    if anchors is None:
        why_not = unplanned(times) or f"the table cadence_rules has no row for {event.data_source}"
    return Coming(times=times, rules=rules, anchors=anchors, why_not=why_not, now=(await hub_clock(db)).now)
