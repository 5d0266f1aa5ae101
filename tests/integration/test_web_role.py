"""The pages work by a login that may read only, whatever login the hub itself has."""

from __future__ import annotations

import stat

import psycopg
import pytest
from psycopg.sql import SQL

from project88.cli.pages import pages_database
from project88.errors import ConfigError
from project88.store import results_page
from project88.store.connection import Database
from project88.store.results_page import EventKey
from project88.store.roles import apply_roles, standing
from tests.integration.test_roles import fill, login


@pytest.fixture
def hub_home(monkeypatch, tmp_path):
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


async def test_the_hub_makes_a_login_that_reads_what_pages_show_and_no_more(db: Database, database_url, hub_home):
    fill(database_url, (1, 2))
    async with pages_database(db) as pages:
        found = await standing(pages)
        shown = await results_page.events(pages, 10, 0)
        seen = await pages.of_partners([1]).rows(SQL("select distinct timing_partner_id from unified_results"))
        unnamed = await pages.rows(SQL("select * from ct_events"))
        with pytest.raises(ConfigError, match="permission denied"):
            await pages.rows(SQL("select * from partner_provider_credentials"))

    assert found.too_much is None
    assert found.login.startswith("project88_web_")
    assert {event.key for event in shown} == {EventKey(1, "x"), EventKey(2, "x")}
    assert seen == [{"timing_partner_id": 1}]
    assert unnamed == []


async def test_its_password_is_in_a_file_of_ours_and_stays_the_same(db: Database, hub_home):
    async with pages_database(db) as first:
        (file,) = (hub_home / "passwords").iterdir()
        password = file.read_text()
        async with pages_database(db) as second:
            assert await first.name() == await second.name()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == password
    assert len(password.strip()) >= 32


async def test_no_page_shows_rows_of_a_partner_whom_its_question_does_not_name(db: Database, database_url, hub_home):
    fill(database_url, (1, 2))
    other = EventKey(2, "x")
    async with pages_database(db) as pages:
        limited = pages.of_partners([1])
        async with limited.connection() as connection:
            rows = await (await connection.execute("select distinct timing_partner_id from ct_results")).fetchall()
            assert rows == [(1,)]
        assert (await results_page.tallies(pages, [other]))[other].statuses == {"unknown": 1}
        assert [row["participant_id"] for row in await results_page.search(pages, other, "x", 5, 0)] == []
        assert await results_page.races(pages, other)


@pytest.mark.parametrize("roles", [(), ("project88_writer",), ("project88_owner",)])
async def test_another_login_that_is_named_for_the_pages_is_refused(db: Database, database_url, monkeypatch, roles):
    await apply_roles(db)
    async with login(database_url, *roles) as named:
        monkeypatch.setenv("PROJECT88_WEB_DATABASE_URL", named)
        with pytest.raises(ConfigError, match="pages must not use the database as login_"):
            async with pages_database(db):
                pass


async def test_a_reader_that_is_named_for_the_pages_is_used(db: Database, database_url, monkeypatch):
    await apply_roles(db)
    async with login(database_url, "project88_reader") as named:
        monkeypatch.setenv("PROJECT88_WEB_DATABASE_URL", named)
        async with pages_database(db) as pages:
            assert (await standing(pages)).login.startswith("login_")


async def test_a_hub_that_may_make_no_login_says_what_an_administrator_runs(db: Database, database_url, hub_home):
    await apply_roles(db)
    async with login(database_url, "project88_writer") as writer, Database.open(writer) as hub:
        with pytest.raises(ConfigError, match=r"may not create roles.*roles\.sql.*PROJECT88_WEB_DATABASE_URL"):
            async with pages_database(hub):
                pass


async def test_the_password_is_in_no_statement_that_the_server_could_log(db: Database, hub_home, monkeypatch):
    said: list[str] = []
    execute = psycopg.AsyncConnection.execute

    async def listened(self, query, *rest, **more):
        said.append(query if isinstance(query, str) else query.as_string(self) if hasattr(query, "as_string") else "")
        return await execute(self, query, *rest, **more)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", listened)
    async with pages_database(db):
        (file,) = (hub_home / "passwords").iterdir()

    assert [line for line in said if "alter role" in line and "SCRAM-SHA-256" in line]
    assert [line for line in said if file.read_text().strip() in line] == []
