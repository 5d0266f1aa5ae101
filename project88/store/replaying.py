"""What making the results of an event again needs of the database: rows put aside, stamps, prints. Decodes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from project88.store import merging, scoring
from project88.store.connection import Connection, Database, number_of
from project88.store.events import StoredEvent
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("replaying")

#: Of each row that is shown, by race and participant: SHA-256 over its content.
Prints = dict[tuple[str, str], bytes]
Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedAs:
    """A source that is collected into an event. ``rows``: how many of its results and participants are stored."""

    scope: EventScope
    rows: int


async def collected_as(db: Database, event: StoredEvent) -> list[CollectedAs]:
    found = await db.rows(queries["collected_as"], event.key)
    return [
        CollectedAs(
            scope=EventScope(
                source=Source(
                    timing_partner_id=event.timing_partner_id,
                    provider_id=row["provider_id"],
                    data_source=row["data_source"],
                    account_name=row["account_name"],
                ),
                event_id=event.event_id,
                provider_event_id=row["provider_event_id"],
            ),
            rows=row["rows"],
        )
        for row in found
    ]


async def prints(connection: Connection, event: StoredEvent) -> Prints:
    cursor = connection.cursor(binary=True)
    await cursor.execute(queries["prints"], event.key)
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


async def contents(
    connection: Connection, event: StoredEvent, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Content]:
    parameters = {**event.key, "races": [key[0] for key in keys], "participants": [key[1] for key in keys]}
    cursor = await connection.execute(queries["contents"], parameters)
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


async def reads(connection: Connection, event: StoredEvent) -> int:
    return await number_of(connection, queries["reads"], event.key)


async def other_rows(connection: Connection, event: StoredEvent) -> list[str]:
    """The sources of rows that no provider of a collected event gave."""
    cursor = await connection.execute(queries["other_rows"], event.key)
    return [row[0] for row in await cursor.fetchall()]


async def scoring_problem(connection: Connection, event: StoredEvent) -> str | None:
    row = await (await connection.execute(scoring.queries["problem"], event.key)).fetchone()
    return row[0] if row else None


async def remove_rows(connection: Connection, scope: EventScope) -> None:
    """Rows of the provider; those of an earlier system stay."""
    await remove_results(connection, scope)
    await connection.execute(queries["remove_participants"], scope.parameters())


async def remove_results(connection: Connection, scope: EventScope) -> None:
    await connection.execute(queries["remove_results"], scope.parameters())


async def put_concluded_aside(connection: Connection, scope: EventScope) -> None:
    """Before its rows are removed: which statuses were concluded from silence."""
    await connection.execute(queries["put_concluded_aside"], scope.parameters())


async def conclude_again(connection: Connection) -> None:
    """The same conclusions, where nothing that was made again speaks against them."""
    for name in ("conclude_dnf", "conclude_dns", "forget_concluded"):
        await connection.execute(queries[name])


async def stamps(connection: Connection, scope: EventScope) -> tuple[Any, ...]:
    """When the results last changed and since when they have settled."""
    row = await (await connection.execute(queries["stamps"], scope.parameters())).fetchone()
    assert row is not None
    return row


async def restore_stamps(connection: Connection, scope: EventScope, found: tuple[Any, ...]) -> None:
    parameters = {**scope.parameters(), "results_changed_at": found[0], "settled_at": found[1]}
    await connection.execute(queries["restore_stamps"], parameters)


async def apply_decided(
    connection: Connection, scope: EventScope, after: datetime | None, until: datetime | None
) -> None:
    """The retractions that a person let happen between two readings."""
    parameters = {**scope.parameters(), "after": after, "until": until}
    cursor = await connection.execute(queries["applied"], parameters)
    for stream, keys in await cursor.fetchall():
        await merging.apply_retraction(connection, {**scope.parameters(), "keys": keys}, stream)


async def finish_joins(connection: Connection) -> None:
    """Join now what would be joined at the end of the transaction."""
    await connection.execute(queries["finish_joins"])
