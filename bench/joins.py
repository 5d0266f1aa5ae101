"""What joining costs: a race of ChronoTrack Live collected beside the hardware's event, and merged into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median

from rich.console import Console

from bench import collect
from bench.collect import Bench, Sample
from bench.machine import machine_table
from bench.options import Phase, RunOptions
from bench.postgres import SETTINGS, BenchDatabase
from bench.tables import Section, Table
from project88.store.connection import Database
from project88.store.duplicates import Pair, keep_both, merge, pairs

Decide = Callable[[Database, Pair, str, str | None], Awaitable[object]]

#: More rounds than elsewhere: what is asked for is a difference of two long runs.
ROUNDS_MORE = 2
#: What is measured in this order: the data set, and what is done to the event before.
PHASES: dict[str, tuple[Phase, str | None]] = {
    "first load": ("first", None),
    "unchanged": ("unchanged", None),
    "1 % changed": ("changed", "open_event"),
    "1 % changed, after it had settled": ("first", "settle_event"),
}
INTRODUCTION = """
The race of the collecting benchmark with its start list, {rows:,} rows of results of the API, collected by the hub. The
database holds an event of the hardware with a start list and results of the same {finishers} runners. Apart: somebody
decided to keep both events. Joined: somebody decided to merge them; then every entry is matched, and `unified_results`
follows the rules of the sources. Medians of {repetitions} rounds, in each of them one after the other; what joining
adds is a ratio of each round.
"""
NOTES = (
    "The results of the hardware are those of ChronoTrack Live under other ids and a second faster, so that nearly "
    "every runner is matched by bib and name.",
    "Unchanged lists write nothing, so nothing is joined.",
    "A correction opens results that have settled again: then the hardware's word counts for everybody, and every "
    "joined row and what it said before is written. It happens once; the next correction is one of the line above.",
)


async def measure(options: RunOptions, console: Console) -> Section:
    apart: dict[str, list[Sample]] = {phase: [] for phase in PHASES}
    joined: dict[str, list[Sample]] = {phase: [] for phase in PHASES}
    async with collect.prepared(replace(options, with_entries=True), console) as bench:
        rounds = options.repetitions + (ROUNDS_MORE if options.repetitions > 1 else 0)
        for repetition in range(rounds):
            async with (
                _with_hardware(bench, f"apart_{repetition}", keep_both) as one,
                _with_hardware(bench, f"joined_{repetition}", merge) as other,
            ):
                for phase, (data_set, before) in PHASES.items():
                    # Who comes second finds the machine still writing what the first one left: they take turns.
                    for db, samples in ((one, apart), (other, joined))[:: 1 if repetition % 2 == 0 else -1]:
                        if before is not None:
                            await db.run(before)
                        samples[phase].append(await bench.measure(db, "hub", data_set))
                    _tell(console, phase, apart[phase][-1], joined[phase][-1])
        rows = bench.rows["first"]
    return Section(
        name="joins",
        title="Joining the sources of an event",
        command="python -m bench --only joins",
        introduction=INTRODUCTION.format(
            rows=rows,
            finishers=options.finishers,
            repetitions=rounds,
        ),
        tables=[_table(apart, joined), machine_table("", SETTINGS)],
        notes=NOTES,
    )


@asynccontextmanager
async def _with_hardware(bench: Bench, name: str, decide: Decide) -> AsyncIterator[BenchDatabase]:
    """A database with an event of the hardware that has the results of the other one, about which this is decided."""
    async with collect.fresh_database(bench, name) as made:
        await bench.measure(made, "hub", "first")
        await made.run("copy_to_hardware_event", "copy_to_hardware_entries", "copy_to_hardware_results")
        await made.run("forget_live_results", "forget_live_entries", "forget_live_lists")
        async with Database.open(made.url) as db:
            [pair] = await pairs(db)
            await decide(db, pair, "bench", None)
        await made.run("tidy")
        yield made


def _tell(console: Console, phase: str, apart: Sample, joined: Sample) -> None:
    seconds = f"apart {apart.measured.seconds:.2f} s, joined {joined.measured.seconds:.2f} s"
    console.print(f"{phase:34} {seconds}, {_more(apart, joined):+.0%}")


def _more(apart: Sample, joined: Sample) -> float:
    return joined.measured.seconds / apart.measured.seconds - 1


def _table(apart: dict[str, list[Sample]], joined: dict[str, list[Sample]]) -> Table:
    rows = []
    for phase in PHASES:
        one, other = _seconds(apart[phase]), _seconds(joined[phase])
        more = [_more(*both) for both in zip(apart[phase], joined[phase], strict=True)]
        rounds = ", ".join(f"{each:+.0%}" for each in more)
        rows.append([phase, f"{one:.2f}", f"{other:.2f}", f"{median(more):+.0%}", rounds])
    return Table(title="Seconds", columns=["phase", "apart", "joined", "more", "in each round"], rows=rows)


def _seconds(samples: Sequence[Sample]) -> float:
    return median(sample.measured.seconds for sample in samples)
