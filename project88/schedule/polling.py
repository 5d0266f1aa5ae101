"""One poll that has begun: which reading it is, and the reading. Decides no due time."""

from __future__ import annotations

from collections.abc import Mapping

from project88.records.entities import EventId
from project88.schedule.tickets import PollTicket
from project88.store.connection import Database
from project88.store.events import find_event
from project88.store.history import Outcome, SyncType
from project88.store.plan import RunningPoll
from project88.store.scope import EventScope, Source
from project88.sync.accounts import Account
from project88.sync.discovery import discover
from project88.sync.event import Choice, everything, participants_only, sync_event
from project88.sync.moved import MovedResults

#: Every so many polls of results read everything, because a row count shows no correction.
FULL_EVERY = 10
#: A poll may take this part of the time to the next one, and of the calls allowed in it.
SHARE_OF_CADENCE = 0.8
SYNC_TYPES: Mapping[str, SyncType] = {
    "results": "results",
    "participants": "participants",
    "discovery": "discovery",
}


async def run_poll(account: Account, poll: RunningPoll, ticket: PollTicket) -> Outcome:
    """Raises CredentialsRefused, StoreError and Superseded; a failure of the service ends in the outcome."""
    if poll.event_id is None:
        return await discover(account, ticket)
    scope = await scope_of(account.db, account.source, poll.event_id)
    choice = _choice(account, poll, ticket)
    return await sync_event(account, scope, SYNC_TYPES[poll.kind], choice, ticket)


async def scope_of(db: Database, source: Source, event_id: EventId) -> EventScope:
    event = await find_event(db, event_id, source.timing_partner_id, source.data_source)
    return event.scope(source)


def _choice(account: Account, poll: RunningPoll, ticket: PollTicket) -> Choice:
    if poll.kind == "participants":
        return participants_only
    if _must_be_full(account, poll):
        ticket.is_full = True
        return everything
    ticket.moved = MovedResults(poll.row_counts)
    return ticket.moved


def _must_be_full(account: Account, poll: RunningPoll) -> bool:
    """Whether everything is read: now and then, and always where that fits the cadence and the budget."""
    if poll.polls % FULL_EVERY == 0 or poll.last_full_seconds is None or poll.last_full_calls is None:
        return True
    if poll.every is None:
        return True
    seconds = poll.every.total_seconds() * SHARE_OF_CADENCE
    calls = account.provider.limits.calls_per_minute * seconds / 60
    return poll.last_full_seconds <= seconds and poll.last_full_calls <= calls
