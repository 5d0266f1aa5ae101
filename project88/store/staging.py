"""Records on their way into the database: COPY into temporary tables of one connection. Merges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.json import Encoder
from psycopg import AsyncConnection
from psycopg.sql import Identifier

from project88.records import entities
from project88.store.queries import load

queries = load("staging")

Staged = (
    entities.Event
    | entities.Race
    | entities.Participant
    | entities.Removal
    | entities.Finish
    | entities.Split
    | entities.GenderPlace
    | entities.DivisionPlace
)

#: Which COPY takes which record. The fields of a record stand in the order of the stage's columns.
COPIES: Mapping[type, str] = {
    entities.Event: "copy_events",
    entities.Race: "copy_races",
    entities.Participant: "copy_participants",
    entities.Removal: "copy_removals",
    entities.Finish: "copy_finishes",
    entities.Split: "copy_splits",
    entities.GenderPlace: "copy_gender_places",
    entities.DivisionPlace: "copy_division_places",
}


#: A stage with more than this is truncated, which also forgets the rows that were deleted.
SMALL_BYTES = 64 * 1024

#: How the names of the stages begin.
STAGES = ("stage", "merged")

encode_lines = Encoder().encode_lines


class Stage:
    """The stages of one connection. Use one per event being collected; a connection may serve one after another."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    async def prepare(self) -> None:
        await self.connection.execute(queries["give_memory"])
        cursor = await self.connection.execute(queries["stages"])
        sizes = dict(await cursor.fetchall())
        # A connection may have the tables of another work, those of scoring.
        if "stage_events" not in sizes:
            await self.connection.execute(queries["create_stages"])
        for name, size in sizes.items():
            if size and name.startswith(STAGES):
                how = "empty_stage" if size <= SMALL_BYTES else "truncate_stage"
                await self.connection.execute(queries[how].format(name=Identifier(name)))

    async def add(self, list_no: int, records: Iterable[Staged]) -> None:
        """Stage the records of one page of list ``list_no``."""
        by_kind: dict[type, list[Staged]] = defaultdict(list)
        for record in records:
            by_kind[type(record)].append(record)
        for kind, found in by_kind.items():
            async with self.connection.cursor().copy(queries[COPIES[kind]]) as copy:
                await copy.write(as_csv(list_no, found))

    async def repeated_rows(self) -> dict[int, int]:
        """How many staged rows of each list repeat another row of it."""
        cursor = await self.connection.execute(queries["repeated_rows"])
        return {row[0]: row[1] for row in await cursor.fetchall()}


def as_csv(list_no: int, records: Sequence[Staged]) -> bytes:
    """Records as COPY reads them.

    The JSON array of a record is a line of CSV once its brackets are off: text is quoted, a quote in it is escaped
    by a backslash, null stands unquoted. A line break cannot stand in it, so the brackets are found by theirs.
    """
    lines = encode_lines(records)
    number = b"%d," % list_no
    return number + lines[1:-2].replace(b"]\n[", b"\n" + number) + b"\n"
