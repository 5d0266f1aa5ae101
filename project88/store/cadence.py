"""The rules of when to ask, and the times of an event that they count from. Counts nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from psycopg.rows import dict_row

from project88.errors import UsageError
from project88.records.entities import EventId, TimingPartnerId
from project88.store.connection import Connection, Database
from project88.store.queries import load

queries = load("cadence")

Kind = Literal["results", "participants", "discovery"]
Lane = Literal["live", "soon", "routine", "backfill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CadenceRule:
    """One row of cadence_rules; the comments of the table say what each column means."""

    provider_key: str
    kind: Kind
    phase: str
    anchor: Literal["start", "end", "clock"]
    begins: timedelta | None = None
    ends: timedelta | None = None
    ends_anchor: Literal["start", "end"] | None = None
    closed: bool = False
    every: timedelta | None = None
    at_times: Sequence[time] | None = None
    weekdays: Sequence[int] | None = None
    lane: Lane | None = None
    is_on: bool = True
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceTimes:
    """When a race was to start, and when its gun went off; None where that is not known."""

    race_id: str
    planned_start: datetime | None
    actual_start: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimes:
    """What the plan of an event depends on."""

    timing_partner_id: TimingPartnerId
    event_id: EventId
    data_source: str
    start_date: datetime | None
    end_date: datetime | None
    upstream_state: str | None
    retracted_at: datetime | None
    partner_time_zone: str
    event_time_zone: str | None
    races: tuple[RaceTimes, ...]
    #: Of the account that asks for it; empty for the main one.
    account_name: str = ""


async def cadence_rules(db: Database, provider_key: str | None = None) -> list[CadenceRule]:
    """Those that are switched off are among them."""
    return [CadenceRule(**row) for row in await db.rows(queries["rules"], {"provider_key": provider_key})]


async def switch_tail(db: Database, provider_key: str, is_on: bool) -> list[str]:
    """Switch the correction tail and say which phases it has. Raises UsageError where there are none."""
    rows = await db.rows(queries["switch_tail"], {"provider_key": provider_key, "is_on": is_on})
    if not rows:
        raise UsageError(f"provider {provider_key} has no correction tail in the table cadence_rules")
    return sorted(row["phase"] for row in rows)


async def event_times(
    db: Database, timing_partner_id: TimingPartnerId, event_id: EventId | None = None
) -> list[EventTimes]:
    """Of one event, or of every event of the partner, retracted and archived ones too."""
    async with db.connection() as connection:
        return await event_times_in(connection, timing_partner_id, event_id)


async def event_times_in(
    connection: Connection, timing_partner_id: TimingPartnerId, event_id: EventId | None
) -> list[EventTimes]:
    """The same as the connection's transaction sees it."""
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["event_times"], parameters)
        return [_event_times(row) for row in await cursor.fetchall()]


def _event_times(row: dict[str, Any]) -> EventTimes:
    columns = [row.pop(name) or [] for name in ("race_ids", "planned_starts", "actual_starts")]
    races = (RaceTimes(race_id=i, planned_start=p, actual_start=a) for i, p, a in zip(*columns, strict=True))
    return EventTimes(**row, races=tuple(races))
