"""The backfill against the sandbox on loopback and a real PostgreSQL; killed and interrupted as a real process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from project88.backfill import BackfillOptions, EventReport, Plan, PlannedEvent, SilentObserver, run_backfill
from project88.errors import EXIT_CONFIG, ConfigError, UsageError
from project88.sandbox import Account, Fault, LiveSettings, Sandbox, World, list_world, rehearsal_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from tests.hub_command import HubCommand

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Notes(SilentObserver):
    """Remembers what a backfill told."""

    plan: Plan | None = None
    started: list[str] = field(default_factory=list)
    finished: list[EventReport] = field(default_factory=list)

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    def event_started(self, event: PlannedEvent) -> None:
        self.started.append(event.provider_event_id)

    def event_finished(self, event: PlannedEvent, report: EventReport) -> None:
        self.finished.append(report)


@asynccontextmanager
async def service(world: World, *faults: Fault, accounts: tuple[Account, ...] = (Account(),)) -> AsyncIterator[Sandbox]:
    async with serve(world, LiveSettings(rate_limit=1_000_000, accounts=accounts), faults=faults) as sandbox:
        yield sandbox


async def add_login(
    db: Database, sandbox: Sandbox, name: str = "Timers", login: str = LOGIN, password: str = PASSWORD, **config: object
) -> int:
    partner = await add_partner(db, name, "UTC")
    settings = {"base_url": sandbox.base_url, "client_id": CLIENT_ID, "rate_limit": 600_000, **config}
    await set_credentials(db, partner, "chronotrack_live", login, password, settings)
    return partner


def ids(world: World) -> list[str]:
    return list(world.events)


def event_call(event_id: str) -> str:
    return f"/api/event/{event_id}/*"


async def query(url: str, statement: str) -> list[tuple]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(statement)).fetchall()


async def change(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement)


async def rows_by_event(url: str) -> dict[str, int]:
    counted = await query(
        url,
        """select provider_event_id, (select count(*) from ct_participants p where p.event_id = e.event_id)
           from ct_events e where data_source = 'chronotrack_live'""",
    )
    return dict(counted)


async def every_row(url: str) -> dict[str, tuple]:
    """Each table's row versions. Any insert, update or delete shows."""
    tables = await query(url, "select tablename from pg_tables where schemaname = 'public' order by 1")
    versions = "count(*), md5(coalesce(string_agg(t.xmin || t::text, '|' order by t.ctid), ''))"
    return {table: (await query(url, f"select {versions} from {table} t"))[0] for (table,) in tables}


async def begin(url: str, home: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "project88",
        "backfill",
        *arguments,
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "PROJECT88_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def command(url: str, home: Path, *arguments: str) -> tuple[int | None, str, str]:
    done = await HubCommand(url, home)("backfill", *arguments)
    return done.code, done.out, done.err


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        # The condition is another process's work in the database, which sets no event of ours.
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_season_is_collected_and_a_second_run_writes_nothing(db, database_url, tmp_path):
    world = rehearsal_world(now() + timedelta(hours=1), season=3, field_size=10)
    big_race = ids(world)[-1]
    async with service(world) as sandbox:
        await add_login(db, sandbox)
        first_code, first_output, _ = await command(database_url, tmp_path, "--json", "--log", str(tmp_path / "log"))
        before = await every_row(database_url)
        second_code, second_output, _ = await command(database_url, tmp_path, "--json", "--report", str(tmp_path / "2"))
        after = await every_row(database_url)
    first, second = json.loads(first_output), json.loads(second_output)
    stored = {event_id: rows for event_id, rows in (await rows_by_event(database_url)).items() if rows}

    assert (first_code, second_code) == (0, 0)
    entries = {event_id: sum(len(race.entries) for race in event.races) for event_id, event in world.events.items()}
    assert stored == {event_id: count for event_id, count in entries.items() if event_id != big_race}
    assert first["events_discovered"] == 4
    assert first["events_imported"] == first["events_processed"] == 3
    assert first["skipped_by_reason"] == {"did not start more than an hour ago": 1}
    assert first["participants_imported"] == sum(stored.values())
    assert first["api_calls"] == sandbox.calls.total - second["api_calls"]
    assert json.loads((tmp_path / "backfill_report.json").read_text()) == first
    assert second["events_processed"] == 3
    assert second["events_imported"] == second["rows_written"] == second["participants_imported"] == 0
    for table in ("ct_events", "ct_races", "ct_participants", "ct_results"):
        assert before[table] == after[table]
    history = await query(
        database_url, "select status, count(*) from sync_history where sync_type = 'backfill' group by 1"
    )
    assert history == [("completed", 6)]
    logged = (tmp_path / "log").read_text()
    assert logged.count(" INFO project88.sync.attempts backfill of event ") == 3
    assert "ERROR" not in logged


async def test_a_dry_run_changes_no_row_but_the_budget_and_tells_what_it_would_do(db, database_url, tmp_path):
    world = list_world(3, 2, start=now() - DAY)
    twin, other = ids(world)
    async with service(world) as sandbox:
        partner = await add_login(db, sandbox)
        await change(
            database_url,
            f"""insert into ct_events (timing_partner_id, event_id, event_name, start_date)
                values ({partner}, 'h1', 'LIST of 3!', now() - interval '1 day')""",
        )
        before = await every_row(database_url)
        code, output, _ = await command(database_url, tmp_path, "--dry-run")
        after = await every_row(database_url)
        _, raw_report, _ = await command(database_url, tmp_path, "--dry-run", "--json")
    report = json.loads(raw_report)

    assert code == 0
    for rows in (before, after):
        rows.pop("call_budgets"), rows.pop("call_log")
    assert after == before
    assert {event["provider_event_id"]: event["status"] for event in report["events"]} == {
        twin: "would skip",
        other: "would import",
    }
    assert (report["events_skipped_as_duplicates"], report["events_planned"], report["rows_written"]) == (1, 1, 0)
    assert "would skip: possible duplicate of a hardware event" in output
    assert "total: 1 events to import, 4 rows" in output


async def test_the_real_run_skips_what_the_dry_run_said_it_would(db, database_url):
    world = list_world(3, 2, start=now() - DAY)
    twin, other = ids(world)
    async with service(world) as sandbox:
        partner = await add_login(db, sandbox)
        await change(
            database_url,
            f"""insert into ct_events (timing_partner_id, event_id, event_name, start_date)
                values ({partner}, 'h1', 'List of 3', now() - interval '1 day')""",
        )
        report = await run_backfill(db, BackfillOptions(), SilentObserver())

    assert await rows_by_event(database_url) == {other: 2}
    assert [event.provider_event_id for event in report.events if event.is_duplicate] == [twin]
    assert report.success


async def test_the_plan_foretells_rows_and_calls(db):
    world = list_world(1, 999, 1000, 1001, start=now() - DAY)
    async with service(world) as sandbox:
        await add_login(db, sandbox, page_size=500)
        report = await run_backfill(db, BackfillOptions(), SilentObserver())

    assert {event.rows_planned: event.calls_planned for event in report.events} == {
        event.participants_read + event.results_read: event.api_calls for event in report.events
    }
    assert sorted(event.participants_read for event in report.events) == [1, 999, 1000, 1001]


async def test_small_events_go_first(db):
    world = list_world(40, 3, 20, 1, start=now() - DAY)
    large, small, middle, tiny = ids(world)
    notes = Notes()
    async with service(world) as sandbox:
        await add_login(db, sandbox, max_concurrency=1)
        await run_backfill(db, BackfillOptions(), notes)

    assert notes.started == [tiny, small, middle, large]


async def test_limit_and_since_narrow_the_events_of_each_partner(db):
    world = rehearsal_world(now() + timedelta(hours=1), season=4, field_size=5)
    third, newest = ids(world)[2:4]
    async with service(world) as sandbox:
        await add_login(db, sandbox)
        await add_login(db, sandbox, name="Others")
        limited, recent = Notes(), Notes()
        await run_backfill(db, BackfillOptions(limit_events=1, dry_run=True), limited)
        day = (now() - 150 * DAY).date()
        await run_backfill(db, BackfillOptions(since=day, timing_partner_id=2, dry_run=True), recent)

    assert [event.provider_event_id for event in limited.plan.imports] == [newest, newest]
    assert {event.provider_event_id for event in recent.plan.imports} == {third, newest}


async def test_one_failing_event_does_not_keep_the_others_out(db, database_url, tmp_path):
    world = list_world(2, 3, 4, start=now() - DAY)
    bad = ids(world)[1]
    fault = Fault(kind="error_key", path_glob=f"/api/event/{bad}/entry", skip=1, message="out of order")
    async with service(world, fault) as sandbox:
        await add_login(db, sandbox)
        code, output, _ = await command(database_url, tmp_path)
        states = dict(await query(database_url, "select provider_event_id, state from backfill_events"))
        sandbox.faults.clear()
        resumed_code, resumed, _ = await command(database_url, tmp_path, "--resume", "--json")

    assert code == 1
    assert "out of order" in output
    assert "project88 backfill --resume" in output
    assert states == {event_id: "failed" if event_id == bad else "completed" for event_id in ids(world)}
    assert resumed_code == 0
    assert [event["provider_event_id"] for event in json.loads(resumed)["events"]] == [bad]
    assert await rows_by_event(database_url) == dict(zip(ids(world), (2, 3, 4), strict=True))


async def test_an_event_read_partially_makes_the_run_fail(db, database_url, tmp_path):
    world = list_world(2, 30, start=now() - DAY)
    cut = ids(world)[1]
    fault = Fault(kind="error_key", path_glob=f"/api/event/{cut}/results", page=2, message="no second page")
    async with service(world, fault) as sandbox:
        await add_login(db, sandbox, page_size=20)
        code, output, _ = await command(database_url, tmp_path, "--json")
    report = json.loads(output)

    assert code == 1
    assert (report["events_partial"], report["events_imported"], report["success"]) == (1, 2, False)
    assert "no second page" in report["errors"][0]


async def test_an_archived_event_is_skipped_noted_and_not_asked_again(db, database_url):
    world = list_world(2, 3, start=now() - DAY)
    archived, other = ids(world)
    async with service(world, Fault(kind="archived", path_glob=event_call(archived))) as sandbox:
        await add_login(db, sandbox)
        dry = await run_backfill(db, BackfillOptions(dry_run=True), SilentObserver())
        first = await run_backfill(db, BackfillOptions(), SilentObserver())
        calls = len(sandbox.calls.to(f"/event/{archived}/"))
        second = await run_backfill(db, BackfillOptions(), SilentObserver())
        calls_later = len(sandbox.calls.to(f"/event/{archived}/"))

    for report in (dry, first, second):
        assert report.success
        assert report.events_skipped_otherwise == 1
        assert (report.events_planned, report.events_failed) == (1, 0)
    assert calls_later == calls
    assert second.skipped_by_reason == {"archived upstream": 1}
    history = await query(
        database_url, "select provider_event_id, status from sync_history where sync_type = 'backfill'"
    )
    assert sorted(set(history)) == sorted([(archived, "skipped"), (other, "completed")])


async def test_a_bad_row_goes_to_quarantine_and_the_event_is_in(db, database_url):
    world = list_world(5, start=now() - DAY)
    async with service(world, Fault(kind="bad_row", path_glob="/api/event/*/results")) as sandbox:
        await add_login(db, sandbox)
        report = await run_backfill(db, BackfillOptions(), SilentObserver())

    assert (report.rows_quarantined, report.events_partial, report.participants_imported) == (1, 1, 5)
    assert await query(database_url, "select count(*) from ct_results where result_status = 'finished'") == [(4,)]


async def test_an_event_list_that_cannot_be_read_fails_the_run_and_counts_its_calls(db):
    async with service(list_world(2, start=now() - DAY), Fault(kind="error_key", path_glob="/api/event")) as sandbox:
        await add_login(db, sandbox)
        reports = [
            await run_backfill(db, BackfillOptions(dry_run=dry_run), SilentObserver()) for dry_run in (True, False)
        ]

    for report in reports:
        assert (report.success, report.api_calls, len(report.errors)) == (False, 1, 1)
        assert "the list of events cannot be read" in report.errors[0]


async def test_a_refused_login_stops_that_partner_only(db, database_url):
    world = list_world(2, 3, start=now() - DAY)
    async with service(world) as sandbox:
        await add_login(db, sandbox, name="Locked out", password="not-the-password")
        welcome = await add_login(db, sandbox, name="Welcome")
        report = await run_backfill(db, BackfillOptions(), SilentObserver())

    assert not report.success
    assert len(report.errors) == 1
    assert "timing partner 1 (Locked out)" in report.errors[0]
    partners = await query(database_url, "select distinct timing_partner_id from ct_participants")
    assert partners == [(welcome,)]


async def test_a_login_refused_midway_leaves_the_rest_for_resume(db, database_url):
    world = list_world(2, 3, 4, start=now() - DAY)
    second = ids(world)[1]
    fault = Fault(kind="status", status=401, path_glob=f"/api/event/{second}/entry", skip=1)
    async with service(world, fault) as sandbox:
        await add_login(db, sandbox, max_concurrency=1)
        report = await run_backfill(db, BackfillOptions(), SilentObserver())
        sandbox.faults.clear()
        resumed = await run_backfill(db, BackfillOptions(resume=True), SilentObserver())

    assert [event.status for event in report.events] == ["completed", "failed", "not tried"]
    assert report.can_resume
    assert [event.status for event in resumed.events] == ["completed", "completed"]
    assert (resumed.events_done_before, resumed.can_resume, resumed.success) == (1, False, True)
    assert await rows_by_event(database_url) == dict(zip(ids(world), (2, 3, 4), strict=True))


@dataclass(frozen=True)
class Blow:
    number: signal.Signals
    exit_code: int
    said: str = ""


@pytest.mark.parametrize(
    "blow",
    [
        Blow(signal.SIGKILL, -signal.SIGKILL),
        Blow(signal.SIGTERM, 143, "project88 backfill --resume"),
        Blow(signal.SIGINT, 130, "project88 backfill --resume"),
    ],
    ids=lambda blow: blow.number.name,
)
async def test_a_run_that_is_ended_goes_on_where_it_was(db, database_url, tmp_path, blow):
    world = list_world(2, 3, 60, start=now() - DAY)
    large = ids(world)[-1]
    # The size is asked first; the page that follows takes for ever.
    stuck = Fault(kind="slow", path_glob=f"/api/event/{large}/results", skip=1, pause_seconds=30)
    async with service(world, stuck) as sandbox:
        await add_login(db, sandbox)
        process = await begin(database_url, tmp_path)

        async def is_in_the_middle() -> bool:
            done = await query(database_url, "select count(*) from backfill_events where state = 'completed'")
            return done == [(2,)] and len(sandbox.calls.to(f"/event/{large}/results")) == 2

        await until(is_in_the_middle)
        process.send_signal(blow.number)
        _, errors = await process.communicate()
        visible = await rows_by_event(database_url)
        sandbox.faults.clear()
        calls = {event_id: len(sandbox.calls.to(f"/event/{event_id}/")) for event_id in ids(world)}
        resumed_code, output, _ = await command(database_url, tmp_path, "--resume", "--json")
        calls_later = {event_id: len(sandbox.calls.to(f"/event/{event_id}/")) for event_id in ids(world)}
    report = json.loads(output)

    assert process.returncode == blow.exit_code
    assert blow.said in errors.decode()
    assert visible == dict(zip(ids(world), (2, 3, 0), strict=True))
    assert resumed_code == 0
    assert (report["events_processed"], report["events_done_before"], report["participants_imported"]) == (1, 2, 60)
    assert {event_id for event_id in ids(world) if calls_later[event_id] > calls[event_id]} == {large}
    assert await rows_by_event(database_url) == dict(zip(ids(world), (2, 3, 60), strict=True))
    assert await query(database_url, "select count(*) from ct_results") == [(65,)]
    assert await query(database_url, "select count(*) from sync_history where status = 'running'") == [(0,)]


async def test_resume_without_an_unfinished_run_says_so_and_succeeds(db, database_url, tmp_path):
    async with service(list_world(2, start=now() - DAY)) as sandbox:
        await add_login(db, sandbox)
        await run_backfill(db, BackfillOptions(), SilentObserver())
        calls = sandbox.calls.total
        code, output, _ = await command(database_url, tmp_path, "--resume")

    assert (code, sandbox.calls.total) == (0, calls)
    assert output == "there is no unfinished backfill: nothing to resume\n"


async def test_two_backfills_of_a_partner_at_once_import_every_row_once(db, database_url):
    world = list_world(2, 3, 4, 5, start=now() - DAY)
    async with service(world) as sandbox:
        await add_login(db, sandbox)
        reports = await asyncio.gather(
            run_backfill(db, BackfillOptions(), SilentObserver()), run_backfill(db, BackfillOptions(), SilentObserver())
        )

    assert [report.errors for report in reports] == [[], []]
    assert sum(report.participants_imported for report in reports) == 14
    assert await rows_by_event(database_url) == dict(zip(ids(world), (2, 3, 4, 5), strict=True))


async def test_without_credentials_an_operator_must_act(db, database_url, tmp_path):
    code, output, errors = await command(database_url, tmp_path, "--json")

    assert (code, output) == (EXIT_CONFIG, "")
    assert "project88 credentials set" in errors
    with pytest.raises(ConfigError):
        await run_backfill(db, BackfillOptions(timing_partner_id=7), SilentObserver())


async def test_resume_takes_no_new_window(db):
    with pytest.raises(UsageError, match="--resume goes on with the stored plan"):
        await run_backfill(db, BackfillOptions(resume=True, limit_events=1), SilentObserver())
