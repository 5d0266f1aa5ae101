"""What an import of a file needs from the database: races, an event of its own, saved mappings. Reads no file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from project88.errors import UsageError
from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId
from project88.records.units import DateOrder
from project88.store.connection import Connection, Database
from project88.store.events import StoredEvent
from project88.store.partners import provider_id
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("imports")

#: The data_source and the provider's key of what files say.
FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event that an import makes. ``called`` is what an operator calls it by, in the provider's id's place."""

    timing_partner_id: TimingPartnerId
    called: str
    event_name: str
    start: datetime
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMapping:
    columns: Mapping[str, str]
    splits: Mapping[str, str]
    date_order: DateOrder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRaces:
    """Names by id. ``only_of_files``: no other source tells of a race."""

    names: Mapping[str, str]
    only_of_files: bool


async def known_races(db: Database, event: StoredEvent) -> KnownRaces:
    rows = await db.rows(queries["known_races"], event.key)
    return KnownRaces(
        names={row["race_id"]: row["race_name"] or row["race_id"] for row in rows},
        only_of_files=all(row["is_of_files"] for row in rows),
    )


async def file_scope(db: Database, event: StoredEvent) -> EventScope:
    """What files say of an event, whatever its own source is. Their rows have no id of a provider."""
    return _scope(event.timing_partner_id, event.event_id, await provider_id(db, FILE))


async def new_file_scope(connection: Connection, wanted: NewEvent, file_provider: ProviderId) -> EventScope:
    """The same of an event that this makes."""
    parameters = {
        "timing_partner_id": wanted.timing_partner_id,
        "provider_event_id": ProviderEventId(wanted.called),
        "event_name": wanted.event_name,
        "start_date": wanted.start,
        "time_zone": wanted.time_zone,
    }
    row = await (await connection.execute(queries["make_event"], parameters)).fetchone()
    assert row is not None
    return _scope(wanted.timing_partner_id, EventId(row[0]), file_provider)


async def save_mapping(db: Database, timing_partner_id: TimingPartnerId, name: str, mapping: SavedMapping) -> None:
    parameters: dict[str, Any] = {
        "timing_partner_id": timing_partner_id,
        "mapping_name": name,
        "columns": json.dumps(dict(mapping.columns)),
        "splits": json.dumps(dict(mapping.splits)),
        "date_order": mapping.date_order,
    }
    await db.execute(queries["save_mapping"], parameters)


async def saved_mapping(db: Database, timing_partner_id: TimingPartnerId, name: str) -> SavedMapping:
    """Raises UsageError that lists the partner's mappings where it has none of this name."""
    rows = await db.rows(queries["mappings"], {"timing_partner_id": timing_partner_id})
    for row in rows:
        if row["mapping_name"] == name:
            return SavedMapping(columns=row["columns"], splits=row["splits"], date_order=row["date_order"])
    known = ", ".join(row["mapping_name"] for row in rows) or "none"
    raise UsageError(f"timing partner {timing_partner_id} has no mapping {name!r}; it has {known}")


def _scope(timing_partner_id: TimingPartnerId, event_id: EventId, file_provider: ProviderId) -> EventScope:
    source = Source(timing_partner_id=timing_partner_id, provider_id=file_provider, data_source=FILE)
    return EventScope(source=source, event_id=event_id, provider_event_id=ProviderEventId(event_id))
