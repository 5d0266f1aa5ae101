"""How late live polls begin: 10,000 watched events, 650 due in one minute, slow answers and a service that hangs."""

from __future__ import annotations

import asyncio
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from rich.console import Console

from bench import postgres, programs, schedule_world, service
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import BenchDatabase
from bench.schedule_world import HANGING, PARTNERS, SETTINGS
from bench.service import SLOW_SECONDS, Behaviour
from bench.tables import Section, Table
from project88.edges.embedded import Server
from project88.schedule.planner import Planner
from project88.store.budget import set_clock
from project88.store.connection import Database

WORKERS = 4
SLOTS = 24
#: The hub's clock stands so far before the due minute when the preparation begins, and in the end it jumps near it. The
#: live events have begun by then.
BEFORE, LEAD = timedelta(minutes=3), timedelta(seconds=15)
MINUTE = timedelta(seconds=60)
#: The hanging partner's breaker is waited for so long, from the due minute on.
PATIENCE_SECONDS = 240.0
SLOW_EVERY = 25
SPREADS = {"spread over 60 s": 60.0, "at one instant": 0.0}
KINDS = ("healthy", "slow", "hanging")
INTRODUCTION = """
{events:,} watched events of {partners} partners with a login each, of which {live} have a live poll due in the same
minute. One `project88 schedule`, {workers} `project88 worker --slots {slots}`, one local service that takes
{answer:g} ms to answer. The results of every {every}th event come after {slow:g} s only, and one partner's service
takes every call and never answers. A poll is a full reading of a small event: 5 calls, and the rows are stored.
"""
NOTES = (
    "Late: from the due instant to the start of the attempt in sync_history, in real seconds. The poll is begun in the "
    "plan before that.",
    "A login may take half of a worker's live slots: the hanging partner's other polls wait until its breaker opens, "
    "after five polls whose call was tried five times with 30 s of patience. Beats that never began are collapsed into "
    "a later one and counted as missed.",
    "At one instant there are more polls than slots, so they wait for one another: for the two cores, which programs, "
    "service and PostgreSQL share, and for the 25 calls a second of each login.",
    "Processor seconds and connections are of the due minute. Connections: the most of all the hub's programs.",
    "PostgreSQL allows 100 connections where nobody set max_connections; four workers of 12 slots stay below that.",
)


@dataclass(slots=True, kw_only=True)
class Run:
    """One run: polls due, lateness of those that began, and what it took."""

    due: dict[str, int]
    late: dict[str, list[float]] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    breaker_seconds: float | None = None
    connections: int = 0
    planner_seconds: float = 0.0
    worker_seconds: float = 0.0
    server_seconds: float = 0.0


async def measure(options: RunOptions, console: Console) -> Section:
    runs: dict[str, Run] = {}
    async with postgres.server(statement_times=False, settings=SETTINGS) as running:
        for number, (name, spread) in enumerate(SPREADS.items()):
            console.print(f"650 polls {name}")
            behaviour = Behaviour(slow_every=SLOW_EVERY, hanging_account=HANGING.replace(" ", "-"))
            async with (
                postgres.database(running, f"bench_lateness_{number}") as db,
                service.serving(behaviour) as port,
                Database.open(db.url) as hub,
            ):
                begins = datetime.now(UTC).replace(microsecond=0)
                await _prepare(db, hub, port, begins, spread)
                runs[name] = await _run(running, db, hub, begins)
                version = (await db.rows("version"))[0]["server_version"]
    return section(runs, version, options)


async def _prepare(db: BenchDatabase, hub: Database, port: int, begins: datetime, spread: float) -> None:
    """The hub as it stands before the race: every poll so far has run."""
    await set_clock(hub, 1.0, _offset(begins - BEFORE))
    await schedule_world.make_partners(hub, port)
    await schedule_world.make_events(db, begins, spread)
    await Planner(hub).look_at_everything()
    await db.run("pretend_all_is_polled")
    await Planner(hub).look_at_everything()
    await db.run("tidy")
    plan = (await db.rows("count_plan", {"ends": begins + MINUTE}))[0]
    if not plan["live"] == plan["due"] == schedule_world.LIVE:
        raise RuntimeError(f"{plan['live']} live polls of {plan['due']} are due in place of {schedule_world.LIVE}")


def _offset(hub_time: datetime) -> float:
    return hub_time.timestamp() - time.time()


async def _run(running: Server, db: BenchDatabase, hub: Database, begins: datetime) -> Run:
    run = Run(due={"healthy": 0, "slow": 0, "hanging": 0})
    for number in range(schedule_world.LIVE):
        run.due[_kind(f"partner {1 + number % PARTNERS}", number // PARTNERS + 1)] += 1
    worker = ("worker", "--slots", str(SLOTS), "--metrics-port", "0")
    commands: list[tuple[str, ...]] = [("schedule", "--metrics-port", "0"), *[worker] * WORKERS]
    with tempfile.TemporaryDirectory(prefix="project88-bench-hub-") as folder:
        async with programs.running(db.url, Path(folder), *commands) as processes, _counting_connections(db, run):
            await _until_ready(db)
            await set_clock(hub, 1.0, _offset(begins - LEAD))
            await db.run("wake_planner")
            await asyncio.sleep(LEAD.total_seconds())
            await _watch_minute(running, processes, run)
            await _until_done(db, begins, run)
    await _read(db, begins, run)
    return run


async def _until_ready(db: BenchDatabase) -> None:
    """Until the planner has looked at everything and takes changes, and the workers stand by."""
    await db.run("ask_to_plan")
    while await db.count("changes_left", {}):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    await asyncio.sleep(5)


@asynccontextmanager
async def _counting_connections(db: BenchDatabase, run: Run) -> AsyncIterator[None]:
    async def count() -> None:
        while True:
            run.connections = max(run.connections, await db.count("connections", {}))
            await asyncio.sleep(0.5)

    counting = asyncio.create_task(count())
    try:
        yield
    finally:
        counting.cancel()


async def _watch_minute(running: Server, processes: Sequence[Process], run: Run) -> None:
    before = [programs.processor_seconds(each) for each in processes]
    server_before = postgres.processor_seconds(running)
    await asyncio.sleep(MINUTE.total_seconds())
    planner, *workers = (
        programs.processor_seconds(each) - earlier for each, earlier in zip(processes, before, strict=True)
    )
    run.planner_seconds, run.worker_seconds = planner, sum(workers)
    run.server_seconds = postgres.processor_seconds(running) - server_before


async def _until_done(db: BenchDatabase, begins: datetime, run: Run) -> None:
    """Until the polls of the minute have ended and the hanging partner is left alone."""
    began = time.monotonic() - MINUTE.total_seconds()
    while (waited := time.monotonic() - began) < PATIENCE_SECONDS:
        if run.breaker_seconds is None and await db.count("breaker_open", {}):
            run.breaker_seconds = waited
        left = await db.count("unfinished", {"hanging": HANGING, "ends": begins + MINUTE})
        if run.breaker_seconds is not None and waited > run.breaker_seconds + 5 and left == 0:
            return
        await asyncio.sleep(1)


async def _read(db: BenchDatabase, begins: datetime, run: Run) -> None:
    for row in await db.rows("poll_starts", {"begins": begins, "ends": begins + MINUTE}):
        kind = _kind(row["company_name"], row["event_number"])
        run.late.setdefault(kind, []).append(row["late_seconds"])
    for row in await db.rows("missed_polls"):
        kind = _kind(row["company_name"], row["event_number"])
        run.missed[kind] = run.missed.get(kind, 0) + row["missed"]


def _kind(company_name: str, event_number: int) -> str:
    if company_name == HANGING:
        return "hanging"
    return "slow" if event_number % SLOW_EVERY == 0 else "healthy"


def section(runs: dict[str, Run], server_version: str, options: RunOptions) -> Section:
    return Section(
        name="schedule-lateness",
        title="Live polls on time",
        command=options.command,
        introduction=INTRODUCTION.format(
            events=schedule_world.EVENTS,
            partners=PARTNERS,
            live=schedule_world.LIVE,
            workers=WORKERS,
            slots=SLOTS,
            answer=service.ANSWER_SECONDS * 1000,
            every=SLOW_EVERY,
            slow=SLOW_SECONDS,
        ),
        tables=[
            Table(
                title="How late live polls begin",
                columns=("650 polls, events", "due", "begun", "missed", "late p50, s", "p99, s", "longest, s"),
                rows=[_late_row(name, kind, run) for name, run in runs.items() for kind in KINDS],
            ),
            Table(
                title="What it takes",
                columns=(
                    "650 polls",
                    "planner, processor s",
                    "workers, processor s",
                    "PostgreSQL, processor s",
                    "connections",
                    "breaker opened after, s",
                ),
                rows=[_cost_row(name, run) for name, run in runs.items()],
            ),
            machine_table(server_version, {**postgres.SETTINGS, **SETTINGS}),
        ],
        notes=NOTES,
    )


def _late_row(name: str, kind: str, run: Run) -> Sequence[str]:
    late = run.late.get(kind, [])
    counts = (str(run.due[kind]), str(len(late)), str(run.missed.get(kind, 0)))
    if len(late) < 2:
        return (f"{name}, {kind}", *counts, "-", "-", "-")
    hundredths = quantiles(late, n=100, method="inclusive")
    return (f"{name}, {kind}", *counts, *(f"{each:.2f}" for each in (hundredths[49], hundredths[98], max(late))))


def _cost_row(name: str, run: Run) -> Sequence[str]:
    seconds = (run.planner_seconds, run.worker_seconds, run.server_seconds)
    opened = "-" if run.breaker_seconds is None else f"{run.breaker_seconds:.0f}"
    return (name, *(f"{each:.1f}" for each in seconds), str(run.connections), opened)
