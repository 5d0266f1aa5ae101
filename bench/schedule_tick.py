"""What one look of the planner costs beside how many rows of the plan are not due, and what a start of it costs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from rich.console import Console

from bench import postgres, schedule_world
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import BenchDatabase
from bench.schedule_world import SETTINGS
from bench.tables import Section, Table
from project88.records.entities import TimingPartnerId
from project88.schedule.planner import Planner
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials

PLAN_ROWS = (100, 1_000, 10_000, 100_000)
TICKS = 200
PARTNER = TimingPartnerId(1)
INTRODUCTION = """
A look of the planner: take what changed, hand over what is due within 10 s, and find out when the next poll is due.
Every row of the plan waits for an instant weeks away, except those said to be due. Medians of {ticks} looks.
"""
NOTES = (
    "Ten due: the look hands ten polls over to the job engine in one transaction.",
    "At its start a planner looks at every event: the first time it writes the plan, later it only compares. Meanwhile "
    "workers go on; it holds the rows of one partner at a time.",
)


@dataclass(slots=True, kw_only=True)
class Figures:
    """Seconds. ``idle`` and ``ten_due`` by the number of plan rows."""

    idle: dict[int, float] = field(default_factory=dict)
    ten_due: dict[int, float] = field(default_factory=dict)
    first_start: float = 0.0
    later_start: float = 0.0
    server_version: str = ""


async def measure(options: RunOptions, console: Console) -> Section:
    figures = Figures()
    async with postgres.server(statement_times=False, settings=SETTINGS) as running:
        async with postgres.database(running, "bench_tick") as db, Database.open(db.url) as hub:
            figures.server_version = (await db.rows("version"))[0]["server_version"]
            await _measure_looks(db, hub, figures, console)
        async with postgres.database(running, "bench_start") as db, Database.open(db.url) as hub:
            await _measure_starts(db, hub, figures, console)
    return section(figures, options)


async def _measure_looks(db: BenchDatabase, hub: Database, figures: Figures, console: Console) -> None:
    await add_partner(hub, "Benchmark", "UTC")
    await set_credentials(hub, PARTNER, "chronotrack_live", "bench@example.org", "no secret", {})
    made = 0
    for rows in PLAN_ROWS:
        await db.execute("make_plan", {"timing_partner_id": PARTNER, "first": made + 1, "last": rows})
        made = rows
        await db.run("forget_changes", "tidy")
        figures.idle[rows] = median([await _look(hub) for _ in range(TICKS)])
        figures.ten_due[rows] = median([each async for each in _looks_with_ten_due(db, hub, rows)])
        console.print(f"{rows:,} rows: {1000 * figures.idle[rows]:.2f} and {1000 * figures.ten_due[rows]:.2f} ms")


async def _looks_with_ten_due(db: BenchDatabase, hub: Database, rows: int) -> AsyncIterator[float]:
    for number in range(TICKS):
        await db.execute("make_due", {"timing_partner_id": PARTNER, "after": 10 * number % rows})
        yield await _look(hub, handed_over=10)
        await db.run("forget_jobs")


async def _look(hub: Database, handed_over: int = 0) -> float:
    planner = Planner(hub)
    began = time.perf_counter()
    found = await planner.tick()
    await planner.seconds_to_wait()
    seconds = time.perf_counter() - began
    if found != handed_over:
        raise RuntimeError(f"{found} polls were handed over in place of {handed_over}")
    return seconds


async def _measure_starts(db: BenchDatabase, hub: Database, figures: Figures, console: Console) -> None:
    await schedule_world.make_partners(hub, 1)
    await schedule_world.make_events(db, datetime.now(UTC) + timedelta(hours=1))
    figures.first_start = await schedule_world.timed(Planner(hub).look_at_everything())
    figures.later_start = await schedule_world.timed(Planner(hub).look_at_everything())
    console.print(f"starts: {figures.first_start:.1f} and {figures.later_start:.1f} s")


def section(figures: Figures, options: RunOptions) -> Section:
    return Section(
        name="schedule-tick",
        title="The planner's look",
        command=options.command,
        introduction=INTRODUCTION.format(ticks=TICKS),
        tables=[
            Table(
                title="One look beside rows that are not due",
                columns=("rows not due", "none due, ms", "ratio", "ten due, ms", "ratio"),
                rows=[_look_row(rows, figures) for rows in PLAN_ROWS],
            ),
            Table(
                title="The start of a planner",
                columns=("events", "first time, s", "again, s"),
                rows=[(f"{schedule_world.EVENTS:,}", f"{figures.first_start:.1f}", f"{figures.later_start:.1f}")],
            ),
            machine_table(figures.server_version, {**postgres.SETTINGS, **SETTINGS}),
        ],
        notes=NOTES,
    )


def _look_row(rows: int, figures: Figures) -> Sequence[str]:
    cells = [f"{rows:,}"]
    for seconds in (figures.idle, figures.ten_due):
        cells += [f"{1000 * seconds[rows]:.2f}", f"{seconds[rows] / seconds[PLAN_ROWS[0]]:.2f}"]
    return cells
