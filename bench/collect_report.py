"""The figures of collecting as tables. Measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from bench.children import MEBIBYTE
from bench.collect import Figures, Sample, Way
from bench.machine import machine_table
from bench.options import Phase, RunOptions
from bench.postgres import SETTINGS
from bench.tables import Section, Table

PHASES: dict[Phase, str] = {
    "first": "first load",
    "unchanged": "unchanged",
    "reordered": "unchanged, other order",
    "changed": "1 % changed",
}
WAYS: dict[Way, str] = {"copy": "plain COPY", "script": "hand-tuned script", "hub": "hub"}
ABSENT = "-"
MEGABYTE = 1_000_000
INTRODUCTION = """
A real race of {finishers} finishers over nine intervals as {rows:,} rows of the ChronoTrack Live API, 26 text fields
each, in pages of 1,000 from a local server that only sends bytes made beforehand, into PostgreSQL with fsync on. All
ways share the machine's cores with that server and with PostgreSQL. Medians of {repetitions}.

- *plain COPY*: the rows, decoded and written as COPY text beforehand, into a table of 26 text columns with a primary
  key and two more indexes. It fetches, decodes, compares and checks nothing: the bound for any way to load them.
- *hand-tuned script*: `bench/script.py`, written for this one race: fetch, typed decode, binary COPY to a stage,
  pre-filtered upsert into typed columns, a primary key and two more indexes. No history, quarantine, raw rows or
  retraction.
- *hub*: `project88.sync.event.sync_event`, as the command line, the scheduler and the backfill call it: one row per
  athlete and race with the splits inside, the raw row, the history, and what vanished retracted.
"""
NOTES = (
    "Unchanged: the hub remembers a digest of every page, so an equal list is not staged at all. Other order: the same "
    "rows shuffled, so that no digest of a page helps but those of the rows do.",
    "1 % changed: one API row in a hundred has other times. Spread over the athletes they touch some 9 % of the hub's "
    "rows, which hold nine API rows each.",
    "Rows written are counted by their transaction ids in the tables of events, races, participants and results. The "
    "hub's WAL holds its history, call budget and temporary tables as well.",
    "Between the phases, outside of the timing: a checkpoint, and VACUUM ANALYZE after a phase that wrote.",
    "Peak memory is that of the collecting process (VmHWM), interpreter and libraries included.",
)


def section(figures: Figures, options: RunOptions) -> Section:
    return Section(
        name="collect",
        title="Collecting a race",
        command=options.command,
        introduction=INTRODUCTION.format(
            finishers=options.finishers,
            rows=figures.api_rows,
            repetitions=options.repetitions,
        ),
        tables=[
            _speed(figures),
            _costs(figures),
            *([_memory(figures)] if figures.memory else []),
            machine_table(figures.server_version, SETTINGS),
        ],
        notes=NOTES,
    )


def _speed(figures: Figures) -> Table:
    rows = [(name, *(_rate(figures, way, phase) for phase in PHASES)) for way, name in WAYS.items()]
    rows.append(("hub / COPY", *(_ratio(figures, phase, "copy", "first") for phase in PHASES)))
    rows.append(("hub / script", *(_ratio(figures, phase, "script", phase) for phase in PHASES)))
    return Table(title="API rows per second", columns=("way", *PHASES.values()), rows=rows)


def _rate(figures: Figures, way: Way, phase: Phase) -> str:
    samples = figures.samples.get((way, phase))
    return f"{median(sample.measured.rows_per_second for sample in samples):,.0f}" if samples else ABSENT


def _ratio(figures: Figures, phase: Phase, beside: Way, beside_phase: Phase) -> str:
    """The median of the repetitions' own ratios."""
    ours, theirs = figures.samples.get(("hub", phase)), figures.samples.get((beside, beside_phase))
    if not ours or not theirs:
        return ABSENT
    pairs = zip(ours, theirs, strict=True)
    return f"{median(our.measured.rows_per_second / their.measured.rows_per_second for our, their in pairs):.2f}"


def _costs(figures: Figures) -> Table:
    columns: dict[str, Callable[[Sequence[Sample]], str]] = {
        "seconds": lambda samples: f"{_median(samples, lambda each: each.measured.seconds):.2f}",
        "processor, client": lambda samples: f"{_median(samples, lambda each: each.measured.cpu_seconds):.2f}",
        "processor, server": lambda samples: f"{_median(samples, lambda each: each.server_cpu_seconds):.2f}",
        "rows written": lambda samples: f"{_median(samples, lambda each: each.rows_written):,.0f}",
        "WAL, MB": lambda samples: f"{_median(samples, lambda each: each.wal_bytes) / MEGABYTE:,.1f}",
        "peak memory, MB": lambda samples: f"{_memory_megabytes(samples):.0f}",
    }
    rows = [
        (f"{WAYS[way]}, {PHASES[phase]}", *(show(samples) for show in columns.values()))
        for (way, phase), samples in figures.samples.items()
    ]
    return Table(title="What it takes", columns=("way and phase", *columns), rows=rows)


def _memory(figures: Figures) -> Table:
    rows = [(f"{figures.api_rows:,} rows, {PHASES[phase]}", *_cost(figures.samples["hub", phase])) for phase in PHASES]
    rows += [(f"{figures.memory_rows:,} rows, {PHASES[phase]}", *_cost([it])) for phase, it in figures.memory.items()]
    return Table(
        title="Memory of the collecting process",
        columns=("the hub with", "rows per second", "peak memory, MB"),
        rows=rows,
    )


def _cost(samples: Sequence[Sample]) -> tuple[str, str]:
    return f"{_median(samples, lambda each: each.measured.rows_per_second):,.0f}", f"{_memory_megabytes(samples):.0f}"


def _memory_megabytes(samples: Sequence[Sample]) -> float:
    return max(sample.measured.peak_memory_bytes for sample in samples) / MEBIBYTE


def _median(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    return median(value(sample) for sample in samples)
