"""A careful engineer's script for this one race: fetch, typed decode, binary COPY to a stage, pre-filtered upsert.

The measure beside the hub, as a child process. It keeps no history, no raw rows and no quarantine, retries nothing and
notices no row that vanished.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import aiohttp
import msgspec
import psycopg

from bench.children import Task, answer, require_rows
from bench.pages import PAGE_SIZE
from bench.statements import queries

PAGES_AHEAD = 4
BATCH_PAGES = 10
#: PostgreSQL's types of the stage's columns, which binary COPY needs to know.
COLUMN_TYPES = (
    *("int8",) * 4,
    *("text",) * 4,
    "int4",
    *("text",) * 3,
    "bool",
    "int4",
    *("text",) * 2,
    *("int4",) * 3,
    "text",
    *("timestamptz",) * 2,
    *("text",) * 3,
    "timestamptz",
    "text",
)


class Row(msgspec.Struct, frozen=True):
    results_entry_id: int
    results_bib: str
    results_first_name: str
    results_last_name: str
    results_sex: str
    results_age: int
    results_race_id: int
    results_race_name: str
    results_event_name: str
    results_interval_id: int
    results_interval_name: str
    results_interval_full: int
    results_rank: int
    results_bracket_name: str
    results_primary_bracket_name: str
    results_time: str
    results_gun_time: str
    results_pace: str
    results_pace_unit: str
    results_begin_chip_time: float
    results_end_chip_time: float
    results_hometown: str
    results_state_code: str
    results_country_code: str
    result_generation_gen_time: float
    result_generation_status: str


class Page(msgspec.Struct, frozen=True):
    event_results: list[Row]


class Events(msgspec.Struct, frozen=True):
    event: list[dict[str, str]]


_page = msgspec.json.Decoder(Page, strict=False)


async def copy_race(task: Task) -> None:
    async with (
        aiohttp.ClientSession() as session,
        await psycopg.AsyncConnection.connect(task.database_url) as connection,
    ):
        await connection.execute(queries["create_stage"])
        await connection.commit()
        event_id = await _event_id(session, task.source)
        rows = 0
        batch: list[Row] = []
        async for page in _pages(session, f"{task.source}/event/{event_id}/results"):
            batch += page
            if len(batch) >= BATCH_PAGES * PAGE_SIZE:
                rows += await _store(connection, event_id, batch)
                batch = []
        rows += await _store(connection, event_id, batch)
    require_rows(task, rows)


async def _event_id(session: aiohttp.ClientSession, base_url: str) -> int:
    async with session.get(f"{base_url}/event", params={"page": 1, "size": PAGE_SIZE}) as response:
        events = msgspec.json.decode(await response.read(), type=Events)
    return int(events.event[0]["event_id"])


async def _pages(session: aiohttp.ClientSession, url: str) -> AsyncIterator[list[Row]]:
    async def fetch(number: int) -> tuple[int, bytes]:
        async with session.get(url, params={"interval": "ALL", "page": number, "size": PAGE_SIZE}) as response:
            response.raise_for_status()
            return int(response.headers["X-Ctlive-Page-Count"]), await response.read()

    page_count, body = await fetch(1)
    ahead: deque[asyncio.Task[tuple[int, bytes]]] = deque()
    for number in range(2, page_count + 2):
        while len(ahead) < PAGES_AHEAD and number + len(ahead) <= page_count:
            ahead.append(asyncio.create_task(fetch(number + len(ahead))))
        yield _page.decode(body).event_results
        if ahead:
            _, body = await ahead.popleft()


async def _store(connection: psycopg.AsyncConnection[Any], event_id: int, batch: Sequence[Row]) -> int:
    if not batch:
        return 0
    async with connection.transaction(), connection.cursor() as cursor:
        async with cursor.copy(queries["copy_stage"]) as copy:
            copy.set_types(COLUMN_TYPES)
            for row in batch:
                await copy.write_row(_values(event_id, row))
        await cursor.execute(
            queries["merge_stage"],
            {
                "event_id": event_id,
                "race_ids": list({row.results_race_id for row in batch}),
                "interval_ids": list({row.results_interval_id for row in batch}),
            },
        )
    return len(batch)


def _values(event_id: int, row: Row) -> tuple[object, ...]:
    return (
        event_id,
        row.results_race_id,
        row.results_interval_id,
        row.results_entry_id,
        row.results_bib,
        row.results_first_name,
        row.results_last_name,
        row.results_sex,
        row.results_age,
        row.results_race_name,
        row.results_event_name,
        row.results_interval_name,
        row.results_interval_full == 1,
        row.results_rank,
        row.results_bracket_name,
        row.results_primary_bracket_name,
        _milliseconds(row.results_time),
        _milliseconds(row.results_gun_time),
        _milliseconds(row.results_pace) // 1000,
        row.results_pace_unit,
        datetime.fromtimestamp(row.results_begin_chip_time, UTC),
        datetime.fromtimestamp(row.results_end_chip_time, UTC),
        row.results_hometown,
        row.results_state_code,
        row.results_country_code,
        _generated_at(row.result_generation_gen_time),
        row.result_generation_status,
    )


def _milliseconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


@lru_cache(maxsize=64)
def _generated_at(epoch_seconds: float) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)


if __name__ == "__main__":
    answer(copy_race)
