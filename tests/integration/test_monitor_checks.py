"""Each check of the monitor turns red for its own fault only, says whom it concerns, and is green again after it."""

from __future__ import annotations

import pytest

from project88 import monitor
from project88.monitor.checks import CHECKS
from project88.monitor.findings import Finding
from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER
from project88.store.partners import add_partner, set_credentials
from tests.integration.scheduling import look

EVENT = """
    insert into ct_events (timing_partner_id, event_id, provider_event_id, event_name, data_source, start_date)
    values (1, 'e1', '8412', 'River Run', 'chronotrack_live', now() - interval '2 hours')
"""
ATTEMPT = """
    insert into sync_history (timing_partner_id, provider_id, event_id, sync_type, status, sync_time, error_message)
    select 1, 1, 'e1', 'results', '{status}', now() - {ago} * interval '1 minute', 'no answer'
    from generate_series(1, {n})
"""
POLL = """
    insert into schedule_plan (timing_partner_id, provider_id, kind, event_id, state, next_due, planned_due, lane,
                               failures, last_error)
    values (1, 1, 'results', 'e1', '{state}', {due}, {due}, 'live', {failures}, 'no answer')
"""
PEAK = "Peak, chronotrack_live"


def attempts(status: str, n: int, ago: int) -> str:
    return ATTEMPT.format(status=status, n=n, ago=ago)


def poll(state: str = "waiting", due: str = "now() + interval '1 hour'", failures: int = 0) -> str:
    return POLL.format(state=state, due=due, failures=failures)


COMPUTER_WITH_GAPS = """
    insert into timing.timing_sessions (timing_partner_id, session_key, session_name) values (1, 'k', 'North');
    insert into timing.timing_links (timing_partner_id, link_id, timing_session_id, address, opened_at)
    select 1, 'l', timing_session_id, '', now() from timing.timing_sessions;
    insert into timing.timing_locations (
        timing_partner_id, timing_session_id, location, appeared_at, received, last_sequence)
    select 1, timing_session_id, 'finish', now(), '{[1,3),[5,8)}', 9 from timing.timing_sessions
"""


@pytest.fixture(autouse=True)
def at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path))
    monkeypatch.setattr("project88.monitor.checks.used_share", lambda folder: 0.5)


@pytest.fixture
async def hub(db: Database) -> Database:
    """A hub that is well: a partner with a login, and its two programs."""
    partner = await add_partner(db, "Peak", "UTC")
    await set_credentials(db, partner, "chronotrack_live", "peak@example.org", "x" * 64, {"client_id": "c"})
    await look(db, "insert into heartbeats (component, instance) values ('planner', 'a'), ('worker', 'b')")
    return db


async def bad(db: Database) -> list[Finding]:
    return [each for each in (await monitor.look(db)).checks if each.health]


async def test_a_hub_that_is_well_is_healthy_in_every_check(hub: Database):
    status = await monitor.look(hub)

    assert (status.status, status.exit_code) == ("healthy", 0)
    assert {each.check for each in status.checks} == {check.name for check in CHECKS}
    assert {"recent_events", "recent_participants", "recent_results", "active_partners"} < set(status.metrics)


@pytest.mark.parametrize(
    ("fault", "check", "state", "who", "cause"),
    [
        ("alter table ct_results drop constraint result_is_known_once", "schema", "unhealthy", "hub", "no unique"),
        ("delete from applied_migrations where name = 'schema/030_sync.sql'", "schema", "unhealthy", "hub", "lacks"),
        (
            "insert into credential_breakers (timing_partner_id, provider_id, account_name, kind, failures, reason)"
            " values (1, 1, '', 'login', 3, 'the login was refused')",
            "logins refused", "unhealthy", PEAK, "the login was refused, 3 failures in a row",
        ),
        ("delete from heartbeats where component = 'planner'", "programs", "unhealthy", "hub", "no planner is running"),
        (
            "update heartbeats set beat_at = now() - interval '61 seconds' where component = 'worker'",
            "programs", "unhealthy", "hub", "the worker has been silent for 61 s",
        ),
        (
            "insert into heartbeats (component, instance, beat_at) "
            "values ('listener', 'l', now() - interval '65 seconds')",
            "timing computers", "unhealthy", "hub", "the listener has been silent for 65 s",
        ),
        (COMPUTER_WITH_GAPS, "timing computers", "degraded", "Peak", "North lacks 4 reads of finish"),
        (
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date) "
            "values (1, 'h', 'Hill', now());"
            "insert into timing.scorings (timing_partner_id, event_id, problem) values (1, 'h', 'it has no course');"
            "insert into heartbeats (component, instance) values ('listener', 'l')",
            "timing computers", "degraded", "Peak", "Hill is not scored: it has no course",
        ),
        (poll(due="now() - interval '90 seconds'"), "polls on time", "degraded", PEAK, "has been due for 90 s"),
        (poll(due="now() - interval '3 minutes'"), "polls on time", "unhealthy", PEAK, "has been due for 180 s"),
        (poll(failures=3), "failing polls", "degraded", PEAK, "River Run failed 3 times in a row: no answer"),
        (poll("parked"), "failing polls", "unhealthy", PEAK, "results of River Run is given up: no answer"),
        (
            poll("parked") + ";update schedule_plan set last_error = null, reason = 'nobody knows it upstream'",
            "failing polls", "unhealthy", PEAK, "results of River Run is given up: nobody knows it upstream",
        ),
        (
            attempts("failed", 2, 1) + ";" + attempts("completed", 4, 2),
            "failures in 24 h", "degraded", PEAK, "2 of 6 attempts of 24 h failed; the last one: no answer",
        ),
        (
            attempts("failed", 4, 2) + ";" + attempts("completed", 2, 1),
            "failures in 24 h", "unhealthy", PEAK, "4 of 6 attempts",
        ),
        (
            attempts("completed", 20, 60) + ";" + attempts("failed", 3, 6),
            "last success", "degraded", PEAK, "no results for 6 min in 3 attempts; the last ones came",
        ),
        (
            attempts("completed", 20, 600) + ";" + attempts("failed", 3, 31),
            "last success", "unhealthy", PEAK, "no results for 31 min",
        ),
        (
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select timing_partner_id, 'h1', upper(event_name), start_date + interval '1 hour' from ct_events",
            "duplicates", "unhealthy", "Peak", "River Run is there twice: h1 and 8412",
        ),
        (
            "update ct_events set event_name = ' ';"
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select timing_partner_id, 'h1', 'Hill Run', start_date from ct_events",
            "duplicates", "degraded", "Peak", "an event without a name may be one event: h1 and 8412",
        ),
        (
            "insert into call_budgets (timing_partner_id, provider_id, account_name) values (1, 1, '');"
            "insert into call_log (timing_partner_id, provider_id, account_name, second, sent_ms)"
            " select 1, 1, '', date_trunc('second', now()), array_agg(0::smallint) from generate_series(1, 1600)",
            "call budget", "unhealthy", PEAK, "1600 calls in 60 s, allowed are 1500",
        ),
        (
            "insert into ct_participants (timing_partner_id, event_id, entry_id, data_source)"
            " values (1, 'e1', 'x', 'chronotrack_live');" + attempts("completed", 1, 1),
            "implausible zero", "degraded", "Peak", "River Run began over an hour ago and has no result",
        ),
        (
            "insert into held_retractions (timing_partner_id, event_id, data_source, stream, keys, rows_before)"
            " values (1, 'e1', 'chronotrack_live', 'results', '{a,b}', 2)",
            "decisions", "degraded", "Peak", "1 mass retractions are held",
        ),
        (
            "insert into quarantine"
            " (timing_partner_id, provider_id, provider_event_id, stream, raw_text, reason, raw_sha256)"
            " values (1, 1, '8412', 'results', 'x', 'no number', '')",
            "decisions", "degraded", "Peak", "1 rows of 24 h could not be read",
        ),
        (
            "insert into backups (file_name, status, error_message) values ('a.dump', 'failed', 'no room')",
            "backups", "unhealthy", "hub", "the last backup failed: no room",
        ),
        (
            "insert into backups (file_name, status, verified_at, finished_at, size_bytes, sha256, verified_by)"
            " values ('a.dump', 'completed', now() - interval '27 hours', now(), 1, 'x', 'restore')",
            "backups", "degraded", "hub", "the newest backup is 27 h old",
        ),
        (
            "insert into alert_messages (channel, notices, error_message) values ('webhook', 1, 'it answered 500')",
            "alerts", "degraded", "hub", "it answered 500",
        ),
    ],
)  # fmt: skip
async def test_a_fault_turns_its_check_red_and_no_other(hub: Database, fault, check, state, who, cause):
    await look(hub, EVENT)
    assert await bad(hub) == []
    async with hub.connection() as connection:
        await connection.execute(fault)

    found = await bad(hub)
    assert {(each.check, each.state, each.who) for each in found} == {(check, state, who)}
    assert cause in found[0].cause
    assert found[0].remedy


async def test_a_hub_without_a_login_is_degraded_and_runs_nothing_that_could_be_missed(db: Database):
    assert [(each.check, each.state) for each in await bad(db)] == [("logins", "degraded")]


@pytest.mark.parametrize(("share", "state"), [(0.81, "degraded"), (0.91, "unhealthy")])
async def test_a_disk_that_fills_up_is_told_before_it_is_full(hub: Database, monkeypatch, share, state):
    monkeypatch.setattr("project88.monitor.checks.used_share", lambda folder: share)

    assert [(each.check, each.state) for each in await bad(hub)] == [("disk", state)]


async def test_a_unit_that_has_ended_is_told(hub: Database, monkeypatch, tmp_path):
    standin = tmp_path / "systemctl"
    standin.write_text('#!/bin/sh\n[ "$1" = is-enabled ] && echo enabled || echo failed\n')
    standin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    assert [(each.check, each.cause) for each in await bad(hub)] == [
        ("unit", "chronotrack-live-scheduler.service is failed")
    ]


async def test_a_check_that_cannot_be_asked_is_red_and_hides_no_other(hub: Database):
    await look(hub, "alter table backups rename to put_away")

    assert {each.check for each in await bad(hub)} == {"schema", "backups"}


def test_every_check_has_its_section_in_the_how_to():
    text = (DATABASE_FOLDER.parent / "docs/howto/read-a-red-check.md").read_text(encoding="utf-8")

    assert {check.name for check in CHECKS} | {"database"} <= {
        line.removeprefix("## ").strip() for line in text.splitlines() if line.startswith("## ")
    }
