"""What only the operator's page asks: events with their plan, attempts, rates of reads, backfills. Changes nothing."""

from __future__ import annotations

from typing import Any

from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("operator")

#: Reads per second are those of so many seconds.
RATE_SECONDS = 10
#: So many of the highest numbers of a location are looked at for its present rate, and for that of earlier minutes.
NEWEST_NUMBERS, NUMBERS = 10_000, 100_000


async def events(
    db: Database, timing_partner_id: TimingPartnerId | None, words: str, at_most: int, offset: int
) -> list[dict[str, Any]]:
    """The newest first. ``words``: a part of the name, or an id, ours or the provider's."""
    parameters = {"timing_partner_id": timing_partner_id, "words": words, "at_most": at_most, "offset": offset}
    return await db.rows(queries["events"], parameters)


async def hardware_events(db: Database, timing_partner_id: TimingPartnerId, at_most: int) -> list[dict[str, Any]]:
    """Those that the reads of a timing session can belong to, the newest first."""
    return await db.rows(queries["hardware_events"], {"timing_partner_id": timing_partner_id, "at_most": at_most})


async def preparations(db: Database, event: StoredEvent) -> dict[str, int]:
    """How many courses, entries and timing sessions an event has."""
    parameters = {"timing_partner_id": event.timing_partner_id, "event_id": event.event_id}
    return await db.row(queries["preparations"], parameters) or {}


async def time_zones(db: Database, timing_partner_id: TimingPartnerId | None) -> list[str]:
    rows = await db.rows(queries["time_zones"], {"timing_partner_id": timing_partner_id})
    return [row["time_zone"] for row in rows]


async def attempts(db: Database, event: StoredEvent, at_most: int) -> list[dict[str, Any]]:
    parameters = {"timing_partner_id": event.timing_partner_id, "event_id": event.event_id, "at_most": at_most}
    return await db.rows(queries["attempts"], parameters)


async def read_rates(
    db: Database, timing_partner_id: TimingPartnerId, timing_session_id: int, at_most: int
) -> list[dict[str, Any]]:
    parameters = {
        "timing_partner_id": timing_partner_id,
        "timing_session_id": timing_session_id,
        "newest": NUMBERS,
        "at_most": at_most,
    }
    return await db.rows(queries["read_rates"], parameters)


async def newest_reads(db: Database, timing_partner_id: TimingPartnerId, timing_session_id: int) -> dict[str, Any]:
    """``reads``: those of the last RATE_SECONDS."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "timing_session_id": timing_session_id,
        "newest": NEWEST_NUMBERS,
        "seconds": RATE_SECONDS,
    }
    return await db.row(queries["newest_reads"], parameters) or {}


async def backfill_runs(db: Database, timing_partner_id: TimingPartnerId | None, at_most: int) -> list[dict[str, Any]]:
    return await db.rows(queries["backfill_runs"], {"timing_partner_id": timing_partner_id, "at_most": at_most})


async def partner_name(db: Database, timing_partner_id: TimingPartnerId) -> str | None:
    """None where there is no such partner, or where whoever asks may not see it."""
    found = await db.value(queries["partner_name"], {"timing_partner_id": timing_partner_id})
    return None if found is None else str(found)


async def quarantined(db: Database, timing_partner_id: TimingPartnerId | None, at_most: int) -> list[dict[str, Any]]:
    return await db.rows(queries["quarantined"], {"timing_partner_id": timing_partner_id, "at_most": at_most})
