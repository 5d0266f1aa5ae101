"""Counts of what was collected, for people who watch. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import EventScope

queries = load("progress")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    events: int
    participants: int
    results: int


async def collected(db: Database) -> Collected:
    return Collected(**(await db.rows(queries["collected"]))[0])


async def results_by_status(db: Database, scope: EventScope) -> dict[str, int]:
    rows = await db.rows(queries["by_status"], scope.parameters())
    return {row["result_status"]: row["results"] for row in rows}


async def attempts_by_status(db: Database) -> tuple[dict[str, int], int]:
    """Attempts by their status, and all calls they made."""
    rows = await db.rows(queries["attempts"])
    return {row["status"]: row["attempts"] for row in rows}, sum(row["calls"] or 0 for row in rows)


async def rows_by_source(db: Database, scope: EventScope) -> dict[str, int]:
    """How many results each source has, and how many entries a source has that times nobody."""
    rows = await db.rows(queries["rows_by_source"], scope.parameters())
    return {row["data_source"]: row["rows"] for row in rows}
