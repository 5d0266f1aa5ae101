"""Records on their way into the database: COPY into temporary tables of one connection. Merges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from project88.records import entities
from project88.store.queries import load

queries = load("staging")

Staged = (
    entities.Event
    | entities.Race
    | entities.Participant
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
    entities.Finish: "copy_finishes",
    entities.Split: "copy_splits",
    entities.GenderPlace: "copy_gender_places",
    entities.DivisionPlace: "copy_division_places",
}

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Stage:
    """The stages of one connection. Use one per event being collected."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    async def prepare(self) -> None:
        await self.connection.execute(queries["give_memory"])
        await self.connection.execute(queries["create_stages"])
        await self.connection.execute(queries["empty_stages"])

    async def add(self, list_no: int, records: Iterable[Staged]) -> None:
        """Stage the records of one page of list ``list_no``."""
        blocks: dict[type, list[str]] = defaultdict(list)
        prefix = f"{list_no}\t"
        for record in records:
            blocks[type(record)].append(prefix + line(record))
        for kind, lines in blocks.items():
            async with self.connection.cursor().copy(queries[COPIES[kind]]) as copy:
                await copy.write("".join(lines))

    async def repeated_rows(self) -> dict[int, int]:
        """How many staged rows of each list repeat another row of it."""
        cursor = await self.connection.execute(queries["repeated_rows"])
        return {row[0]: row[1] for row in await cursor.fetchall()}

    async def analyze(self) -> None:
        await self.connection.execute(queries["analyze_stages"])


def line(record: Staged) -> str:
    """One line of COPY text."""
    return "\t".join([FORMATS[type(value)](value) for value in msgspec.structs.astuple(record)]) + "\n"


def _text(value: str) -> str:
    return value if value.isalnum() else value.translate(ESCAPES)


FORMATS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    str: _text,
    int: str,
    float: repr,
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    date: date.isoformat,
}
