"""Asks every check, one after the other. A check that fails is a finding; it hides none of the others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from project88.edges import clock
from project88.edges.redaction import redacted
from project88.errors import HubError
from project88.monitor.checks import CHECKS, Check, Hub
from project88.monitor.findings import Finding, Status, worst
from project88.store import monitor
from project88.store.connection import Database
from project88.store.partners import credentials


async def look(db: Database, *, with_metrics: bool = True) -> Status:
    """How the hub stands. Raises StoreError only where the database is lost on the way.

    The metrics count rows, which takes long in a large database.
    """
    hub = Hub(db=db, logins=await credentials(db))
    findings = [finding for check in CHECKS for finding in await _findings(hub, check)]
    return _status(findings, await _metrics(db) if with_metrics else {})


def unreachable(error: HubError) -> Status:
    """The answer where there is no database to ask, or one without our schema."""
    remedy = "project88 db status says which database is meant and what it lacks"
    finding = Finding(check="database", state="unhealthy", cause=redacted(str(error)), remedy=remedy)
    return _status([finding], {})


async def _findings(hub: Hub, check: Check) -> list[Finding]:
    try:
        found = [finding async for finding in check.ask(hub, check.name)]
    except HubError as error:
        remedy = "see the cause; the other checks were asked all the same"
        return [Finding(check=check.name, state="unhealthy", cause=redacted(str(error)), remedy=remedy)]
    return found or [Finding(check=check.name, state="healthy")]


async def _metrics(db: Database) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = await monitor.metrics(db)
        figures["last_success"] = [_dated(row) for row in await monitor.asked(db, "last_success")]
        figures["attempts_24_hours"] = await monitor.asked(db, "attempts")
        figures["heartbeats"] = await monitor.asked(db, "heartbeats")
        figures["duplicates"] = len(await monitor.asked(db, "duplicates"))
        figures["backup_age_seconds"] = (await monitor.last_backups(db)).get("verified_seconds_ago")
    except HubError as error:
        return {"error": redacted(str(error))}
    return figures


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _status(findings: list[Finding], metrics: dict[str, Any]) -> Status:
    return Status(
        status=worst(findings).name,
        timestamp=clock.utc_now().isoformat(timespec="seconds"),
        metrics=metrics,
        checks=findings,
    )
