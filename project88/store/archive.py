"""The raw archive: readings as they were staged. Knows nothing of what their rows say; makes no result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from project88.store.connection import Connection
from project88.store.merging import Merges
from project88.store.queries import load
from project88.store.scope import EventScope

queries = load("archive")

_merges = msgspec.json.Decoder(Merges)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawList:
    """One list of a reading, or the part of it that was staged. Lists of the course have numbers below 0."""

    list_no: int
    list_name: str
    stream: str
    row_count: int
    chunks: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    raw_reading_id: int
    merges: Merges
    read_at: datetime


async def add_reading(
    connection: Connection, scope: EventScope, attempt: int | None, merges: Merges, lists: Iterable[RawList]
) -> int:
    parameters = {
        **scope.parameters(),
        "sync_history_id": attempt,
        "merges": msgspec.json.encode(merges, order="deterministic").decode(),
    }
    row = await (await connection.execute(queries["add_reading"], parameters)).fetchone()
    assert row is not None
    for each in lists:
        await connection.execute(
            queries["add_list"],
            {
                **scope.parameters(),
                "raw_reading_id": row[0],
                "list_no": each.list_no,
                "list_name": each.list_name,
                "stream": each.stream,
                "row_count": each.row_count,
                "chunks": list(each.chunks),
            },
            binary=True,
        )
    return int(row[0])


async def forget_replaced(connection: Connection, scope: EventScope, raw_reading_id: int, merges: Merges) -> None:
    """Forget the lists of earlier readings that nothing rests on after this one."""
    replaced = []
    if merges.participants_are_whole:
        replaced.append("participants")
    if merges.results is not None and merges.results.is_whole:
        replaced.append("results")
    parameters = {**scope.parameters(), "raw_reading_id": raw_reading_id, "streams": replaced}
    await connection.execute(queries["forget_lists"], parameters)
    await connection.execute(queries["forget_readings"], parameters)


async def readings(connection: Connection, scope: EventScope) -> list[RawReading]:
    """In the order in which they were merged."""
    cursor = await connection.execute(queries["readings"], scope.parameters())
    return [
        RawReading(raw_reading_id=row[0], merges=_merges.decode(row[1]), read_at=row[2])
        for row in await cursor.fetchall()
    ]


async def lists(connection: Connection, scope: EventScope, reading: RawReading) -> list[RawList]:
    """In the order in which they were read, those of the course first."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(queries["lists"], {**scope.parameters(), "raw_reading_id": reading.raw_reading_id})
    return [
        RawList(list_no=row[0], list_name=row[1], stream=row[2], row_count=row[3], chunks=row[4])
        for row in await cursor.fetchall()
    ]
