"""What a reading staged, as it came, into the raw archive. Merges nothing."""

from __future__ import annotations

from collections.abc import Iterator

from project88.store.archive import RawList, add_reading, forget_replaced
from project88.store.connection import Connection
from project88.store.merging import Merges
from project88.store.scope import EventScope
from project88.sync.snapshot import EventSnapshot

#: The answers about entries that were asked for one by one have the number of their list and this.
DETAILS = 10_000


async def keep_reading(
    connection: Connection, scope: EventScope, snapshot: EventSnapshot, merges: Merges, attempt: int | None
) -> None:
    """In the transaction that merged it. What a complete reading replaces as a whole is kept no longer."""
    if merges.is_nothing:
        return
    number = await add_reading(connection, scope, attempt, merges, _raw_lists(snapshot))
    await forget_replaced(connection, scope, number, merges)


def _raw_lists(snapshot: EventSnapshot) -> Iterator[RawList]:
    for place, (name, raw) in enumerate(snapshot.course_rows.items(), 1):
        yield RawList(list_no=-place, list_name=name, stream="course", row_count=raw.rows, chunks=raw.chunks())
    for stream, lists in (("participants", snapshot.participants), ("results", snapshot.results)):
        for found in lists:
            if found.raw is not None and not found.unchanged:
                yield RawList(
                    list_no=found.number,
                    list_name=found.wanted.name,
                    stream=stream,
                    row_count=found.raw.rows,
                    chunks=found.raw.chunks(),
                )
            if found.raw_details is not None:
                yield RawList(
                    list_no=DETAILS + found.number,
                    list_name=found.wanted.name,
                    stream=stream,
                    row_count=found.raw_details.rows,
                    chunks=found.raw_details.chunks(),
                )
