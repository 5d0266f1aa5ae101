"""Collecting a real race: the hub beside a plain COPY and a hand-tuned script, on the same rows in the same run."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from rich.console import Console

from bench import children, collector, http_protocol, pages, postgres, race, server
from bench.children import Measured, Task
from bench.options import Phase, RunOptions
from bench.postgres import BenchDatabase
from project88.edges.embedded import Server

Way = Literal["copy", "script", "hub"]
MODULES: dict[Way, str] = {"copy": "plain_copy", "script": "script", "hub": "collector"}
WRITTEN: dict[Way, str] = {"copy": "plain_rows_since", "script": "script_rows_since", "hub": "hub_rows_since"}
#: What one repetition measures, in this order, so that the three ways share the machine's moods.
ORDER: Sequence[tuple[Way, Phase]] = (
    ("copy", "first"),
    ("hub", "first"),
    ("script", "first"),
    ("hub", "unchanged"),
    ("script", "unchanged"),
    ("hub", "reordered"),
    ("hub", "changed"),
    ("script", "changed"),
)
MEMORY_SET = "many"
COPY_FILE = "rows.copy"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement of one way in one phase."""

    measured: Measured
    server_cpu_seconds: float
    rows_written: int
    wal_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The prepared race, its server and a PostgreSQL."""

    folder: Path
    port: int
    running: Server
    #: API rows of each data set.
    rows: Mapping[str, int]

    def source(self, way: Way, data_set: str) -> str:
        if way == "copy":
            return str(self.folder / COPY_FILE)
        return f"http://{http_protocol.HOST}:{self.port}/{data_set}/api"

    async def measure(self, db: BenchDatabase, way: Way, data_set: str, *, profile: bool = False) -> Sample:
        before = await db.state()
        cpu_before = postgres.processor_seconds(self.running)
        rows = self.rows[data_set]
        task = Task(database_url=db.url, source=self.source(way, data_set), rows=rows, profile=profile)
        measured = await children.run(MODULES[way], task)
        sample = Sample(
            measured=measured,
            server_cpu_seconds=postgres.processor_seconds(self.running) - cpu_before,
            wal_bytes=await db.wal_bytes_since(before),
            rows_written=await db.count(WRITTEN[way], {"first": before.next_transaction}),
        )
        if sample.rows_written:
            await db.run("tidy")
        return sample


@dataclass(slots=True, kw_only=True)
class Figures:
    """Every sample of a run."""

    api_rows: int
    server_version: str = ""
    samples: dict[tuple[Way, Phase], list[Sample]] = field(default_factory=dict)
    #: The hub with many rows: phase to its sample.
    memory: dict[Phase, Sample] = field(default_factory=dict)
    memory_rows: int | None = None


@asynccontextmanager
async def prepared(options: RunOptions, console: Console, *, statement_times: bool = False) -> AsyncIterator[Bench]:
    """Everything that is not measured: pages, server, PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="project88-bench-pages-") as name:
        folder = Path(name)
        console.print("rendering the pages")
        rows = _render(folder, options)
        async with server.serving(folder) as port, postgres.server(statement_times=statement_times) as running:
            yield Bench(folder=folder, port=port, running=running, rows=rows)


@asynccontextmanager
async def fresh_database(bench: Bench, name: str) -> AsyncIterator[BenchDatabase]:
    """A database in which the hub knows the event and nothing of its results."""
    async with postgres.database(bench.running, name) as db:
        await collector.prepare(db.url, bench.source("hub", "first"))
        yield db


async def measure_all(bench: Bench, options: RunOptions, console: Console) -> Figures:
    figures = Figures(api_rows=bench.rows["first"])
    for repetition in range(1, options.repetitions + 1):
        async with fresh_database(bench, f"bench_{repetition}") as db:
            figures.server_version = str((await db.rows("version"))[0]["server_version"])
            for way, phase in ORDER:
                sample = await bench.measure(db, way, phase)
                figures.samples.setdefault((way, phase), []).append(sample)
                _tell(console, f"{repetition}/{options.repetitions}", way, phase, sample)
    if options.memory_rows is not None:
        await _measure_memory(bench, options.memory_rows, figures, console)
    return figures


async def _measure_memory(bench: Bench, rows: int, figures: Figures, console: Console) -> None:
    figures.memory_rows = rows
    phases: tuple[Phase, ...] = ("first", "unchanged")
    async with fresh_database(bench, "bench_memory") as db:
        for phase in phases:
            figures.memory[phase] = await bench.measure(db, "hub", MEMORY_SET)
            _tell(console, f"{rows:,} rows", "hub", phase, figures.memory[phase])


def _tell(console: Console, repetition: str, way: Way, phase: Phase, sample: Sample) -> None:
    found = sample.measured
    console.print(
        f"{repetition}  {way:6} {phase:9} {found.rows_per_second:9,.0f} rows/s  {found.seconds:6.2f} s,"
        f" processor {found.cpu_seconds:5.2f} s client {sample.server_cpu_seconds:5.2f} s server,"
        f" {sample.rows_written:,} written, {sample.wal_bytes / 1e6:,.1f} MB WAL,"
        f" {found.peak_memory_bytes / children.MEBIBYTE:.0f} MB",
        highlight=False,
    )


def _render(folder: Path, options: RunOptions) -> dict[str, int]:
    """Write the data sets and the file of the plain COPY; gives the API rows of each set."""
    event = race.build(options.field_size)
    if not options.with_entries:
        event = replace(event, entries=())
    rows = list(race.encoded(event.results))
    counts = dict.fromkeys(get_args(Phase), len(rows))
    for name in get_args(Phase):
        variant = {
            "reordered": race.encoded(race.reordered(event.results)),
            "changed": race.encoded(race.changed(event.results)),
        }.get(name, iter(rows))
        pages.write_data_set(folder, name, event, variant, len(rows))
    if options.memory_rows is not None:
        many = race.encoded(race.repeated(event.results, options.memory_rows))
        pages.write_data_set(folder, MEMORY_SET, event, many, options.memory_rows)
        counts[MEMORY_SET] = options.memory_rows
    with (folder / COPY_FILE).open("w", encoding="utf-8", newline="") as file:
        file.writelines(_copy_line(row) for row in event.results)
    return counts


def _copy_line(row: race.Row) -> str:
    return "\t".join(str(value).translate(COPY_ESCAPES) for value in row.values()) + "\n"
