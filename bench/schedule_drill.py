"""The programs at the limit: four workers killed at random, a planner and a backfill, and a limit that is enforced."""

from __future__ import annotations

import asyncio
import random
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from bench import postgres, programs, service
from bench.logins import ACCOUNTS, add_logins
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import BenchDatabase
from bench.schedule_world import SETTINGS
from bench.service import ANSWER_SECONDS, LIMIT, Behaviour, Seen
from bench.tables import Section, Table

WORKERS = 4
#: Per account. The live ones take about half of the calls, the season lasts longer than the run.
LIVE, PAST = 200, 700
#: How long a worker lives until SIGKILL, at random within these.
LIFE_SECONDS = (10.0, 40.0)
#: In this part of the run what is new to the hub is caught up with; lateness is counted afterwards.
RUSH_SHARE = 0.4
QUIET = ("--metrics-port", "0")
INTRODUCTION = """
Four `project88 worker`, one `project88 schedule` and `project88 backfill` over and over, for {seconds} s, with two
logins. Each login has {live} live events, polled every 90 s with 5 calls each, and a season of {past} past ones. The
local service refuses what exceeds {limit} calls in any 60 s per login, counted by arrival, and takes {answer:g} ms to
answer. A worker is ended by SIGKILL after {shortest:g} to {longest:g} s, at random, and replaced.
"""
NOTES = (
    "Share used: answered calls, of those allowed from the first call on. The budget leaves 2 % of the rate unused.",
    "Highest minute, by the hub: from project88 budget --json, an upper bound.",
    "All events are new to the hub, so every live one is due at once in the beginning: results, participants, and the "
    "list of events. Beats that could not run in that rush are collapsed into later ones and counted as missed.",
    "Killed: attempts that a SIGKILL broke off and the next attempt at the event closed. Their polls were taken over "
    "after 20 s of silence; the long waits are theirs.",
    "Late: from the due instant to the start of the attempt, of beats due after the first two fifths of the time.",
)


@dataclass(slots=True, kw_only=True)
class Figures:
    """What a run found."""

    kills: int = 0
    backfills: int = 0
    seen: Mapping[str, Seen] = field(default_factory=dict)
    proved: Mapping[str, int] = field(default_factory=dict)
    ends: Sequence[Mapping[str, Any]] = ()
    missed: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    server_version: str = ""


async def measure(options: RunOptions, console: Console) -> Section:
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="project88-bench-hub-") as name:
        folder = Path(name)
        async with (
            postgres.server(statement_times=False, settings=SETTINGS) as running,
            postgres.database(running, "bench_drill") as db,
            service.serving(Behaviour(live_events=LIVE, past_events=PAST)) as port,
        ):
            await add_logins(db, port)
            console.print(f"working for {options.budget_seconds} s")
            async with _at_work(db.url, folder, figures):
                await asyncio.sleep(options.budget_seconds)
                figures.seen = await service.seen(port)
            await _read(db, folder, figures, options.budget_seconds * RUSH_SHARE)
    return section(figures, options)


@asynccontextmanager
async def _at_work(database_url: str, folder: Path, figures: Figures) -> AsyncIterator[None]:
    """All programs until the block ends, and the killing."""
    chance = random.Random(88)
    async with programs.running(database_url, folder, ("schedule", *QUIET)):
        tasks = [asyncio.create_task(_backfills(database_url, folder, figures))]
        tasks += [asyncio.create_task(_worker(database_url, folder, chance, figures)) for _ in range(WORKERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _backfills(database_url: str, folder: Path, figures: Figures) -> None:
    while True:
        await _until_ended(await programs.start(database_url, folder, "backfill"))
        figures.backfills += 1


async def _worker(database_url: str, folder: Path, chance: random.Random, figures: Figures) -> None:
    """One worker after the other; each is killed at a random moment."""
    while True:
        process = await programs.start(database_url, folder, "worker", *QUIET)
        try:
            async with asyncio.timeout(chance.uniform(*LIFE_SECONDS)):
                await _until_ended(process)
            raise RuntimeError(f"project88 worker ended with {process.returncode}")
        except TimeoutError:
            figures.kills += 1


async def _until_ended(process: Process) -> None:
    try:
        await process.wait()
    finally:
        await programs.kill(process)


async def _read(db: BenchDatabase, folder: Path, figures: Figures, rush_seconds: float) -> None:
    budgets = msgspec.json.decode(await programs.output(db.url, folder, "budget", "--json"))
    figures.proved = {line["company_name"]: line["highest"] for line in budgets}
    figures.ends = await db.rows("poll_ends")
    for row in await db.rows("missed_polls"):
        figures.missed = {
            **figures.missed,
            row["company_name"]: figures.missed.get(row["company_name"], 0) + row["missed"],
        }
    figures.late = {
        row["company_name"]: row for row in await db.rows("late_in_drill", {"settled_after_seconds": rush_seconds})
    }
    figures.server_version = (await db.rows("version"))[0]["server_version"]


def section(figures: Figures, options: RunOptions) -> Section:
    return Section(
        name="schedule-drill",
        title="Everything at the limit",
        command=options.command,
        introduction=INTRODUCTION.format(
            seconds=options.budget_seconds,
            live=LIVE,
            past=PAST,
            limit=LIMIT,
            answer=ANSWER_SECONDS * 1000,
            shortest=LIFE_SECONDS[0],
            longest=LIFE_SECONDS[1],
        ),
        tables=[
            Table(
                title=f"Calls, with {figures.kills} workers killed",
                columns=(
                    "login",
                    "calls",
                    "of these live",
                    "refused",
                    "share used",
                    "highest minute, by the server",
                    "highest minute, by the hub",
                ),
                rows=[_call_row(name, figures) for name in ACCOUNTS],
            ),
            Table(
                title="Polls of results",
                columns=("login", "completed", "failed", "skipped", "killed", "missed", "late p50, s", "p99, s"),
                rows=[_poll_row(name, figures) for name in ACCOUNTS],
            ),
            machine_table(figures.server_version, {**postgres.SETTINGS, **SETTINGS}),
        ],
        notes=NOTES,
    )


def _call_row(name: str, figures: Figures) -> Sequence[str]:
    seen = figures.seen[name]
    live = sum(row["calls"] for row in figures.ends if row["company_name"] == name and row["sync_type"] == "results")
    counts = (f"{seen.highest_window:,}", f"{figures.proved[name]:,}")
    return (name, f"{seen.calls:,}", f"{live:,}", str(seen.refused), f"{seen.share_used:.1%}", *counts)


def _poll_row(name: str, figures: Figures) -> Sequence[str]:
    counts = dict.fromkeys(("completed", "failed", "skipped", "killed"), 0)
    for row in figures.ends:
        if row["company_name"] == name and row["sync_type"] == "results" and row["status"] != "running":
            counts["killed" if row["is_killed"] else row["status"]] += row["attempts"]
    late = figures.late[name]
    waits = (f"{late['half']:.2f}", f"{late['most']:.2f}")
    return (name, *(f"{count:,}" for count in counts.values()), str(figures.missed[name]), *waits)
