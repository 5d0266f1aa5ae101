"""Keeps the plan true and hands polls over as they fall due. Runs none itself; any number of planners may run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec

from project88.edges import clock
from project88.records.entities import EventId, TimingPartnerId
from project88.schedule.logins import no_login
from project88.schedule.next import EVENT_KINDS, Situation, account_situation, situations
from project88.store import plan, queue
from project88.store.budget import hub_clock
from project88.store.cadence import CadenceRule, EventTimes, Kind, cadence_rules
from project88.store.connection import Connection, Database
from project88.store.merging import settle_all
from project88.store.partners import Credential, credentials
from project88.store.plan import Change, DuePoll, PlanKey, Planned, PlannedRow

log = logging.getLogger(__name__)

#: Polls that fall due within so many real seconds are handed over; the engine holds them until their instant.
HORIZON_SECONDS = 10.0
#: A planner looks at least so often, and at once when it is told of a change.
TICK_SECONDS = 2.0
#: It waits at least so long, also where another transaction holds the poll that is due next.
LEAST_WAIT_SECONDS = 0.1
#: So many changes and polls are taken in one transaction.
AT_ONCE = 500
#: So many polls of a login and lane are in the engine at once: what all workers together can run, and some to follow.
AT_ONCE_OF_A_LOGIN = 60
#: A handed-over poll whose job is gone waits again after so long.
LOST_AFTER_SECONDS = 30.0
TIDY_SECONDS = 15.0


class PollJob(msgspec.Struct, frozen=True):
    """What a job says: which poll, at which due time. A worker that finds another due time drops it."""

    timing_partner_id: int
    schedule_plan_id: int
    provider_key: str
    due: datetime
    account_name: str = ""

    @property
    def key(self) -> PlanKey:
        return PlanKey(
            timing_partner_id=TimingPartnerId(self.timing_partner_id), schedule_plan_id=self.schedule_plan_id
        )


async def run_planner(db: Database, stop: asyncio.Event) -> None:
    """Plan until ``stop``. Raises StoreError where the database is away."""
    planner = Planner(db)
    await planner.look_at_everything()
    async with db.notices(plan.CHANNEL) as notices:
        while not stop.is_set():
            notices.clear()
            await planner.tick()
            await _first_of(stop, notices, await planner.seconds_to_wait())


async def _first_of(stop: asyncio.Event, notices: asyncio.Event, seconds: float) -> None:
    waiting = [asyncio.create_task(each.wait()) for each in (stop, notices)]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


class Planner:
    """One planner's steps, each its own transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tidied = clock.monotonic()

    async def look_at_everything(self) -> None:
        """At the start and when a rule changed. A transaction for each partner: workers wait for the rows it holds."""
        facts = await self._facts()
        for partner in facts.partners:
            async with self._db.transaction() as connection:
                await _plan_discoveries(connection, facts, partner, at_once=False)
                await _plan_events(connection, facts, partner, None)

    async def tick(self) -> int:
        """Plan what changed and hand over what is due; says how many polls."""
        while await self._plan_changes() == AT_ONCE:
            pass
        handed_over = 0
        while (found := await self._hand_over()) > 0:
            handed_over += found
        await self._tidy()
        return handed_over

    async def seconds_to_wait(self) -> float:
        coming = await plan.seconds_to_next(self._db)
        return TICK_SECONDS if coming is None else min(TICK_SECONDS, max(LEAST_WAIT_SECONDS, coming - HORIZON_SECONDS))

    async def _plan_changes(self) -> int:
        async with self._db.transaction() as connection:
            changes = await plan.take_changes(connection, AT_ONCE)
            if any(change.timing_partner_id is None for change in changes):
                await self.look_at_everything()
            if changes:
                await _replan(connection, await self._facts(), list(dict.fromkeys(changes)))
        return len(changes)

    async def _facts(self) -> _Facts:
        present = await hub_clock(self._db)
        return _Facts(await cadence_rules(self._db), await credentials(self._db), present.now)

    async def _hand_over(self) -> int:
        async with self._db.transaction() as connection:
            due = await plan.take_due(connection, HORIZON_SECONDS, AT_ONCE, AT_ONCE_OF_A_LOGIN)
            await queue.hand_over(connection, [_job(poll) for poll in due])
            await plan.mark_queued(connection, [poll.key for poll in due])
        return len(due)

    async def _tidy(self) -> None:
        if clock.monotonic() - self._tidied < TIDY_SECONDS:
            return
        self._tidied = clock.monotonic()
        if lost := await plan.take_back_lost(self._db, LOST_AFTER_SECONDS):
            log.warning("%d polls were handed over and lost; they wait again", lost, extra={"action": "polls_lost"})
        await queue.forget_old_jobs(self._db)
        await settle_all(self._db)


def _job(poll: DuePoll) -> queue.NewJob:
    """Of two ready polls of a lane the one that was due first runs first."""
    key = poll.key
    payload = PollJob(key.timing_partner_id, key.schedule_plan_id, poll.provider_key, poll.due, poll.account_name)
    return queue.NewJob(
        lane=poll.lane,
        payload=msgspec.json.encode(payload),
        key=poll.job_key,
        rank=int(poll.due.timestamp()),
        in_seconds=poll.in_seconds,
    )


class _Facts:
    """What planning reads besides the events: the rules, the logins and the time."""

    def __init__(self, rules: Sequence[CadenceRule], logins: Sequence[Credential], now: datetime) -> None:
        self.rules = rules
        self.logins = {(each.timing_partner_id, each.provider_key, each.account_name): each for each in logins}
        self.now = now

    @property
    def partners(self) -> set[TimingPartnerId]:
        return {partner for partner, _, _ in self.logins}


async def _replan(connection: Connection, facts: _Facts, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.timing_partner_id is None:
            continue
        if change.event_id is None:
            await _plan_discoveries(connection, facts, change.timing_partner_id, at_once=True)
        await _plan_events(connection, facts, change.timing_partner_id, change.event_id)


async def _plan_discoveries(connection: Connection, facts: _Facts, partner: TimingPartnerId, *, at_once: bool) -> None:
    """A login that is new or changed is asked at once."""
    known = await plan.last_dues(connection, partner, None, "discovery")
    rows = []
    for (owner, provider_key, account_name), login in facts.logins.items():
        if owner != partner:
            continue
        found = account_situation(facts.rules, provider_key, login.time_zone)
        if not any(rule.kind == "discovery" for rule in found.rules):
            continue
        planned = _next(found, "discovery", known.get((None, provider_key, "discovery", account_name)), facts.now)
        if at_once and planned.due is not None:
            planned = Planned(due=facts.now, phase="new login", lane=planned.lane, reason="the login is new or changed")
        row = PlannedRow(
            provider_key=provider_key, kind="discovery", event_id=None, planned=planned, account_name=account_name
        )
        rows.append(row)
    await plan.put(connection, partner, rows)


async def _plan_events(
    connection: Connection, facts: _Facts, partner: TimingPartnerId, event_id: EventId | None
) -> None:
    known = await plan.last_dues(connection, partner, event_id)
    rows = []
    for event, found in (await situations(connection, facts.rules, partner, event_id)).values():
        if not found.rules:
            continue
        for kind in EVENT_KINDS:
            last_due = known.get((event.event_id, event.data_source, kind, None))
            row = PlannedRow(
                provider_key=event.data_source,
                kind=kind,
                event_id=event.event_id,
                planned=_planned(facts, event, found, kind, last_due),
                account_name=event.account_name,
            )
            rows.append(row)
    await plan.put(connection, partner, rows)


def _planned(facts: _Facts, event: EventTimes, found: Situation, kind: Kind, last_due: datetime | None) -> Planned:
    if (event.timing_partner_id, event.data_source, event.account_name) not in facts.logins:
        return Planned(due=None, reason=no_login(event.data_source, event.account_name))
    return _next(found, kind, last_due, facts.now)


def _next(found: Situation, kind: Kind, last_due: datetime | None, now: datetime) -> Planned:
    return found.first(kind, now) if last_due is None else found.after(kind, last_due, now)
