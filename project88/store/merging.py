"""From the stages into participants and results, in the caller's transaction. Reads no service.

A complete list retires what it no longer shows; more than a fifth of an event's rows at once waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import AsyncConnection

from project88.records.snapshot import Authority
from project88.store.connection import Database, number_of
from project88.store.queries import Queries, load
from project88.store.scope import EventScope

#: A retraction of more rows than this, and of a larger share than the next, is held.
ROWS_RETRACTED_AT_ONCE = 10
SHARE_RETRACTED_AT_ONCE = 0.20

results = load("results")
participants = load("participants")
retractions = load("retractions")

Stream = Literal["participants", "results"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Counts of one merge. ``held`` rows are gone upstream and wait for a person."""

    written: int = 0
    retracted: int = 0
    held: int = 0

    def __add__(self, other: Merged) -> Merged:
        return Merged(
            written=self.written + other.written,
            retracted=self.retracted + other.retracted,
            held=self.held + other.held,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How the staged results came.

    ``complete`` allows retraction, ``is_whole`` means that every list was staged, and ``only_staged`` that entries
    that are not staged are as they were.
    """

    complete: bool
    is_whole: bool
    some_repeat: bool
    only_staged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """How the staged lists of a reading are merged. None: nothing of that stream was staged.

    ``authority`` covers the complete lists of results.
    """

    participants_are_complete: bool | None
    #: Whether the staged participants are all there are, so that nothing of earlier readings is needed.
    participants_are_whole: bool = False
    results: Snapshot | None
    authority: Authority

    @property
    def is_nothing(self) -> bool:
        return self.participants_are_complete is None and self.results is None


async def begin_merge(connection: AsyncConnection[Any], scope: EventScope, cause: str | None = None) -> None:
    """Open the merge of one event in the caller's transaction; another one of the same event waits.

    ``cause`` is what the history of changes says of it.
    """
    await connection.execute(results["lock_event"], scope.parameters())
    await because(connection, cause)
    await connection.execute(results["plan_for_sets"])


async def merge_staged(connection: AsyncConnection[Any], scope: EventScope, merges: Merges) -> tuple[Merged, Merged]:
    """Participants, then results, which may rest on them."""
    people = results = Merged()
    if merges.participants_are_complete is not None:
        people = await merge_participants(connection, scope, complete=merges.participants_are_complete)
    if merges.results is not None:
        results = await merge_results(connection, scope, merges.authority, merges.results)
    return people, results


async def merge_participants(connection: AsyncConnection[Any], scope: EventScope, *, complete: bool) -> Merged:
    await connection.execute(participants["write_races_of_entries"], scope.parameters())
    written = await number_of(connection, participants["write_staged"], scope.parameters())
    removed = await number_of(connection, participants["remove_staged"], scope.parameters())
    gone = await _gone(connection, scope, "participants", complete=complete)
    return Merged(written=written, retracted=removed) + gone


async def merge_results(
    connection: AsyncConnection[Any], scope: EventScope, authority: Authority, snapshot: Snapshot
) -> Merged:
    """Merge the staged results. ``authority`` covers the complete lists."""
    parameters = {
        **scope.parameters(),
        **_authority_parameters(authority),
        "some_repeat": snapshot.some_repeat,
        "is_whole": snapshot.is_whole,
        "only_staged": snapshot.only_staged,
    }
    await connection.execute(results["hash_staged"], parameters)
    await connection.execute(results["merge_splits"], parameters)
    written = await number_of(connection, results["write_merged"], parameters)
    gone = await _gone(connection, scope, "results", complete=snapshot.complete, only_staged=snapshot.only_staged)
    if written or gone.retracted:
        await connection.execute(results["note_change"], scope.parameters())
    return Merged(written=written) + gone


async def settle_statuses(connection: AsyncConnection[Any], scope: EventScope) -> Merged:
    """Statuses that follow from the entry list and from 24 h without change."""
    written = await number_of(connection, results["follow_entries"], scope.parameters())
    if written:
        await connection.execute(results["note_change"], scope.parameters())
    for name in ("derive_dnf", "derive_dns"):
        written += await number_of(connection, results[name], scope.parameters())
    retracted = await number_of(connection, results["withdraw_dns"], scope.parameters())
    await number_of(connection, results["settle"], scope.parameters())
    return Merged(written=written, retracted=retracted)


async def follow_entries(connection: AsyncConnection[Any], scope: EventScope) -> None:
    """Statuses that follow from the entry list alone."""
    for name in ("follow_entries", "withdraw_dns"):
        await number_of(connection, results[name], scope.parameters())


async def because(connection: AsyncConnection[Any], cause: str | None) -> None:
    """What the transaction changes from now on is kept with this cause; None: nobody says why."""
    await connection.execute(results["because"], {"cause": cause or ""})


async def settle_all(db: Database) -> int:
    """Settle the results of every event whose time has come; says of how many."""
    return int(await db.value(results["settle"], {"timing_partner_id": None, "event_id": None}))


async def new_rows(connection: AsyncConnection[Any], scope: EventScope, stream: Stream) -> int:
    """How many of the staged rows a merge would show that are not visible now. Ask before the merge."""
    return await number_of(connection, _queries(stream)["new_rows"], scope.parameters())


async def visible_rows(connection: AsyncConnection[Any], scope: EventScope, stream: Stream) -> int:
    return await number_of(connection, _queries(stream)["visible_rows"], scope.parameters())


async def apply_retraction(connection: AsyncConnection[Any], parameters: Mapping[str, Any], stream: Stream) -> int:
    """Retract the rows a person decided on; rows that are back meanwhile were taken off the list before."""
    retracted = await number_of(connection, _queries(stream)["retract"], parameters)
    if retracted and stream == "results":
        await connection.execute(results["note_change"], parameters)
    return retracted


async def races_with_finishes(connection: AsyncConnection[Any], scope: EventScope) -> set[str]:
    cursor = await connection.execute(results["races_with_finishes"], scope.parameters())
    return {row[0] for row in await cursor.fetchall()}


async def _gone(
    connection: AsyncConnection[Any],
    scope: EventScope,
    stream: Stream,
    *,
    complete: bool,
    only_staged: bool = False,
) -> Merged:
    """Only a complete snapshot says what is gone; any other still says what is back."""
    if complete:
        return await _retire(connection, scope, stream, only_staged=only_staged)
    await connection.execute(_queries(stream)["take_back"], scope.parameters())
    return Merged()


async def _retire(connection: AsyncConnection[Any], scope: EventScope, stream: Stream, *, only_staged: bool) -> Merged:
    """Retract what a complete snapshot no longer shows, or hold it for a person when it is much at once.

    A dismissed retraction stands: rows that a person kept are neither retracted nor asked about again.
    """
    parameters = {**scope.parameters(), "only_staged": only_staged}
    cursor = await connection.execute(_queries(stream)["vanished"], parameters)
    row = await cursor.fetchone()
    keys, visible = (list(row[0]), row[1]) if row else ([], 0)
    open_one = await _open_retraction(connection, scope, stream)
    if open_one is not None and open_one.is_dismissed:
        if not set(keys) & open_one.keys:
            await _decide(connection, scope, open_one, "returned")
        keys = [key for key in keys if key not in open_one.keys]
    if _is_mass_retraction(len(keys), visible):
        await _hold(connection, scope, stream, open_one, keys, visible)
        return Merged(held=len(keys))
    if open_one is not None and not open_one.is_dismissed:
        await _decide(connection, scope, open_one, "returned")
    retracted = await number_of(connection, _queries(stream)["retract"], {**scope.parameters(), "keys": keys})
    return Merged(retracted=retracted)


def _is_mass_retraction(gone: int, visible: int) -> bool:
    return gone > ROWS_RETRACTED_AT_ONCE and gone > visible * SHARE_RETRACTED_AT_ONCE


@dataclass(frozen=True, slots=True)
class _OpenRetraction:
    number: int
    keys: set[str]
    is_dismissed: bool


async def _open_retraction(
    connection: AsyncConnection[Any], scope: EventScope, stream: Stream
) -> _OpenRetraction | None:
    cursor = await connection.execute(retractions["open"], {**scope.parameters(), "stream": stream})
    row = await cursor.fetchone()
    return _OpenRetraction(row[0], set(row[1]), row[2] == "dismissed") if row else None


async def _hold(
    connection: AsyncConnection[Any],
    scope: EventScope,
    stream: Stream,
    open_one: _OpenRetraction | None,
    keys: Sequence[str],
    visible: int,
) -> None:
    """One open retraction per stream says what is gone now, with what was dismissed before."""
    if open_one is not None:
        if open_one.keys == set(keys):
            return
        if open_one.is_dismissed:
            keys = [*keys, *sorted(open_one.keys)]
        await _decide(connection, scope, open_one, "returned")
    parameters = {**scope.parameters(), "stream": stream, "keys": keys, "rows_before": visible}
    await connection.execute(retractions["hold"], parameters)


async def _decide(connection: AsyncConnection[Any], scope: EventScope, open_one: _OpenRetraction, state: str) -> None:
    parameters = {**scope.parameters(), "held_retraction_id": open_one.number, "state": state}
    await connection.execute(retractions["decide"], parameters)


def _authority_parameters(authority: Authority) -> dict[str, Any]:
    return {
        "every_finish": authority.every_finish,
        "every_split": authority.every_split,
        "finish_races": sorted(authority.finish_races),
        "split_keys": sorted(authority.split_keys),
        "gender_races": sorted(authority.gender_races),
        "division_races": sorted(authority.division_races),
    }


def _queries(stream: Stream) -> Queries:
    return participants if stream == "participants" else results
