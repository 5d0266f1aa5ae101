"""Joined rows follow every column of their sources that they show or are matched by, and no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project88.store.connection import Database
from tests.integration.fields import HARDWARE, LIVE, Field, field_of

#: Another value of each type, as a literal.
OTHER = {
    "integer": "77",
    "bigint": "77",
    "bytea": "'\\x0f'",
    "date": "'1990-01-31'",
    "interval": "'5:00:00'",
    "json": """'{"a": 1}'""",
    "jsonb": "'[1]'",
    "text": "'another'",
    "text[]": "'{a}'",
    "timestamp with time zone": "'2031-01-31T10:00:00Z'",
}
WORDS = {"result_status": "'dq'", "declared_status": "'dnf'", "race_id": "'t'"}
#: A row stays what it is: to hand it over to another event, say, takes more than an update of one column.
OF_THE_ROW = ("timing_partner_id", "event_id", "data_source", "entry_id", "legacy_row_id")


@pytest.fixture
async def field(db: Database) -> Field:
    made = await field_of(db)
    for source in (HARDWARE, LIVE):
        await made.race(source, "t", "10K")
    for number, name in (("1", "Ann Lee"), ("2", "Bob Ray"), ("3", None)):
        await made.both(number, f"1{number}", name or "", 3600)
    return made


@pytest.mark.parametrize("table", ["ct_results", "ct_participants"])
@pytest.mark.parametrize("entry_id", ["h1", "1"])
async def test_an_update_of_any_column_leaves_what_joining_everything_anew_gives(
    field: Field, table: str, entry_id: str
):
    moved = set()
    for column, kind in await _columns(field, table):
        before = await field.joined()
        for value in (_other(column, kind), await _old(field, table, column, entry_id)):
            await field.run(f"update {table} set {column} = {value} where entry_id = %s", entry_id)
            found = await field.joined()
            if found != before:
                moved.add(column)
            await field.run("insert into stale_joins (timing_partner_id, event_id) values (%s, 'p1')", field.partner)
            assert found == await field.joined(), f"{table}.{column} = {value}"
    assert {"first_name", "city"} <= moved


async def test_whether_a_status_is_derived_decides_alone_once_settled(field: Field):
    await field.run("update ct_results set chip_time = null, result_status = 'dns' where entry_id = '1'")
    await field.settle()
    for is_derived, shown in ((False, ("dns", LIVE)), (True, ("finished", HARDWARE)), (False, ("dns", LIVE))):
        await field.run("update ct_results set status_is_derived = %s where entry_id = '1'", is_derived)
        assert shown == (await field.shown("result_status", "data_source"))[0]


async def test_a_finish_that_comes_later_counts_where_the_hardware_has_none(field: Field):
    await field.run("update ct_results set chip_time = null, result_status = 'started' where entry_id in ('h1', '1')")
    await field.run("update ct_results set chip_time = '1:00:00', result_status = 'finished' where entry_id = '1'")
    assert ("finished", LIVE) == (await field.shown("result_status", "data_source"))[0]


async def test_a_finish_that_comes_once_settled_is_the_official_one(field: Field):
    await field.run(
        "update ct_results set chip_time = null, result_status = 'dns', status_is_derived = true where entry_id = '1'"
    )
    await field.settle()
    assert ("finished", HARDWARE) == (await field.shown("result_status", "data_source"))[0]
    await field.run(
        "update ct_results set chip_time = '1:00:00', result_status = 'finished', status_is_derived = false"
        " where entry_id = '1'"
    )
    assert ("finished", LIVE) == (await field.shown("result_status", "data_source"))[0]


async def test_of_three_sources_the_one_that_finishes_says_what_the_first_does_not_know(field: Field):
    await field.run("update ct_results set chip_time = null, result_status = 'started' where entry_id = '1'")
    await field.run("update ct_results set city = 'Bend' where entry_id = '1'")
    await field.result("runsignup", "m", "h1", "11", 3650, city="Eugene")
    assert ("Eugene", HARDWARE) == (await field.shown("city", "data_source"))[0]
    await field.run("update ct_results set chip_time = '1:00:00', result_status = 'finished' where entry_id = '1'")
    assert ("Bend", HARDWARE) == (await field.shown("city", "data_source"))[0]


async def test_splits_are_written_without_joining_anybody(field: Field):
    await field.run(
        "create function fail() returns trigger language plpgsql as 'begin raise exception ''joined''; end'"
    )
    await field.run("create trigger fails before insert on stale_joins for each row execute function fail()")
    await field.run("""update ct_results set split_times = '[{"name": "5K"}]', updated_at = now()""")
    with pytest.raises(Exception, match="joined"):
        await field.run("update ct_results set overall_place = 9 where entry_id = '1'")


SECONDS = st.sampled_from([None, 3500, 3600])
STATUSES = st.sampled_from(["started", "finished", "dnf", "dns", "dq"])
CHANGES = st.lists(
    st.tuples(
        st.sampled_from([("h1", HARDWARE), ("1", LIVE), ("h2", HARDWARE), ("2", LIVE), ("h2", "runsignup")]),
        st.sampled_from(["chip_time", "result_status", "status_is_derived", "overall_place", "retracted_at", "city",
                         "splits", "settled", "decided"]),
        SECONDS, STATUSES, st.booleans(),
    ), min_size=1, max_size=12,
)  # fmt: skip


@pytest.fixture
async def decided(field: Field) -> Field:
    """With a decision that is undone, and may be made again."""
    await field.decide("time_adjusted", "12", adjustment=timedelta(seconds=60))
    await field.run("update timing.decisions set undone_at = now()")
    return field


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES, st.booleans())
async def test_whatever_is_updated_the_rows_are_those_of_joining_everything_anew(
    decided: Field, changes: list[tuple[tuple[str, str], str, int | None, str, bool]], third: bool
):
    """Sources finish, are taken back, disqualify, and the results settle in any order."""
    field = decided
    await field.run("delete from ct_results where data_source = 'runsignup'")
    if third:
        await field.result("runsignup", "m", "h2", "12", 3650)
    for (entry_id, source), what, seconds, status, flag in changes:
        statement, value = {
            "chip_time": ("update ct_results set chip_time = %s", seconds and timedelta(seconds=seconds)),
            "result_status": ("update ct_results set result_status = %s", status),
            "status_is_derived": ("update ct_results set status_is_derived = %s", flag),
            "overall_place": ("update ct_results set overall_place = %s", seconds),
            "retracted_at": ("update ct_results set retracted_at = case when %s then now() end", flag),
            "city": ("update ct_results set city = %s", status),
            "splits": ("update ct_results set split_keys = array[%s]", status),
            "settled": ("update ct_events set settled_at = case when %s then now() end", flag),
            "decided": ("update timing.decisions set undone_at = case when %s then now() end", flag),
        }[what]
        of_rows = " where (entry_id, data_source) = (%s, %s)" if "ct_results" in statement else ""
        await field.run(statement + of_rows, value, *((entry_id, source) if of_rows else ()))
    found = await field.joined()
    await field.run("insert into stale_joins (timing_partner_id, event_id) values (%s, 'p1')", field.partner)
    assert found == await field.joined()


async def _columns(field: Field, table: str) -> list[tuple[str, str]]:
    rows = await field.run(
        "select attname, format_type(atttypid, null) as kind from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
        table,
    )
    return [(row["attname"], row["kind"]) for row in rows if row["attname"] not in OF_THE_ROW]


def _other(column: str, kind: str) -> str:
    return WORDS.get(column) or (f"not {column}" if kind == "boolean" else OTHER[kind])


async def _old(field: Field, table: str, column: str, entry_id: str) -> str:
    [row] = await field.run(f"select quote_nullable({column}::text) as old from {table} where entry_id = %s", entry_id)
    return str(row["old"])
