"""What the self-check of the schema wants is what the files make, and it sees what is missing."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import psycopg
import pytest

from project88.errors import StoreError
from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER, migrate, read_manifest

CHECKOUT = Path(__file__).resolve().parents[2]
CONFLICT_TARGET = re.compile(r"insert into ([\w.]+)(?:(?!insert into).)*?on conflict \(([^)]*)\)", re.DOTALL)
TABLES = """
    select case when c.relnamespace = 'timing'::regnamespace then 'timing.' else '' end || c.relname,
           string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attname collate "C")
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'timing'::regnamespace)
    group by c.relnamespace, c.relname order by (c.relnamespace::regnamespace || '.' || c.relname) collate "C"
"""


def as_written(table: str, columns: str) -> str:
    """The lines of one table as schema/095_self_check.sql has them."""
    lines = textwrap.wrap(columns, 100)
    return f"    ('{table}',\n" + " '\n".join(f"     '{line}" for line in lines) + "'),"


def test_the_self_check_wants_the_columns_that_the_files_make(database_url: str):
    with psycopg.connect(database_url) as connection:
        made = connection.execute(TABLES).fetchall()
        wanted = connection.execute("select * from expected_columns()").fetchall()

    different = [as_written(*row) for row in made if row not in wanted]
    assert not different, "schema/095_self_check.sql should say:\n" + "\n".join(different)
    assert {row[0] for row in wanted} == {row[0] for row in made}


def test_the_self_check_wants_an_index_behind_every_conflict_target(database_url: str):
    files = [*CHECKOUT.glob("project88/**/*.sql"), *CHECKOUT.glob("database/**/*.sql")]
    targets = {pair for path in files for pair in CONFLICT_TARGET.findall(path.read_text(encoding="utf-8"))}
    with psycopg.connect(database_url) as connection:
        wanted = set(connection.execute("select table_name, key from expected_unique_keys()").fetchall())

    assert len(targets) > 8
    assert targets - wanted == set()


def test_the_self_check_wants_every_view_every_function_and_every_file(database_url: str):
    views = {path.stem for path in (DATABASE_FOLDER / "views").glob("*.sql")}
    files = {migration.name for migration in read_manifest()} | {"chronotrack_live_schema_extension.sql"}
    made = """
        select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace
        and proname !~ '^(expected_|schema_problems)'
    """
    with psycopg.connect(database_url) as connection:
        assert {row[0] for row in connection.execute("select view_name from expected_views()")} == views
        expected = {row[0] for row in connection.execute("select name from expected_migrations()")}
        assert expected == files, "expected_migrations() of schema/095_self_check.sql and install.sql name other files"
        functions = {row[0] for row in connection.execute(made)}
        assert {row[0] for row in connection.execute("select signature from expected_functions()")} == functions


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        ("alter table ct_results drop constraint result_is_known_once", "ct_results"),
        ("alter table ct_races drop constraint ct_races_pkey", "ct_races"),
        ("alter table ct_races alter race_tag type varchar(20)", "ct_races.race_tag"),
        ("alter table quarantine rename to put_away", "quarantine"),
        ("drop view published_results", "published_results"),
        (
            "drop function check_duplicate_chronotrack_event(varchar, timestamp, integer)",
            "check_duplicate_chronotrack_event",
        ),
        ("delete from cadence_rules; update providers set key = null where provider_id = 1", "providers"),
        ("delete from applied_migrations where name = 'schema/030_sync.sql'", "schema/030_sync.sql"),
    ],
)
def test_damage_is_seen_and_comes_with_a_remedy(database_url: str, damage: str, seen: str):
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select * from schema_problems()").fetchall() == []
        connection.execute(damage)
        found = connection.execute("select object, problem, remedy from schema_problems()").fetchall()

    assert [row[0].partition("(")[0] for row in found] == [seen]
    assert all(problem and remedy for _, problem, remedy in found)


async def test_an_install_that_is_not_whole_in_the_end_stops_and_changes_nothing(empty_database_url: str):
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create table quarantine (quarantine_id integer)")
        async with Database.open(empty_database_url) as db:
            with pytest.raises(StoreError, match=r"quarantine\.raw_text: the column is missing"):
                await migrate(db)

        assert connection.execute("select to_regclass('applied_migrations')").fetchone() == (None,)


async def test_an_older_server_stops_before_the_first_change(empty_database_url: str):
    # A function of that name, found first, says what an older server would say.
    fake = "create schema fake; create function fake.current_setting(text) returns text return '130020'"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(fake)
        connection.execute("set search_path = fake, pg_catalog, public")
        script = (DATABASE_FOLDER / "schema/000_migrations.sql").read_text(encoding="utf-8")

        with pytest.raises(psycopg.errors.RaiseException, match=r"15 or newer.*docs/howto/upgrade\.md"):
            connection.execute(script)
        assert connection.execute("select to_regclass('public.applied_migrations')").fetchone() == (None,)
