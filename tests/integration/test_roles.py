"""The roles of database/roles.sql: what a reader sees of two timing partners, and what no role may do."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from project88.store.connection import Database
from project88.store.migrate import migrate
from project88.store.roles import apply_roles, standing
from tests.integration.collecting import hub_on
from tests.integration.scheduling import look as look_at
from tests.integration.scheduling import processes, until, world_due_now
from tests.migration.test_psql_and_program_agree import install_with_psql

#: Tables that no reader sees.
LOGINS = {
    "partner_provider_credentials",
    "partner_provider_accounts",
    "api_tokens",
    "webhooks",
    "project88_users",
    "user_actions",
    "displays",
}
WITH_PARTNERS = """
    select c.oid::regclass::text, c.relkind::text, c.relrowsecurity from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'timing_partner_id' and not a.attisdropped
    where c.relkind in ('r', 'v') and c.relnamespace in ('public'::regnamespace, 'timing'::regnamespace)
    order by c.relkind, 1
"""
#: Columns that a row must have, with the type and the words that a check allows.
REQUIRED = """
    select a.attname, t.typcategory::text, format_type(a.atttypid, null),
           (select min(substring(pg_get_constraintdef(k.oid) from $$'([^']+)'::text$$)) from pg_constraint k
            where k.contype = 'c' and k.conrelid = a.attrelid and a.attnum = any (k.conkey))
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = %s::regclass and a.attnum > 0 and a.attnotnull and a.attidentity = '' and a.attgenerated = ''
      and not a.atthasdef
"""
ROLES = ("project88_owner", "project88_writer", "project88_reader")
#: What makes the rows of one partner belong together.
ALSO = {"ct_events": {"event_id": "x"}, "ct_results": {"race_id": "x", "entry_id": "x"},
        "call_log": {"second": datetime.now(UTC), "sent_ms": [1]},
        "timing.decisions": {"kind": "disqualified", "bib_number": "1"}}  # fmt: skip


@dataclass(frozen=True)
class Logins:
    """Addresses of one database, each with another login."""

    admin: str
    owner: str
    writer: str
    reader: str


@asynccontextmanager
async def login(admin_url: str, *roles: str, options: str = "") -> AsyncIterator[str]:
    """A login in these roles that is gone afterwards."""
    name, password = f"login_{uuid.uuid4().hex}", uuid.uuid4().hex
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as admin:
        made = SQL("create role {} login password {} " + options)
        await admin.execute(made.format(Identifier(name), Literal(password)))
        for role in roles:
            await admin.execute(SQL("grant {} to {}").format(Identifier(role), Identifier(name)))
        try:
            yield make_conninfo(admin_url, user=name, password=password)
        finally:
            await admin.execute(SQL("reassign owned by {} to current_user").format(Identifier(name)))
            await admin.execute(SQL("drop owned by {}").format(Identifier(name)))
            await admin.execute(SQL("drop role {}").format(Identifier(name)))


@pytest.fixture
async def logins(database_url: str, db: Database) -> AsyncIterator[Logins]:
    assert await apply_roles(db) is None
    async with (
        login(database_url, "project88_owner") as owner,
        login(database_url, "project88_writer") as writer,
        login(database_url, "project88_reader") as reader,
    ):
        yield Logins(database_url, owner, writer, reader)


def look(url: str, statement: str, partners: str | None = None) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        if partners is not None:
            connection.execute("select set_config('project88.timing_partner_id', %s, false)", [partners])
        cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description is not None else []


def fill(url: str, partners: tuple[int, ...]) -> None:
    """A row of each partner in every table that has a column for it."""
    fill_tables(url, dict.fromkeys(partners, "x"))


def fill_tables(url: str, texts: dict[int, str], *, tables: Collection[str] | None = None) -> None:
    """A row of each partner in these tables, else in all; its texts are what the table allows, else the partner's."""
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")
        for table, kind, _ in connection.execute(WITH_PARTNERS).fetchall():
            if kind != "r" or (tables is not None and table not in tables):
                continue
            for partner, text in texts.items():
                columns = connection.execute(REQUIRED, [table]).fetchall()
                values = {name: value(*rest, partner, text) for name, *rest in columns} | ALSO.get(table, {})
                values["timing_partner_id"] = partner
                if table == "api_tokens":
                    values["token_hash"] = partner.to_bytes(32)
                if table == "timing_partners":
                    values["company_name"] = f"Partner {partner}"
                if table == "project88_users":
                    values |= {"email": f"{partner}@example.org", "role": "read_only"}
                names, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
                connection.execute(f"insert into {table} ({names}) values ({marks})", values)


def value(category: str, of_type: str, word: str | None, partner: int, text: str) -> object:
    """By the type's category; those of the categories U (others) by its name."""
    others = {"bytea": b"x", "jsonb": "{}", "json": "{}"}
    known = {"N": partner, "B": False, "D": "2026-05-01", "A": "{}", "T": "1 hour", "S": word or text}
    return known[category] if category in known else others[of_type]


def test_a_reader_sees_the_partners_that_are_named_and_nobody_else_in_every_table_and_view(logins: Logins):
    fill(logins.admin, (1, 2, 3))
    relations = [row for row in look(logins.admin, WITH_PARTNERS) if row[0] not in LOGINS]

    assert {kind for _, kind, _ in relations} == {"r", "v"}
    assert {"timing.timing_reads", "timing_reads"} <= {relation for relation, _, _ in relations}
    assert [table for table, kind, is_secured in relations if kind == "r" and not is_secured] == []
    for relation, _, _ in relations:
        asked = f"select distinct timing_partner_id from {relation} order by 1"
        assert look(logins.admin, asked) == [(1,), (2,), (3,)], relation
        assert look(logins.reader, asked, "1") == [(1,)], relation
        assert look(logins.reader, asked, "2,3") == [(2,), (3,)], relation
        assert look(logins.reader, asked, "4") == look(logins.reader, asked, "") == look(logins.reader, asked) == []
        assert look(logins.writer, asked) == look(logins.owner, asked) == [(1,), (2,), (3,)], relation


@pytest.mark.parametrize("rubbish", ["1 or true", "*", "1;2", "null", "{1}"])
def test_a_setting_that_is_no_number_is_an_error_and_never_everything(logins: Logins, rubbish: str):
    fill(logins.admin, (1, 2))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        look(logins.reader, "select * from unified_results", rubbish)


@pytest.mark.parametrize(
    "forbidden",
    [
        "select * from partner_provider_credentials",
        "select secret from partner_provider_accounts",
        "select token_hash from api_tokens",
        "select secret from webhooks",
        "select email from project88_users",
        "select * from user_sessions",
        "select * from login_failures",
        "select * from user_actions",
        "select token_hash from displays",
        "select * from pgqueuer.pgqueuer",
        "insert into timing_partners (company_name) values ('New')",
        "update ct_results set bib_number = '1'",
        "delete from ct_events",
        "truncate ct_results",
        "create table mine (n integer)",
        "alter table ct_results disable row level security",
        "drop policy reader_sees_named_partners on ct_results",
        "create or replace function published_partners() returns integer[] language sql return '{}'",
        "select refresh_statistics()",
        "set role project88_owner",
        "set role project88_writer",
    ],
)
def test_a_reader_may_not(logins: Logins, forbidden: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        look(logins.reader, forbidden, "1")


@pytest.mark.parametrize(
    "forbidden",
    ["alter table ct_results add column n integer", "truncate ct_results", "drop view unified_results",
     "set role project88_owner", "create table mine (n integer)"],
)  # fmt: skip
def test_a_writer_changes_rows_and_no_table(logins: Logins, forbidden: str):
    partner = "insert into timing_partners (company_name) values ('New') returning timing_partner_id"
    assert look(logins.writer, partner) == [(1,)]
    assert look(logins.writer, "insert into ct_events (timing_partner_id, event_name) values (1, 'New')") == []
    assert look(logins.writer, "select refresh_statistics()") == [(0,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        look(logins.writer, forbidden)


async def test_planner_and_worker_need_no_more_than_a_writer_has(logins: Logins, db: Database, tmp_path):
    world = world_due_now(5, seconds_ago=80)
    async with hub_on(db, world), processes(logins.writer, tmp_path, "schedule", "worker") as both:
        polled = "select 1 from sync_history where sync_type = 'results' and status = 'completed'"
        await until(lambda: look_at(db, polled))
        for each in both:
            each.process.terminate()
        codes = [await each.ended() for each in both]
        lines = [line for each in both for line in each.log]

    assert codes == [0, 0]
    assert [line for line in lines if " ERROR " in line or "permission denied" in line] == []
    assert look(logins.admin, "select count(*) from unified_results") == [(5,)]


def test_a_legacy_column_of_a_table_is_no_business_of_a_reader(database_url: str, logins: Logins):
    look(database_url, "alter table timing_partners add column access_password text default 'river'")

    assert look(logins.reader, "select company_name from timing_partners", "1") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        look(logins.reader, "select access_password from timing_partners", "1")


async def test_an_owner_migrates_and_applies_the_roles_again(logins: Logins):
    policies = "select * from pg_policies order by tablename, policyname"
    before = look(logins.admin, policies)
    look(logins.admin, "drop policy everybody on ct_results")
    async with Database.open(logins.owner) as db:
        assert install_with_psql(logins.owner).returncode == 0
        await migrate(db)
        assert await apply_roles(db) is None

    assert look(logins.admin, policies) == before


async def test_a_login_that_owned_the_tables_goes_on_as_a_member(empty_database_url: str, logins: Logins):
    async with login(empty_database_url, options="createrole") as operator:
        name, database = (conninfo_to_dict(operator)[part] for part in ("user", "dbname"))
        look(empty_database_url, f"alter database {database} owner to {name}")
        # The roles may be there already, made by another; then whoever applies them must be allowed to give them.
        for role in ROLES:
            look(empty_database_url, f"grant {role} to {name} with admin option")
        async with Database.open(operator) as db:
            await migrate(db)
            why_not = await apply_roles(db)
            found = await standing(db)

        owners = look(empty_database_url, "select distinct tableowner from pg_tables where schemaname = 'public'")
        look(operator, "alter table ct_results add column note text")
        assert (why_not, found.is_owner, found.rows_are_secured) == (None, True, True)
        assert owners == [("project88_owner",)]


async def test_where_a_login_may_not_it_says_so_and_changes_nothing(logins: Logins):
    policies = "select * from pg_policies order by tablename, policyname"
    before = look(logins.admin, policies)
    async with Database.open(logins.writer) as db:
        why_not = await apply_roles(db)

    assert why_not is not None
    assert "may not" in why_not
    assert look(logins.admin, policies) == before


async def test_several_programs_may_apply_the_roles_of_several_databases_at_once(database_url: str, empty_database_url):
    import asyncio

    async with Database.open(empty_database_url) as other, Database.open(database_url) as db:
        await migrate(other)
        results = await asyncio.gather(*(apply_roles(each) for each in (db, other, db, other)))

    assert results == [None] * 4


def test_the_index_of_an_event_is_used_for_a_reader_too(logins: Logins):
    asked = "select * from unified_results where timing_partner_id = 1 and event_id = 'x'"
    with psycopg.connect(logins.reader) as connection:
        connection.execute("set enable_seqscan = off")
        connection.execute("set project88.timing_partner_id = '1'")
        plan = "\n".join(row[0] for row in connection.execute(f"explain {asked}").fetchall())

    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert [line for line in conditions if "(timing_partner_id = 1) AND (event_id = 'x'::text)" in line]
