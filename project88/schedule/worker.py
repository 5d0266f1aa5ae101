"""Runs polls as they are handed over, several at once, until it is told to stop. Plans nothing but their next one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import msgspec

from project88.edges import clock
from project88.errors import ConfigError, CredentialsRefused, HubError, Superseded
from project88.schedule.ending import all_done
from project88.schedule.logins import OpenLogins, no_login
from project88.schedule.planner import PollJob
from project88.schedule.polling import SYNC_TYPES, run_poll, scope_of
from project88.schedule.tickets import PollTicket
from project88.store import breakers, plan, queue
from project88.store.budget import hub_clock
from project88.store.cadence import CadenceRule, cadence_rules
from project88.store.connection import Database
from project88.store.history import Outcome
from project88.store.partners import Credential
from project88.store.plan import RunningPoll
from project88.sync.attempts import skip

log = logging.getLogger(__name__)

#: How many polls of the live lane one worker runs at once. No lane can take another one's slots.
LIVE_SLOTS = 12
#: The other lanes' share of the live lane's slots.
SHARES: Mapping[str, float] = {"live": 1.0, "soon": 1 / 3, "routine": 1 / 3, "backfill": 1 / 6}
FEWEST_SLOTS = 2
#: The polls of one login may take this part of a lane, so that a service that hangs leaves room for the others.
SHARE_OF_ONE_LOGIN = 0.5
#: Polls under way may go on for so long after the stop; then they are given back to the plan.
GRACE_SECONDS = 6.0
#: A poll whose worker died so often in a row is parked: it may be what kills them.
STARTS_AT_MOST = 5
#: A poll that must wait for its event or login is looked at again so much later.
LATER_SECONDS = 0.5
#: The waiting polls of a slow login are looked at less often, but so often.
LATEST_SECONDS = 5.0
#: The cadence may be edited while workers run; they read it again after so long.
RULES_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollDone:
    """One poll after it ran. ``missed`` beats before it were collapsed into it; times are hub time."""

    poll: RunningPoll
    company_name: str
    due: datetime
    is_full: bool
    missed: int
    took: timedelta
    outcome: Outcome


def slots_for(live: int) -> Mapping[str, int]:
    """Slots of each lane for so many of the live one."""
    return {lane: max(FEWEST_SLOTS, int(live * share)) for lane, share in SHARES.items()}


def _until_later(began: Sequence[float]) -> float:
    """As long again as the polls under way have taken so far, and by chance, so that not all come back at once."""
    age = clock.monotonic() - sum(began) / len(began)
    return random.uniform(0.5, 1.0) * min(max(age, LATER_SECONDS), LATEST_SECONDS)


class Worker:
    """``name`` tells the workers apart in the plan. ``observe`` is told of every poll that ended."""

    def __init__(
        self,
        db: Database,
        name: str,
        slots: Mapping[str, int],
        observe: Callable[[PollDone], None] = lambda done: None,
    ) -> None:
        self._db = db
        self._name = name
        self._slots = slots
        self._observe = observe
        self._logins = OpenLogins(db)
        self._polls: set[asyncio.Task[None]] = set()
        #: When the polls under way of each lane and login began.
        self._by_login: defaultdict[tuple[str, int, str, str], list[float]] = defaultdict(list)
        self._rules: tuple[float, list[CadenceRule]] = (0.0, [])
        self._is_leaving = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``. Raises StoreError where the database is away."""
        async with self._logins, queue.engine(self._db) as engine:
            ending = asyncio.create_task(self._end_polls(stop))
            try:
                await all_done(
                    [
                        asyncio.create_task(queue.run_lane(engine, lane, slots, self._handler(lane), stop))
                        for lane, slots in self._slots.items()
                    ]
                )
            finally:
                ending.cancel()

    async def _end_polls(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._is_leaving = True
        await clock.sleep(GRACE_SECONDS)
        for poll in self._polls:
            poll.cancel()

    def _handler(self, lane: str) -> Callable[[bytes], asyncio.Future[None]]:
        def handle(payload: bytes) -> asyncio.Future[None]:
            return asyncio.ensure_future(self._handle(lane, msgspec.json.decode(payload, type=PollJob)))

        return handle

    async def _handle(self, lane: str, job: PollJob) -> None:
        """Nothing but Later leaves it: a poll that could not be accounted for is taken back by the planner."""
        try:
            with self._place(lane, job):
                await self._begin_and_run(job)
        except queue.Later:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            log.error("poll %s: %s", job.schedule_plan_id, text, extra={"action": "poll_broken"})

    async def _begin_and_run(self, job: PollJob) -> None:
        poll = await self._begin(job)
        if poll is None:
            return
        if poll.starts > STARTS_AT_MOST:
            await self._park(poll)
            return
        if self._is_leaving:
            await self._give_back(poll)
        task = asyncio.create_task(self._run(poll))
        self._polls.add(task)
        try:
            await asyncio.wait({task})
            if task.cancelled():
                await self._give_back(poll)
            task.result()
        finally:
            task.cancel()
            self._polls.discard(task)

    async def _give_back(self, poll: RunningPoll) -> NoReturn:
        """To the plan, and its job to the engine, so that another worker runs it at once."""
        await plan.release(self._db, poll)
        raise queue.Later(0.0)

    async def _begin(self, job: PollJob) -> RunningPoll | None:
        """The poll, begun; None where it is obsolete. Raises Later where it must wait."""
        async with self._db.transaction() as connection:
            if await plan.is_busy(connection, job.key):
                raise queue.Later(LATER_SECONDS)
            return await plan.begin(connection, job.key, job.due, self._name)

    @contextmanager
    def _place(self, lane: str, job: PollJob) -> Iterator[None]:
        """One of the login's places, taken before anything is waited for. Raises Later where it has its share."""
        login = (lane, job.timing_partner_id, job.provider_key, job.account_name)
        began = self._by_login[login]
        if len(began) >= max(1, self._slots[lane] * SHARE_OF_ONE_LOGIN):
            raise queue.Later(_until_later(began))
        present = clock.monotonic()
        began.append(present)
        try:
            yield
        finally:
            began.remove(present)

    async def _park(self, poll: RunningPoll) -> None:
        error = f"parked: its worker died {STARTS_AT_MOST} times in a row; see project88 jobs"
        await plan.park(self._db, [poll.key], error)
        log.error("poll %s %s", poll.key.schedule_plan_id, error, extra={"action": "poll_parked"})

    async def _run(self, poll: RunningPoll) -> None:
        credential = await self._logins.credential(poll.key.timing_partner_id, poll.provider_key, poll.account_name)
        if credential is None:
            await plan.end(self._db, poll, no_login(poll.provider_key, poll.account_name))
            return
        ticket = PollTicket(self._db, poll, await self._current_rules(), credential)
        await ticket.open()
        outcome = await self._outcome(poll, ticket, credential)
        if outcome is not None:
            await self._tell(poll, ticket, credential, outcome)

    async def _outcome(self, poll: RunningPoll, ticket: PollTicket, credential: Credential) -> Outcome | None:
        """None where another worker has taken the poll over, which accounts for it."""
        try:
            outcome = await self._collect(poll, ticket, credential)
        except Superseded as error:
            log.warning("poll %s: %s", poll.key.schedule_plan_id, error, extra={"action": "poll_superseded"})
            return None
        except HubError as error:
            outcome = Outcome(status="failed", error_message=str(error), event_id=poll.event_id)
            await ticket.close(outcome, after_error=True)
        else:
            await ticket.close(outcome)
        return outcome

    async def _collect(self, poll: RunningPoll, ticket: PollTicket, credential: Credential) -> Outcome:
        source = credential.source
        admission = await breakers.admit(self._db, source)
        if not admission.admitted:
            reason = f"the service is left alone until {admission.until:%H:%M:%S} UTC: {admission.reason}"
            return await self._skip(poll, ticket, credential, reason)
        try:
            account = await self._logins.account(credential)
        except ConfigError as error:
            return await self._skip(poll, ticket, credential, str(error))
        try:
            outcome = await run_poll(account, poll, ticket)
        except CredentialsRefused:
            await breakers.login_refused(self._db, source)
            raise
        if outcome.service_is_dead:
            await breakers.failed(self._db, source, outcome.error_message or "no answer")
        else:
            await breakers.succeeded(self._db, source)
        return outcome

    async def _skip(self, poll: RunningPoll, ticket: PollTicket, credential: Credential, reason: str) -> Outcome:
        source = credential.source
        scope = None if poll.event_id is None else await scope_of(self._db, source, poll.event_id)
        return await skip(self._db, source, SYNC_TYPES[poll.kind], scope, reason, ticket)

    async def _current_rules(self) -> list[CadenceRule]:
        read_at, rules = self._rules
        if not rules or clock.monotonic() - read_at > RULES_SECONDS:
            rules = await cadence_rules(self._db)
            self._rules = (clock.monotonic(), rules)
        return rules

    async def _tell(self, poll: RunningPoll, ticket: PollTicket, credential: Credential, outcome: Outcome) -> None:
        done = PollDone(
            poll=poll,
            company_name=credential.company_name,
            due=ticket.due,
            is_full=ticket.is_full,
            missed=ticket.missed,
            took=(await hub_clock(self._db)).now - poll.began_at,
            outcome=outcome,
        )
        self._observe(done)
