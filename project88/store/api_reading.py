"""What the JSON API reads: events, races, results, participants, page by page. Writes nothing.

Whose rows are seen is for the caller to say: by the database it hands over, which row-level security limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from project88.errors import HubError
from project88.store.connection import Database
from project88.store.one_moment import full_rows
from project88.store.queries import load

queries = load("api_reading")

Row = dict[str, Any]
Parameters = Mapping[str, Any]


async def events(db: Database, parameters: Parameters) -> list[Row]:
    return await db.rows_planned_anew(queries["events"], parameters)


async def event(db: Database, timing_partner_id: int, event_id: str) -> Row | None:
    """None where there is no such event to see."""
    return await db.row(queries["event"], _key(timing_partner_id, event_id))


async def races(db: Database, timing_partner_id: int, event_id: str) -> list[Row]:
    return await db.rows(queries["races"], _key(timing_partner_id, event_id))


async def results(db: Database, timing_partner_id: int, event_id: str, parameters: Parameters) -> list[Row]:
    """A page of full rows."""
    known = {**_key(timing_partner_id, event_id), **parameters}
    return await full_rows(db, queries["leaderboard"], queries["results"], known)


async def results_as_of(db: Database, timing_partner_id: int, event_id: str, parameters: Parameters) -> list[Row]:
    return await db.rows_planned_anew(queries["results_as_of"], {**_key(timing_partner_id, event_id), **parameters})


async def result(db: Database, timing_partner_id: int, event_id: str, race_id: str, participant_id: str) -> Row | None:
    """None where the event shows no such result."""
    parameters = {**_key(timing_partner_id, event_id), "race_id": race_id, "participant_id": participant_id}
    return await db.row(queries["result"], parameters)


async def participants(db: Database, timing_partner_id: int, event_id: str, parameters: Parameters) -> list[Row]:
    return await db.rows_planned_anew(queries["participants"], {**_key(timing_partner_id, event_id), **parameters})


async def connections(db: Database, timing_partner_id: int) -> dict[str, tuple[int, datetime | None]]:
    """Of each provider the partner's accounts and when something last came from them. No login for pages may ask."""
    rows = await db.rows(queries["connections"], {"timing_partner_id": timing_partner_id})
    return {row["key"]: (row["accounts"], row["last_success_at"]) for row in rows}


async def why_not_ready(db: Database) -> str | None:
    """Why nothing could be answered now; None where all is well."""
    try:
        problems = await db.value(queries["problems_count"])
    except HubError as error:
        return f"the database does not answer ({type(error).__name__})"
    return f"the schema has {problems} problems: run project88 db status" if problems else None


def _key(timing_partner_id: int, event_id: str) -> Row:
    return {"timing_partner_id": timing_partner_id, "event_id": event_id}
