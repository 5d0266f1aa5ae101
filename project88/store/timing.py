"""Sessions, links, locations and reads of timing computers in the database. Reads no line and scores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from msgspec.structs import astuple

from project88.errors import UsageError
from project88.records import timing
from project88.records.entities import EventId, TimingPartnerId
from project88.store.connection import Connection, Database, number_of
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("timing")

#: Where events come from that reads can belong to.
HARDWARE = "tcp_hardware"
#: Somebody listens there for new reads.
READS_CHANNEL = "project88_timing_reads"
COPIES: Mapping[type, str] = {
    timing.TimingSession: "copy_sessions",
    timing.Link: "copy_links",
    timing.TimingLocation: "copy_locations",
    timing.TimingRead: "copy_reads",
    timing.UnreadLine: "copy_unread",
}
#: In this order; each is about records of one kind, None: of any.
WRITES: Mapping[str, type | None] = {
    "write_sessions": timing.TimingSession,
    "write_bare_sessions": None,
    "write_links": timing.Link,
    "write_locations": timing.TimingLocation,
    "write_unread": timing.UnreadLine,
}
#: Truncating the stages costs a small batch more than all the rest, but deleted rows stay and are read past by every
#: later one: with more than this the stages are truncated.
SMALL_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpTo:
    """A position in a spool."""

    spool_id: str
    host: str
    segment: int
    position: int

    def parameters(self) -> dict[str, Any]:
        return {"spool_id": self.spool_id, "host": self.host, "segment": self.segment, "position": self.position}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLocation:
    """What a location has brought so far: ranges of sequence numbers, both ends included."""

    location: str
    numbering: int
    time_zone: str | None
    #: The content of number 1.
    first_key: int | None
    received: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session that a computer may come back to. ``time_zone`` and ``timing_day`` are None where nobody said them."""

    timing_partner_id: TimingPartnerId
    session_key: str
    timing_session_id: int
    session_name: str | None
    timing_event_name: str | None
    event_id: EventId | None
    time_zone: str | None
    partner_time_zone: str
    timing_day: date | None
    locations: Sequence[KnownLocation]


async def prepare_stages(connection: Connection) -> None:
    """Empty ones; ``store_records`` leaves them empty."""
    await connection.execute(queries["create_stages"])
    await connection.execute(queries["empty_stages"])


async def store_records(
    connection: Connection, records: Sequence[timing.TimingRecord], time_zone: str | None, up_to: StoredUpTo | None
) -> int:
    """Store records that need not be new, in one transaction; how many reads were new.

    ``time_zone`` is the one to assume where nobody said one; None: the partner's.
    """
    kinds = {type(record) for record in records}
    async with connection.transaction():
        await connection.execute(queries["commit_durably"])
        await _stage(connection, records)
        for name, kind in WRITES.items():
            if kind is None or kind in kinds:
                await connection.execute(queries[name])
        new = await _store_reads(connection, time_zone) if timing.TimingRead in kinds else 0
        await _empty(connection)
        if up_to is not None:
            await connection.execute(queries["note_stored"], up_to.parameters())
        if new:
            await connection.execute(queries["tell_of_reads"])
    return new


async def stored_up_to(db: Database, spool_id: str) -> tuple[int, int] | None:
    """Segment and position; None for a spool of which nothing is stored."""
    row = await db.row(queries["stored_up_to"], {"spool_id": spool_id})
    return None if row is None else (row["segment"], row["position"])


async def known_sessions(db: Database) -> list[KnownSession]:
    return [_known_session(row) for row in await db.rows(queries["open_sessions"])]


async def partner_zones(db: Database) -> dict[TimingPartnerId, str]:
    return {row["timing_partner_id"]: row["time_zone"] for row in await db.rows(queries["partner_zones"])}


async def sessions(
    db: Database, timing_partner_id: TimingPartnerId | None = None, *, with_closed: bool = False
) -> list[dict[str, Any]]:
    parameters = {"timing_partner_id": timing_partner_id, "timing_session_id": None, "with_closed": with_closed}
    return await db.rows(queries["sessions"], parameters)


async def find_session(
    db: Database, timing_session_id: int, timing_partner_id: TimingPartnerId | None
) -> dict[str, Any]:
    """Raises UsageError where there is none of that number."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "timing_session_id": timing_session_id,
        "with_closed": True,
    }
    found = await db.row(queries["sessions"], parameters)
    if found is None:
        raise UsageError(f"timing session {timing_session_id} is not known: see project88 timing sessions")
    return found


async def locations(db: Database, session: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await db.rows(queries["locations"], _of(session))


async def name_session(db: Database, session: Mapping[str, Any], name: str) -> None:
    await db.execute(queries["name_session"], {**_of(session), "session_name": name})


async def close_session(db: Database, session: Mapping[str, Any]) -> bool:
    """False where it was closed already."""
    return bool(await db.execute(queries["close_session"], _of(session)))


async def bind_session(db: Database, session: Mapping[str, Any], event_id: EventId) -> list[int]:
    """The sessions that are bound by it; their reads move to the event's time zone and are scored anew."""
    async with db.transaction() as connection:
        cursor = await connection.execute(queries["bind_session"], {**_of(session), "event_id": event_id})
        bound = sorted(row[0] for row in await cursor.fetchall())
        await _move(connection, session, bound, [event_id, session["event_id"]])
    return bound


async def bind_to_hardware_event(db: Database, session: Mapping[str, Any], event: StoredEvent) -> list[int]:
    """The same for an event that a person names. Raises UsageError for one of another source."""
    if event.data_source != HARDWARE:
        raise UsageError(
            f"event {event.event_id} came from {event.data_source}: make one of the hardware by timing add-event"
        )
    return await bind_session(db, session, event.event_id)


async def bind_key(
    connection: Connection, timing_partner_id: TimingPartnerId, session_key: str, event_id: EventId
) -> None:
    parameters = {"timing_partner_id": timing_partner_id, "session_key": session_key, "event_id": event_id}
    await connection.execute(queries["bind_key"], parameters)


async def set_time(
    db: Database, session: Mapping[str, Any], time_zone: str | None, location: str | None, day: date | None
) -> int:
    """Say in which zone a computer's or a location's clock runs and which day its times count from; reads moved."""
    if time_zone is not None and not await time_zone_exists(db, time_zone):
        raise UsageError(f"the database knows no time zone {time_zone!r}; write one like America/New_York")
    parameters = {**_of(session), "time_zone": time_zone, "timing_day": day, "location": location}
    name = "set_session_zone" if location is None else "set_location_zone"
    async with db.transaction() as connection:
        if (await connection.execute(queries[name], parameters)).rowcount == 0:
            raise UsageError(f"session {session['timing_session_id']} has no location {location!r}")
        return await _move(connection, session, [session["timing_session_id"]], [session["event_id"]])


async def time_zone_exists(db: Database, time_zone: str) -> bool:
    return bool(await db.value(queries["time_zone_exists"], {"time_zone": time_zone}))


async def unread_lines(db: Database, timing_partner_id: TimingPartnerId | None, most: int) -> list[dict[str, Any]]:
    return await db.rows(queries["unread_lines"], {"timing_partner_id": timing_partner_id, "most": most})


async def _move(
    connection: Connection, session: Mapping[str, Any], session_ids: Sequence[int], event_ids: Sequence[str | None]
) -> int:
    parameters = {
        "timing_partner_id": session["timing_partner_id"],
        "session_ids": list(session_ids),
        "event_ids": sorted({each for each in event_ids if each is not None}),
    }
    moved = await number_of(connection, queries["move_reads"], parameters)
    await connection.execute(queries["score_again"], parameters)
    await connection.execute(queries["tell_of_reads"])
    return moved


async def _empty(connection: Connection) -> None:
    size = await number_of(connection, queries["size_of_stages"])
    await connection.execute(queries["empty_small_stages" if size <= SMALL_BYTES else "empty_stages"])


async def _stage(connection: Connection, records: Sequence[timing.TimingRecord]) -> None:
    by_kind: dict[type, list[timing.TimingRecord]] = {}
    for record in records:
        by_kind.setdefault(type(record), []).append(record)
    for kind, found in by_kind.items():
        async with connection.cursor().copy(queries[COPIES[kind]]) as copy:
            for record in found:
                await copy.write_row(astuple(record))


async def _store_reads(connection: Connection, time_zone: str | None) -> int:
    await connection.execute(queries["lock_partners"])
    written = await number_of(connection, queries["write_reads"], {"time_zone": time_zone})
    await connection.execute(queries["note_received"])
    return written


def _known_session(row: dict[str, Any]) -> KnownSession:
    places = [
        KnownLocation(
            location=each["location"],
            numbering=each["numbering"],
            time_zone=each["time_zone"],
            first_key=None if each["first_key"] is None else int(each["first_key"]),
            received=[(low, high) for low, high in each["received"] or ()],
        )
        for each in row["locations"]
    ]
    return KnownSession(**{**row, "locations": places})


def _of(session: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timing_partner_id": session["timing_partner_id"],
        "timing_session_id": session["timing_session_id"],
    }
