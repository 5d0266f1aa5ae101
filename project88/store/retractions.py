"""Mass retractions that wait for a person, and what a person decided. Finds none itself; reads no service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from project88.errors import UsageError
from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId
from project88.store import merging
from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("retractions")

State = Literal["held", "applied", "dismissed", "returned"]
Decision = Literal["applied", "dismissed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """Rows of one stream of one event that vanished upstream at once."""

    timing_partner_id: TimingPartnerId
    held_retraction_id: int
    event_id: EventId
    event_name: str | None
    data_source: str
    stream: merging.Stream
    rows_gone: int
    rows_before: int
    state: State
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision did. ``rows_retracted`` is 0 where it kept the rows."""

    timing_partner_id: TimingPartnerId
    held_retraction_id: int
    event_id: EventId
    stream: merging.Stream
    state: Decision
    rows_named: int
    rows_retracted: int


async def retractions(
    db: Database, timing_partner_id: TimingPartnerId | None = None, *, decided_too: bool = False
) -> list[Retraction]:
    """Newest first; only those that wait, unless ``decided_too``."""
    parameters = {"timing_partner_id": timing_partner_id, "every_state": decided_too}
    return [Retraction(**row) for row in await db.rows(queries["list"], parameters)]


async def decide(
    db: Database, held_retraction_id: int, decision: Decision, timing_partner_id: TimingPartnerId | None = None
) -> Decided:
    """Carry out a person's decision in one transaction. Raises UsageError where nothing waits under the number."""
    wanted = {"held_retraction_id": held_retraction_id, "timing_partner_id": timing_partner_id}
    async with db.transaction() as connection:
        scope = _scope(await _find(connection, wanted))
        await merging.begin_merge(connection, scope, f"retraction {held_retraction_id}")
        # A sync or another person may have decided while this waited for the lock.
        found = await _find(connection, wanted)
        _require_held(found)
        retracted = await _carry_out(connection, scope, found, decision)
        await connection.execute(queries["decide"], {**found, "state": decision})
    return Decided(
        timing_partner_id=found["timing_partner_id"],
        held_retraction_id=held_retraction_id,
        event_id=found["event_id"],
        stream=found["stream"],
        state=decision,
        rows_named=len(found["keys"]),
        rows_retracted=retracted,
    )


async def _find(connection: AsyncConnection[Any], wanted: dict[str, Any]) -> dict[str, Any]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["find"], wanted)
        found = await cursor.fetchall()
    if not found:
        raise UsageError(
            f"retraction {wanted['held_retraction_id']} is not known: see project88 retractions list --all"
        )
    if len(found) > 1:
        raise UsageError(
            f"retraction {wanted['held_retraction_id']} exists for several timing partners: "
            "narrow it with --timing-partner-id"
        )
    return found[0]


def _scope(found: dict[str, Any]) -> EventScope:
    source = Source(
        timing_partner_id=found["timing_partner_id"],
        provider_id=ProviderId(found["provider_id"]),
        data_source=found["data_source"],
    )
    return EventScope(
        source=source,
        event_id=EventId(found["event_id"]),
        provider_event_id=ProviderEventId(found["provider_event_id"]),
    )


def _require_held(found: dict[str, Any]) -> None:
    if found["state"] == "returned":
        raise UsageError(
            f"retraction {found['held_retraction_id']} no longer stands: a later sync found other rows missing; "
            "see project88 retractions list"
        )
    if found["state"] != "held":
        raise UsageError(f"retraction {found['held_retraction_id']} was already {found['state']}")


async def _carry_out(
    connection: AsyncConnection[Any], scope: EventScope, found: dict[str, Any], decision: Decision
) -> int:
    if decision == "dismissed":
        return 0
    return await merging.apply_retraction(connection, {**scope.parameters(), "keys": found["keys"]}, found["stream"])
