"""One event collected and merged: the path that the command line, the scheduler and the backfill share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from project88.errors import Permanent, ProviderError
from project88.providers.contract import Course, PagedList, Provider, ResultList
from project88.records.entities import Problem
from project88.records.snapshot import NO_AUTHORITY, Authority
from project88.store import merging
from project88.store.events import import_races, mark_upstream_state
from project88.store.history import Outcome, SyncType, close_abandoned, collecting_lock
from project88.store.lists import KnownList, known_lists, quarantine, remember_lists
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.accounts import Account
from project88.sync.attempts import attempt
from project88.sync.client import ProviderClient
from project88.sync.collecting import CollectedList, collect
from project88.sync.reading import read_all
from project88.wire.paging import Completeness

#: The lists whose stored rows can be counted, and where.
COUNTED: Mapping[str, merging.Stream] = {"participants": "participants", "results": "results"}


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
            await _EventSync(account, scope, stage, outcome).run(choice)
        return outcome


@dataclass(slots=True)
class _EventSync:
    account: Account
    scope: EventScope
    stage: Stage
    outcome: Outcome
    known: dict[str, KnownList] = field(default_factory=dict)
    read: list[CollectedList] = field(default_factory=list)
    authorities: dict[int, Authority] = field(default_factory=dict)
    course_problems: list[Problem] = field(default_factory=list)
    races_with_finishes: set[str] = field(default_factory=set)
    repeated: dict[int, int] = field(default_factory=dict)

    async def run(self, choice: Choice) -> None:
        client, provider = self.account.client, self.account.provider
        lists = provider.course_lists(self.scope.provider_event_id)
        rows: dict[str, Sequence[Any]] = {name: await self._short_list(wanted) for name, wanted in lists.items()}
        course = provider.course(rows)
        wanted = await choice(client, provider, self.scope, course)
        if wanted.whole:
            self.known = await self._still_true(await known_lists(self.stage.connection, self.scope))
        await self._collect(wanted, course)
        await self.stage.add(0, course.races)
        await self._store(wanted)

    async def _short_list(self, wanted: PagedList[Any]) -> Sequence[Any]:
        """A list of the course whole; a row that cannot be read is kept as a problem and costs only itself."""
        records, problems = await read_all(self.account.client, wanted)
        self.course_problems += problems
        return records

    async def _still_true(self, known: dict[str, KnownList]) -> dict[str, KnownList]:
        """Digests speak of the stored rows only while those are still there."""
        for name, stream in COUNTED.items():
            if name not in known:
                continue
            stored = await merging.visible_rows(self.stage.connection, self.scope, stream)
            if stored != known[name].stored_rows:
                return {}
        return known

    async def _collect(self, wanted: Wanted, course: Course) -> None:
        """Read the lists one after the other; the first failure ends the reading, what came before it counts."""
        if wanted.participants:
            rows = self.account.provider.participants(self.scope.provider_event_id, course)
            found = await self._read(rows, NO_AUTHORITY)
            if found.error is not None:
                self._refuse_nothing(found.error)
                return
        for result_list in wanted.results:
            found = await self._read_results(result_list)
            if found.error is not None:
                self._refuse_nothing(found.error)
                return

    async def _read_results(self, wanted: ResultList) -> CollectedList:
        found = await self._read(wanted.rows, wanted.authority)
        self.races_with_finishes |= found.races_with_finishes
        if not self._needs_fallback(wanted, found):
            return found
        found.error = None
        self.authorities[found.number] = NO_AUTHORITY
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
        return found.rows > 0 or bool(races & self.races_with_finishes)

    async def _read(self, wanted: PagedList[Any], authority: Authority) -> CollectedList:
        number = len(self.read) + 1
        found = await collect(self.account.client, wanted, number, self.stage, self.known.get(wanted.name))
        self.read.append(found)
        self.authorities[number] = authority
        return found

    def _refuse_nothing(self, error: ProviderError) -> None:
        """An attempt that read no page at all has failed; with some pages it is partial."""
        if not any(found.rows for found in self.read):
            raise error

    async def _store(self, wanted: Wanted) -> None:
        self.repeated = repeated = await self.stage.repeated_rows()
        states = {found.number: found.completeness(repeated.get(found.number, 0)) for found in self.read}
        connection = self.stage.connection
        async with connection.transaction():
            await merging.begin_merge(connection, self.scope)
            await import_races(connection, self.scope)
            merged = await self._merge(states, wanted)
            if any(found.wanted.name != "participants" for found in self.read):
                self.outcome.results_synced = await merging.visible_rows(connection, self.scope, "results")
            for problems in (self.course_problems, *(found.problems for found in self.read)):
                await quarantine(connection, self.scope, problems)
            if any(found.rows for found in self.read):
                await mark_upstream_state(connection, self.scope, None)
            await self._remember(states, wanted)
        self._account(states, repeated, merged)

    async def _merge(self, states: Mapping[int, Completeness], wanted: Wanted) -> merging.Merged:
        connection = self.stage.connection
        merged = merging.Merged()
        people = [found for found in self.read if found.wanted.name == "participants"]
        results = [found for found in self.read if found.wanted.name != "participants"]
        if any(not found.unchanged for found in people):
            complete = not self.course_problems and all(
                states[found.number] is Completeness.COMPLETE for found in people
            )
            merged += await merging.merge_participants(connection, self.scope, complete=complete)
        self.outcome.participants_written = merged.written
        if any(not found.unchanged for found in results):
            authority = self._authority(results, states)
            snapshot = self._snapshot(results, states, wanted)
            merged += await merging.merge_results(connection, self.scope, authority, snapshot)
        merged += await merging.settle_statuses(connection, self.scope)
        self.outcome.results_written = merged.written - self.outcome.participants_written
        return merged

    def _authority(self, results: Sequence[CollectedList], states: Mapping[int, Completeness]) -> Authority:
        """An unchanged list was not staged, so it decides nothing: the stored facts are its facts."""
        authority = NO_AUTHORITY
        for found in results:
            if not found.unchanged and not self.course_problems and states[found.number] is Completeness.COMPLETE:
                authority |= self.authorities[found.number]
        return authority

    def _snapshot(
        self, results: Sequence[CollectedList], states: Mapping[int, Completeness], wanted: Wanted
    ) -> merging.Snapshot:
        complete = self._may_retire(results, states, wanted)
        return merging.Snapshot(
            complete=complete,
            is_whole=complete and wanted.whole and not any(found.unchanged for found in results),
            some_repeat=any(self.repeated.values()),
        )

    def _may_retire(self, results: Sequence[CollectedList], states: Mapping[int, Completeness], wanted: Wanted) -> bool:
        all_read = len(results) >= len(wanted.results)
        return (
            all_read
            and not self.course_problems
            and all(states[found.number] is Completeness.COMPLETE for found in results)
        )

    async def _remember(self, states: Mapping[int, Completeness], wanted: Wanted) -> None:
        connection = self.stage.connection
        stored = {name: await merging.visible_rows(connection, self.scope, stream) for name, stream in COUNTED.items()}
        complete = [found for found in self.read if states[found.number] is Completeness.COMPLETE]
        names = {found.wanted.name for found in self.read}
        result_lists_read = any(name != "participants" for name in names)
        kept = {name for name in self.known if name not in names and not result_lists_read}
        fresh = complete if wanted.whole and not self.course_problems else []
        await remember_lists(
            connection,
            self.scope,
            [found.remembered(stored.get(found.wanted.name, 0)) for found in fresh if not found.unchanged],
            kept | {found.wanted.name for found in fresh if found.unchanged},
        )

    def _account(self, states: Mapping[int, Completeness], repeated: Mapping[int, int], merged: merging.Merged) -> None:
        for found in self.read:
            rows = found.rows - repeated.get(found.number, 0) - found.problem_rows
            if found.wanted.name == "participants":
                self.outcome.participants_synced = rows
            self.outcome.rows_quarantined += found.problem_rows
        self.outcome.rows_quarantined += len(self.course_problems)
        self.outcome.rows_written = merged.written
        self.outcome.rows_retracted = merged.retracted
        self.outcome.rows_held = merged.held
        self._judge(states)

    def _judge(self, states: Mapping[int, Completeness]) -> None:
        named = {found.number: found.wanted.name for found in self.read}
        reasons = []
        moving = [named[number] for number, state in states.items() if state is Completeness.MOVING]
        partial = [named[number] for number, state in states.items() if state is Completeness.PARTIAL]
        partial += sorted({problem.stream for problem in self.course_problems})
        if moving:
            reasons.append(f"moving: {', '.join(moving)} grew while being read; nothing was retired")
        if self.outcome.rows_held:
            reasons.append(f"{self.outcome.rows_held} rows vanished at once; see project88 retractions list")
        if partial:
            self.outcome.status = "partial"
            reasons.append(f"partial: {', '.join(partial)}; nothing of it was retired")
            errors = [str(found.error) for found in self.read if found.error is not None]
            self.outcome.error_message = "; ".join(errors) or "rows are missing or cannot be read"
        self.outcome.reason = "; ".join(reasons) or None
