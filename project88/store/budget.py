"""The call budget of a credential and the hub's clock, both kept in PostgreSQL and shared by every process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import Source

queries = load("budget")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """When reserved calls may go out: the hub time of the first, the wait for it and the spacing in real seconds."""

    first_slot_at: datetime
    wait_seconds: float
    spacing_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HubClock:
    """The hub's present. ``speed`` is hub seconds per real second."""

    now: datetime
    speed: float
    offset_seconds: float


async def reserve(db: Database, source: Source, calls: int, calls_per_minute: float) -> Slots:
    parameters = {**source.parameters(), "calls": calls, "calls_per_minute": calls_per_minute}
    return Slots(**(await db.rows(queries["reserve"], parameters))[0])


async def pause(db: Database, source: Source, hub_seconds: float) -> None:
    """Stop a credential everywhere for a while."""
    await db.execute(queries["pause"], {**source.parameters(), "seconds": hub_seconds})


async def hub_clock(db: Database) -> HubClock:
    row = (await db.rows(queries["hub_time"], {}))[0]
    return HubClock(now=row["hub_now"], speed=row["speed"], offset_seconds=row["offset_seconds"])


async def set_clock(db: Database, speed: float, offset_seconds: float) -> None:
    """Only the rehearsal and tests change the clock."""
    await db.execute(queries["set_clock"], {"speed": speed, "offset_seconds": offset_seconds})
