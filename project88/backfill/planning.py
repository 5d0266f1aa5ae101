"""Making a plan: find a partner's events and ask how many rows each has. Imports no participant and no result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from project88.backfill import parallel
from project88.backfill.options import BackfillOptions, Observer
from project88.backfill.plan import (
    REASONS,
    PartnerPlan,
    PlannedEvent,
    Size,
    Verdict,
    choose,
    reading_calls,
    small_first,
)
from project88.errors import Gone, ProviderError
from project88.store import backfill as checkpoints
from project88.store.backfill import CheckpointEvent, FoundEvent
from project88.store.connection import Database
from project88.store.partners import Credential
from project88.store.staging import Stage
from project88.sync.accounts import Account, open_account
from project88.sync.collecting import collect
from project88.sync.course import read_course
from project88.sync.discovery import discover
from project88.sync.reading import row_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A partner's events, how many of them the service listed, and what went wrong with the list."""

    events: Sequence[FoundEvent]
    listed: int
    api_calls: int
    error: str | None = None


Discover = Callable[[Account, Credential], Awaitable[Discovered]]


async def import_event_list(account: Account, credential: Credential) -> Discovered:
    """Discovery as ever, which stores new events."""
    outcome = await discover(account)
    if outcome.status == "failed":
        return _unread(outcome.error_message, outcome.api_calls)
    held_back = [
        FoundEvent(
            provider_event_id=each.provider_event_id,
            event_id=None,
            event_name=each.event_name,
            start_date=each.start_date,
            event_date=each.start_date.date() if each.start_date else None,
            upstream_state=None,
            is_duplicate=True,
        )
        for each in outcome.held_back
    ]
    return Discovered(
        events=[*await checkpoints.stored_events(account.db, credential), *held_back],
        listed=outcome.events_synced + len(held_back),
        api_calls=outcome.api_calls,
        error=outcome.error_message,
    )


async def look_at_event_list(account: Account, credential: Credential) -> Discovered:
    """The same events without writing any."""
    client = account.client.counting_anew("backfill")
    async with account.db.dedicated() as connection:
        stage = Stage(connection)
        await stage.prepare()
        found = await collect(client, account.provider.events(), 1, stage, None)
        if found.error is not None and not found.rows:
            return _unread(str(found.error), client.calls)
        events = await checkpoints.staged_events(connection, credential)
        repeated = (await stage.repeated_rows()).get(1, 0)
    unreadable = f"{found.problem_rows} rows of the event list cannot be read" if found.problem_rows else None
    return Discovered(
        events=events,
        listed=found.usable_rows - repeated,
        api_calls=client.calls,
        error=str(found.error) if found.error else unreadable,
    )


def _unread(why: str | None, api_calls: int) -> Discovered:
    return Discovered(events=[], listed=0, api_calls=api_calls, error=f"the list of events cannot be read: {why}")


async def plan_partner(
    db: Database, credential: Credential, options: BackfillOptions, find: Discover, observer: Observer
) -> PartnerPlan:
    """One account's plan. Raises ConfigError and ProviderError where there can be none."""
    window = await checkpoints.window(db, credential.time_zone, options.since)
    async with open_account(db, credential) as account:
        found = await find(account, credential)
        chosen = choose(found.events, window, options.limit_events)
        planned = [_planned(credential, event, verdict) for event, verdict in chosen]
        wanted = [event for event in planned if event.verdict == "import"]
        observer.found(credential.timing_partner_id, credential.company_name, len(wanted))
        prober = _Prober(account, observer)
        await parallel.each(wanted, account.client.concurrent_calls, prober.probe)
    others = [event for event in planned if event.verdict != "import"]
    return PartnerPlan(
        timing_partner_id=credential.timing_partner_id,
        company_name=credential.company_name,
        provider_key=credential.provider_key,
        account_name=credential.account_name,
        events=[*small_first(prober.probed), *others],
        discovered=found.listed,
        calls_per_minute=account.provider.limits.calls_per_minute,
        since=window.begins,
        api_calls=found.api_calls + prober.api_calls,
        errors=[found.error] if found.error else [],
    )


def _planned(credential: Credential, event: FoundEvent, verdict: Verdict) -> PlannedEvent:
    gone = f"{event.upstream_state} upstream" if verdict == "gone" else None
    return PlannedEvent(
        timing_partner_id=credential.timing_partner_id,
        event=event,
        verdict=verdict,
        reason=gone or REASONS.get(verdict),
        scope=event.scope(credential.source),
    )


class _Prober:
    """Asks the size of events, several at once. A refused login ends it."""

    def __init__(self, account: Account, observer: Observer) -> None:
        self._account = account
        self._observer = observer
        self.probed: list[PlannedEvent] = []
        self.api_calls = 0

    async def probe(self, event: PlannedEvent) -> None:
        account = replace(self._account, client=self._account.client.counting_anew("backfill"))
        try:
            size = await _size(account, event)
        except Gone as error:
            size = Size(problem=f"gone upstream: {error}", is_gone=True)
        except ProviderError as error:
            size = Size(problem=f"its size cannot be asked: {error}")
        finally:
            self.api_calls += account.client.calls
        self.probed.append(event.with_size(size))
        self._observer.probed(self.probed[-1])


async def _size(account: Account, event: PlannedEvent) -> Size:
    """Read the short lists of an event and ask the long ones for their row counts."""
    client, provider, number = account.client, account.provider, event.event.provider_event_id
    course, _ = await read_course(account, number, results=True)
    course_calls = client.calls
    results = provider.results(number, course)
    if not results:
        return Size(calls=course_calls + 1)
    everything, *place_lists = results
    people = provider.participants(number, course, None)[0].rows
    entries, rows = await asyncio.gather(row_count(client, people), row_count(client, everything.rows))
    if entries is None or rows is None:
        return Size(calls=course_calls + 2 + len(place_lists))
    calls = reading_calls(
        course_calls=course_calls,
        entries=entries,
        results=rows,
        place_lists=len(place_lists),
        races=len(course.races),
        page_size=people.page_size,
    )
    return Size(rows=entries + rows, calls=calls)


async def resumed_plan(db: Database, credential: Credential, checkpoint: checkpoints.Checkpoint) -> PartnerPlan:
    """The plan of an unfinished run, without asking the service anything."""
    stored = await checkpoints.run_events(db, checkpoint, credential.time_zone)
    async with open_account(db, credential) as account:
        calls_per_minute = account.provider.limits.calls_per_minute
    return PartnerPlan(
        timing_partner_id=credential.timing_partner_id,
        company_name=credential.company_name,
        provider_key=credential.provider_key,
        account_name=credential.account_name,
        events=[_resumed(credential, event) for event in stored],
        discovered=len(stored),
        calls_per_minute=calls_per_minute,
    )


def _resumed(credential: Credential, stored: CheckpointEvent) -> PlannedEvent:
    verdict: Verdict = "done" if stored.state in ("completed", "skipped") else "import"
    is_lost = verdict == "import" and stored.event.event_id is None
    return PlannedEvent(
        timing_partner_id=credential.timing_partner_id,
        event=stored.event,
        verdict="gone" if is_lost else verdict,
        reason="no longer stored" if is_lost else REASONS.get(verdict),
        size=Size(rows=stored.rows_planned, calls=stored.calls_planned),
        scope=stored.event.scope(credential.source),
    )
