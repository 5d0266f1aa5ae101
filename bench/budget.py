"""The call budget under fire: four processes, two logins, kills at random, against a server that enforces the limit."""

from __future__ import annotations

import asyncio
import random
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import quantiles

from rich.console import Console

from bench import postgres, service
from bench.budget_caller import BACKFILLS, LIVE_CALLS, LIVE_EVERY_SECONDS
from bench.children import python
from bench.logins import ACCOUNTS, add_logins
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import SETTINGS, BenchDatabase
from bench.service import ANSWER_SECONDS, LIMIT, Seen
from bench.tables import Section, Table

PROCESSES = 4
#: How long a process lives until SIGKILL, at random within these.
LIFE_SECONDS = (10.0, 40.0)
INTRODUCTION = """
{processes} processes call with two logins for {seconds} s, each with {live} live calls every {every:g} s and with
{backfills} backfills that never rest, per login. The local server refuses what exceeds {limit} calls in any 60 s per
login, counted by arrival, and takes {answer:g} ms to answer. A process is ended by SIGKILL after {shortest:g} to
{longest:g} s, at random, and replaced.
"""
NOTES = (
    "Share used: answered calls, of those allowed from the first call on. The budget leaves 2 % of the rate unused.",
    "Highest minute, by the hub: the view call_windows, an upper bound.",
    "A live call's wait ends with its answer. Beside a backfill it is the horizon of 0.25 s, its turn among the other "
    "live calls and the answer.",
)


@dataclass(slots=True, kw_only=True)
class Figures:
    """What a run found."""

    kills: int = 0
    seen: Mapping[str, Seen] = field(default_factory=dict)
    proved: Mapping[str, int] = field(default_factory=dict)
    live_seconds: list[float] = field(default_factory=list)
    server_version: str = ""


async def measure(options: RunOptions, console: Console) -> Section:
    figures = Figures()
    async with (
        postgres.server(statement_times=False) as running,
        postgres.database(running, "bench_budget") as db,
        service.serving() as port,
    ):
        await add_logins(db, port)
        console.print(f"calling for {options.budget_seconds} s")
        await _call(db, options.budget_seconds, figures)
        figures.seen = await service.seen(port)
        figures.proved = {row["company_name"]: row["highest_calls"] for row in await db.rows("highest_minutes")}
        figures.server_version = (await db.rows("version"))[0]["server_version"]
    return section(figures, options)


async def _call(db: BenchDatabase, seconds: float, figures: Figures) -> None:
    """Keep the processes calling for so long, and replace those that it kills."""
    chance = random.Random(88)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for _ in range(PROCESSES):
                group.create_task(_caller(db.url, chance, figures))


async def _caller(database_url: str, chance: random.Random, figures: Figures) -> None:
    """One process after the other; each is killed at a random moment."""
    while True:
        process = await python("budget_caller", database_url)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(*LIFE_SECONDS)):
                    await _listen(process, figures)
            figures.kills += 1
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _listen(process: Process, figures: Figures) -> None:
    """Take down the live calls. Raises where the process ends by itself."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        figures.live_seconds.append(float(line))
    raise RuntimeError(f"bench.budget_caller ended with {await process.wait()}")


def section(figures: Figures, options: RunOptions) -> Section:
    return Section(
        name="budget",
        title="The call budget",
        command=options.command,
        introduction=INTRODUCTION.format(
            processes=PROCESSES,
            seconds=options.budget_seconds,
            live=LIVE_CALLS,
            every=LIVE_EVERY_SECONDS,
            backfills=BACKFILLS,
            limit=LIMIT,
            answer=ANSWER_SECONDS * 1000,
            shortest=LIFE_SECONDS[0],
            longest=LIFE_SECONDS[1],
        ),
        tables=[
            Table(
                title="Two logins at their limit",
                columns=(
                    "login",
                    "calls",
                    "refused",
                    "share used",
                    "highest minute, by the server",
                    "highest minute, by the hub",
                ),
                rows=[_account_row(name, figures) for name in ACCOUNTS],
            ),
            Table(
                title="Live calls beside the backfills",
                columns=("live calls", "processes killed", "wait p50, s", "p99, s", "longest, s"),
                rows=[_live_row(figures.live_seconds, figures.kills)],
            ),
            machine_table(figures.server_version, SETTINGS),
        ],
        notes=NOTES,
    )


def _account_row(name: str, figures: Figures) -> Sequence[str]:
    seen = figures.seen[name]
    counts = (seen.highest_window, figures.proved[name])
    return (name, f"{seen.calls:,}", str(seen.refused), f"{seen.share_used:.1%}", *(f"{count:,}" for count in counts))


def _live_row(seconds: Sequence[float], kills: int) -> Sequence[str]:
    hundredths = quantiles(seconds, n=100)
    waits = (hundredths[49], hundredths[98], max(seconds))
    return (f"{len(seconds):,}", str(kills), *(f"{wait:.2f}" for wait in waits))
