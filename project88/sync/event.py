"""One event read and stored: the path that the command line, the scheduler and the backfill share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from project88.errors import Permanent
from project88.providers.contract import Course, PagedList, Provider, ResultList
from project88.records.snapshot import NO_AUTHORITY, Authority
from project88.store.history import Outcome, SyncType, close_abandoned, collecting_lock
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.accounts import Account
from project88.sync.attempts import attempt
from project88.sync.client import ProviderClient
from project88.sync.collecting import CollectedList, collect
from project88.sync.reading import ShortList, read_all
from project88.sync.snapshot import EventSnapshot
from project88.sync.storing import lists_still_true, store_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read of an event. ``whole`` readings use and leave page digests; others make them void."""

    participants: bool = True
    results: Sequence[ResultList] = ()
    whole: bool = True


Choice = Callable[[ProviderClient, Provider, EventScope, Course], Awaitable[Wanted]]


async def everything(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(results=provider.results(scope.provider_event_id, course))


async def participants_only(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(results=())


async def sync_event(account: Account, scope: EventScope, sync_type: SyncType, choice: Choice = everything) -> Outcome:
    """Collect what ``choice`` asks for and merge it in one transaction. Raises CredentialsRefused and StoreError."""
    account = replace(account, client=account.client.counting_anew())
    async with (
        account.db.dedicated() as connection,
        collecting_lock(connection, account.source, scope.event_id) as is_ours,
    ):
        if not is_ours:
            reason = "another sync of this event is running"
            return Outcome(status="skipped", reason=reason, event_id=scope.event_id)
        await close_abandoned(account.db, account.source, scope.provider_event_id)
        async with attempt(account, sync_type, scope) as outcome:
            stage = Stage(connection)
            await stage.prepare()
            await _collect_and_store(account, scope, stage, choice, outcome)
        return outcome


async def _collect_and_store(
    account: Account, scope: EventScope, stage: Stage, choice: Choice, outcome: Outcome
) -> None:
    course, lists = await _read_course(account, scope)
    wanted = await choice(account.client, account.provider, scope, course)
    digests = [digest for each in lists for digest in each.digests]
    snapshot = EventSnapshot(
        is_whole=wanted.whole,
        results_wanted=len(wanted.results),
        known=await lists_still_true(stage, scope, digests) if wanted.whole else {},
        course_problems=[problem for each in lists for problem in each.problems],
        course_digests=digests,
    )
    await _Reading(account, stage, snapshot).read(scope, wanted, course)
    await store_snapshot(stage, scope, course.races, snapshot, outcome)


async def _read_course(account: Account, scope: EventScope) -> tuple[Course, list[ShortList[Any]]]:
    """The short lists an event's rows are understood by. A row that cannot be read costs only itself."""
    wanted = account.provider.course_lists(scope.provider_event_id)
    lists = {name: await read_all(account.client, each) for name, each in wanted.items()}
    return account.provider.course({name: each.records for name, each in lists.items()}), list(lists.values())


class _Reading:
    """Reads the lists one after the other; the first failure ends the reading, what came before it counts."""

    def __init__(self, account: Account, stage: Stage, snapshot: EventSnapshot) -> None:
        self._account = account
        self._stage = stage
        self._snapshot = snapshot
        self._races_with_finishes: set[str] = set()

    async def read(self, scope: EventScope, wanted: Wanted, course: Course) -> None:
        """Raises the failure where no row came through before it: then the attempt has failed, not in part."""
        if wanted.participants:
            people = self._account.provider.participants(scope.provider_event_id, course)
            if self._has_failed(await self._read(people, NO_AUTHORITY)):
                return
        for each in wanted.results:
            if self._has_failed(await self._read_results(each)):
                return

    def _has_failed(self, found: CollectedList) -> bool:
        if found.error is not None and not self._snapshot.rows_read:
            raise found.error
        return found.error is not None

    async def _read_results(self, wanted: ResultList) -> CollectedList:
        found = await self._read(wanted.rows, wanted.authority)
        self._races_with_finishes |= found.races_with_finishes
        if not self._needs_fallback(wanted, found):
            return found
        found.error = None
        self._snapshot.authorities[found.number] = NO_AUTHORITY
        for fallback in wanted.fallback:
            found = await self._read(fallback.rows, fallback.authority)
            if found.error is not None:
                break
        return found

    def _needs_fallback(self, wanted: ResultList, found: CollectedList) -> bool:
        """A list of places that was refused, or says nothing although its race has finishers."""
        if not wanted.fallback or found.unchanged or found.usable_rows:
            return False
        if found.error is not None:
            return isinstance(found.error, Permanent)
        races = wanted.authority.gender_races | wanted.authority.division_races
        return found.rows > 0 or bool(races & self._races_with_finishes)

    async def _read(self, wanted: PagedList[Any], authority: Authority) -> CollectedList:
        number = len(self._snapshot.lists) + 1
        known = self._snapshot.known.get(wanted.name)
        found = await collect(self._account.client, wanted, number, self._stage, known)
        self._snapshot.lists.append(found)
        self._snapshot.authorities[number] = authority
        return found
