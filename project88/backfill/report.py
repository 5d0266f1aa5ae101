"""What a backfill did, for people and for programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from project88.backfill.plan import REASONS, UNLISTED, Plan, PlannedEvent

EventStatus = Literal["would import", "would skip", "completed", "partial", "failed", "skipped", "not tried"]

_UNLISTED_REASONS = frozenset(REASONS[verdict] for verdict in UNLISTED if verdict in REASONS)


class EventReport(msgspec.Struct, frozen=True, kw_only=True):
    """One event. ``_read`` counts rows seen, ``_imported`` rows that were new or changed."""

    timing_partner_id: int
    provider_event_id: str
    event_id: str | None = None
    event_name: str | None = None
    event_date: date | None = None
    status: EventStatus
    reason: str | None = None
    error: str | None = None
    is_duplicate: bool = False
    rows_planned: int | None = None
    calls_planned: int = 0
    participants_read: int = 0
    results_read: int = 0
    participants_imported: int = 0
    results_imported: int = 0
    rows_written: int = 0
    rows_retracted: int = 0
    rows_held: int = 0
    rows_quarantined: int = 0
    api_calls: int = 0
    duration_seconds: float = 0.0


class BackfillReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole backfill. ``success`` is False when anything failed, came partially or was not tried."""

    success: bool
    dry_run: bool
    resumed: bool
    started_at: datetime
    runtime_seconds: float
    partners_processed: int
    events_discovered: int
    events_planned: int
    events_processed: int
    events_imported: int
    events_unchanged: int
    events_partial: int
    events_failed: int
    events_not_tried: int
    events_skipped_as_duplicates: int
    events_skipped_otherwise: int
    skipped_by_reason: dict[str, int]
    events_done_before: int
    participants_read: int
    results_read: int
    participants_imported: int
    results_imported: int
    rows_written: int
    rows_retracted: int
    rows_held: int
    rows_quarantined: int
    calls_planned: int
    rows_planned: int
    seconds_planned: float
    api_calls: int
    can_resume: bool
    errors: list[str]
    events: list[EventReport]

    def lines(self) -> list[str]:
        """The summary that an operator reads."""
        dry = self.dry_run
        return [
            f"runtime:                      {self.runtime_seconds:.1f} s",
            f"partners processed:           {self.partners_processed}",
            f"events discovered:            {self.events_discovered}",
            *([f"events would import:          {self.events_planned}"] if dry else self._processed_lines()),
            f"events skipped as duplicates: {self.events_skipped_as_duplicates}",
            f"events skipped otherwise:     {self.events_skipped_otherwise}{self._reasons()}",
            *([] if dry else self._row_lines()),
            f"API calls:                    {self.api_calls}",
            f"errors:                       {len(self.errors)}",
            *(f"  {error}" for error in self.errors),
        ]

    def _processed_lines(self) -> list[str]:
        before = f", {self.events_done_before} done before" if self.events_done_before else ""
        return [
            f"events processed:             {self.events_processed} of {self.events_planned}{before}",
            f"events imported:              {self.events_imported} ({self.events_unchanged} were unchanged, "
            f"{self.events_partial} partial, {self.events_failed} failed, {self.events_not_tried} not tried)",
        ]

    def _row_lines(self) -> list[str]:
        return [
            f"participants imported:        {self.participants_imported} ({self.participants_read} read)",
            f"results imported:             {self.results_imported} ({self.results_read} read{self._derived()})",
            f"rows written:                 {self.rows_written}",
            f"rows retracted:               {self.rows_retracted}"
            + (f" ({self.rows_held} held: see project88 retractions list)" if self.rows_held else ""),
            f"rows in quarantine:           {self.rows_quarantined}",
        ]

    def _reasons(self) -> str:
        listed = "; ".join(f"{reason}: {count}" for reason, count in self.skipped_by_reason.items())
        return f" ({listed})" if listed else ""

    def _derived(self) -> str:
        """Rows such as dns are imported without having been read."""
        return ", the rest follows from the entry lists" if self.results_imported > self.results_read else ""


def event_report(
    event: PlannedEvent, status: EventStatus, *, reason: str | None = None, error: str | None = None
) -> EventReport:
    """An event with nothing read of it."""
    return EventReport(
        timing_partner_id=event.timing_partner_id,
        provider_event_id=event.provider_event_id,
        event_id=event.scope.event_id if event.scope else None,
        event_name=event.event_name,
        event_date=event.event_date,
        status=status,
        reason=reason or event.reason,
        error=error,
        is_duplicate=event.verdict == "duplicate",
        rows_planned=event.size.rows,
        calls_planned=event.size.calls if event.verdict == "import" else 0,
    )


def planned_reports(plan: Plan) -> list[EventReport]:
    """Every event of a plan that is not executed."""
    return [_planned_report(event) for event in plan.events]


def skipped_reports(plan: Plan) -> list[EventReport]:
    """The events that a plan leaves out, those done before left aside."""
    return [event_report(event, "skipped") for event in plan.events if not event.is_to_run and event.verdict != "done"]


def _planned_report(event: PlannedEvent) -> EventReport:
    if event.verdict == "import":
        return event_report(event, "would import", error=event.size.problem)
    return event_report(event, "would skip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a report says beside its events."""

    dry_run: bool
    resumed: bool
    started_at: datetime
    runtime_seconds: float
    can_resume: bool


def build_report(
    plan: Plan, events: Sequence[EventReport], errors: Sequence[str], circumstances: Circumstances
) -> BackfillReport:
    statuses = Counter(event.status for event in events)
    read = [event for event in events if event.status in ("completed", "partial")]
    imported = [event for event in read if event.rows_written]
    skipped = [event for event in events if event.status in ("skipped", "would skip")]
    all_errors = [*errors, *(_error_line(event) for event in events if event.error)]
    return BackfillReport(
        success=not all_errors and not any(statuses[status] for status in ("partial", "failed", "not tried")),
        dry_run=circumstances.dry_run,
        resumed=circumstances.resumed,
        started_at=circumstances.started_at,
        runtime_seconds=round(circumstances.runtime_seconds, 3),
        partners_processed=len({partner.timing_partner_id for partner in plan.partners}),
        events_discovered=sum(partner.discovered for partner in plan.partners),
        events_planned=len(plan.imports),
        events_processed=len(read),
        events_imported=len(imported),
        events_unchanged=len(read) - len(imported),
        events_partial=statuses["partial"],
        events_failed=statuses["failed"],
        events_not_tried=statuses["not tried"],
        events_skipped_as_duplicates=sum(event.is_duplicate for event in skipped),
        events_skipped_otherwise=sum(not event.is_duplicate for event in skipped),
        skipped_by_reason=dict(Counter(event.reason or "" for event in skipped if not event.is_duplicate)),
        events_done_before=sum(event.verdict == "done" for event in plan.events),
        participants_read=sum(event.participants_read for event in events),
        results_read=sum(event.results_read for event in events),
        participants_imported=sum(event.participants_imported for event in events),
        results_imported=sum(event.results_imported for event in events),
        rows_written=sum(event.rows_written for event in events),
        rows_retracted=sum(event.rows_retracted for event in events),
        rows_held=sum(event.rows_held for event in events),
        rows_quarantined=sum(event.rows_quarantined for event in events),
        calls_planned=plan.calls,
        rows_planned=plan.rows,
        seconds_planned=round(plan.seconds, 1),
        api_calls=sum(partner.api_calls for partner in plan.partners) + sum(event.api_calls for event in events),
        can_resume=circumstances.can_resume,
        errors=all_errors,
        events=[event for event in events if event.reason not in _UNLISTED_REASONS],
    )


def _error_line(event: EventReport) -> str:
    name = f" ({event.event_name})" if event.event_name else ""
    return f"timing partner {event.timing_partner_id}, event {event.provider_event_id}{name}: {event.error}"
