"""The planner's statistics of tables that grew at once. Does not replace autovacuum, which comes a minute later."""

from __future__ import annotations

from project88.store.connection import Database
from project88.store.queries import load

queries = load("statistics")

#: Fewer rows than these leave a table's statistics true enough.
MANY_ROWS = 1_000


async def refresh(db: Database) -> int:
    """How many tables were looked at anew. Ask after the commit that made them grow."""
    return int(await db.value(queries["refresh"]))


async def refresh_after(db: Database, rows: int) -> None:
    """Refresh where so many written rows may matter."""
    if rows >= MANY_ROWS:
        await refresh(db)
