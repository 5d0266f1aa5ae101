"""The view that everybody reads: its columns and its use of an index."""

from __future__ import annotations

from psycopg.sql import SQL

from project88.store.connection import Database

COLUMNS = {
    "timing_partner_id",
    "source_provider",
    "data_source",
    "event_id",
    "provider_event_id",
    "event_name",
    "event_date",
    "race_id",
    "race_name",
    "participant_id",
    "bib_number",
    "first_name",
    "last_name",
    "gender",
    "age",
    "city",
    "state",
    "country",
    "chip_time",
    "gun_time",
    "overall_place",
    "gender_place",
    "division",
    "division_place",
    "result_status",
    "split_times",
    "finish_time",
    "updated_at",
}


async def test_the_view_has_every_column_of_the_contract(db: Database) -> None:
    rows = await db.rows(
        SQL("select column_name, data_type from information_schema.columns where table_name = 'unified_results'")
    )
    types = {row["column_name"]: row["data_type"] for row in rows}

    assert types.keys() >= COLUMNS
    assert ("interval", "interval") == (types["chip_time"], types["gun_time"])
    assert "timestamp with time zone" == types["finish_time"] == types["updated_at"]
    assert "date" == types["event_date"]


async def test_filtering_by_partner_and_event_uses_an_index(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute("set enable_seqscan = off")
        cursor = await connection.execute(
            "explain select * from unified_results where timing_partner_id = 1 and event_id = 'p1'"
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())

    assert "Seq Scan on ct_results" not in plan
    assert "Index Cond: ((timing_partner_id = 1) AND (event_id = 'p1'::text)" in plan


async def test_a_row_without_an_id_gets_one_that_no_provider_uses(db: Database) -> None:
    async with db.transaction() as connection:
        await connection.execute("insert into timing_partners (company_name) values ('Timers')")
        cursor = await connection.execute(
            "insert into ct_events (timing_partner_id, event_name) values (1, 'Run') returning event_id, data_source"
        )
        row = await cursor.fetchone()

    assert row is not None
    assert ("p", "tcp_hardware") == (row[0][0], row[1])
    assert not row[0].isdigit()


async def test_providers_are_numbered_as_the_issue_says(db: Database) -> None:
    rows = await db.rows(SQL("select provider_id, key from providers order by 1"))

    keys = [row["key"] for row in rows]
    assert ["chronotrack_live", "runsignup", "race_roster", "haku", "chronotrack_tcp", "file"] == keys
