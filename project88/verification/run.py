"""Runs the eleven slots in their order. No failure of one keeps another from being reported."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from project88.edges import clock
from project88.edges.redaction import redacted
from project88.errors import HubError
from project88.store import history
from project88.store.connection import Database
from project88.store.history import Outcome
from project88.verification import local, schema, service
from project88.verification.report import Findings, Report, SlotResult, build_report, recorded, skipped
from project88.verification.work import Check, Options, Trial, Work

log = logging.getLogger(__name__)

Tell = Callable[[str, SlotResult], None]


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    check: Check


SLOTS = (
    Slot("database_schema", schema.database_schema),
    Slot("provider_credentials", local.provider_credentials),
    Slot("adapter_authentication", service.adapter_authentication),
    Slot("api_connectivity", service.api_connectivity),
    Slot("rate_limiting", local.rate_limiting),
    Slot("event_discovery", service.event_discovery),
    Slot("duplicate_detection", local.duplicate_detection),
    Slot("participant_collection", service.participant_collection),
    Slot("results_collection", service.results_collection),
    Slot("scheduler_functionality", local.scheduler_functionality),
    Slot("backfill_system", service.backfill_system),
)


async def verify(db: Database, options: Options, tell: Tell) -> Report:
    """Check all slots and tell of each as it ends. What is collected for it is rolled back."""
    results: dict[str, SlotResult] = {}
    async with AsyncExitStack() as stack:
        work = Work(db=db, options=options, stack=stack)
        for slot in SLOTS:
            results[slot.name] = await _result(slot, work)
            _log(slot.name, results[slot.name])
            tell(slot.name, results[slot.name])
        await _account(work, results)
    return build_report(results, clock.utc_now(), options.dry_run)


def unreachable(reason: str, options: Options, tell: Tell) -> Report:
    """The report where there is no database to ask."""
    no_schema = Findings(problems=[reason]).result()
    others = skipped("the database cannot be reached: see database_schema")
    results = {slot.name: others if number else no_schema for number, slot in enumerate(SLOTS)}
    for name, result in results.items():
        _log(name, result)
        tell(name, result)
    return build_report(results, clock.utc_now(), options.dry_run)


async def _result(slot: Slot, work: Work) -> SlotResult:
    if work.lost is not None:
        return skipped(work.lost)
    findings = Findings()
    with recorded(findings):
        await slot.check(work, findings)
    if findings.errors and not await _answers(work.db):
        work.lost = f"the database went away: see {slot.name}"
    return findings.result()


async def _answers(db: Database) -> bool:
    """By a connection of its own: the pool would wait for a server that is away."""
    try:
        async with db.listening():
            return True
    except HubError:
        return False


def _log(name: str, result: SlotResult) -> None:
    level = logging.ERROR if result.status in ("failed", "error") else logging.INFO
    reason = f": {result.details.reason}" if result.details.reason else ""
    log.log(level, "%s %s%s", name, result.status, reason, extra={"action": "verification"})
    for text in result.details.warnings:
        log.warning("%s: %s", name, text, extra={"action": "verification"})


async def _account(work: Work, results: dict[str, SlotResult]) -> None:
    """Each account whose service was asked has a row in the history, which tells what it cost."""
    for trial in work.trials:
        if trial.account is None or work.lost is not None:
            continue
        with recorded(Findings()):
            number = await history.begin(work.db, trial.credential.source, "verification")
            await history.finish(work.db, trial.credential.source, number, _outcome(trial, results))


def _outcome(trial: Trial, results: dict[str, SlotResult]) -> Outcome:
    own = (trial.credential.timing_partner_id, trial.credential.account_name)
    bad = [
        f"{name}: {account.reason}"
        for name, result in results.items()
        for account in result.details.accounts
        if (account.timing_partner_id, account.account) == own and account.status in ("failed", "error")
    ]
    collected = trial.collected
    return Outcome(
        status="failed" if bad else "completed",
        reason="rolled back: nothing of it is stored",
        error_message=redacted("; ".join(bad)) or None,
        events_synced=trial.events,
        participants_synced=collected.participants.participants_synced if collected else 0,
        results_synced=collected.results.results_synced if collected else 0,
        api_calls=trial.calls,
    )
