"""What the verification asks of the database: broken keys are found, and nothing that it writes stays."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from psycopg.sql import SQL

from project88.store import verification
from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER
from project88.store.queries import FOLDER
from project88.store.verification import DuplicateCase
from tests.integration.scheduling import look

START = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)
TARGET = re.compile(r"insert into\s+([\w.]+)(?:(?!insert into|-- name:)[^;])*?on conflict\s*\(([^)]*)\)", re.IGNORECASE)


async def drop_key(db: Database, key: verification.Key) -> None:
    """Every unique index of the table over these columns, whatever it is called."""
    async with db.connection() as connection:
        await connection.execute(
            SQL(
                "do $$ declare r record; begin for r in select i.indexrelid::regclass name, c.conname "
                "from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u') "
                f"where i.indrelid = '{key.table}'::regclass and i.indisunique and array(select attname::text from "
                "unnest(i.indkey) with ordinality k (attnum, n) join pg_attribute a on a.attrelid = i.indrelid and "
                f"a.attnum = k.attnum order by n) = string_to_array('{key.columns}', ', ') loop "
                f"if r.conname is not null then execute format('alter table {key.table} drop constraint %I cascade', "
                "r.conname); else execute format('drop index %s', r.name); end if; end loop; end $$"
            )
        )


async def rows_in_all(db: Database) -> dict[str, object]:
    tables = await look(db, "select tablename from pg_tables where schemaname = 'public'")
    return {
        row["tablename"]: await look(
            db, f"select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {row['tablename']} t"
        )
        for row in tables
    }


async def test_a_whole_schema_has_no_broken_key(db: Database):
    before = await rows_in_all(db)

    assert await verification.broken_keys(db) == []
    assert await rows_in_all(db) == before


async def test_each_key_that_is_gone_is_named_with_its_remedy(db: Database):
    for key in verification.KEYS:
        await drop_key(db, key)

    problems = await verification.broken_keys(db)

    assert [problem.partition(":")[0] for problem in problems] == [key.table for key in verification.KEYS]
    assert [problem.rpartition("; ")[2] for problem in problems] == [key.remedy for key in verification.KEYS]


def test_every_conflict_target_of_the_program_is_tried():
    files = [*FOLDER.glob("*.sql"), *(DATABASE_FOLDER / "schema").glob("*.sql")]
    found = {
        (table, ", ".join(column.strip() for column in columns.split(",")))
        for file in files
        for table, columns in TARGET.findall(file.read_text())
    }

    tried = {(key.table, key.columns) for key in verification.KEYS}
    assert {table for table, _ in found - tried} == {"feed_marks"}, "a trigger of ct_events relies on that one"


async def test_the_duplicate_function_is_tried_and_a_wrong_answer_is_told(db: Database):
    cases = [
        DuplicateCase(event_name="city  RUN", start_date=START + timedelta(hours=23), is_duplicate=True),
        DuplicateCase(event_name="City Run", start_date=START + timedelta(hours=25), is_duplicate=False),
        DuplicateCase(event_name="City Run", start_date=None, is_duplicate=False),
    ]

    assert await verification.wrong_answers(db, "City Run", START, cases) == cases[2:]
    assert await look(db, "select 1 from ct_events") == []


async def test_the_budget_refuses_one_call_too_many_and_is_shared(db: Database):
    assert await verification.refuses_one_call_too_many(db, 1500)
    assert await verification.budget_is_shared(db, 1500)
    assert await look(db, "select 1 from call_budgets union all select 1 from call_log") == []


async def test_no_partner_number_is_used_up(db: Database):
    await verification.broken_keys(db)
    await look(db, "insert into timing_partners (company_name) values ('First')")

    assert await look(db, "select timing_partner_id from timing_partners") == [{"timing_partner_id": 1}]
