"""The history of an event's rows: what changed, when the hub learned it, and why; and what the page said then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from project88.store.connection import Database, Stream
from project88.store.events import StoredEvent
from project88.store.queries import load
from project88.store.reports import PORTION_ROWS

queries = load("changes")

Subject = Literal["event", "race", "participant", "result", "joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one row. ``changed_at`` is the server's time; ``cause`` None: somebody changed it by hand."""

    changed_at: datetime
    data_source: str
    subject: Subject
    bib: str | None
    field: str
    before: Any
    after: Any
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSeen:
    """When a row was stored for the first time. ``sync_history_id`` None: by no attempt that is known."""

    data_source: str
    subject: Subject
    created_at: datetime | None
    sync_history_id: int | None


async def changes(
    db: Database, event: StoredEvent, bib: str | None, at_most: int, *, every: bool = False
) -> list[Change]:
    """The newest first; those of places alone only where ``every`` one is asked for."""
    rows = await db.rows(queries["changes"], {**event.key, "bib": bib, "at_most": at_most, "every": every})
    #: What each field became, going back in time.
    later: dict[tuple[str, str, str, str], Any] = {}
    found = []
    for row in rows:
        now = row["now_row"] or {}
        for field, before in row["was"].items():
            place = (row["subject"], row["data_source"], row["key"], field)
            found.append(_change(row, now, field, before, later.get(place, now.get(field))))
            later[place] = before
    return found


async def first_seen(db: Database, event: StoredEvent, bib: str) -> list[FirstSeen]:
    return [FirstSeen(**row) for row in await db.rows(queries["first_seen"], {**event.key, "bib": bib})]


@asynccontextmanager
async def results_as_of(
    db: Database, event: StoredEvent, at: datetime, race_id: str | None = None, limit: int | None = None
) -> AsyncIterator[Stream]:
    """The results as unified_results showed them at ``at``, the server's time."""
    parameters = {**event.key, "at": at, "race_id": race_id, "limit": limit}
    async with db.stream(queries["results_as_of"], parameters, PORTION_ROWS) as found:
        yield found


def _change(row: Mapping[str, Any], now: Mapping[str, Any], field: str, before: object, after: object) -> Change:
    bibs: Sequence[str | None] = (now.get("bib_number"), now.get("entry_bib"), row["was"].get("bib_number"))
    return Change(
        changed_at=row["changed_at"],
        data_source=row["data_source"],
        subject=row["subject"],
        bib=next((bib for bib in bibs if bib is not None), None),
        field=field,
        before=before,
        after=after,
        cause=row["cause"],
    )
