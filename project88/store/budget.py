"""The call budget of a credential and the hub's clock, both kept in PostgreSQL and shared by every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.history import SyncType
from project88.store.queries import load
from project88.store.scope import Source

queries = load("budget")


class Priority(IntEnum):
    """Which calls go first where a budget does not do for all. The lowest number goes first."""

    LIVE = 0
    ROUTINE = 1
    BACKFILL = 2


PRIORITIES: Mapping[SyncType, Priority] = {
    "results": Priority.LIVE,
    "participants": Priority.ROUTINE,
    "discovery": Priority.ROUTINE,
    "verification": Priority.BACKFILL,
    "backfill": Priority.BACKFILL,
}
#: How urgent the calls of a scheduled poll are, by its lane.
LANE_PRIORITIES: Mapping[str, Priority] = {
    "live": Priority.LIVE,
    "soon": Priority.ROUTINE,
    "routine": Priority.ROUTINE,
    "backfill": Priority.BACKFILL,
}
#: A call gets a slot only while the next free one is no further away, in real seconds: as long as this a live call
#: may have to wait for calls that are less urgent. None: however far away it is.
HORIZON_SECONDS: Mapping[Priority, float | None] = {
    Priority.LIVE: None,
    Priority.ROUTINE: 2.0,
    Priority.BACKFILL: 0.25,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """When reserved calls may go out: the hub time of the first, the wait for it and the spacing in real seconds."""

    first_slot_at: datetime
    wait_seconds: float
    spacing_seconds: float


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Nothing is reserved, as more urgent calls have the next slots. Asking before ``wait_seconds`` is no use."""

    wait_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HubClock:
    """The hub's present. ``speed`` is hub seconds per real second."""

    now: datetime
    speed: float
    offset_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a credential stands to its budget.

    The highest minute is of the last day. ``left_alone_until`` is the breaker's, in real time; the rest is hub time.
    """

    timing_partner_id: TimingPartnerId
    company_name: str
    provider_key: str
    #: Empty for the main account.
    account_name: str
    used_last_minute: int
    calls_today: int
    highest_calls: int
    highest_begins_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None
    left_alone_until: datetime | None
    left_alone_reason: str | None


async def reserve(
    db: Database,
    source: Source,
    calls: int,
    calls_per_minute: float,
    priority: Priority = Priority.LIVE,
    unused_slot_at: datetime | None = None,
) -> Slots | AskAgain:
    """Slots for calls. An earlier slot that no call used is taken out of the log; its turn is gone."""
    parameters = {
        **source.parameters(),
        "calls": calls,
        "calls_per_minute": calls_per_minute,
        "horizon_seconds": HORIZON_SECONDS[priority],
        "unused_slot_at": unused_slot_at,
    }
    row = (await db.rows(queries["reserve"], parameters))[0]
    return AskAgain(row["wait_seconds"]) if row["first_slot_at"] is None else Slots(**row)


async def is_free_of_pause(db: Database, source: Source, slot_at: datetime) -> bool:
    """Whether a slot reserved a while ago may still be used."""
    return bool(await db.value(queries["is_free_of_pause"], {**source.parameters(), "slot_at": slot_at}))


async def pause(db: Database, source: Source, hub_seconds: float, reason: str) -> None:
    """Stop a credential everywhere for a while. A pause that ends later stands."""
    await db.execute(queries["pause"], {**source.parameters(), "seconds": hub_seconds, "reason": reason})


async def standings(db: Database, timing_partner_id: TimingPartnerId | None = None) -> list[Standing]:
    """Of one partner's credentials or of all."""
    return [Standing(**row) for row in await db.rows(queries["standings"], {"timing_partner_id": timing_partner_id})]


async def hub_clock(db: Database) -> HubClock:
    row = (await db.rows(queries["hub_time"], {}))[0]
    return HubClock(now=row["hub_now"], speed=row["speed"], offset_seconds=row["offset_seconds"])


async def set_clock(db: Database, speed: float, offset_seconds: float) -> None:
    """Only the rehearsal and tests change the clock."""
    await db.execute(queries["set_clock"], {"speed": speed, "offset_seconds": offset_seconds})
