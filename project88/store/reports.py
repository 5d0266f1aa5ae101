"""The results of one event as everybody may see them, read in portions. Writes nothing and formats nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from project88.errors import UsageError
from project88.store.connection import Database, Stream
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("reports")

#: Rows that one trip to the server brings.
PORTION_ROWS = 2000


@asynccontextmanager
async def results_of_event(
    db: Database, event: StoredEvent, race_id: str | None = None, limit: int | None = None
) -> AsyncIterator[Stream]:
    """The results race by race, in order of place. Memory holds one portion, whatever the size of the event."""
    parameters = {**_parameters(event, race_id), "limit": limit}
    async with db.stream(queries["results_of_event"], parameters, PORTION_ROWS) as found:
        yield found


async def count_results(db: Database, event: StoredEvent, race_id: str | None = None) -> int:
    return int(await db.value(queries["count_results"], _parameters(event, race_id)))


async def find_race(db: Database, event: StoredEvent, race: str) -> str:
    """RACE is a race's id, else its name in any case. Raises UsageError that lists the event's races."""
    known = await db.rows(queries["races_of_event"], _parameters(event, None))
    by_name = [row["race_id"] for row in known if (row["race_name"] or "").casefold() == race.casefold()]
    matches = [row["race_id"] for row in known if row["race_id"] == race] or by_name
    if len(matches) != 1:
        listed = "\n".join(f"  {row['race_id']}  {row['race_name'] or '-'}" for row in known) or "  none"
        problem = "is more than one race" if matches else "is not known"
        raise UsageError(f"race {race} of event {event.event_id} {problem}; give the id of one of\n{listed}")
    return str(matches[0])


def _parameters(event: StoredEvent, race_id: str | None) -> dict[str, Any]:
    return {"timing_partner_id": event.timing_partner_id, "event_id": event.event_id, "race_id": race_id}
