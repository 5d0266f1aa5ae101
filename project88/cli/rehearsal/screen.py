"""What a person sees in the terminal while a rehearsal runs. Reads counts; changes nothing."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Mapping
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from project88.backfill.options import SilentObserver
from project88.backfill.plan import Plan, PlannedEvent
from project88.backfill.report import EventReport
from project88.edges import clock
from project88.schedule.worker import PollDone
from project88.store.budget import hub_clock
from project88.store.connection import Database
from project88.store.progress import Collected, attempts, collected, results_by_status, rows_by_source
from project88.store.scope import EventScope

POLLS_SHOWN = 8
REFRESH_SECONDS = 1.0
#: What the hub holds is counted less often than the race's clock is read.
COUNT_SECONDS = 5.0
#: Without a terminal one line every so many seconds is enough.
LINE_SECONDS = 10.0


class Screen(SilentObserver):
    """Is told of progress by the backfill and the live collector, and shows it."""

    def __init__(self, db: Database, page: str, speed: float) -> None:
        self._db = db
        self._page = page
        self._speed = speed
        self._began = clock.monotonic()
        self._scope: EventScope | None = None
        self._starts_at: datetime | None = None
        self._polls: deque[PollDone] = deque(maxlen=POLLS_SHOWN)
        self._polls_run = 0
        self._missed = 0
        self._season = (0, 0)
        self._counts = Collected(events=0, participants=0, results=0)
        self._statuses: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        self._counted_at = float("-inf")
        self._hub_now: datetime | None = None
        self._is_complete = False
        self._console = Console()
        self.phase = "starting"

    def watch(self, scope: EventScope, starts_at: datetime) -> None:
        """The live race."""
        self._scope, self._starts_at = scope, starts_at

    def planned(self, plan: Plan) -> None:
        self._season = (0, sum(sum(event.is_to_run for event in partner.events) for partner in plan.partners))

    def event_finished(self, event: PlannedEvent, report: EventReport) -> None:
        self._season = (self._season[0] + 1, self._season[1])

    def polled(self, done: PollDone) -> None:
        self._polls.append(done)
        self._polls_run += 1
        self._missed += done.missed
        if not self._console.is_terminal:
            sys.stdout.write(_poll_line(done) + "\n")
            sys.stdout.flush()

    def collected_all(self) -> None:
        self._is_complete = True
        self.phase = "complete: the page stays until Ctrl-C"

    async def show(self, stop: asyncio.Event) -> None:
        if self._console.is_terminal:
            with Live(self._picture(), console=self._console, refresh_per_second=4) as live:
                while not await _stopped(stop, REFRESH_SECONDS):
                    await self._refresh()
                    live.update(self._picture())
            return
        while not await _stopped(stop, LINE_SECONDS):
            await self._refresh()
            sys.stdout.write(self._line() + "\n")
            sys.stdout.flush()

    async def summarise(self) -> None:
        """The last line: what was collected, in how long, and whether the race is complete."""
        counts = await collected(self._db)
        done = await attempts(self._db)
        end = "The race is complete." if self._is_complete else "Stopped before the race was complete."
        sys.stdout.write(
            f"Collected {counts.events} events, {counts.participants} participants and {counts.results} results in "
            f"{clock.monotonic() - self._began:.0f} s with {done.calls} calls; {done.count} attempts, "
            f"{done.not_whole} failed or partial. {end}\n"
        )
        sys.stdout.flush()

    async def _refresh(self) -> None:
        self._hub_now = (await hub_clock(self._db)).now
        if clock.monotonic() - self._counted_at >= COUNT_SECONDS:
            await self._count()
            self._counted_at = clock.monotonic()

    async def _count(self) -> None:
        self._counts = await collected(self._db)
        if self._scope is not None:
            self._statuses = await results_by_status(self._db, self._scope)
            self._sources = await rows_by_source(self._db, self._scope)

    def _line(self) -> str:
        counts = _counted(self._statuses)
        return f"{self._race_clock()}  {self.phase}: {counts}; rows: {_counted(self._sources)}  {self._page}"

    def _race_clock(self) -> str:
        if self._hub_now is None or self._starts_at is None:
            return "--:--:--"
        seconds = int((self._hub_now - self._starts_at).total_seconds())
        sign = "-" if seconds < 0 else "+"
        hours, rest = divmod(abs(seconds), 3600)
        return f"{sign}{hours:02}:{rest // 60:02}:{rest % 60:02}"

    def _picture(self) -> RenderableType:
        return Panel(Group(self._facts(), self._poll_table()), title="Project88 rehearsal", title_align="left")

    def _facts(self) -> Table:
        facts = Table.grid(padding=(0, 2))
        facts.add_row("Race clock", f"{self._race_clock()}  at {self._speed:g} times real time")
        facts.add_row("Doing", self.phase)
        facts.add_row("Season", f"{self._season[0]} of {self._season[1]} past events")
        facts.add_row("Live race", _counted(self._statuses))
        facts.add_row("Its rows", _counted(self._sources))
        facts.add_row("Polls", f"{self._polls_run} run, {self._missed} collapsed into a later one")
        counts = self._counts
        facts.add_row(
            "Hub holds", f"{counts.events} events, {counts.participants:,} participants, {counts.results:,} results"
        )
        facts.add_row("Results page", Text(self._page, style="bold"))
        return facts

    def _poll_table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("poll", "due", "kind", "status", "calls", "written", "took", "collapsed"):
            table.add_column(name, justify="right" if name in {"calls", "written", "took", "collapsed"} else "left")
        for done in self._polls:
            table.add_row(*_poll_cells(done))
        return table


def _counted(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items())) or "none yet"


def _poll_cells(done: PollDone) -> list[str]:
    outcome = done.outcome
    return [
        f"{done.poll.polls + 1}",
        f"{done.due:%H:%M:%S}Z {done.poll.phase}",
        "full" if done.is_full else "moved only",
        outcome.status + (f" ({outcome.reason.split(':')[0]})" if outcome.reason else ""),
        f"{outcome.api_calls}",
        f"{outcome.rows_written:,}",
        f"{done.took.total_seconds():.0f} s",
        f"{done.missed}" if done.missed else "",
    ]


def _poll_line(done: PollDone) -> str:
    names = ("poll", "due", "", "", "calls", "written", "took", "collapsed")
    cells = zip(names, _poll_cells(done), strict=True)
    return "  ".join(f"{name} {cell}".strip() for name, cell in cells if cell)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
