"""The command line of the benchmarks: which to run, what to show and write. Measures nothing itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, get_args

from rich.console import Console

from bench import (
    budget,
    collect,
    collect_report,
    display_speed,
    extension,
    hardware_drill,
    hardware_speed,
    joins,
    many_results,
    monitor_drill,
    rehearsal_display,
    schedule_drill,
    schedule_lateness,
    schedule_tick,
    tables,
    web_speed,
)
from bench.collect_profile import profile
from bench.options import FULL, QUICK, Phase, RunOptions
from bench.tables import Section
from project88.cli.common import run

Benchmark = Callable[[RunOptions, Console], Coroutine[Any, Any, Section]]


async def _collect(options: RunOptions, console: Console) -> Section:
    async with collect.prepared(options, console) as bench:
        figures = await collect.measure_all(bench, options, console)
    return collect_report.section(figures, options)


BENCHMARKS: Mapping[str, Benchmark] = {
    "budget": budget.measure,
    "collect": _collect,
    "display": display_speed.measure,
    "drill": schedule_drill.measure,
    "extension": extension.measure,
    "hardware-drill": hardware_drill.measure,
    "hardware-speed": hardware_speed.measure,
    "joins": joins.measure,
    "many-results": many_results.measure,
    "lateness": schedule_lateness.measure,
    "monitor": monitor_drill.measure,
    "rehearsal": rehearsal_display.measure,
    "tick": schedule_tick.measure,
    "web": web_speed.measure,
}


def main() -> None:
    arguments = _parser().parse_args()
    options = replace(QUICK if arguments.quick else FULL, with_entries=arguments.entries)
    if arguments.seconds:
        options = replace(options, budget_seconds=arguments.seconds)
    console = Console(width=None if Console().is_terminal else 200)
    if arguments.profile:
        tables.show(run(profile(replace(options, memory_rows=None), arguments.profile, console)), console)
        return
    for name, benchmark in BENCHMARKS.items():
        if arguments.only in (None, name):
            section = run(benchmark(options, console))
            tables.show(section, console)
            if not (arguments.quick or arguments.entries or arguments.seconds):
                tables.write(section)
                console.print(f"written to {tables.REPORT}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the hub beside plainer ways to do the same work and write docs/reference/benchmarks.md.",
        epilog="Example: python -m bench --quick --only collect",
    )
    parser.add_argument("--quick", action="store_true", help="one repetition of a reduced field; writes no report")
    parser.add_argument("--entries", action="store_true", help="collect the entry list as well; writes no report")
    parser.add_argument("--seconds", type=int, help="how long to use the call budget up; writes no report")
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="run this benchmark only")
    parser.add_argument(
        "--profile",
        choices=get_args(Phase),
        help="show where the time of one phase of collecting goes; writes no report",
    )
    return parser


if __name__ == "__main__":
    main()
