"""The account of one poll in the plan: closed in the transaction that stores its rows, or after a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from project88.edges.redaction import redacted
from project88.errors import Superseded
from project88.schedule.next import Situation, account_situation, situations
from project88.schedule.plan import rested_due, retry_due
from project88.store import plan
from project88.store.budget import LANE_PRIORITIES
from project88.store.cadence import CadenceRule
from project88.store.connection import Connection, Database
from project88.store.history import Outcome
from project88.store.partners import Credential
from project88.store.plan import Planned, PollAccount, RunningPoll
from project88.sync.moved import MovedResults


class PollTicket:
    """Of a poll that has begun. ``due`` is the latest beat it stands for, ``missed`` those before it."""

    def __init__(self, db: Database, poll: RunningPoll, rules: Sequence[CadenceRule], login: Credential) -> None:
        self._db = db
        self._poll = poll
        self._rules = rules
        self._login = login
        self._is_closed = False
        self.due = poll.due
        self.priority = LANE_PRIORITIES[poll.lane]
        self.missed = 0
        #: Set for polls that read only what moved, and for those that read everything.
        self.moved: MovedResults | None = None
        self.is_full = False

    async def open(self) -> None:
        """Find out which beat the poll stands for now that it begins."""
        async with self._db.connection() as connection:
            found = await self._situation(connection)
        self.due, self.missed = found.overdue(self._poll.kind, self._poll.last_due, self._poll.due, self._poll.began_at)

    async def stored(self, connection: Connection, outcome: Outcome) -> None:
        """In the transaction that stores the rows. Raises Superseded where another worker took the poll over."""
        if not await plan.finish(connection, self._poll, await self._account(connection, outcome)):
            raise Superseded("another worker took this poll over; what this one read was not stored")
        self._is_closed = True

    async def close(self, outcome: Outcome, *, after_error: bool = False) -> None:
        """Account for a poll that stored nothing. After an error only the plan knows whether it did store."""
        if self._is_closed and not after_error:
            return
        async with self._db.transaction() as connection:
            await plan.finish(connection, self._poll, await self._account(connection, outcome))

    async def _account(self, connection: Connection, outcome: Outcome) -> PollAccount:
        now = await plan.hub_now(connection)
        error = outcome.error_message or outcome.reason
        planned = (await self._situation(connection)).after(self._poll.kind, self.due, now)
        return PollAccount(
            due=self.due,
            missed=self.missed,
            status=outcome.status,
            error=error and redacted(error),
            planned=planned,
            next_due=self._next_due(outcome, planned, now),
            is_tried_again=_is_tried_again(outcome),
            row_counts=self._row_counts(outcome),
            full_calls=outcome.api_calls if self.is_full and outcome.status == "completed" else None,
        )

    def _next_due(self, outcome: Outcome, planned: Planned, now: datetime) -> datetime | None:
        if planned.due is None:
            return None
        if _is_tried_again(outcome):
            return retry_due(self._poll.failures + 1, now, planned.due)
        return rested_due(planned.due, self._poll.began_at, now, self._poll.every)

    def _row_counts(self, outcome: Outcome) -> Mapping[str, int] | None:
        if self.moved is None or outcome.status != "completed":
            return None
        return {**self._poll.row_counts, **self.moved.asked}

    async def _situation(self, connection: Connection) -> Situation:
        event_id = self._poll.event_id
        if event_id is None:
            return account_situation(self._rules, self._poll.provider_key, self._login.time_zone)
        found = await situations(connection, self._rules, self._poll.key.timing_partner_id, event_id)
        key = (event_id, self._poll.provider_key)
        return found[key][1] if key in found else Situation(rules=(), anchors=None, why_not="it is gone")


def _is_tried_again(outcome: Outcome) -> bool:
    """A failure is, and a poll that asked nothing: its service is left alone, or another sync of the event runs."""
    return outcome.status == "failed" or (outcome.status == "skipped" and not outcome.api_calls)
