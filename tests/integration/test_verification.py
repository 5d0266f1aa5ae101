"""The eleven slots against the sandbox: what is whole passes, each fault turns its own slot red, no row stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import stamina
from psycopg.sql import SQL, Identifier

from project88.sandbox import Fault, LiveSettings, Sandbox, World, list_world, rehearsal_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from project88.verification import Options, Report, SlotResult, verify
from project88.verification.schema import PAGE_FILES
from tests.hub_command import HubCommand
from tests.integration.collecting import PROVIDER, days_ago
from tests.integration.scheduling import look

SLOTS = [
    "database_schema",
    "provider_credentials",
    "adapter_authentication",
    "api_connectivity",
    "rate_limiting",
    "event_discovery",
    "duplicate_detection",
    "participant_collection",
    "results_collection",
    "scheduler_functionality",
    "backfill_system",
]
SERVICE_SLOTS = [SLOTS[number] for number in (2, 3, 5, 7, 8)]
#: What a verification may add to: its own history and the calls that went out.
ACCOUNTED = ("sync_history", "call_budgets", "call_log")


@pytest.fixture(autouse=True)
def quick_retries() -> Iterator[None]:
    stamina.set_testing(True, attempts=2)
    yield
    stamina.set_testing(False)


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    for name in PAGE_FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return Options(unit=tmp_path / "chronotrack-live-scheduler.service", checkout=tmp_path)


def past_world() -> World:
    return list_world(30, 12, start=days_ago(3))


@asynccontextmanager
async def sandbox_on(world: World | None = None) -> AsyncIterator[Sandbox]:
    async with serve(world or past_world(), LiveSettings(rate_limit=1_000_000)) as sandbox:
        yield sandbox


async def add_login(db: Database, sandbox: Sandbox, name: str = "Timers", secret: str = PASSWORD, **more: Any) -> int:
    partner = await add_partner(db, name, "UTC")
    config = {"base_url": sandbox.base_url, "client_id": CLIENT_ID, "rate_limit": 1500, **more}
    await set_credentials(db, partner, PROVIDER, LOGIN, secret, config)
    return partner


def named_files(folder: Path) -> list[str]:
    """Not those in /tmp."""
    return [f"--report={folder / 'report'}", f"--log={folder / 'log'}", f"--unit={folder / 'verified.service'}"]


async def verified(db: Database, options: Options) -> Report:
    told: list[str] = []
    report = await verify(db, options, lambda name, result: told.append(name))
    assert told == list(report.test_results) == SLOTS
    return report


def statuses(report: Report) -> dict[str, str]:
    return {name: result.status for name, result in report.test_results.items()}


def reason(report: Report, slot: str) -> str:
    return report.test_results[slot].details.reason or ""


async def checksums(db: Database) -> dict[str, Any]:
    """Of every table but those that account for the calls."""
    tables = await look(db, "select tablename as name from pg_tables where schemaname in ('public', 'pgqueuer')")
    found = {}
    for name in sorted({row["name"] for row in tables} - set(ACCOUNTED)):
        table = f"pgqueuer.{name}" if name.startswith("pgqueuer") else name
        rows = await look(db, f"select md5(string_agg(t::text, ',' order by t::text)) as sum from {table} t")
        found[name] = rows[0]["sum"]
    return found


async def test_a_whole_hub_passes_and_keeps_no_collected_row(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        partner = await add_login(db, sandbox)
        before = await checksums(db)

        report = await verified(db, options)

        assert statuses(report) == dict.fromkeys(SLOTS, "passed"), report
        assert report.success
        assert report.summary.pass_rate == 1
        assert await checksums(db) == before
        history = await look(
            db, "select timing_partner_id, sync_type, status, api_calls, results_synced from sync_history"
        )
        calls = await look(db, "select sum(calls)::int as calls from call_log")
        assert history == [
            {
                "timing_partner_id": partner,
                "sync_type": "verification",
                "status": "completed",
                "api_calls": sandbox.calls.total,
                "results_synced": 12,
            }
        ]
        assert calls == [{"calls": sandbox.calls.total}]


async def test_what_is_stored_already_stays_as_it_is(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        partner = await add_login(db, sandbox)
        event = next(iter(sandbox.world.events))
        await look(
            db,
            "insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name) "
            "values (%(partner)s, 'chronotrack_live', %(event)s, 'As it was')",
            partner=partner,
            event=event,
        )
        before = await checksums(db)

        report = await verified(db, options)

        assert report.success, report
        assert await checksums(db) == before


async def test_a_dry_run_sends_no_packet_and_says_what_it_left_out(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        await add_login(db, sandbox)
        before = await checksums(db)

        report = await verified(db, replace(options, dry_run=True))

        assert sandbox.calls.total == 0
        assert {slot: status for slot, status in statuses(report).items() if status != "passed"} == dict.fromkeys(
            SERVICE_SLOTS, "skipped"
        )
        assert {reason(report, slot) for slot in SERVICE_SLOTS} == {"a dry run sends no packet"}
        assert report.success
        assert report.dry_run
        assert report.summary.pass_rate == round(6 / 11, 4)
        assert await checksums(db) == before
        assert await look(db, "select 1 from sync_history union all select 1 from call_log") == []


async def test_with_zero_partners_that_slot_fails_and_the_rest_is_reported(db: Database, options: Options):
    report = await verified(db, options)

    found = statuses(report)
    assert found.pop("provider_credentials") == "failed"
    assert "project88 credentials set" in reason(report, "provider_credentials")
    assert {slot for slot, status in found.items() if status == "skipped"} == {*SERVICE_SLOTS, "backfill_system"}
    assert {slot for slot, status in found.items() if status == "passed"} == {
        *("database_schema", "rate_limiting", "duplicate_detection", "scheduler_functionality")
    }
    assert not report.success


async def test_a_wrong_secret_fails_the_login_and_skips_what_needs_it(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        await add_login(db, sandbox, secret="not-the-password")

        report = await verified(db, options)

        found = statuses(report)
        assert [slot for slot, status in found.items() if status == "failed"] == ["adapter_authentication"]
        skipped = ["api_connectivity", "event_discovery", "participant_collection", "results_collection"]
        assert [slot for slot, status in found.items() if status == "skipped"] == [*skipped, "backfill_system"]
        assert "see adapter_authentication" in reason(report, "event_discovery")
        assert "not-the-password" not in str(report)


async def test_a_service_that_is_down_fails_the_connection_and_judges_no_login(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        await add_login(db, sandbox)

    report = await verified(db, options)

    found = statuses(report)
    assert [slot for slot, status in found.items() if status == "failed"] == ["api_connectivity"]
    assert found["adapter_authentication"] == "skipped"
    assert "see api_connectivity" in reason(report, "results_collection")
    assert await look(db, "select status from sync_history") == [{"status": "failed"}]


async def test_each_list_that_fails_turns_its_own_slot_red(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        await add_login(db, sandbox)
        sandbox.faults.add(Fault(kind="bad_row", path_glob="/api/event/*/entry", fields=("entry_id",), text=""))

        report = await verified(db, options)

        assert [slot for slot, status in statuses(report).items() if status == "failed"] == ["participant_collection"]


async def test_an_index_that_was_dropped_fails_the_schema(db: Database, options: Options):
    await look(db, "alter table ct_events drop constraint event_is_known_once_per_source")

    report = await verified(db, options)

    assert statuses(report)["database_schema"] == "failed"
    assert "create unique index on ct_events (timing_partner_id, data_source, provider_event_id)" in reason(
        report, "database_schema"
    )
    assert statuses(report)["duplicate_detection"] == "passed"


async def test_an_empty_database_is_told_once(empty_database_url: str, options: Options):
    async with Database.open(empty_database_url) as empty:
        report = await verified(empty, options)

    assert statuses(report) == {**dict.fromkeys(SLOTS, "skipped"), "database_schema": "failed"}
    assert "project88 db migrate" in reason(report, "database_schema")


async def test_every_partner_is_tried_and_each_is_told_apart(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        good = await add_login(db, sandbox, "Good")
        bad = await add_login(db, sandbox, "Bad", secret="not-the-password")

        report = await verified(db, options)
        alone = await verified(db, replace(options, timing_partner_id=good))

    of_login = report.test_results["adapter_authentication"]
    assert [(each.timing_partner_id, each.status) for each in of_login.details.accounts] == [
        (good, "passed"),
        (bad, "failed"),
    ]
    assert [each.status for each in report.test_results["results_collection"].details.accounts] == ["passed", "skipped"]
    assert alone.success


async def test_events_of_both_sources_and_a_limit_beyond_the_services_are_found(db: Database, options: Options):
    async with sandbox_on() as sandbox:
        partner = await add_login(db, sandbox, rate_limit=1501)
    for source in ("chronotrack_live", "tcp_hardware"):
        await look(
            db,
            "insert into ct_events (timing_partner_id, data_source, event_name, start_date) "
            "values (%(partner)s, %(source)s, 'City Run', '2026-05-02')",
            partner=partner,
            source=source,
        )

    report = await verified(db, replace(options, dry_run=True))

    failed = [slot for slot, status in statuses(report).items() if status == "failed"]
    assert failed == ["rate_limiting", "duplicate_detection"]


async def test_a_rule_that_plans_nothing_fails_the_scheduler(db: Database, options: Options):
    await look(db, "update cadence_rules set is_on = false where kind = 'results'")

    report = await verified(db, options)

    assert statuses(report)["scheduler_functionality"] == "failed"


async def test_what_the_real_service_may_not_take_is_a_warning(db: Database, options: Options):
    partner = await add_partner(db, "By the page", "UTC")
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
    config = {"base_url": "https://chronotrack.com/api/v1", "timeout": 30, "rate_limit": 1500}
    await set_credentials(db, partner, PROVIDER, LOGIN, digest, config)

    report = await verified(db, replace(options, dry_run=True))

    slot = report.test_results["provider_credentials"]
    assert slot.status == "passed"
    told = " ".join(slot.details.warnings)
    assert all(word in told for word in ("base_url", "SHA-256", "client_id", "stored in plain"))
    assert digest not in str(report)


async def test_a_result_that_is_still_to_come_is_skipped_and_not_passed(db: Database, options: Options):
    coming = rehearsal_world(days_ago(0) + timedelta(days=3), season=0, field_size=20)
    async with sandbox_on(coming) as sandbox:
        await add_login(db, sandbox)

        report = await verified(db, options)

    assert statuses(report)["participant_collection"] == "passed"
    assert statuses(report)["results_collection"] == "skipped"
    assert report.success


async def test_a_file_of_the_page_that_is_missing_is_told(db: Database, options: Options):
    (options.checkout / "monitor_chronotrack_live.py").unlink()

    report = await verified(db, options)

    assert reason(report, "database_schema").startswith("monitor_chronotrack_live.py is missing")


async def test_an_absent_unit_is_written_and_a_broken_one_is_told(db: Database, options: Options):
    first = await verified(db, options)
    written = options.unit.read_text()
    options.unit.write_text(written.replace("ExecStart=", "ExecStart=/nowhere"))
    second = await verified(db, options)

    assert statuses(first)["scheduler_functionality"] == "passed"
    assert "ExecStart=" in written
    unit = second.test_results["scheduler_functionality"]
    assert unit.status == "failed" or any("systemd is not" in text for text in unit.details.not_checked)


async def test_a_database_that_goes_away_midway_ends_the_checks_and_not_the_report(
    db: Database, database_url: str, options: Options
):
    admin, _, name = database_url.rpartition("/")

    def shut_the_database(slot: str, _: SlotResult) -> None:
        if slot == "event_discovery":
            with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
                connection.execute(SQL("alter database {} allow_connections false").format(Identifier(name)))
                connection.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,)
                )

    report = await verify(db, options, shut_the_database)

    found = list(statuses(report).values())
    assert found[SLOTS.index("duplicate_detection") :] == ["error", "skipped", "skipped", "skipped", "skipped"]
    assert reason(report, "backfill_system") == "the database went away: see duplicate_detection"
    assert not report.success


async def test_an_error_inside_one_slot_hides_no_other(db: Database, options: Options):
    await look(db, "alter table hub_clock rename to hub_clock_that_was")

    report = await verified(db, options)

    assert statuses(report)["rate_limiting"] == "error"
    assert statuses(report)["duplicate_detection"] == statuses(report)["scheduler_functionality"] == "passed"


async def test_the_command_writes_report_and_log_and_ends_by_what_it_found(database_url: str, open_folder: Path):
    files = named_files(open_folder)
    hub = HubCommand(database_url, open_folder)

    done = await hub("verify", "--dry-run", "--timing-partner-id", "7", "--all-partners", "--verbose", *files)

    report = json.loads((open_folder / "report").read_text())
    assert done.code == 1
    assert set(report) == {"success", "summary", "test_results", "timestamp", "dry_run"}
    assert {"total_tests", "passed", "failed", "errors", "pass_rate"} <= set(report["summary"])
    assert list(report["test_results"]) == SLOTS
    assert all({"status", "details"} == set(slot) for slot in report["test_results"].values())
    assert report["test_results"]["provider_credentials"]["status"] == "failed"
    assert report["summary"]["skipped"] == 6
    assert "6 skipped" in done.out
    assert "provider_credentials failed" in (open_folder / "log").read_text()


async def test_a_database_that_is_away_is_one_clear_message_and_eleven_slots(open_folder: Path):
    hub = HubCommand("postgresql://nobody@127.0.0.1:9/none", open_folder)

    done = await hub("verify", *named_files(open_folder))

    report = json.loads((open_folder / "report").read_text())
    assert (done.code, report["success"]) == (1, False)
    assert list(report["test_results"]) == SLOTS
    assert done.out.count("cannot connect to the database") == 1
    assert done.err == ""
