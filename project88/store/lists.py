"""What is remembered of the lists of an event, and the rows that could not be read. Reads no service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from project88.records.entities import Problem
from project88.records.row_digests import RowDigests
from project88.store.queries import load
from project88.store.scope import EventScope

queries = load("lists")

#: Raise it when the same pages would now become other rows.
RULES_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """A list as it was last read completely. ``stored_rows`` is how many rows of its stream were visible afterwards."""

    name: str
    stream: str | None
    page_size: int
    row_count: int
    stored_rows: int
    page_digests: Sequence[bytes]
    #: What is to be remembered of the rows; the remembered ones are given by ``known_rows``.
    row_digests: RowDigests | None = None


async def known_lists(connection: AsyncConnection[Any], scope: EventScope) -> dict[str, KnownList]:
    cursor = await connection.execute(queries["known"], {**scope.parameters(), "rules_version": RULES_VERSION})
    return {
        row[0]: KnownList(
            name=row[0], page_size=row[1], row_count=row[2], stored_rows=row[3], page_digests=row[4], stream=row[5]
        )
        for row in await cursor.fetchall()
    }


async def known_rows(connection: AsyncConnection[Any], scope: EventScope, name: str) -> RowDigests | None:
    """The rows of a list of results. None where they were not remembered, or while a retraction of results is open."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(queries["known_rows"], {**scope.parameters(), "list_name": name})
    row = await cursor.fetchone()
    return RowDigests.from_bytes(row[0]) if row else None


async def remember_lists(
    connection: AsyncConnection[Any],
    scope: EventScope,
    read: Iterable[KnownList],
    kept: Collection[str],
    stored: Mapping[str, int],
) -> None:
    """Remember the lists just read; forget every other one but the ``kept``, which speak of the ``stored`` rows now."""
    found = list(read)
    names = [*kept, *(each.name for each in found)]
    await connection.execute(queries["forget"], {**scope.parameters(), "except_names": names})
    for stream, rows in stored.items():
        parameters = {**scope.parameters(), "kept": list(kept), "stream": stream, "stored_rows": rows}
        await connection.execute(queries["count_anew"], parameters)
    for each in found:
        await connection.execute(
            queries["remember"],
            {
                **scope.parameters(),
                "rules_version": RULES_VERSION,
                "list_name": each.name,
                "stream": each.stream,
                "page_size": each.page_size,
                "row_count": each.row_count,
                "stored_rows": each.stored_rows,
                "page_digests": list(each.page_digests),
                "row_digests": each.row_digests.to_bytes() if each.row_digests is not None else None,
            },
        )


async def quarantine(connection: AsyncConnection[Any], scope: EventScope, problems: Iterable[Problem]) -> None:
    """Keep rows that could not be read, with their raw text."""
    for problem in problems:
        await connection.execute(
            queries["quarantine"],
            {
                **scope.parameters(),
                "stream": problem.stream,
                "reason": problem.reason,
                "raw": problem.raw.replace("\x00", "\\u0000"),
            },
        )
