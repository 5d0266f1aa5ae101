"""Collecting the past: plan, run small events first, keep a checkpoint. Every event goes through sync.event."""

from __future__ import annotations

from project88.backfill.options import BackfillOptions, Observer, SilentObserver
from project88.backfill.plan import PartnerPlan, Plan, PlannedEvent
from project88.backfill.report import BackfillReport, EventReport
from project88.backfill.run import run_backfill

__all__ = [
    "BackfillOptions",
    "BackfillReport",
    "EventReport",
    "Observer",
    "PartnerPlan",
    "Plan",
    "PlannedEvent",
    "SilentObserver",
    "run_backfill",
]
