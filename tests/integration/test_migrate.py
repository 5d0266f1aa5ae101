"""The pool of connections and the runner of database/install.sql, on a real server."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL

from project88.errors import ConfigError, StoreError
from project88.store.connection import Database, ensure_database
from project88.store.migrate import DATABASE_FOLDER, migrate, read_manifest, status


@pytest.fixture
def manifest_folder(tmp_path: Path) -> Path:
    """A copy of database/ that a test may change."""
    return Path(shutil.copytree(DATABASE_FOLDER, tmp_path / "database"))


def add_file(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    manifest = folder / "install.sql"
    manifest.write_text(manifest.read_text().replace("commit;", f"\\ir {name}\ncommit;"))


RECORD = "insert into applied_migrations (name) values ('{}') on conflict do nothing;\n"


async def test_an_empty_database_gets_every_file_in_order_and_then_nothing_more(empty_database_url: str):
    async with Database.open(empty_database_url) as db:
        before = {found.state for found in await status(db)}
        applied = await migrate(db)
        again = await migrate(db)
        after = {found.state for found in await status(db)}

    assert before == {"pending"}
    assert applied == [migration.name for migration in read_manifest()]
    assert again == []
    assert after == {"applied"}


async def test_two_migrations_at_once_apply_each_file_once(empty_database_url: str):
    async with Database.open(empty_database_url) as db:
        applied = await asyncio.gather(migrate(db), migrate(db))

    assert sorted(map(len, applied)) == [0, len(read_manifest())]


async def test_a_changed_file_runs_again_and_the_others_do_not(db: Database, manifest_folder: Path):
    changed = manifest_folder / "schema" / "010_partners.sql"
    changed.write_text("-- a remark\n" + changed.read_text())

    states = {found.name: found.state for found in await status(db, manifest_folder)}
    applied = await migrate(db, manifest_folder)

    assert states["schema/010_partners.sql"] == "changed"
    assert applied == ["schema/010_partners.sql"]


async def test_a_failing_file_leaves_the_database_as_it_was(db: Database, manifest_folder: Path):
    add_file(manifest_folder, "schema/900_good.sql", "create table good ();\n" + RECORD.format("schema/900_good.sql"))
    add_file(manifest_folder, "schema/910_bad.sql", "create table bad (;\n")

    with pytest.raises(StoreError, match=r"schema/910_bad\.sql.*syntax error"):
        await migrate(db, manifest_folder)

    assert await db.value(SQL("select to_regclass('good')")) is None
    assert {"pending"} == {found.state for found in await status(db, manifest_folder) if "/9" in found.name}


async def test_a_file_that_does_not_record_itself_is_refused(db: Database, manifest_folder: Path):
    add_file(manifest_folder, "schema/900_silent.sql", "create table silent ();\n")

    with pytest.raises(ConfigError, match="recording its own name"):
        await migrate(db, manifest_folder)

    assert await db.value(SQL("select to_regclass('silent')")) is None


@pytest.mark.parametrize("line", ["\\i schema/x.sql", "create table x ();", "\\set ON_ERROR_STOP off", "rollback;"])
async def test_a_manifest_line_outside_the_few_allowed_is_refused(manifest_folder: Path, line: str):
    manifest = manifest_folder / "install.sql"
    manifest.write_text(manifest.read_text() + line + "\n")

    with pytest.raises(ConfigError, match="is not understood"):
        read_manifest(manifest_folder)


async def test_connections_speak_utc_and_say_who_they_are(db: Database):
    settings = SQL("select current_setting('timezone') as zone, current_setting('application_name') as name")

    assert await db.row(settings) == {"zone": "UTC", "name": "project88"}
    async with db.dedicated() as connection:
        assert await (await connection.execute(settings)).fetchone() == ("UTC", "project88")


async def test_a_failed_transaction_writes_nothing(db: Database):
    insert = SQL("insert into timing_partners (company_name) values (%(name)s)")
    with pytest.raises(StoreError, match="is_known_once"):
        async with db.transaction() as connection:
            await connection.execute(insert, {"name": "One"})
            await connection.execute(insert, {"name": "One"})

    assert await db.rows(SQL("select * from timing_partners")) == []


async def test_a_refused_row_is_not_quoted_in_the_message_and_the_cause_is_kept(db: Database):
    insert = SQL("insert into partner_provider_credentials (timing_partner_id, provider_id, principal, secret)")
    values = SQL("values (1, null, 'someone', 'hush-hush')")
    with pytest.raises(StoreError) as raised:
        await db.execute(SQL("{} {}").format(insert, values))

    assert "hush-hush" not in str(raised.value)
    assert isinstance(raised.value.__cause__, psycopg.errors.NotNullViolation)


async def test_a_connection_that_the_server_ended_is_replaced(db: Database):
    with pytest.raises(StoreError):
        await db.execute(SQL("select pg_terminate_backend(pg_backend_pid())"))

    assert await db.value(SQL("select 1")) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "hush-hush"}, "password authentication failed"),
        ({"dbname": "absent"}, "does not exist"),
        ({"port": 1}, "refused"),
    ],
)
async def test_a_database_out_of_reach_is_a_configuration_error_without_the_password(
    database_url: str, change: dict[str, str | int], reason: str
):
    conninfo = make_conninfo(database_url, **change)
    with pytest.raises(ConfigError, match=reason) as raised:
        async with Database.open(conninfo):
            pass

    assert conninfo_to_dict(conninfo)["password"] not in str(raised.value)


async def test_a_malformed_address_is_not_quoted_back():
    with pytest.raises(ConfigError) as raised:
        async with Database.open("postgresql+driver://someone:hush-hush@host/name"):
            pass

    assert "hush-hush" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_making_a_database_twice_at_once_makes_one(database_url: str):
    name = database_url.rpartition("/")[2] + "_more"
    await asyncio.gather(*(ensure_database(database_url, name) for _ in range(3)))
    async with Database.open(database_url) as db:
        assert await db.value(SQL("select count(*) from pg_database where datname = %(name)s"), {"name": name}) == 1
        await db.execute(SQL(f"drop database {name}"))
