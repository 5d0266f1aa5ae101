"""Counts of what was collected, for people who watch. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import EventScope

queries = load("progress")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    events: int
    participants: int
    results: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    by_status: dict[str, int]
    calls: int
    rows_written: int

    @property
    def count(self) -> int:
        return sum(self.by_status.values())

    @property
    def not_whole(self) -> int:
        return self.by_status.get("failed", 0) + self.by_status.get("partial", 0)


async def collected(db: Database) -> Collected:
    return Collected(**(await db.rows(queries["collected"]))[0])


async def results_by_status(db: Database, scope: EventScope) -> dict[str, int]:
    rows = await db.rows(queries["by_status"], scope.parameters())
    return {row["result_status"]: row["results"] for row in rows}


async def server_time(db: Database) -> datetime:
    """From when ``attempts`` may count."""
    found: datetime = await db.value(queries["server_time"])
    return found


async def attempts(db: Database, since: datetime | None = None) -> Attempts:
    """Those that ended since a moment of the server's clock, or all."""
    rows = await db.rows(queries["attempts"], {"since": since})
    return Attempts(
        by_status={row["status"]: row["attempts"] for row in rows},
        calls=sum(row["calls"] for row in rows),
        rows_written=sum(row["rows_written"] for row in rows),
    )


async def rows_by_source(db: Database, scope: EventScope) -> dict[str, int]:
    """How many results each source has, and how many entries a source has that times nobody."""
    rows = await db.rows(queries["rows_by_source"], scope.parameters())
    return {row["data_source"]: row["rows"] for row in rows}
