"""Events and races: importing staged ones, finding what EVENT means. Reads no service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from project88.errors import UsageError
from project88.records.entities import EventId, ProviderEventId, TimingPartnerId
from project88.store.connection import Database, number_of
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("events")

MOVED = "the event was merged into another one meanwhile, or that was undone; nothing was stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    timing_partner_id: TimingPartnerId
    event_id: EventId
    data_source: str
    provider_event_id: ProviderEventId | None
    event_name: str | None
    start_date: datetime | None
    end_date: datetime | None
    time_zone: str | None
    upstream_state: str | None
    by_our_id: bool
    #: Of the account that asks for it; empty for the main one.
    account_name: str = ""

    @property
    def key(self) -> dict[str, Any]:
        return {"timing_partner_id": self.timing_partner_id, "event_id": self.event_id}

    def scope(self, source: Source) -> EventScope:
        if self.provider_event_id is None:
            raise UsageError(f"event {self.event_id} did not come from a provider, so it cannot be synced")
        return EventScope(source=source, event_id=self.event_id, provider_event_id=self.provider_event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """An event of the provider that is not imported, because the hardware may have brought it already."""

    provider_event_id: ProviderEventId
    event_name: str | None
    start_date: datetime | None
    #: The event of the hardware.
    event_id: EventId
    hardware_event_name: str | None
    likeness: str
    decision: str


async def alike(connection: AsyncConnection[Any], source: Source) -> list[dict[str, Any]]:
    """The staged events that may be hardware events. Fails closed: a missing name or date counts as a match."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["alike"], source.parameters())
        return await cursor.fetchall()


async def held_back(connection: AsyncConnection[Any], source: Source) -> list[HeldBack]:
    """Those of them that wait or are skipped. Writes nothing."""
    return _held_back(await alike(connection, source))


def _held_back(rows: list[dict[str, Any]]) -> list[HeldBack]:
    return [
        HeldBack(
            provider_event_id=row["provider_event_id"],
            event_name=row["name"],
            start_date=row["start_date"],
            event_id=row["event_id"],
            hardware_event_name=row["hardware_event_name"],
            likeness=row["likeness"],
            decision=row["decision"],
        )
        for row in rows
        if row["decision"] in ("review", "skipped")
    ]


async def import_events(connection: AsyncConnection[Any], source: Source) -> tuple[int, list[HeldBack]]:
    """Write the staged events; gives how many changed and which were held back as possible duplicates.

    New events belong to the account whose list this is, and those that no other account lists.
    """
    await connection.execute(queries["lock_lists"], source.parameters())
    await connection.execute(queries["forget_unlike_pairs"], source.parameters())
    found = await alike(connection, source)
    for row in found:
        noted = {**source.parameters(), **row, "listed": json.dumps(row["listed"])}
        for name in ("note_known",) if row["known_decision"] else ("point_elsewhere", "note_alike"):
            await connection.execute(queries[name], noted)
    parameters = {
        **source.parameters(),
        "alike": [row["provider_event_id"] for row in found],
        "held_back": [row["provider_event_id"] for row in found if row["decision"] != "kept_both"],
    }
    await connection.execute(queries["forget_unlike"], parameters)
    written = await number_of(connection, queries["write_staged"], parameters)
    await connection.execute(queries["claim_staged"], source.parameters())
    return written, _held_back(found)


async def note_unlisted(connection: AsyncConnection[Any], source: Source) -> None:
    """After a whole list was imported: let other accounts have the events that it no longer holds."""
    await connection.execute(queries["note_unlisted"], source.parameters())
    await connection.execute(queries["note_unlisted_sources"], source.parameters())


async def import_races(connection: AsyncConnection[Any], scope: EventScope) -> int:
    return await number_of(connection, queries["write_staged_races"], scope.parameters())


async def events_of(db: Database, source: Source) -> list[StoredEvent]:
    """Newest first."""
    return [StoredEvent(**row) for row in await db.rows(queries["of_partner"], source.parameters())]


async def find_event(
    db: Database, event: str, timing_partner_id: TimingPartnerId | None = None, data_source: str | None = None
) -> StoredEvent:
    """EVENT is our event_id, else the provider's. Two matches are an error that lists them."""
    parameters = {"event": event, "timing_partner_id": timing_partner_id, "data_source": data_source}
    found = [StoredEvent(**row) for row in await db.rows(queries["find"], parameters)]
    matches = [each for each in found if each.by_our_id] or found
    if not matches:
        held = await db.row(queries["held_back_as"], parameters)
        raise UsageError(_why_unknown(event, held))
    if len(matches) > 1:
        raise UsageError(f"event {event} is not one event:\n{_listed(matches)}\nnarrow it with --timing-partner-id")
    return matches[0]


async def is_known(db: Database, event: str, timing_partner_id: TimingPartnerId) -> bool:
    """Whether EVENT means at least one event of the partner."""
    parameters = {"event": event, "timing_partner_id": timing_partner_id, "data_source": None}
    return bool(await db.rows(queries["find"], parameters))


async def mark_upstream_state(connection: AsyncConnection[Any], scope: EventScope, upstream_state: str | None) -> None:
    """Remember that the provider gave the event up; None takes that back."""
    await connection.execute(queries["mark_upstream_state"], {**scope.parameters(), "upstream_state": upstream_state})


async def is_collected(connection: AsyncConnection[Any], scope: EventScope) -> bool:
    """Whether the provider's event still is this event of ours: a merge or its undoing may have moved it."""
    row = await (await connection.execute(queries["is_collected"], scope.parameters())).fetchone()
    return bool(row and row[0])


def _why_unknown(event: str, held: dict[str, Any] | None) -> str:
    if held is None:
        return f"event {event} is not known: see project88 sync events, or check the id"
    return (
        f"event {event} of {held['provider_name']} is held back as a possible duplicate of event {held['event_id']} "
        f"of the hardware ({held['decision']}): see project88 duplicates show {event}"
    )


def _listed(events: Sequence[StoredEvent]) -> str:
    return "\n".join(
        f"  {each.event_id}  timing partner {each.timing_partner_id}  {each.data_source}  "
        f"provider's id {each.provider_event_id or '-'}  {each.event_name or '-'}"
        for each in events
    )
