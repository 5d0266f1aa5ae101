"""Results that a narrow statement finds and another reads in full, both of one moment. Knows no table.

Sorting full rows would spill to disk, and between two moments places move: a page would show a place twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.store.connection import Database

Row = dict[str, Any]
#: What names a result within its event.
KEY = ("data_source", "race_id", "participant_id")


async def full_rows(db: Database, narrow: SQL, full: SQL, parameters: Mapping[str, Any]) -> list[Row]:
    """In the order of ``narrow``; each row has the columns of both. ``full`` may leave a row out."""
    return await db.ask(lambda asked: _full_rows(asked, narrow, full, parameters))


async def _full_rows(db: Database, narrow: SQL, full: SQL, parameters: Mapping[str, Any]) -> list[Row]:
    async with db.snapshot() as connection, connection.cursor(row_factory=dict_row) as cursor:
        # Planned for these parameters; the plan for any parameters takes ten times as long.
        await cursor.execute(narrow, parameters, prepare=False)
        found = await cursor.fetchall()
        if not found:
            return []
        await cursor.execute(full, {**parameters, **_columns(found)})
        return _both(found, await cursor.fetchall())


async def rows_as_they_are(db: Database, found: Sequence[Row], full: SQL, parameters: Mapping[str, Any]) -> list[Row]:
    """The same of what was found a while ago, in its order, with its columns."""
    return _both(found, await db.rows(full, {**parameters, **_columns(found)})) if found else []


def _both(found: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    by_key = {_key(row): row for row in rows}
    return [{**by_key[_key(row)], **row} for row in found if _key(row) in by_key]


def _columns(found: Sequence[Row]) -> dict[str, list[str]]:
    return {f"{name}s": [row[name] for row in found] for name in KEY}


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)
