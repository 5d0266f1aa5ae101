"""The checkpoint of a backfill, and the events it may cover. Collects nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from project88.records.entities import EventId, ProviderEventId
from project88.store import events
from project88.store.connection import Database, number_of
from project88.store.partners import Credential
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("backfill")

EventState = Literal["planned", "completed", "partial", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The starts that a backfill covers."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """An event of a source, stored or not; ``event_date`` is the day in its own zone."""

    provider_event_id: ProviderEventId
    event_id: EventId | None
    event_name: str | None
    start_date: datetime | None
    event_date: date | None
    upstream_state: str | None
    is_duplicate: bool

    def scope(self, source: Source) -> EventScope | None:
        """None where the event is not stored."""
        if self.event_id is None:
            return None
        return EventScope(source=source, event_id=self.event_id, provider_event_id=self.provider_event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventToPlan:
    """One event of a plan on its way into the checkpoint."""

    provider_event_id: str
    event_name: str | None
    calls_planned: int
    rows_planned: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run of one source. Its events' states are kept under its number."""

    source: Source
    backfill_run_id: int

    def parameters(self) -> dict[str, Any]:
        return {**self.source.parameters(), "backfill_run_id": self.backfill_run_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointEvent:
    """An event of a run. Its ``event_id`` is None where it was removed since."""

    event: FoundEvent
    calls_planned: int
    rows_planned: int | None
    state: EventState


async def window(db: Database, time_zone: str, since: date | None) -> Window:
    row = (await db.rows(queries["window"], {"time_zone": time_zone, "since": since}))[0]
    return Window(begins=row["begins"], ends=row["ends"])


async def stored_events(db: Database, credential: Credential) -> list[FoundEvent]:
    parameters = {**credential.source.parameters(), "time_zone": credential.time_zone}
    return [FoundEvent(**row) for row in await db.rows(queries["stored_events"], parameters)]


async def staged_events(connection: AsyncConnection[Any], credential: Credential) -> list[FoundEvent]:
    """What discovery would find, from the stage of this connection and the stored events. Writes nothing."""
    held_back = await events.held_back(connection, credential.source)
    parameters = {
        **credential.source.parameters(),
        "time_zone": credential.time_zone,
        "held_back": [each.provider_event_id for each in held_back],
    }
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["staged_events"], parameters)
        return [FoundEvent(**row) for row in await cursor.fetchall()]


async def lock_partner(connection: AsyncConnection[Any], source: Source) -> bool:
    """Keep other backfills off this account while the connection lives. False: another has it."""
    cursor = await connection.execute(queries["lock_partner"], source.parameters())
    row = await cursor.fetchone()
    return bool(row and row[0])


async def begin_run(
    db: Database, source: Source, since: datetime, limit_events: int | None, plan: Iterable[EventToPlan]
) -> Checkpoint:
    """Store a plan, whole or not at all."""
    async with db.transaction() as connection:
        parameters = {**source.parameters(), "since": since, "limit_events": limit_events}
        run_id = await number_of(connection, queries["begin_run"], parameters)
        checkpoint = Checkpoint(source=source, backfill_run_id=run_id)
        for event in plan:
            await connection.execute(queries["plan_event"], {**checkpoint.parameters(), **_fields(event)})
    return checkpoint


async def unfinished_run(db: Database, source: Source) -> Checkpoint | None:
    """The account's last run where it is not finished; None where there is nothing to go on with."""
    number = await db.value(queries["unfinished_run"], source.parameters())
    return None if number is None else Checkpoint(source=source, backfill_run_id=int(number))


async def run_events(db: Database, checkpoint: Checkpoint, time_zone: str) -> list[CheckpointEvent]:
    """Small events first."""
    parameters = {**checkpoint.parameters(), "time_zone": time_zone}
    return [_checkpoint_event(row) for row in await db.rows(queries["run_events"], parameters)]


async def finish_event(
    db: Database, checkpoint: Checkpoint, provider_event_id: str, state: EventState, reason: str | None
) -> None:
    parameters = {"provider_event_id": provider_event_id, "state": state, "reason": reason}
    await db.execute(queries["finish_event"], {**checkpoint.parameters(), **parameters})


async def finish_run(db: Database, checkpoint: Checkpoint) -> bool:
    """Close a run. False: events of it failed or are left, so it can be resumed."""
    return await db.execute(queries["finish_run"], checkpoint.parameters()) == 1


def _checkpoint_event(row: dict[str, Any]) -> CheckpointEvent:
    own = {name: row.pop(name) for name in ("calls_planned", "rows_planned", "state")}
    return CheckpointEvent(event=FoundEvent(**row), **own)


def _fields(event: EventToPlan) -> dict[str, Any]:
    return {name: getattr(event, name) for name in EventToPlan.__slots__}
