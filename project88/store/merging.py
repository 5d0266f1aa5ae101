"""From the stages into participants and results, in the caller's transaction. Reads no service.

A complete list retires what it no longer shows; more than a fifth of an event's rows at once waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import AsyncConnection

from project88.records.snapshot import Authority
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


async def begin_merge(connection: AsyncConnection[Any], scope: EventScope) -> None:
    """Open the merge of one event in the caller's transaction; another one of the same event waits."""
    await connection.execute(results["lock_event"], scope.parameters())
    await connection.execute(results["plan_for_sets"])


async def merge_participants(connection: AsyncConnection[Any], scope: EventScope, *, complete: bool) -> Merged:
    written = await _count(connection, participants, "write_staged", scope.parameters())
    gone = await _retire(connection, scope, "participants", participants) if complete else Merged()
    return Merged(written=written) + gone


async def merge_results(
    connection: AsyncConnection[Any], scope: EventScope, authority: Authority, *, complete: bool
) -> Merged:
    """Merge the staged results. ``authority`` covers the complete lists; ``complete`` allows retraction."""
    await connection.execute(results["merge_splits"], {**scope.parameters(), **_authority_parameters(authority)})
    written = await _count(connection, results, "write_merged", scope.parameters())
    gone = await _retire(connection, scope, "results", results) if complete else Merged()
    if written or gone.retracted:
        await connection.execute(results["note_change"], scope.parameters())
    return Merged(written=written) + gone


async def settle_statuses(connection: AsyncConnection[Any], scope: EventScope) -> Merged:
    """Statuses that follow from the entry list and from 24 h without change."""
    written = 0
    for name in ("follow_entries", "derive_dnf", "derive_dns"):
        written += await _count(connection, results, name, scope.parameters())
    retracted = await _count(connection, results, "withdraw_dns", scope.parameters())
    return Merged(written=written, retracted=retracted)


async def visible_rows(connection: AsyncConnection[Any], scope: EventScope, stream: Stream) -> int:
    return await _count(connection, _queries(stream), "visible_rows", scope.parameters())


async def apply_retraction(connection: AsyncConnection[Any], parameters: Mapping[str, Any], stream: Stream) -> int:
    """Retract the rows a person decided on; rows that are back meanwhile were taken off the list before."""
    retracted = await _count(connection, _queries(stream), "retract", parameters)
    if retracted and stream == "results":
        await connection.execute(results["note_change"], parameters)
    return retracted


async def _retire(connection: AsyncConnection[Any], scope: EventScope, stream: Stream, queries: Queries) -> Merged:
    cursor = await connection.execute(queries["vanished"], scope.parameters())
    row = await cursor.fetchone()
    keys, visible = (row[0], row[1]) if row else ([], 0)
    if _is_mass_retraction(len(keys), visible):
        await _hold(connection, scope, stream, keys, visible)
        return Merged(held=len(keys))
    await _hold(connection, scope, stream, [], visible)
    if not keys:
        return Merged()
    retracted = await _count(connection, queries, "retract", {**scope.parameters(), "keys": keys})
    return Merged(retracted=retracted)


def _is_mass_retraction(gone: int, visible: int) -> bool:
    return gone > ROWS_RETRACTED_AT_ONCE and gone > visible * SHARE_RETRACTED_AT_ONCE


async def _hold(
    connection: AsyncConnection[Any], scope: EventScope, stream: Stream, keys: Sequence[str], visible: int
) -> None:
    """Keep one open retraction per stream that says what is gone now; a decision stands while nothing changes."""
    parameters = {**scope.parameters(), "stream": stream}
    cursor = await connection.execute(retractions["open"], parameters)
    row = await cursor.fetchone()
    if row is not None:
        number, known_keys, state = row
        if set(known_keys) == set(keys) or (state == "dismissed" and keys and set(keys) < set(known_keys)):
            return
        await connection.execute(
            retractions["decide"], {**parameters, "held_retraction_id": number, "state": "returned"}
        )
    if keys:
        await connection.execute(retractions["hold"], {**parameters, "keys": keys, "rows_before": visible})


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


async def _count(connection: AsyncConnection[Any], queries: Queries, name: str, parameters: Mapping[str, Any]) -> int:
    cursor = await connection.execute(queries[name], parameters)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
