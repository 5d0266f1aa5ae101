"""Keeps the figures for Prometheus up to date: polls that ended, the plan, the budgets. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from project88.edges.metrics import Metrics
from project88.errors import StoreError
from project88.schedule.service import stopped_within
from project88.schedule.worker import PollDone
from project88.store import plan
from project88.store.budget import standings
from project88.store.connection import Database
from project88.store.partners import credentials
from project88.sync.accounts import allowed_calls

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0


def count_poll(metrics: Metrics, done: PollDone) -> None:
    """A worker's poll that ended."""
    owner = (done.company_name, done.poll.provider_key)
    metrics.polls.labels(*owner, done.poll.kind, done.outcome.status).inc()
    metrics.rows.labels(*owner).inc(done.outcome.rows_written)
    metrics.calls.labels(*owner).inc(done.outcome.api_calls)
    metrics.missed.labels(*owner).inc(done.missed)
    metrics.late.labels(done.poll.lane).observe(max(0.0, done.poll.late_seconds))


async def keep_figures(db: Database, metrics: Metrics, stop: asyncio.Event) -> None:
    """Read how the hub stands every few seconds until ``stop``; a database that is away is a figure too."""
    while not stop.is_set():
        try:
            await _refresh(db, metrics)
            metrics.up.set(1)
        except StoreError as error:
            metrics.up.set(0)
            log.warning("the figures are not up to date: %s", error, extra={"action": "figures_stale"})
        await stopped_within(stop, REFRESH_SECONDS)


async def _refresh(db: Database, metrics: Metrics) -> None:
    rows = await plan.counts(db)
    for gauge in (metrics.due, metrics.overdue, metrics.states):
        gauge.clear()
    for row in rows:
        owner = (row["company_name"], row["provider_key"])
        metrics.due.labels(*owner).inc(row["due"])
        metrics.states.labels(*owner, row["state"]).inc(row["polls"])
    for owner, late in _longest_waits(rows).items():
        metrics.overdue.labels(*owner).set(late)
    await _refresh_budgets(db, metrics)


def _longest_waits(rows: list[dict[str, object]]) -> dict[tuple[str, str], float]:
    longest: dict[tuple[str, str], float] = {}
    for row in rows:
        owner = (str(row["company_name"]), str(row["provider_key"]))
        longest[owner] = max(longest.get(owner, 0.0), float(str(row["late_seconds"])))
    return longest


async def _refresh_budgets(db: Database, metrics: Metrics) -> None:
    """Of several accounts of a partner with one provider: what all have used, and the least that one has left."""
    logins = await credentials(db)
    allowed = {(each.timing_partner_id, each.provider_key, each.account_name): allowed_calls(each) for each in logins}
    used: Counter[tuple[str, str]] = Counter()
    left: dict[tuple[str, str], float] = {}
    for each in await standings(db):
        owner = (each.company_name, each.provider_key)
        used[owner] += each.used_last_minute
        limit = allowed.get((each.timing_partner_id, each.provider_key, each.account_name))
        if limit is not None:
            left[owner] = min(left.get(owner, limit), max(0.0, limit - each.used_last_minute))
    for owner, calls in used.items():
        metrics.used.labels(*owner).set(calls)
    for owner, calls_left in left.items():
        metrics.left.labels(*owner).set(calls_left)
