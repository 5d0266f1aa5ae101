"""One event read and stored: the path that the command line, the scheduler and the backfill share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from project88.errors import Permanent
from project88.providers.contract import Course, EntryList, PagedList, Provider, ResultList
from project88.records.snapshot import NO_AUTHORITY, Authority
from project88.store.duplicates import merge_certain
from project88.store.events import MOVED, is_collected
from project88.store.history import Outcome, SyncType, close_abandoned, collecting_lock
from project88.store.lists import known_rows
from project88.store.merging import Stream, races_with_finishes
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.store.statistics import refresh_after
from project88.sync.accounts import Account
from project88.sync.attempts import attempt, skip
from project88.sync.changes import stage_changes
from project88.sync.client import ProviderClient
from project88.sync.collecting import CollectedList, ListMemory, LoadRows, collect
from project88.sync.course import read_course
from project88.sync.entries import EntryPlan, collect_one_by_one, plan_entries
from project88.sync.snapshot import EntriesRead, EventSnapshot
from project88.sync.storing import lists_still_true, store_snapshot
from project88.sync.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read of an event. ``whole`` readings use and leave page digests; others make them void.

    ``changed_entries_suffice``: of the entries, those that changed since the last reading are enough.
    """

    participants: bool = True
    changed_entries_suffice: bool = False
    results: Sequence[ResultList] = ()
    whole: bool = True


Choice = Callable[[ProviderClient, Provider, EventScope, Course], Awaitable[Wanted]]


async def everything(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(results=provider.results(scope.provider_event_id, course))


async def participants_only(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(results=(), changed_entries_suffice=True)


async def all_participants(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(results=())


#: Choices that look at no result.
OF_ENTRIES: tuple[Choice, ...] = (participants_only, all_participants)


async def sync_event(
    account: Account,
    scope: EventScope,
    sync_type: SyncType,
    choice: Choice = everything,
    ticket: Ticket | None = None,
) -> Outcome:
    """Collect what ``choice`` asks for and merge it in one transaction. Raises CredentialsRefused and StoreError."""
    account = replace(account, client=account.client.counting_anew(sync_type, ticket.priority if ticket else None))
    scope = await merge_certain(account.db, scope)
    async with (
        account.db.dedicated() as connection,
        collecting_lock(connection, account.source, scope.event_id) as is_ours,
    ):
        if not is_ours:
            reason = "another sync of this event is running"
            return await skip(account.db, account.source, sync_type, scope, reason, ticket)
        await close_abandoned(account.db, account.source, scope.provider_event_id)
        if not await is_collected(connection, scope):
            return await skip(account.db, account.source, sync_type, scope, MOVED, ticket)
        async with attempt(account, sync_type, scope, ticket) as outcome:
            stage = Stage(connection)
            await stage.prepare()
            await _collect_and_store(account, scope, stage, choice, outcome, ticket)
        await refresh_after(account.db, outcome.rows_written)
        return outcome


async def _collect_and_store(
    account: Account, scope: EventScope, stage: Stage, choice: Choice, outcome: Outcome, ticket: Ticket | None
) -> None:
    course, lists = await read_course(account, scope.provider_event_id, results=choice not in OF_ENTRIES)
    wanted = await choice(account.client, account.provider, scope, course)
    plan = await plan_entries(stage.connection, account.provider, scope, wanted.changed_entries_suffice)
    is_whole = wanted.whole and plan.since is None
    digests = [digest for each in lists.values() for digest in each.digests]
    snapshot = EventSnapshot(
        is_whole=is_whole,
        results_wanted=len(wanted.results),
        known=await lists_still_true(stage, scope, digests) if is_whole else {},
        course_problems=[problem for each in lists.values() for problem in each.problems],
        course_digests=digests,
        course_rows={name: each.raw for name, each in lists.items()},
    )
    with ExitStack() as held:
        await _Reading(account, scope, stage, snapshot, held).read(wanted, course, plan)
        await stage_changes(stage, snapshot)
    outcome.api_calls = account.client.calls
    await store_snapshot(stage, scope, course.races, snapshot, outcome, ticket)


class _Reading:
    """Reads the lists one after the other; the first failure ends the reading, what came before it counts."""

    def __init__(
        self, account: Account, scope: EventScope, stage: Stage, snapshot: EventSnapshot, held: ExitStack
    ) -> None:
        self._account = account
        self._scope = scope
        self._stage = stage
        self._snapshot = snapshot
        self._held = held
        self._races_with_finishes: set[str] = set()

    async def read(self, wanted: Wanted, course: Course, plan: EntryPlan) -> None:
        """Raises the failure where no row came through before it: then the attempt has failed, not in part."""
        if wanted.participants:
            lists = self._account.provider.participants(self._scope.provider_event_id, course, plan.since)
            is_everyone = any(people.is_everyone for people in lists)
            self._snapshot.entries = EntriesRead(began=plan.began, is_everyone=is_everyone)
            for people in lists:
                if self._has_failed(await self._read_entries(people, plan)):
                    return
        for each in wanted.results:
            if self._has_failed(await self._read_results(each)):
                return

    async def _read_entries(self, people: EntryList, plan: EntryPlan) -> CollectedList:
        if people.details is None:
            return await self._read(people.rows, NO_AUTHORITY, None, "participants")
        number = len(self._snapshot.lists) + 1
        found = await collect_one_by_one(self._account, people, number, self._stage, self._scope, plan)
        self._snapshot.lists.append(found.collected)
        self._snapshot.authorities[number] = NO_AUTHORITY
        assert self._snapshot.entries is not None
        self._snapshot.entries.listing = found.listing
        self._snapshot.entries.refreshed_to = found.refreshed_to
        return found.collected

    def _has_failed(self, found: CollectedList) -> bool:
        if found.error is not None and not self._snapshot.rows_read:
            raise found.error
        return found.error is not None

    async def _read_results(self, wanted: ResultList) -> CollectedList:
        found = await self._read_rows(wanted)
        self._races_with_finishes |= found.races_with_finishes
        if not await self._needs_fallback(wanted, found):
            return found
        found.error = None
        self._snapshot.authorities[found.number] = NO_AUTHORITY
        for fallback in wanted.fallback:
            found = await self._read_rows(fallback)
            if found.error is not None:
                break
        return found

    async def _needs_fallback(self, wanted: ResultList, found: CollectedList) -> bool:
        """A list of places that was refused, or says nothing although its race has finishers."""
        if not wanted.fallback or found.usable_rows:
            return False
        if found.error is not None:
            return isinstance(found.error, Permanent)
        if found.rows:
            return not found.same_pages
        return bool((wanted.authority.gender_races | wanted.authority.division_races) & await self._races_finished())

    async def _races_finished(self) -> set[str]:
        """Races with finishers: of the lists that did not change the stored rows tell."""
        return self._races_with_finishes | await races_with_finishes(self._stage.connection, self._scope)

    async def _read_rows(self, wanted: ResultList) -> CollectedList:
        """The rows of a whole reading of results are remembered one by one."""
        load = partial(known_rows, self._stage.connection, self._scope, wanted.rows.name)
        return await self._read(wanted.rows, wanted.authority, load if self._snapshot.is_whole else None)

    async def _read(
        self, wanted: PagedList[Any], authority: Authority, load_rows: LoadRows | None, stream: Stream = "results"
    ) -> CollectedList:
        number = len(self._snapshot.lists) + 1
        memory = ListMemory(known=self._snapshot.known.get(wanted.name), load_rows=load_rows, held=self._held)
        found = await collect(self._account.client, wanted, number, self._stage, memory, stream)
        self._snapshot.lists.append(found)
        self._snapshot.authorities[number] = authority
        return found
