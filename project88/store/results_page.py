"""What the results page reads: the unified views, and counts. Writes nothing.

Each question names the timing partners whose rows it may see; row-level security holds a reader to that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg.sql import SQL

from project88.store.connection import Database
from project88.store.one_moment import full_rows, rows_as_they_are
from project88.store.queries import load

queries = load("results_page")

Row = dict[str, Any]

#: Microseconds of each part.
VERSION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})")


class EventKey(NamedTuple):
    """Which event of which partner."""

    timing_partner_id: int
    event_id: str

    def parameters(self) -> dict[str, Any]:
        return self._asdict()


class Change(NamedTuple):
    """When the parts of an event last changed. Each part by itself: they are written by separate transactions."""

    event_changed_at: datetime
    results_changed_at: datetime | None
    participants_changed_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Change:
        return cls(row["event_changed_at"], row["results_changed_at"], row["participants_changed_at"])

    @property
    def version(self) -> str:
        """A word that differs whenever the event's data differs."""
        return "-".join(str(int(at.timestamp() * 1_000_000)) if at else "0" for at in self)

    def is_before(self, version: str) -> bool:
        """Whether a part is older than in a version that was told; no, where that is no version of an event."""
        found = VERSION.fullmatch(version)
        if found is None:
            return False
        own = map(int, self.version.split("-"))
        return any(mine < theirs for mine, theirs in zip(own, map(int, found.groups()), strict=True))

    @property
    def updated_at(self) -> datetime:
        return max(at for at in self if at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as the page's head shows it."""

    key: EventKey
    name: str
    event_date: date | None
    start: datetime | None
    end: datetime | None
    time_zone: str
    place: str
    source: str
    #: The hub's clock when the event was read; a rehearsal runs it faster.
    hub_now: datetime
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old an event's data is. Instants are hub time."""

    sources: tuple[str, ...]
    #: When every service was last asked with success; None where none is asked.
    checked_at: datetime | None
    next_due: datetime | None
    is_failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which events somebody looks for; None stands for any."""

    words: str | None = None
    first_day: date | None = None
    last_day: date | None = None


EVERY_EVENT = Sought()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many participants and results an event has."""

    entries: int
    statuses: dict[str, int]
    crossed_at: datetime | None


async def events(db: Database, limit: int, offset: int, sought: Sought = EVERY_EVENT) -> list[Event]:
    parameters = {**asdict(sought), "limit": limit, "offset": offset}
    return [_event(row) for row in await db.of_all_partners().rows(queries["events"], parameters)]


async def event_count(db: Database, sought: Sought = EVERY_EVENT) -> int:
    return int(await db.of_all_partners().value(queries["event_count"], asdict(sought)))


async def freshness(db: Database, keys: Collection[EventKey]) -> dict[EventKey, Freshness]:
    rows = await _of(keys, db).rows(queries["freshness"], _arrays(keys))
    return {_key(row): _freshness(row) for row in rows}


async def event(db: Database, key: EventKey) -> Event | None:
    """None where the partner has no such event."""
    row = await _of([key], db).row(queries["event"], key.parameters())
    return _event(row) if row else None


async def changes(db: Database, keys: Collection[EventKey]) -> dict[EventKey, Change]:
    """When the events last changed; an event that is gone is left out."""
    return {_key(row): Change.of(row) for row in await _of(keys, db).rows(queries["changes"], _arrays(keys))}


async def tallies(db: Database, keys: Collection[EventKey]) -> dict[EventKey, Tally]:
    entries = dict.fromkeys(keys, 0)
    for row in await _of(keys, db).rows(queries["entry_counts"], _arrays(keys)):
        entries[_key(row)] += row["entries"]
    results: dict[EventKey, list[Row]] = {key: [] for key in keys}
    for row in await _of(keys, db).rows(queries["status_counts"], _arrays(keys)):
        results[_key(row)].append(row)
    return {key: _tally(entries[key], results[key]) for key in keys}


async def races(db: Database, key: EventKey) -> list[Row]:
    """race_id and race_name of each race."""
    return await _of([key], db).rows(queries["races"], key.parameters())


async def race_entries(db: Database, key: EventKey) -> dict[str | None, int]:
    """How many participants each race has; None stands for those without a race."""
    return {
        row["race_id"]: row["entries"] for row in await _of([key], db).rows(queries["entry_counts"], _arrays([key]))
    }


async def groups(db: Database, key: EventKey) -> list[Row]:
    """Results of each race counted three times: counted_by says whether by status, by minute or by splits."""
    return await _of([key], db).rows(queries["groups"], key.parameters())


async def newest_finishers(db: Database, key: EventKey, limit: int) -> list[Row]:
    return await shown_rows(db, key, queries["newest_finishers"], {"limit": limit})


async def leaderboard(
    db: Database, key: EventKey, race_id: str, *, gender: str | None, division: str | None, limit: int, offset: int
) -> list[Row]:
    """The rows of one page of a race; those of every gender or division where that is None."""
    parameters = {"race_id": race_id, "gender": gender, "division": division, "limit": limit, "offset": offset}
    return await shown_rows(db, key, queries["leaderboard"], parameters)


async def search(db: Database, key: EventKey, words: str, limit: int, offset: int) -> list[Row]:
    return await shown_rows(db, key, queries["search"], {"words": words, "limit": limit, "offset": offset})


async def shown_rows(db: Database, key: EventKey, narrow: SQL, parameters: Row) -> list[Row]:
    """As everybody may see them, the rows that a narrow statement finds, in its order."""
    return await full_rows(_of([key], db), narrow, queries["rows"], {**key.parameters(), **parameters})


async def shown_rows_of(db: Database, key: EventKey, found: Sequence[Row]) -> list[Row]:
    """The same of what ``found_rows`` told a while ago."""
    return await rows_as_they_are(_of([key], db), found, queries["rows"], key.parameters())


async def found_rows(db: Database, key: EventKey, narrow: SQL, parameters: Row) -> list[Row]:
    """What a narrow statement tells, without what may be withheld."""
    return await _of([key], db).rows_planned_anew(narrow, {**key.parameters(), **parameters})


def _of(keys: Collection[EventKey], db: Database) -> Database:
    return db.of_partners([key.timing_partner_id for key in keys])


def _arrays(keys: Collection[EventKey]) -> dict[str, Any]:
    return {
        "timing_partner_ids": [key.timing_partner_id for key in keys],
        "event_ids": [key.event_id for key in keys],
    }


def _key(row: Row) -> EventKey:
    return EventKey(row["timing_partner_id"], row["event_id"])


def _event(row: Row) -> Event:
    return Event(
        key=_key(row),
        name=row["event_name"] or f"Event {row['event_id']}",
        event_date=row["event_date"],
        start=row["start_date"],
        end=row["end_date"],
        time_zone=row["time_zone"],
        place=", ".join(part for part in (row["city"], row["state"], row["country"]) if part),
        source=row["source_provider"],
        hub_now=row["hub_now"],
        change=Change.of(row),
    )


def _freshness(row: Row) -> Freshness:
    return Freshness(
        sources=tuple(row["sources"]),
        checked_at=row["checked_at"],
        next_due=row["next_due"],
        is_failing=row["is_failing"],
    )


def _tally(entries: int, rows: Iterable[Row]) -> Tally:
    known = list(rows)
    crossings = [row["crossed_at"] for row in known if row["crossed_at"]]
    return Tally(
        entries=entries,
        statuses={row["result_status"] or "unknown": row["results"] for row in known},
        crossed_at=max(crossings, default=None),
    )
