"""The first slot: whether the database is as programs and deployment page expect it. Writes the absent unit file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from project88.edges.units import write_unit
from project88.store import backups, verification
from project88.store.connection import Database
from project88.store.migrate import status
from project88.verification.report import Findings
from project88.verification.work import MIGRATE, Work

#: The columns that the deployment page's own statements name.
PAGE_COLUMNS: Mapping[str, Sequence[str]] = {
    "ct_events": ("timing_partner_id", "event_name", "start_date", "data_source", "created_at"),
    "ct_participants": ("data_source",),
    "ct_results": ("data_source",),
    "partner_provider_credentials": (
        *("timing_partner_id", "provider_id", "principal", "secret", "additional_config", "created_at"),
    ),
    "sync_history": (
        *("timing_partner_id", "provider_id", "sync_type", "status", "participants_synced", "results_synced"),
        "sync_time",
    ),
}
RELATIONS = (
    "providers",
    "timing_partners",
    "unified_events",
    "unified_participants",
    "unified_results",
    "heartbeats",
    *PAGE_COLUMNS,
)
FUNCTIONS = (
    "check_duplicate_chronotrack_event(character varying, timestamptz, integer)",
    "check_duplicate_chronotrack_event(character varying, timestamp, integer)",
    "hub_now()",
)
PAGE_FILES = (
    "providers/chronotrack_live_adapter.py",
    "database/chronotrack_live_schema_extension.sql",
    "database/chronotrack_live_credentials_setup.sql",
    "schedulers/chronotrack_live_scheduler.py",
    "backfill/chronotrack_live_backfill.py",
    "monitor_chronotrack_live.py",
    "deploy_chronotrack_live.sh",
    "CHRONOTRACK_LIVE_INTEGRATION_SUMMARY.md",
)


async def database_schema(work: Work, findings: Findings) -> None:
    missing = await verification.absent(work.db, RELATIONS, FUNCTIONS)
    findings.problems += [f"{name} is missing; {MIGRATE}" for name in missing]
    _files(work, findings)
    if missing:
        work.lost = "the schema is not whole: see database_schema"
        return
    await _migrations(work.db, findings)
    await _columns(work.db, findings)
    findings.problems += await backups.problems(work.db)
    if not await verification.has_provider(work.db):
        findings.problems.append(f"providers has no row with the key chronotrack_live; {MIGRATE}")
        return
    broken = await verification.broken_keys(work.db)
    findings.problems += broken
    findings.facts.append(f"{len(verification.KEYS) - len(broken)} unique keys refuse the same row twice")


async def _migrations(db: Database, findings: Findings) -> None:
    files = await status(db)
    missing = [each.name for each in files if each.is_missing]
    findings.facts.append(f"{len(files) - len(missing)} of {len(files)} files of the schema are applied")
    if missing:
        findings.problems.append(f"not applied: {', '.join(missing)}; {MIGRATE}")


async def _columns(db: Database, findings: Findings) -> None:
    there = await verification.columns(db, list(PAGE_COLUMNS))
    wanted = {f"{table}.{name}" for table, names in PAGE_COLUMNS.items() for name in names}
    missing = sorted(wanted - {f"{table}.{name}" for table, names in there.items() for name in names})
    findings.problems += [f"column {name} is missing; {MIGRATE}" for name in missing]
    findings.facts.append(f"{len(wanted) - len(missing)} of {len(wanted)} columns of the deployment page are there")


def _files(work: Work, findings: Findings) -> None:
    """The files that the deployment page names, and the unit, which is written where it is absent."""
    missing = [name for name in PAGE_FILES if not (work.options.checkout / name).is_file()]
    findings.problems += [f"{name} is missing; get the whole branch: git pull" for name in missing]
    findings.facts.append(
        f"{len(PAGE_FILES) - len(missing)} of {len(PAGE_FILES)} files of the deployment page are there"
    )
    unit = work.options.unit
    if unit.is_file():
        findings.facts.append(f"{unit} is there")
    else:
        findings.facts.append(f"{write_unit(unit)} was written")
