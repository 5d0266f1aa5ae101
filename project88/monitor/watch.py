"""Looks at the hub again and again beside a long-running program: figures for Prometheus, and alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from project88.edges.metrics import Metrics
from project88.errors import HubError
from project88.monitor.alerting import alert, alert_of_outage
from project88.monitor.findings import Finding, Health, Status
from project88.monitor.run import look, unreachable
from project88.store import monitor
from project88.store.connection import Database

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0


async def watch(db: Database, metrics: Metrics, stop: asyncio.Event) -> None:
    """Until ``stop``. Nothing that goes wrong here ends the program beside it."""
    while not stop.is_set():
        try:
            await _look_and_tell(db, metrics)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            log.error("the look at the hub was not told: %s", text, extra={"action": "watch_failed"})
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


async def _look_and_tell(db: Database, metrics: Metrics) -> None:
    try:
        status = await look(db, with_metrics=False)
    except HubError as error:
        status = unreachable(error)
        _set_states(metrics, status)
        await alert_of_outage(status)
        return
    _set_states(metrics, status)
    await alert(db, status)
    await _set_ages(db, metrics)


def _set_states(metrics: Metrics, status: Status) -> None:
    metrics.monitor.set(status.exit_code)
    metrics.checks.clear()
    for name, health in _by_check(status.checks).items():
        metrics.checks.labels(name).set(int(health))


def _by_check(findings: Sequence[Finding]) -> dict[str, Health]:
    worst: dict[str, Health] = {}
    for each in findings:
        worst[each.check] = max(worst.get(each.check, Health.healthy), each.health)
    return worst


async def _set_ages(db: Database, metrics: Metrics) -> None:
    metrics.silent.clear()
    for row in await monitor.asked(db, "heartbeats"):
        metrics.silent.labels(row["component"], row["instance"]).set(row["silent_seconds"])
    age = (await monitor.last_backups(db)).get("verified_seconds_ago")
    metrics.backup_age.set(float("nan") if age is None else age)
