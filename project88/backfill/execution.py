"""Executing a plan: each event through sync.event, its end in the checkpoint. Fetches and merges nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from project88.backfill import parallel
from project88.backfill.options import Observer
from project88.backfill.plan import PlannedEvent
from project88.backfill.report import EventReport, EventStatus, event_report
from project88.edges import clock
from project88.errors import CredentialsRefused, HubError
from project88.store import backfill as checkpoints
from project88.store.backfill import Checkpoint, EventState
from project88.store.connection import Database
from project88.store.history import Outcome
from project88.store.partners import Credential
from project88.store.scope import EventScope, Source
from project88.sync.accounts import Account, open_account
from project88.sync.event import everything, sync_event

log = logging.getLogger(__name__)

T = TypeVar("T")

PARTNERS_AT_ONCE = 5
EVENTS_AT_ONCE = 10
#: Another process may be reading the event, or have been killed a moment ago.
BUSY_TRIES = 20
BUSY_WAIT_SECONDS = 1.5

#: What the checkpoint keeps of an event's end.
STATES: dict[EventStatus, EventState] = {
    "completed": "completed",
    "partial": "partial",
    "failed": "failed",
    "skipped": "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What the accounts of one backfill share while they are executed."""

    db: Database
    observer: Observer
    places: asyncio.Semaphore
    #: Grows by one report per event.
    reports: list[EventReport]


async def execute_partner(
    shared: Execution, credential: Credential, checkpoint: Checkpoint, events: Sequence[PlannedEvent]
) -> None:
    """Collect the events of one account in their order. Raises HubError where the account cannot be opened."""
    async with open_account(shared.db, credential) as account, _only_backfill(shared.db, credential.source):
        run = _PartnerRun(shared, account, checkpoint)
        at_once = min(EVENTS_AT_ONCE, account.client.concurrent_calls)
        await parallel.each(events, at_once, run.collect)
    await checkpoints.finish_run(shared.db, checkpoint)


@dataclass(slots=True)
class _PartnerRun:
    """One account's events being collected. ``refused`` is why its remaining events are left."""

    shared: Execution
    account: Account
    checkpoint: Checkpoint
    refused: str | None = None

    async def collect(self, event: PlannedEvent) -> None:
        async with self.shared.places:
            if self.refused is not None:
                self.shared.reports.append(event_report(event, "not tried", reason=self.refused))
                return
            self.shared.observer.event_started(event)
            began = clock.monotonic()
            report = msgspec.structs.replace(
                await self._report(event), duration_seconds=round(clock.monotonic() - began, 3)
            )
            await self._note(event, report)
        self.shared.reports.append(report)
        self.shared.observer.event_finished(event, report)

    async def _report(self, event: PlannedEvent) -> EventReport:
        """Whatever goes wrong with one event stays with that event."""
        if event.scope is None:
            return event_report(event, "failed", error="the event is not stored; run the backfill anew")
        try:
            return read_report(event, await self._sync(event.scope))
        except CredentialsRefused as error:
            self.refused = "the service refused the login"
            return event_report(event, "failed", error=str(error))
        except HubError as error:
            return event_report(event, "failed", error=str(error))
        except Exception as error:
            log.exception("backfill of event %s", event.provider_event_id, extra={"action": "backfill_failed"})
            return event_report(event, "failed", error=f"unexpected {type(error).__name__}: {error}")

    async def _sync(self, scope: EventScope) -> Outcome:
        async def attempt() -> Outcome | None:
            outcome = await sync_event(self.account, scope, "backfill", everything)
            return None if _is_busy(outcome) else outcome

        outcome = await until_free(attempt)
        return outcome or Outcome(status="failed", error_message="another sync of this event did not end")

    async def _note(self, event: PlannedEvent, report: EventReport) -> None:
        reason = report.error or report.reason
        await checkpoints.finish_event(
            self.account.db, self.checkpoint, event.provider_event_id, STATES[report.status], reason
        )


def read_report(event: PlannedEvent, outcome: Outcome) -> EventReport:
    error = outcome.error_message
    if error is None and outcome.status in ("failed", "partial"):
        error = outcome.reason or "it could not be read whole"
    return msgspec.structs.replace(
        event_report(event, outcome.status, error=error),
        reason=outcome.reason,
        participants_read=outcome.participants_synced,
        results_read=outcome.results_synced,
        participants_imported=outcome.participants_written,
        results_imported=outcome.results_written,
        rows_written=outcome.rows_written,
        rows_retracted=outcome.rows_retracted,
        rows_held=outcome.rows_held,
        rows_quarantined=outcome.rows_quarantined,
        api_calls=outcome.api_calls,
    )


def _is_busy(outcome: Outcome) -> bool:
    """Skipped without a single call: another process holds the event."""
    return outcome.status == "skipped" and outcome.api_calls == 0


async def until_free(attempt: Callable[[], Awaitable[T | None]]) -> T | None:
    """Try until there is an answer. None: what it waits for was never free."""
    for _ in range(BUSY_TRIES):
        answer = await attempt()
        if answer is not None:
            return answer
        await clock.sleep(BUSY_WAIT_SECONDS)
    return None


@asynccontextmanager
async def _only_backfill(db: Database, source: Source) -> AsyncIterator[None]:
    async with db.dedicated() as connection:

        async def attempt() -> bool | None:
            return await checkpoints.lock_partner(connection, source) or None

        if not await until_free(attempt):
            raise HubError(
                f"another backfill of timing partner {source.timing_partner_id} is running; wait for its end"
            )
        yield
