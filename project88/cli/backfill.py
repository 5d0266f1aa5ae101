"""``project88 backfill``: options, plan table, progress, summary, report file. Collects nothing itself."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, logged_to, print_json, print_table, run
from project88.cli.options import AnyPartnerId, AnyProvider
from project88.edges import clock, environment
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError

if TYPE_CHECKING:
    from rich.progress import Progress

    from project88.backfill import BackfillOptions, BackfillReport, EventReport, Plan, PlannedEvent

REPORT_NAME = "backfill_report.json"
SECONDS_BETWEEN_LINES = 10.0


def backfill(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan; change no row but those of the call budget.")
    ] = False,
    limit_events: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most the N newest events of each partner.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Events from this day on, in the partner's zone. Default: 365 days.",
        ),
    ] = None,
    timing_partner_id: AnyPartnerId = None,
    provider: AnyProvider = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last unfinished run.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="A line for each event.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Where the report goes. Default: {REPORT_NAME} in the hub's home folder."),
    ] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Log lines go here, too.")] = None,
) -> None:
    """Collect the past events of every partner, small ones first, within the call budget.

    The plan comes first: events, rows, calls and the time they take. Each event is one transaction. A run that was
    interrupted or killed goes on with --resume; a second run writes only what changed. Exits 0 when nothing failed
    and nothing came partially, 78 when there are no credentials.

    Example: project88 backfill --dry-run --limit-events 5 --verbose
    """
    from project88.backfill import BackfillOptions

    options = BackfillOptions(
        timing_partner_id=timing_partner_id,
        provider_key=provider,
        limit_events=limit_events,
        since=since.date() if since else None,
        dry_run=dry_run,
        resume=resume,
    )
    path = report or environment.home() / REPORT_NAME
    console = _Console(is_quiet=json, is_verbose=verbose)
    with logged_to(log):
        found = run(_backfill(options, console, path))
    if json:
        print_json(found)
    else:
        _print_summary(found, path)
    raise typer.Exit(EXIT_DONE if found.success else EXIT_FAILED)


async def _backfill(options: BackfillOptions, console: _Console, path: Path) -> BackfillReport:
    from project88.backfill import run_backfill

    try:
        async with hub_database() as db, console.telling():
            report = await run_backfill(db, options, console)
    except asyncio.CancelledError:
        typer.echo(_interrupted(options, console), err=True)
        raise
    _write(report, path)
    return report


def _interrupted(options: BackfillOptions, console: _Console) -> str:
    if options.dry_run or not console.has_plan:
        return "interrupted; nothing was collected"
    partner = f" --timing-partner-id {options.timing_partner_id}" if options.timing_partner_id else ""
    return (
        f"interrupted; {console.finished} of {len(console.events)} events are done, the rest is as it was. "
        f"Go on with: project88 backfill --resume{partner}"
    )


def _write(report: BackfillReport, path: Path) -> None:
    import msgspec

    beside = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(
            f"the report cannot be written to {path} ({error.strerror}); what was collected is stored"
        ) from error


def _print_summary(report: BackfillReport, path: Path) -> None:
    if report.resumed and not report.partners_processed:
        typer.echo("there is no unfinished backfill: nothing to resume")
        return
    typer.echo("\n".join(report.lines()))
    if report.can_resume:
        typer.echo("what failed or is left is tried again by: project88 backfill --resume")
    if report.dry_run:
        typer.echo("this was a dry run: nothing was stored")
    typer.echo(f"report: {path}")


class _Console:
    """Tells a person: the plan as a table, then a bar on a terminal, else a line now and then.

    With --json the standard output stays free; lines that --verbose asks for go to the standard error.
    """

    def __init__(self, *, is_quiet: bool, is_verbose: bool) -> None:
        self._is_quiet = is_quiet
        self._is_verbose = is_verbose
        self._bar = None if is_quiet or is_verbose or not sys.stdout.isatty() else _Bar()
        self._began = 0.0
        self._rows = self._calls = self._planned_calls_done = 0
        self._total_calls = 0
        self.has_plan = False
        self.events: list[PlannedEvent] = []
        self.finished = 0

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Show the progress while the block runs."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            if self._bar is not None:
                self._bar.stop()

    def found(self, timing_partner_id: int, company_name: str, events: int) -> None:
        self._say(f"timing partner {timing_partner_id} ({company_name}): asking the size of {events} events")

    def probed(self, event: PlannedEvent) -> None:
        if self._is_verbose and event.size.problem:
            self._say(f"  {_named(event)}: {event.size.problem}")

    def planned(self, plan: Plan) -> None:
        self.has_plan = True
        self.events = [event for partner in plan.partners for event in partner.to_run]
        self._total_calls = plan.calls
        self._began = clock.monotonic()
        if not self._is_quiet:
            _print_plan(plan)
            if self._bar is not None and self.events:
                self._bar.start(len(self.events), max(1, plan.calls))

    def event_started(self, event: PlannedEvent) -> None:
        if self._is_verbose:
            self._say(f"reading {_named(event)}")

    def event_finished(self, event: PlannedEvent, report: EventReport) -> None:
        self.finished += 1
        self._rows += report.participants_read + report.results_read
        self._calls += report.api_calls
        self._planned_calls_done += event.size.calls
        if self._bar is not None:
            self._bar.show(self.finished, self._planned_calls_done, self._rows, self._calls)
        if self._is_verbose:
            self._say(_event_line(event, report))

    async def _tick(self) -> None:
        if self._bar is not None or self._is_verbose or self._is_quiet:
            return
        while True:
            await clock.sleep(SECONDS_BETWEEN_LINES)
            if self.has_plan:
                self._say(self._line())

    def _line(self) -> str:
        done = self._planned_calls_done
        elapsed = clock.monotonic() - self._began
        left = f", about {_duration(elapsed / done * (self._total_calls - done))} left" if done else ""
        return f"{self.finished} of {len(self.events)} events, {self._rows} rows, {self._calls} calls{left}"

    def _say(self, line: str) -> None:
        if not self._is_quiet or self._is_verbose:
            typer.echo(line, err=self._is_quiet)


class _Bar:
    """A progress bar that moves with the calls and names events and rows."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress: Progress = Progress(
            TextColumn("{task.fields[text]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
        )
        self._events = 0
        self._task = self._progress.add_task("", visible=False, text="")

    def start(self, events: int, calls: int) -> None:
        self._events = events
        self._progress.update(self._task, total=calls, visible=True, text=f"0 of {events} events")
        self._progress.start()

    def show(self, events: int, planned_calls: int, rows: int, calls: int) -> None:
        text = f"{events} of {self._events} events, {rows} rows, {calls} calls"
        self._progress.update(self._task, completed=planned_calls, text=text)

    def stop(self) -> None:
        self._progress.stop()


def _print_plan(plan: Plan) -> None:
    columns = ("partner", "event", "date", "rows", "calls", "plan")
    if not plan.partners:
        return
    listed = [event for event in plan.events if event.is_listed]
    if listed:
        print_table(columns, [_plan_row(event) for event in listed])
    left_out = Counter(event.reason or "" for event in plan.events if not event.is_listed)
    for reason, count in left_out.items():
        typer.echo(f"not listed, {reason}: {count}")
    typer.echo(
        f"total: {len(plan.imports)} events to import, {plan.rows} rows, {plan.calls} calls, "
        f"about {_duration(plan.seconds)} at the allowed rate"
    )


def _plan_row(event: PlannedEvent) -> tuple[object, ...]:
    is_import = event.verdict == "import"
    plan = "would import" if is_import else "would skip"
    rows = "unknown" if is_import and event.size.rows is None else event.size.rows
    return (
        event.timing_partner_id,
        event.event_name or event.provider_event_id,
        event.event_date,
        rows,
        event.size.calls if is_import else None,
        f"{plan}: {event.reason}" if event.reason else plan,
    )


def _event_line(event: PlannedEvent, report: EventReport) -> str:
    why = report.error or report.reason
    return (
        f"{report.status} {_named(event)}: {report.participants_read} participants, {report.results_read} results, "
        f"{report.rows_written} written, {report.api_calls} calls{f' ({why})' if why else ''}"
    )


def _named(event: PlannedEvent) -> str:
    return f"event {event.provider_event_id} ({event.event_name or 'no name'}, {event.event_date})"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
