"""The row that each attempt leaves in sync_history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import AsyncConnection

from project88.records.entities import EventId, ProviderEventId
from project88.store.connection import Database
from project88.store.events import HeldBack
from project88.store.queries import load
from project88.store.scope import Source

queries = load("sync_history")

SyncType = Literal["discovery", "participants", "results", "backfill", "verification"]
SyncStatus = Literal["completed", "partial", "failed", "skipped"]
NOT_STORED = frozenset(
    {"rows_held", "service_is_dead", "participants_written", "results_written", "held_back", "number"}
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an attempt did. Counts are rows seen, except the written and retracted ones."""

    #: Of its row; None until it has one.
    number: int | None = None
    status: SyncStatus = "completed"
    reason: str | None = None
    error_message: str | None = None
    event_id: EventId | None = None
    events_synced: int = 0
    participants_synced: int = 0
    results_synced: int = 0
    rows_written: int = 0
    rows_retracted: int = 0
    rows_held: int = 0
    rows_quarantined: int = 0
    api_calls: int = 0
    #: The parts of rows_written.
    participants_written: int = 0
    results_written: int = 0
    #: The service could not be reached or answered with its own failure, also when tried again.
    service_is_dead: bool = False
    #: Discovery only.
    held_back: tuple[HeldBack, ...] = ()


async def begin(
    db: Database,
    source: Source,
    sync_type: SyncType,
    event_id: EventId | None = None,
    provider_event_id: ProviderEventId | None = None,
    due_at: datetime | None = None,
) -> int:
    """Write the row of an attempt that starts now; gives its number. ``due_at``: the planned instant, in hub time."""
    parameters = {
        **source.parameters(),
        "sync_type": sync_type,
        "event_id": event_id,
        "provider_event_id": provider_event_id,
        "due_at": due_at,
    }
    return int(await db.value(queries["begin"], parameters))


async def finish(db: Database, source: Source, number: int, outcome: Outcome) -> None:
    fields = {name: getattr(outcome, name) for name in Outcome.__slots__ if name not in NOT_STORED}
    await db.execute(queries["finish"], {**source.parameters(), "sync_history_id": number, **fields})


async def close_abandoned(db: Database, source: Source, provider_event_id: ProviderEventId | None) -> None:
    """Close the attempts whose process died. Call it while holding the event's lock."""
    await db.execute(queries["close_abandoned"], {**source.parameters(), "provider_event_id": provider_event_id})


@asynccontextmanager
async def collecting_lock(
    connection: AsyncConnection[Any], source: Source, event_id: EventId | None
) -> AsyncIterator[bool]:
    """Hold the event's collecting lock (the account's discovery lock without an event). False: another has it.

    The lock is let go by name, because a server notices a closed connection only a moment later.
    """
    parameters = {**source.parameters(), "event_id": event_id}
    cursor = await connection.execute(queries["lock_collecting"], parameters)
    row = await cursor.fetchone()
    if not (row and row[0]):
        yield False
        return
    try:
        yield True
    finally:
        if not connection.broken:
            await connection.execute(queries["unlock_collecting"], parameters)
