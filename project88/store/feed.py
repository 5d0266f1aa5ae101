"""The feed of changed results: what changed behind a position, each entry as it is now or gone. Writes no result."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from project88.errors import HubError
from project88.store import api_reading
from project88.store.connection import Database
from project88.store.queries import load

queries = load("feed")

KEPT = timedelta(days=30)
#: So many marks are looked at for one page.
MARKS_PER_PAGE = 100

Row = dict[str, Any]


class PositionLost(HubError):
    """The feed cannot go on from here: the position is too old or of another server. Read the lists anew."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Behind which entry a reader stands. ``at`` says when the reader was given it."""

    server: int
    transaction_id: Annotated[int, Meta(ge=0)]
    event_id: str
    race_id: str
    participant_id: str
    at: Annotated[datetime, Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event or result that changed. ``row`` None: it is shown no more."""

    event_id: str
    #: Empty, like participant_id, for the event itself.
    race_id: str
    participant_id: str
    changed_at: datetime
    row: Row | None

    @property
    def is_event(self) -> bool:
        return not self.race_id and not self.participant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    entries: list[Entry]
    position: Position
    #: Whether more may follow at once.
    has_more: bool


async def now(db: Database) -> Position:
    """Behind everything that the lists of this moment show."""
    row = await db.row(queries["now"])
    assert row is not None
    return Position(row["server"], row["transaction_id"], "", "", "", row["at"])


async def beginning(db: Database) -> Position:
    """Before the oldest change that is kept."""
    here = await now(db)
    return Position(here.server, 0, "", "", "", here.at)


async def page(
    db: Database,
    timing_partner_id: int,
    event_id: str | None,
    after: Position,
    limit: int,
    *,
    until: Position | None = None,
) -> FeedPage:
    """At most ``limit`` entries behind ``after``, none behind ``until``. Raises PositionLost."""
    here = await now(db)
    if after.server != here.server or here.at - after.at > KEPT:
        raise PositionLost("this cursor is too old or of another server: read the lists anew and begin from now")
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        **_bounds("after", after),
        **_bounds("until", until),
        "marks": MARKS_PER_PAGE,
        "limit": limit + 1,
    }
    looked_at, keys = await _keys(db, parameters)
    position = _next_position(keys, looked_at["last_transaction"], after, limit, here.at)
    entries = await _entries(db, timing_partner_id, keys[:limit])
    has_more = len(keys) > limit or looked_at["marks"] >= MARKS_PER_PAGE
    return FeedPage(entries=entries, position=position, has_more=has_more)


async def forget(db: Database) -> None:
    await db.execute(queries["forget"], {"kept": KEPT + timedelta(days=1)})


def _bounds(name: str, position: Position | None) -> dict[str, Any]:
    return {
        f"{name}_transaction": position.transaction_id if position else None,
        f"{name}_event": position.event_id if position else None,
        f"{name}_race": position.race_id if position else None,
        f"{name}_participant": position.participant_id if position else None,
    }


async def _keys(db: Database, parameters: dict[str, Any]) -> tuple[Row, list[Row]]:
    """What was looked at first: a mark that comes in between is then looked at again, and none is left out."""
    [looked_at] = await db.rows_planned_anew(queries["looked_at"], parameters)
    return looked_at, await db.rows_planned_anew(queries["page"], parameters)


def _next_position(keys: list[Row], last_mark: int | None, after: Position, limit: int, at: datetime) -> Position:
    """Behind the last entry; where all marks that were looked at are told, behind the last one of them."""
    if len(keys) > limit:
        last = keys[limit - 1]
        return Position(after.server, *_place(last), at)
    told = [key["transaction_id"] for key in keys] + ([] if last_mark is None else [last_mark])
    if not told:
        return msgspec.structs.replace(after, at=at)
    return Position(after.server, max(told) + 1, "", "", "", at)


def _place(key: Row) -> tuple[int, str, str, str]:
    return key["transaction_id"], key["event_id"], key["race_id"], key["participant_id"]


async def _entries(db: Database, timing_partner_id: int, keys: list[Row]) -> list[Entry]:
    by_event: defaultdict[str, list[Row]] = defaultdict(list)
    for key in keys:
        by_event[key["event_id"]].append(key)
    rows: dict[tuple[str, str, str], Row] = {}
    for event_id, asked in by_event.items():
        rows |= await _rows(db, timing_partner_id, event_id, asked)
    return [_entry(key, rows) for key in keys]


def _entry(key: Row, rows: dict[tuple[str, str, str], Row]) -> Entry:
    return Entry(
        event_id=key["event_id"],
        race_id=key["race_id"],
        participant_id=key["participant_id"],
        changed_at=key["changed_at"],
        row=rows.get((key["event_id"], key["race_id"], key["participant_id"])),
    )


async def _rows(
    db: Database, timing_partner_id: int, event_id: str, keys: list[Row]
) -> dict[tuple[str, str, str], Row]:
    found: dict[tuple[str, str, str], Row] = {}
    if any(not key["race_id"] and not key["participant_id"] for key in keys):
        event = await api_reading.event(db, timing_partner_id, event_id)
        found |= {(event_id, "", ""): event} if event else {}
    found |= await _shown(db, "shown", timing_partner_id, event_id, keys)
    # Another source may show what this one shows no more.
    missing = [key for key in keys if (event_id, key["race_id"], key["participant_id"]) not in found]
    if missing:
        found |= await _shown(db, "shown_of_any_source", timing_partner_id, event_id, missing)
    return found


async def _shown(
    db: Database, query: str, timing_partner_id: int, event_id: str, keys: list[Row]
) -> dict[tuple[str, str, str], Row]:
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "data_sources": [key["data_source"] for key in keys],
        "race_ids": [key["race_id"] for key in keys],
        "participant_ids": [key["participant_id"] for key in keys],
    }
    rows = await db.rows(queries[query], parameters)
    return {(event_id, row["race_id"], row["participant_id"]): row for row in rows}
