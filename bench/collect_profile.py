"""Where the hub and PostgreSQL spend the time of one phase of collecting. For people who change the code."""

from __future__ import annotations

from rich.console import Console

from bench import collect
from bench.options import Phase, RunOptions
from bench.postgres import BenchDatabase
from bench.tables import Section, Table


async def profile(options: RunOptions, phase: Phase, console: Console) -> Section:
    async with (
        collect.prepared(options, console, statement_times=True) as bench,
        collect.fresh_database(bench, "bench_profile") as db,
    ):
        await db.run("create_statement_times")
        if phase != "first":
            await bench.measure(db, "hub", "first")
        await db.run("forget_statement_times")
        sample = await bench.measure(db, "hub", phase, profile=True)
        tables = [_functions(sample, phase), await _statements(db, phase)]
    return Section(
        name="profile", title="Profile", command=f"python -m bench --profile {phase}", introduction="", tables=tables
    )


def _functions(sample: collect.Sample, phase: Phase) -> Table:
    found = sample.measured
    return Table(
        title=f"{phase}: {found.cpu_seconds:.2f} s of client processor time in {found.seconds:.2f} s",
        columns=("function", "own %", "with callees %"),
        rows=[
            (each.function, f"{each.own_share * 100:.1f}", f"{each.total_share * 100:.1f}") for each in found.samples
        ],
    )


async def _statements(db: BenchDatabase, phase: Phase) -> Table:
    rows = await db.rows("statement_times")
    return Table(
        title=f"{phase}: statements of the server, by time",
        columns=("statement", "calls", "ms", "rows", "WAL MB"),
        rows=[
            (
                row["query"][:110],
                f"{row['calls']}",
                f"{row['milliseconds']:.0f}",
                f"{row['rows']}",
                f"{row['wal_bytes'] / 1e6:.1f}",
            )
            for row in rows
        ],
    )
