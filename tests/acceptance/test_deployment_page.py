"""The deployment page typed in its order, placeholders filled, on empty and legacy databases. Every command exits 0.

The page is the operators' contract; what stands here in quotation marks is its text. Endless commands end by Ctrl-C.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL

from project88.edges import embedded
from project88.sandbox import LiveSettings, Sandbox, rehearsal_world, serve
from project88.sandbox.live.settings import LOGIN, PASSWORD
from tests.acceptance.seed_machine import Machine, machine, make_system_python, server_options

PSQL = "psql -h {PGHOST} -p {PGPORT} -U {PGUSER} -d {PGDATABASE}"
TABLES_OF_THE_PAGE = ("ct_events", "ct_participants", "ct_results")
UNIT = "chronotrack-live-scheduler.service"
CREDENTIAL = """
INSERT INTO partner_provider_credentials (
    timing_partner_id,
    provider_id,
    principal,
    secret,
    additional_config,
    created_at
) VALUES (
    1,                                          -- Replace with actual timing partner ID
    1,                                          -- ChronoTrack Live provider_id
    '{username}',                          -- Replace with actual username
    '{digest}',             -- Replace with SHA-256 hash
    '{{"base_url": "{base_url}", "timeout": 30, "rate_limit": 1500}}',
    NOW()
) ON CONFLICT (timing_partner_id, provider_id) 
DO UPDATE SET
    principal = EXCLUDED.principal,
    secret = EXCLUDED.secret,
    additional_config = EXCLUDED.additional_config;
"""
COLUMN = """
SELECT column_name FROM information_schema.columns 
WHERE table_name = 'ct_events' AND column_name = 'data_source';
"""
DELETES = """
DELETE FROM ct_events WHERE data_source = 'chronotrack_live';
DELETE FROM ct_participants WHERE data_source = 'chronotrack_live';
DELETE FROM ct_results WHERE data_source = 'chronotrack_live';
"""
RECENT = """
SELECT COUNT(*) FROM ct_events 
WHERE data_source = 'chronotrack_live' 
AND created_at >= NOW() - INTERVAL '24 hours';
"""
DUPLICATES = """
SELECT 
    e1.event_name,
    e1.start_date,
    e1.data_source as ct_live_source,
    e2.data_source as tcp_source
FROM ct_events e1
JOIN ct_events e2 ON e1.timing_partner_id = e2.timing_partner_id
    AND LOWER(e1.event_name) = LOWER(e2.event_name)
    AND ABS(EXTRACT(EPOCH FROM (e1.start_date - e2.start_date))) < 86400
WHERE e1.data_source = 'chronotrack_live' 
AND e2.data_source = 'tcp_hardware';
"""
HISTORY = """
SELECT 
    timing_partner_id,
    sync_type,
    status,
    participants_synced,
    results_synced,
    sync_time
FROM sync_history 
WHERE provider_id = 1 
AND sync_time >= NOW() - INTERVAL '24 hours'
ORDER BY sync_time DESC;
"""
BACKUP = r"""
pg_dump -h {PGHOST} -p {PGPORT} -U {PGUSER} -d {PGDATABASE} \
    --schema-only \
    --table=ct_events \
    --table=ct_participants \
    --table=ct_results \
    > chronotrack_live_backup_$(date +%Y%m%d_%H%M%S).sql
"""
LIVE_EVENTS = "select event_id from ct_events where data_source = 'chronotrack_live'"
TABLES = """
select format('%I.%I', n.nspname, c.relname), array_agg(a.attname::text)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and n.nspname in ('public', 'pgqueuer') group by 1 order by 1
"""
POLLED = "select count(*) from sync_history where provider_id = 1 and sync_type = 'results' and status = 'completed'"
EVENTS = 12

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def one_at_a_time() -> Iterator[None]:
    """The page's files in /tmp are there once only."""
    with (Path(tempfile.gettempdir()) / "project88-deployment-page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def system_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("system")
    make_system_python(folder)
    return folder


@asynccontextmanager
async def service() -> AsyncIterator[Sandbox]:
    """Past events, and the big race in its fifth hour."""
    world = rehearsal_world(datetime.now(UTC) - timedelta(hours=4, minutes=30), season=EVENTS - 1, field_size=40)
    async with serve(world, LiveSettings(accept_sha256=True)) as sandbox:
        yield sandbox


async def step_1_code(here: Machine) -> None:
    await here.does("git pull origin development-workspace")
    for name in ("providers/chronotrack_live_adapter.py", "database/chronotrack_live_schema_extension.sql",
                 "schedulers/chronotrack_live_scheduler.py"):  # fmt: skip
        assert name in await here.does(f"ls -la {name}")


async def step_2_dependencies(here: Machine) -> None:
    await here.does("pip3 install psycopg2-binary requests python-dateutil")
    said = await here.does("""python3 -c "import psycopg2, requests; print('Dependencies OK')\"""")
    assert said == "Dependencies OK\n"


async def step_3_schema(here: Machine) -> None:
    typed = "\\i database/chronotrack_live_schema_extension.sql\n" + COLUMN
    done = await here.types(PSQL.format(**here.variables), stdin=typed)
    assert done.code == 0, done.err
    assert "ERROR" not in done.err
    assert done.out.split()[-4:] == ["-------------", "data_source", "(1", "row)"]


async def step_4_credentials(here: Machine, sandbox: Sandbox) -> None:
    encode = f"""python3 -c "import hashlib; print(hashlib.sha256('{PASSWORD}'.encode()).hexdigest())\""""
    digest = (await here.does(encode)).strip()
    assert digest == hashlib.sha256(PASSWORD.encode()).hexdigest()
    typed = CREDENTIAL.format(username=LOGIN, digest=digest, base_url=sandbox.base_url)
    for _ in range(2):
        assert await here.does(PSQL.format(**here.variables), stdin=typed) == "INSERT 0 1\n"


async def step_5_tests(here: Machine, sandbox: Sandbox) -> None:
    calls = sandbox.calls.total
    await here.does("python3 test_chronotrack_live_integration.py --dry-run --verbose")
    assert sandbox.calls.total == calls, "a dry run sends no packet"
    before = await live_rows(here)
    await here.does("python3 test_chronotrack_live_integration.py --timing-partner-id 1 --verbose")
    report = json.loads(Path("/tmp/chronotrack_live_test_report.json").read_text())
    assert report["success"] is True
    assert report["summary"]["total_tests"] == 11
    assert report["summary"]["failed"] == report["summary"]["errors"] == 0
    assert await live_rows(here) == before == [0, 0, 0]


async def step_6_backfill(here: Machine) -> None:
    await here.does("python3 backfill/chronotrack_live_backfill.py --dry-run --limit-events 5 --verbose")
    assert await live_rows(here) == [0, 0, 0]
    await here.does("python3 backfill/chronotrack_live_backfill.py --limit-events 10 --verbose")
    assert (await live_rows(here))[0] == EVENTS, "all that the service lists are known"
    imported = "select count(distinct event_id) from ct_results where data_source = 'chronotrack_live'"
    assert await here.value(imported) == 10


async def step_7_scheduler(here: Machine) -> None:
    async def has_polled() -> bool:
        return bool(await here.value(POLLED))

    stopped = await here.interrupted("python3 schedulers/chronotrack_live_scheduler.py", has_polled)
    assert stopped.code in (0, 130), stopped.err
    assert "ERROR" not in stopped.err + stopped.out
    await here.does(f"sudo cp /tmp/{UNIT} /etc/systemd/system/")
    await here.does("sudo systemctl daemon-reload")
    await here.does(f"sudo systemctl enable {UNIT}")
    await here.does(f"sudo systemctl start {UNIT}")
    assert "active" in await here.does(f"sudo systemctl status {UNIT}")


async def step_8_health(here: Machine) -> None:
    async def is_well() -> bool:
        """The unit has begun and caught up with what fell due before it."""
        return (await here.types("python3 monitor_chronotrack_live.py")).code == 0

    async def has_results() -> bool:
        return bool(await here.value("select count(*) from unified_results where event_name like 'Boston%'"))

    await here.until(is_well)
    await here.until(has_results)
    health = json.loads(await here.does("python3 monitor_chronotrack_live.py"))
    assert health["status"] == "healthy"
    for table, count in zip(TABLES_OF_THE_PAGE, await live_rows(here), strict=True):
        typed = f"""psql -c "SELECT COUNT(*) FROM {table} WHERE data_source = 'chronotrack_live';\""""
        assert int((await here.does(typed)).split()[2]) >= count > 0


async def safety_backup(here: Machine) -> None:
    await here.does(BACKUP.format(**here.variables))
    (written,) = here.checkout.glob("chronotrack_live_backup_*.sql")
    text = written.read_text()
    assert all(f"CREATE TABLE public.{table}" in text for table in TABLES_OF_THE_PAGE)


async def monitoring_and_validation(here: Machine) -> None:
    psql = PSQL.format(**here.variables)
    assert int((await here.does(psql, stdin=RECENT)).split()[2]) == EVENTS
    assert "(0 rows)" in await here.does(psql, stdin=DUPLICATES)
    history = await here.does(psql, stdin=HISTORY)
    assert " completed " in history
    assert " failed " not in history

    async def at_once() -> bool:
        return True

    await here.interrupted(f"sudo journalctl -u {UNIT} -f", at_once)
    errors = await here.types(f"sudo journalctl -u {UNIT} | grep ERROR")
    assert (errors.code, errors.out) == (1, "")


async def live_rows(here: Machine) -> list[int]:
    """How many rows of ChronoTrack Live each of the page's three tables has."""
    statement = "select count(*) from {} where data_source = 'chronotrack_live'"
    return [
        int(str(await here.value(statement.format(table)))) for table in ("ct_events", "ct_participants", "ct_results")
    ]


async def rollback_drill(here: Machine) -> None:
    """Backup, the page's three DELETEs, and the backup put back on an empty server."""
    await here.does(f"sudo systemctl stop {UNIT}")
    live = [str(row[0]) for row in await here.rows(LIVE_EVENTS)]
    everything, others = await checksums(here.url()), await checksums(here.url(), without_events=live)
    await here.does(".venv/bin/python -m project88 backup --file before.dump")
    deleted = await here.does(PSQL.format(**here.variables), stdin=DELETES)
    assert [line.split()[0] for line in deleted.splitlines()] == ["DELETE"] * 3
    assert deleted.splitlines()[0] == f"DELETE {EVENTS}"
    assert await live_rows(here) == [0, 0, 0]
    assert without_backups(await checksums(here.url(), without_events=live)) == without_backups(others)
    async with empty_server(here.folder / "second") as url:
        await here.does(f".venv/bin/python -m project88 restore before.dump --into '{url}'")
        assert without_backups(await checksums(url)) == without_backups(everything)


@asynccontextmanager
async def empty_server(home: Path) -> AsyncIterator[str]:
    """Another server of the machine; the address of a database in it that does not exist yet."""
    try:
        server = await embedded.ensure_running(home, options=server_options())
        yield server.url("restored")
    finally:
        await embedded.stop(home)


def without_backups(found: Mapping[str, object]) -> dict[str, object]:
    """The backup's own row is begun before its snapshot and ended after it."""
    return {table: each for table, each in found.items() if table != "public.backups"}


async def checksums(url: str, without_events: Sequence[str] | None = None) -> dict[str, tuple[int, str]]:
    """Rows and their checksum for each table; without ChronoTrack Live's and those of the named events where asked."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        tables = await (await connection.execute(TABLES)).fetchall()
        return {name: await checksum(connection, name, columns, without_events) for name, columns in tables}


async def checksum(
    connection: psycopg.AsyncConnection, table: str, columns: Sequence[str], without_events: Sequence[str] | None
) -> tuple[int, str]:
    condition = "true"
    if without_events is not None and "data_source" in columns:
        condition = "data_source is distinct from 'chronotrack_live'"
    elif without_events is not None and table == "public.raw_lists":
        condition = (
            "exists (select from raw_readings r where (r.timing_partner_id, r.raw_reading_id) = "
            "(t.timing_partner_id, t.raw_reading_id) and r.data_source is distinct from 'chronotrack_live')"
        )
    elif without_events is not None and "event_id" in columns and table != "public.sync_history":
        condition = "event_id is null or event_id::text <> all (%(without_events)s)"
    statement = SQL(
        f"select count(*), md5(string_agg(md5(t::text), '' order by md5(t::text))) from {table} t where {condition}"
    )
    row = await (await connection.execute(statement, {"without_events": without_events})).fetchone()
    assert row is not None
    return row[0], row[1]


async def partner_one(here: Machine, legacy: str | None) -> None:
    """A legacy database has timing partners; an empty one gets its first."""
    if legacy is None:
        await here.does(".venv/bin/python -m project88 partner add --name 'Summit Timing'")
    assert await here.value("select count(*) from timing_partners where timing_partner_id = 1") == 1


async def legacy_data(here: Machine, legacy: str | None) -> None:
    if legacy is not None:
        psql = PSQL.format(**here.variables)
        await here.does(f"{psql} -X -q -v ON_ERROR_STOP=1 -f tests/migration/legacy/{legacy}")


async def hardware_rows(here: Machine) -> list[object]:
    count = "select count(*) from {} where data_source = 'tcp_hardware'"
    return [await here.value(count.format(table)) for table in TABLES_OF_THE_PAGE]


@pytest.mark.parametrize("legacy", [None, "variant_m.sql", "variant_d.sql"], ids=["empty", "legacy_m", "legacy_d"])
async def test_the_page_typed_in_order_and_the_rollback_drill(
    open_folder: Path, system_python: Path, one_at_a_time: None, legacy: str | None
):
    async with machine(open_folder, system_python) as here, service() as sandbox:
        await step_1_code(here)
        await step_2_dependencies(here)
        await legacy_data(here, legacy)
        await step_3_schema(here)
        await partner_one(here, legacy)
        before = await hardware_rows(here)
        assert all(before) == (legacy is not None)
        await step_4_credentials(here, sandbox)
        await step_5_tests(here, sandbox)
        await step_6_backfill(here)
        await step_7_scheduler(here)
        await step_8_health(here)
        await safety_backup(here)
        await monitoring_and_validation(here)
        await rollback_drill(here)
        assert await hardware_rows(here) == before
