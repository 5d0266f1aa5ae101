"""Backfills that somebody started on the page: each in a task, one at a time of a partner. Collects nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from project88.backfill import BackfillOptions, BackfillReport, Plan, PlannedEvent, SilentObserver, run_backfill
from project88.edges.redaction import redacted
from project88.errors import HubError, UsageError
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database

log = logging.getLogger(__name__)

State = Literal["running", "done", "failed", "interrupted"]


@dataclass(slots=True, kw_only=True)
class Run(SilentObserver):
    """What is known of one of them while the program lives; the database has the rest."""

    timing_partner_id: TimingPartnerId | None
    is_plan: bool
    by: str
    state: State = "running"
    problem: str | None = None
    plan: Plan | None = None
    report: BackfillReport | None = None

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    @property
    def events(self) -> Sequence[PlannedEvent]:
        return [event for event in self.plan.events if event.is_listed] if self.plan else []


@dataclass(slots=True)
class Backfills:
    """Of one application. What ends with it goes on by --resume."""

    db: Database
    _runs: dict[TimingPartnerId | None, Run] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def runs(self, timing_partner_id: TimingPartnerId | None) -> list[Run]:
        """The last one of each partner; of one partner, or all."""
        return [run for run in self._runs.values() if timing_partner_id in (None, run.timing_partner_id)]

    def start(self, options: BackfillOptions, timing_partner_id: TimingPartnerId | None, by: str) -> None:
        """Raises UsageError while another one of the partner runs here."""
        known = self._runs.get(timing_partner_id)
        if known is not None and known.state == "running":
            raise UsageError("a backfill is at work here already: wait until it is done")
        run = Run(timing_partner_id=timing_partner_id, is_plan=options.dry_run, by=by)
        self._runs[timing_partner_id] = run
        task = asyncio.create_task(self._work(options, run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what runs: each event is one transaction, so nothing is half stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, options: BackfillOptions, run: Run) -> None:
        try:
            run.report = await run_backfill(self.db, options, run)
            run.state = "done" if run.report.success else "failed"
        except asyncio.CancelledError:
            run.state = "interrupted"
            raise
        except HubError as error:
            run.state, run.problem = "failed", redacted(str(error))
        except Exception as error:
            run.state, run.problem = "failed", f"unexpected {type(error).__name__}; the log says more"
            log.exception("a backfill of the operator's page ended", extra={"action": "backfill_failed"})
