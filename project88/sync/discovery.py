"""Finding the events of a partner at a provider. Reads neither entries nor results."""

from __future__ import annotations

from dataclasses import replace

from project88.errors import Permanent
from project88.records.entities import EventId, ProviderEventId
from project88.store.events import HeldBack, import_events, note_unlisted
from project88.store.history import Outcome, close_abandoned, collecting_lock
from project88.store.lists import quarantine
from project88.store.merging import because
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.accounts import Account
from project88.sync.attempts import attempt, skip
from project88.sync.collecting import CollectedList, collect
from project88.sync.ticket import Ticket
from project88.wire.paging import Completeness


async def discover(account: Account, ticket: Ticket | None = None) -> Outcome:
    """Collect the partner's event list. Events missing from it are left alone: a list of events is no archive."""
    account = replace(account, client=account.client.counting_anew("discovery"))
    async with (
        account.db.dedicated() as connection,
        collecting_lock(connection, account.source, None) as is_ours,
    ):
        if not is_ours:
            reason = "another discovery for this login is running"
            return await skip(account.db, account.source, "discovery", None, reason, ticket)
        await close_abandoned(account.db, account.source, None)
        async with attempt(account, "discovery", None, ticket) as outcome:
            stage = Stage(connection)
            await stage.prepare()
            if account.provider.needs_proof():
                # Without its login the service would list the events of everybody.
                await account.client.get(account.provider.login_probe())
            found = await collect(account.client, account.provider.events(), 1, stage, None)
            if found.error is not None and not found.rows:
                raise found.error
            await _store(account, stage, found, outcome, ticket)
        return outcome


async def _store(account: Account, stage: Stage, found: CollectedList, outcome: Outcome, ticket: Ticket | None) -> None:
    repeated = await stage.repeated_rows()
    async with stage.connection.transaction():
        await because(stage.connection, f"sync {outcome.number}")
        written, held_back = await import_events(stage.connection, account.source)
        nowhere = EventScope(source=account.source, event_id=EventId(""), provider_event_id=ProviderEventId(""))
        await quarantine(stage.connection, nowhere, found.problems)
        outcome.events_synced = found.usable_rows - repeated.get(1, 0) - len(held_back)
        outcome.rows_written = written
        outcome.held_back = tuple(held_back)
        outcome.rows_quarantined = found.problem_rows
        _judge(found, repeated.get(1, 0), held_back, outcome)
        if found.completeness(repeated.get(1, 0)) is Completeness.COMPLETE:
            await note_unlisted(stage.connection, account.source)
        if ticket is not None:
            await ticket.stored(stage.connection, outcome)


def _judge(found: CollectedList, repeated: int, held_back: list[HeldBack], outcome: Outcome) -> None:
    completeness = found.completeness(repeated)
    if completeness is Completeness.PARTIAL:
        outcome.status = "partial"
        outcome.error_message = str(found.error or Permanent("rows of the event list are missing or unreadable"))
    reasons = []
    if completeness is Completeness.MOVING:
        reasons.append("the list of events grew while it was read")
    if held_back:
        ids = ", ".join(each.provider_event_id for each in held_back)
        reasons.append(f"held back as possible duplicates of hardware events: {ids}")
    outcome.reason = "; ".join(reasons) or None
