"""How soon unified_results answers for one event where the database holds millions of results."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from rich.console import Console

from bench import postgres
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import SETTINGS, BenchDatabase
from bench.statements import queries
from bench.tables import Section, Table

PARTNERS = 13
#: Events of the size of a marathon; half of them are joined.
BIG_EVENTS = 20
QUESTIONS = 1_000
#: Of a marathon's size, and of all other events: how many events and how many results each.
FULL = {"big": 32_000, "events": 12_500, "each": 750}
QUICK = {"big": 3_200, "events": 400, "each": 100}
EVENTS_AT_ONCE = 250
INTRODUCTION = """
A database with {results:,} results of {events:,} events ({size} with indexes). {questions:,} questions of each kind
about events of {big:,} results, the events drawn by chance, one connection on the same machine; the time counts from
sending the statement until its rows are here. Joined events have rows of several sources behind them.
"""
NOTES = ("First page: 50 rows of a race by place, with their splits. One bib: the row of one runner.",)

Timings = Mapping[str, Sequence[float]]


async def measure(options: RunOptions, console: Console) -> Section:
    sizes = FULL if options.field_size is None else QUICK
    async with (
        postgres.server(statement_times=False) as running,
        postgres.database(running, "bench_many") as db,
    ):
        await _fill(db, sizes, console)
        held = (await db.rows("size_of_results"))[0]
        version = (await db.rows("version"))[0]["server_version"]
        alone = await _ask(db, sizes, range(BIG_EVENTS // 2 + 1, BIG_EVENTS + 1))
        joined = await _ask(db, sizes, range(1, BIG_EVENTS // 2 + 1))
    return Section(
        name="many-results",
        title="Results among millions",
        command="python -m bench --only many-results",
        introduction=INTRODUCTION.format(
            results=held["results"],
            events=sizes["events"] + BIG_EVENTS,
            size=held["size"],
            questions=QUESTIONS,
            big=sizes["big"],
        ),
        tables=[_table({"one source": alone, "joined": joined}), machine_table(version, SETTINGS)],
        notes=NOTES,
    )


async def _fill(db: BenchDatabase, sizes: Mapping[str, int], console: Console) -> None:
    last = BIG_EVENTS + sizes["events"]
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as connection:
        await connection.execute(queries["without_triggers"])
        await connection.execute(queries["make_partners"], {"partners": PARTNERS})
        of_all = {"partners": PARTNERS, "joined": BIG_EVENTS // 2, "events": last}
        await connection.execute(queries["make_many_events"], of_all)
        big = {"partners": PARTNERS, "first": 1, "last": BIG_EVENTS, "each": sizes["big"]}
        await connection.execute(queries["make_many_results"], big)
        for first in range(BIG_EVENTS + 1, last + 1, EVENTS_AT_ONCE):
            part = {**big, "first": first, "last": min(first + EVENTS_AT_ONCE - 1, last), "each": sizes["each"]}
            await connection.execute(queries["make_many_results"], part)
            console.print(f"results of {part['last']:,} events", end="\r" if console.is_terminal else "\n")
        await connection.execute(queries["make_many_joins"])
        await connection.execute(queries["analyse"])


async def _ask(db: BenchDatabase, sizes: Mapping[str, int], events: range) -> Timings:
    chance = random.Random(88)
    found: dict[str, list[float]] = {"first_page": [], "one_bib": []}
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as connection:
        # A plan for this event, as the pages ask for it.
        connection.prepare_threshold = None
        for _ in range(QUESTIONS):
            number = chance.choice(events)
            asked: dict[str, Any] = {
                "timing_partner_id": 1 + number % PARTNERS,
                "event_id": f"e{number}",
                "bib_number": str(1000 + chance.randint(1, sizes["big"])),
            }
            for name, rows in (("first_page", 50), ("one_bib", 1)):
                began = time.perf_counter()
                got = await (await connection.execute(queries[name], asked)).fetchall()
                found[name].append(time.perf_counter() - began)
                if len(got) != rows:
                    raise RuntimeError(f"{name} gave {len(got)} rows in place of {rows}")
    return found


def _table(timings: Mapping[str, Timings]) -> Table:
    rows = [
        [f"{words}, {kind}", *(f"{1000 * _percentile(found[name], share):.2f}" for share in (0.5, 0.95, 0.99))]
        for kind, found in timings.items()
        for name, words in (("first_page", "first page"), ("one_bib", "one bib"))
    ]
    return Table(title="Milliseconds", columns=("question", "p50", "p95", "p99"), rows=rows)


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
