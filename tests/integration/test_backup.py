"""`project88 backup` and `restore` as an operator types them: what comes back is what was there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from project88.edges.dumps import programs_for
from project88.errors import ConfigError
from project88.store.addresses import address
from project88.store.backups import begin, only_backup
from project88.store.connection import Database
from tests.hub_command import CHECKOUT, HubCommand
from tests.integration.two_sources import checksums, fill

PASSWORD = "not-to-be-seen-anywhere"


@dataclass(frozen=True, slots=True)
class Place:
    hub: HubCommand
    db: Database
    folder: Path
    url: str

    async def look(self, statement: str) -> list[tuple[object, ...]]:
        async with self.db.connection() as connection:
            return list(await (await connection.execute(SQL(statement))).fetchall())

    async def states(self) -> list[object]:
        return [row[0] for row in await self.look("select status from backups order by backup_id")]

    def beside(self, name: str) -> str:
        return make_conninfo(self.url, dbname=name)


@pytest.fixture
async def place(database_url: str, db: Database, tmp_path: Path) -> Place:
    """A database with rows of two partners and two sources."""
    return await filled(database_url, db, tmp_path)


@pytest.fixture
async def place_without_roles(database_without_roles_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with Database.open(database_without_roles_url) as db:
        yield await filled(database_without_roles_url, db, tmp_path)


async def filled(url: str, db: Database, folder: Path) -> Place:
    await fill(db)
    return Place(HubCommand(url, folder / "home"), db, folder, url)


@pytest.fixture
async def restored(place: Place) -> AsyncIterator[str]:
    """The name of a database that does not exist yet; it is dropped at the end."""
    name = f"{conninfo_to_dict(place.url)['dbname']}_restored"
    yield name
    async with await psycopg.AsyncConnection.connect(place.url, autocommit=True) as connection:
        await connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))


@pytest.mark.parametrize("form", ["custom", "directory", "plain"])
async def test_what_is_restored_equals_what_was_backed_up(place: Place, restored: str, form: str):
    before = await checksums(place.url)
    made = await place.hub("backup", "--file", str(place.folder / "copy"), "--format", form)
    put_back = await place.hub("restore", str(place.folder / "copy"), "--into", restored)

    assert (made.code, put_back.code) == (0, 0), made.err + put_back.err
    assert "proved: restored into a scratch database" in made.out
    assert await checksums(place.beside(restored)) == before
    assert await place.look("select status, verified_by, file_name from backups") == [
        ("completed", "restore", str(place.folder / "copy"))
    ]
    # Other tests prove backups on the same server at the same time.
    scratch = f"project88_proof_{hashlib.sha256(place.url.rpartition('/')[2].encode()).hexdigest()[:12]}"
    assert scratch not in {row[0] for row in await place.look("select datname from pg_database")}


async def test_a_backup_says_what_is_not_in_it_and_shows_no_secret(place: Place):
    made = await place.hub("backup", "--file", str(place.folder / "copy.dump"))
    listed = await place.hub("backup", "--list")

    assert str(place.folder / "home" / "credentials.keys") in made.out
    assert "copy.dump" in listed.out
    password = conninfo_to_dict(place.url)["password"]
    assert not any(str(password) in text for text in (made.out, made.err, listed.out))
    assert str(password) not in address(place.url).argument


async def test_a_database_without_the_schema_is_backed_up_and_noted_later(
    empty_database_url: str, tmp_path: Path, restored: str
):
    async with await psycopg.AsyncConnection.connect(empty_database_url) as connection:
        await connection.execute("create table legacy (id integer)")
        await connection.execute("insert into legacy select generate_series(1, 7)")
    hub = HubCommand(empty_database_url, tmp_path)
    made = await hub("backup", "--file", str(tmp_path / "old.dump"))
    too_early = await hub("backup", "--note", str(tmp_path / "old.dump"))
    migrated = await hub("db", "migrate")
    noted = [await hub("backup", "--note", str(tmp_path / "old.dump")) for _ in range(2)]
    async with Database.open(empty_database_url) as db:
        rows = await db.rows(SQL("select status, verified_by from backups"))

    assert "1 tables, 7 rows" in made.out
    assert (made.code, too_early.code, migrated.code) == (0, 78, 0), made.err + migrated.err
    assert [each.code for each in noted] == [0, 0]
    assert rows == [{"status": "completed", "verified_by": "restore"}]


async def test_a_full_disk_leaves_no_file_a_failed_row_and_a_reason(place: Place):
    line = shlex.join(place.hub.line("backup", "--file", str(place.folder / "copy.dump")))
    process = await asyncio.create_subprocess_shell(
        f"ulimit -f 16; exec {line}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=place.hub.without_compiled_files,
        cwd=CHECKOUT,
    )
    _, err = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 1
    assert "ulimit -f" in err.decode()
    assert list(place.folder.glob("copy*")) == []
    assert await place.states() == ["failed"]


async def test_a_backup_that_cannot_be_restored_does_not_count(place: Place):
    """A row that its own table would refuse today, because the rule has changed behind it."""
    async with place.db.connection() as connection:
        await connection.execute("create function broken() returns integer language sql as $$ select 1 $$")
        await connection.execute("create table odd (number integer default broken() check (broken() = 1))")
        await connection.execute("insert into odd default values")
        await connection.execute("create or replace function broken() returns integer language sql as $$ select 2 $$")
    made = await place.hub("backup", "--file", str(place.folder / "copy.dump"))

    assert made.code == 1
    assert "pg_restore failed" in made.err
    assert list(place.folder.glob("copy*")) == []
    assert await place.states() == ["failed"]


async def test_a_role_that_may_not_create_databases_has_its_backup_read_and_told_so(place_without_roles: Place):
    place = place_without_roles
    name = str(conninfo_to_dict(place.url)["dbname"])
    role = f"{name[:40]}_role"
    async with await psycopg.AsyncConnection.connect(place.url, autocommit=True) as admin:
        login = SQL("create role {} login password {}").format(Identifier(role), Literal(PASSWORD))
        await admin.execute(login)
        try:
            await admin.execute(SQL("grant pg_read_all_data to {}").format(Identifier(role)))
            await admin.execute(SQL("grant insert, update on backups to {}").format(Identifier(role)))
            url = make_conninfo(place.url, user=role, password=PASSWORD)
            made = await HubCommand(url, place.folder)("backup", "--file", str(place.folder / "copy.dump"))
        finally:
            await admin.execute(SQL("drop owned by {}").format(Identifier(role)))
            await admin.execute(SQL("drop role {}").format(Identifier(role)))

    assert made.code == 0, made.err
    assert "READ ONLY TO ITS END" in made.out
    assert await place.look("select verified_by from backups") == [("reading",)]
    assert PASSWORD not in made.out + made.err


async def test_a_backup_under_way_keeps_a_second_one_out_and_a_killed_one_is_given_up(place: Place):
    async with only_backup(place.db):
        await begin(place.db, "killed.dump")
        second = await place.hub("backup", "--file", str(place.folder / "copy.dump"))
    third = await place.hub("backup", "--file", str(place.folder / "copy.dump"))

    assert (second.code, third.code) == (1, 0)
    assert "another backup" in second.err
    assert await place.states() == ["failed", "completed"]


async def test_only_the_newest_of_a_folder_are_kept_and_other_files_stay(place: Place):
    folder = place.folder / "backups"
    folder.mkdir()
    name = str(conninfo_to_dict(place.url)["dbname"])
    old = [f"project88-{name}-2026010{day}T000000Z.dump" for day in (1, 2, 3)]
    for each in (*old, "mine.dump", f"project88-{name}-notes.txt"):
        (folder / each).touch()
    made = await place.hub("backup", "--folder", str(folder), "--keep", "2")
    left = {path.name for path in folder.iterdir()}

    assert made.code == 0
    assert {old[2], "mine.dump", f"project88-{name}-notes.txt"} <= left
    assert not {old[0], old[1]} & left
    assert len([each for each in left if each.endswith(".dump")]) == 3


async def test_a_full_database_is_replaced_only_when_asked_and_only_by_a_whole_one(place: Place, restored: str):
    copy = str(place.folder / "copy.dump")
    await place.hub("backup", "--file", copy)
    await place.hub("restore", copy, "--into", restored)
    before = await checksums(place.beside(restored))
    async with await psycopg.AsyncConnection.connect(place.beside(restored)) as connection:
        await connection.execute("delete from ct_events")
    beside = place.folder / "copy.dump.json"
    manifest = json.loads(beside.read_text())
    manifest["rows"]["public.ct_events"] += 1
    whole = beside.read_text()
    refused = await place.hub("restore", copy, "--into", restored)
    unasked = await place.hub("restore", copy, "--into", restored, "--replace")
    beside.write_text(json.dumps(manifest))
    less = await place.hub("restore", copy, "--into", restored, "--replace", "--yes")
    kept = await checksums(place.beside(restored))
    beside.write_text(whole)
    more = await place.hub("restore", copy, "--into", restored, "--replace", "--yes")

    assert (refused.code, unasked.code) == (2, 2)
    assert "not empty" in refused.err
    assert "--yes" in unasked.err
    assert less.code == 1
    assert "public.ct_events" in less.err
    assert kept["public.ct_events"][0] == 0
    assert more.code == 0, more.err
    assert await checksums(place.beside(restored)) == before


async def test_a_restore_needs_a_place_and_takes_none_that_is_in_use(place: Place):
    copy = str(place.folder / "copy.dump")
    await place.hub("backup", "--file", copy)
    name = str(conninfo_to_dict(place.url)["dbname"])
    nowhere = await place.hub("restore", copy)
    taken = await place.hub("restore", copy, "--into", name, "--replace", "--yes")

    assert (nowhere.code, taken.code) == (2, 1)
    assert "--into NAME" in nowhere.err
    assert "connected" in taken.err


async def test_a_damaged_file_is_not_restored_and_leaves_nothing_behind(place: Place, restored: str):
    copy = place.folder / "copy.dump"
    await place.hub("backup", "--file", str(copy))
    content = copy.read_bytes()
    copy.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    changed = await place.hub("restore", str(copy), "--into", restored)
    copy.write_bytes(content[:-5000])
    (place.folder / "copy.dump.json").unlink()
    cut = await place.hub("restore", str(copy), "--into", restored)

    assert (changed.code, cut.code) == (1, 1)
    assert "damaged" in changed.err
    assert "end of file" in cut.err
    assert await place.look(f"select datname from pg_database where datname = '{restored}'") == []


async def test_programs_older_than_the_server_are_refused():
    with pytest.raises(ConfigError, match="postgresql-client-99"):
        await programs_for(99)


async def test_one_that_is_ended_leaves_no_file_and_says_so(place: Place):
    """SIGTERM comes while it waits for a table that somebody holds."""
    async with place.db.transaction() as holder:
        await holder.execute("lock table ct_results in access exclusive mode")
        process = await asyncio.create_subprocess_exec(
            *place.hub.line("backup", "--file", str(place.folder / "copy.dump")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=place.hub.environment,
            cwd=CHECKOUT,
        )
        waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while not await place.look(waiting):  # noqa: ASYNC110 - the work of another process
            await asyncio.sleep(0.02)
        process.terminate()
        code = await asyncio.wait_for(process.wait(), 30)

    assert code == 143
    assert list(place.folder.glob("copy*")) == []
    assert await place.look("select status, error_message from backups") == [("failed", "it was interrupted")]
