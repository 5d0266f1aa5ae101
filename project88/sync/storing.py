"""One snapshot of an event into the database, in one transaction, and the account of it. Reads no service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from project88.errors import Superseded
from project88.records.entities import Race
from project88.store import merging
from project88.store.connection import Connection
from project88.store.entries import note_reading
from project88.store.events import MOVED, import_races, is_collected, mark_upstream_state
from project88.store.history import Outcome
from project88.store.lists import KnownList, known_lists, quarantine, remember_lists
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.archiving import keep_reading
from project88.sync.snapshot import EventSnapshot
from project88.sync.ticket import Ticket
from project88.wire.paging import Completeness

#: Under this name the digests of the races, intervals and brackets are remembered.
COURSE = "course"
STREAMS: Sequence[merging.Stream] = ("participants", "results")


async def lists_still_true(stage: Stage, scope: EventScope, course_digests: Sequence[bytes]) -> dict[str, KnownList]:
    """The remembered lists.

    Their digests speak of the stored rows only while those are still there, and while the races, intervals and
    brackets by which the rows are understood are the same.
    """
    known = await known_lists(stage.connection, scope)
    if COURSE not in known or list(known[COURSE].page_digests) != list(course_digests):
        return {}
    stored = await _visible_rows(stage.connection, scope)
    lists = [each for name, each in known.items() if name != COURSE]
    return known if all(stored.get(each.stream or "") == each.stored_rows for each in lists) else {}


async def _visible_rows(connection: Connection, scope: EventScope) -> dict[str, int]:
    """How many rows of each stream are shown."""
    return {stream: await merging.visible_rows(connection, scope, stream) for stream in STREAMS}


async def store_snapshot(
    stage: Stage,
    scope: EventScope,
    races: tuple[Race, ...],
    snapshot: EventSnapshot,
    outcome: Outcome,
    ticket: Ticket | None,
) -> None:
    """Merge what was staged. All of it becomes visible at once, or nothing."""
    await stage.add(0, races)
    snapshot.repeated = await stage.repeated_rows()
    connection = stage.connection
    async with connection.transaction():
        await merging.begin_merge(connection, scope, f"sync {outcome.number}")
        if not await is_collected(connection, scope):
            raise Superseded(MOVED)
        await import_races(connection, scope)
        merges = _merges(snapshot)
        # Before the merge: from its last statement on scoring waits for the event's row.
        await keep_reading(connection, scope, snapshot, merges, outcome.number)
        people, results = await merging.merge_staged(connection, scope, merges)
        results += await merging.settle_statuses(connection, scope)
        await _note_entries(connection, scope, snapshot)
        stored = await _visible_rows(connection, scope)
        await quarantine(connection, scope, snapshot.problems())
        if snapshot.rows_read:
            await mark_upstream_state(connection, scope, None)
        await _remember(stage, scope, snapshot, stored)
        _account(snapshot, people, results, outcome)
        if snapshot.results:
            outcome.results_synced = stored["results"]
        if ticket is not None:
            await ticket.stored(connection, outcome)


def _merges(snapshot: EventSnapshot) -> merging.Merges:
    people, results = snapshot.participants, None
    read = snapshot.entries
    unchanged = all(found.unchanged for found in people)
    complete = read is not None and read.is_everyone and snapshot.is_complete(people)
    if not all(found.unchanged for found in snapshot.results):
        results = merging.Snapshot(
            complete=snapshot.results_are_complete,
            is_whole=snapshot.results_are_all_staged,
            some_repeat=any(snapshot.repeated.values()),
            only_staged=snapshot.only_changes_staged,
        )
    return merging.Merges(
        participants_are_complete=None if unchanged else complete,
        participants_are_whole=complete
        and read is not None
        and read.listing is None
        and not any(found.unchanged for found in people),
        results=results,
        authority=snapshot.authority(),
    )


async def _note_entries(connection: Connection, scope: EventScope, snapshot: EventSnapshot) -> None:
    """Only a reading that came through whole moves the instant from which changes are asked for."""
    read = snapshot.entries
    if read is not None and snapshot.participants and snapshot.is_complete(snapshot.participants):
        await note_reading(
            connection, scope, read.began, of_all=read.is_everyone, listing=read.listing, refreshed_to=read.refreshed_to
        )


async def _remember(stage: Stage, scope: EventScope, snapshot: EventSnapshot, stored: Mapping[str, int]) -> None:
    """Remember the complete lists of a whole reading. Any reading of results makes what it did not read void."""
    if not snapshot.lists:
        return
    names = {found.wanted.name for found in snapshot.lists}
    kept = set() if snapshot.results else {name for name in snapshot.known if name not in names}
    complete = []
    if snapshot.is_whole:
        complete = [found for found in snapshot.lists if snapshot.state(found) is Completeness.COMPLETE]
    fresh = [
        found.remembered(stored[found.stream], snapshot.repeated.get(found.number, 0))
        for found in complete
        if not found.same_pages
    ]
    kept |= {found.wanted.name for found in complete if found.same_pages}
    await remember_lists(stage.connection, scope, [_course(snapshot), *fresh], kept, stored)


def _course(snapshot: EventSnapshot) -> KnownList:
    digests = tuple(snapshot.course_digests)
    return KnownList(name=COURSE, stream=None, page_size=0, row_count=0, stored_rows=0, page_digests=digests)


def _account(snapshot: EventSnapshot, people: merging.Merged, results: merging.Merged, outcome: Outcome) -> None:
    outcome.participants_synced = sum(snapshot.rows_of(found) - found.removal_rows for found in snapshot.participants)
    outcome.participants_written, outcome.results_written = people.written, results.written
    both = people + results
    outcome.rows_written, outcome.rows_retracted, outcome.rows_held = both.written, both.retracted, both.held
    outcome.rows_quarantined = len(snapshot.course_problems) + sum(found.problem_rows for found in snapshot.lists)
    _judge(snapshot, outcome)


def _judge(snapshot: EventSnapshot, outcome: Outcome) -> None:
    reasons = []
    if moving := snapshot.named(Completeness.MOVING):
        reasons.append(f"moving: {', '.join(moving)} grew while being read; nothing was retired")
    if outcome.rows_held:
        reasons.append(f"{outcome.rows_held} rows vanished at once; see project88 retractions list")
    if postponed := sum(found.postponed for found in snapshot.lists):
        outcome.status = "partial"
        outcome.error_message = f"{postponed} entries are still to be asked for one by one; the next sync goes on"
        reasons.append(outcome.error_message)
    if partial := snapshot.named(Completeness.PARTIAL):
        outcome.status = "partial"
        reasons.append(f"partial: {', '.join(partial)}; nothing of it was retired")
        errors = [str(found.error) for found in snapshot.lists if found.error is not None]
        unreadable = [problem.reason for problem in snapshot.problems()[:3]]
        outcome.error_message = "; ".join(errors or unreadable) or "rows are missing: fewer came than were announced"
    outcome.reason = "; ".join(reasons) or None
