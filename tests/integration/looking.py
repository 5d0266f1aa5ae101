"""Looks into the database that a test takes itself, past the hub's own statements."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.store.connection import Database


async def look(db: Database, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """Run a statement; its rows, if it has any."""
    async with db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL(statement), parameters)
        return await cursor.fetchall() if cursor.description is not None else []
