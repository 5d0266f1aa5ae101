"""Collects one event while it is live: polls at the planned instants, full or only what moved. Decides no cadence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from project88.edges import clock
from project88.schedule.plan import NextPoll, Poll, next_poll
from project88.store.budget import HubClock, hub_clock
from project88.store.history import Outcome
from project88.store.scope import EventScope
from project88.sync.accounts import Account
from project88.sync.event import everything, sync_event
from project88.sync.moved import MovedResults

log = logging.getLogger(__name__)

#: Every so many polls read everything, because a row count shows no correction.
FULL_EVERY = 10
#: A poll may take this part of the time to the next one, and of the calls allowed in it.
SHARE_OF_CADENCE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PollDone:
    """One poll after it ran. ``missed`` polls before it were collapsed into it."""

    poll: Poll
    number: int
    is_full: bool
    missed: int
    started_at: datetime
    took: timedelta
    outcome: Outcome


class LiveCollector:
    """Runs the polls of one event one after the other until the plan ends."""

    def __init__(
        self, account: Account, scope: EventScope, start: datetime, observe: Callable[[PollDone], None]
    ) -> None:
        self._account = account
        self._scope = scope
        self._start = start
        self._observe = observe
        self._moved = MovedResults()
        self._number = 0
        self._last_full: PollDone | None = None

    async def run(self, last_full_after: datetime | None = None) -> None:
        """``last_full_after``: stop after a full, completed poll that began later than this hub instant."""
        present = await hub_clock(self._account.db)
        after = self._start
        while (coming := next_poll(self._start, after, present.now)) is not None:
            await self._wait(coming.poll.due)
            done = await self._poll(coming, last_full_after)
            after = coming.poll.due
            present = await hub_clock(self._account.db)
            if last_full_after and done.is_full and done.started_at > last_full_after and _is_done(done.outcome):
                return

    async def _wait(self, due: datetime) -> None:
        while True:
            present = await hub_clock(self._account.db)
            real_seconds = (due - present.now).total_seconds() / present.speed
            if real_seconds <= 0:
                return
            await clock.sleep(real_seconds)

    async def _poll(self, coming: NextPoll, last_full_after: datetime | None) -> PollDone:
        began = await hub_clock(self._account.db)
        is_full = self._must_be_full(coming.poll, began, last_full_after)
        # What was due before this collector began is made up for at once, and is no failure of its own.
        missed = coming.missed if self._number else 0
        self._number += 1
        outcome = await sync_event(self._account, self._scope, "results", everything if is_full else self._moved)
        ended = await hub_clock(self._account.db)
        done = PollDone(
            poll=coming.poll,
            number=self._number,
            is_full=is_full,
            missed=missed,
            started_at=began.now,
            took=ended.now - began.now,
            outcome=outcome,
        )
        if is_full:
            self._last_full = done
        elif _is_done(outcome):
            self._moved.stored()
        self._observe(done)
        return done

    def _must_be_full(self, poll: Poll, present: HubClock, last_full_after: datetime | None) -> bool:
        if self._number % FULL_EVERY == 0 or self._last_full is None:
            return True
        if last_full_after is not None and present.now > last_full_after:
            return True
        allowed_calls = self._account.provider.limits.calls_per_minute * poll.every.total_seconds() / 60
        return (
            self._last_full.took <= poll.every * SHARE_OF_CADENCE
            and self._last_full.outcome.api_calls <= allowed_calls * SHARE_OF_CADENCE
        )


def _is_done(outcome: Outcome) -> bool:
    return outcome.status == "completed"
