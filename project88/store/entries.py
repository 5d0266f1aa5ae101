"""What is known of the entries of an event from earlier readings: since when, and by which rows of a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from project88.store.connection import Connection
from project88.store.queries import load
from project88.store.scope import EventScope

queries = load("entries")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReading:
    """The last complete reading. Instants are hub time. ``shown`` is how many entries are shown now."""

    hub_now: datetime
    changes_read_from: datetime | None
    all_read_from: datetime | None
    stored_rows: int
    shown: int
    listing: Sequence[str]
    refreshed_to: str | None


@dataclass(frozen=True, slots=True)
class KnownRow:
    """The row of a list whose entry was asked for and is stored."""

    digest: int
    lacks_bib: bool


async def last_reading(connection: Connection, scope: EventScope) -> EntryReading:
    row = await (await connection.execute(queries["last_reading"], scope.parameters())).fetchone()
    assert row is not None
    return EntryReading(
        hub_now=row[0],
        changes_read_from=row[1],
        all_read_from=row[2],
        stored_rows=row[3],
        shown=row[4],
        listing=row[5],
        refreshed_to=row[6],
    )


async def note_reading(
    connection: Connection,
    scope: EventScope,
    began: datetime,
    *,
    of_all: bool,
    listing: Sequence[str] | None,
    refreshed_to: str | None,
) -> None:
    """A reading of all entries, or of those that changed, came through whole."""
    parameters = {**scope.parameters(), "began": began, "of_all": of_all, "listing": listing and list(listing)}
    parameters["refreshed_to"] = refreshed_to
    await connection.execute(queries["note_reading"], parameters)


async def known_listing(connection: Connection, scope: EventScope) -> Mapping[str, KnownRow]:
    """By the name of each row."""
    cursor = await connection.execute(queries["known_listing"], scope.parameters())
    return {row[0]: KnownRow(row[1], row[2]) for row in await cursor.fetchall()}


async def stage_stored(connection: Connection, scope: EventScope, list_no: int, listed: Collection[str]) -> None:
    """Stage the entries of these rows of the list as they are stored."""
    parameters = {**scope.parameters(), "list_no": list_no, "listed": list(listed)}
    await connection.execute(queries["stage_stored"], parameters)
