"""Legacy databases after the schema extension, typed into psql by an ordinary owner: our catalogue, their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache

import pytest

from project88.store.connection import Database
from project88.store.migrate import migrate
from tests.migration.catalogue import catalogue, of_the_hub
from tests.migration.legacy_hub import (
    KINDS,
    LegacyDatabase,
    LegacyServer,
    Row,
    extended_copy,
    legacy_database,
    legacy_server,
)

LEGACY = tuple(kind for kind in KINDS if kind != "empty")
OURS = ("timing_partners", "providers", "partner_provider_credentials", "sync_history", "ct_events", "ct_races",
        "ct_participants", "ct_results")  # fmt: skip
COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, null)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1, a.attnum
"""
#: What tells one row of a legacy table from the others.
KEYS = {
    "timing_partners": "timing_partner_id", "partner_provider_credentials": "partner_provider_credential_id",
    "ct_events": "event_id", "ct_races": "event_id, race_id", "ct_participants": "entry_id", "ct_results": "id",
}  # fmt: skip
#: Unknown values that become known: a result's race is that of its entry, and a login without settings has none.
FILLED = {"ct_results": "race_id", "partner_provider_credentials": "additional_config"}
#: A participant in a race: the entry, else the bib, else the row alone.
PEOPLE = """
    select count(distinct (r.timing_partner_id, r.event_id, coalesce(r.race_id, c.race_id),
                           coalesce(entry_id, 'bib ' || results_bib, 'row ' || id)))
    from ct_results r left join ct_participants c using (entry_id)
"""
UNIFIED = """
    select count(*), md5(string_agg((to_jsonb(r) - 'updated_at')::text, '' order by (to_jsonb(r) - 'updated_at')::text))
    from unified_results r
"""


@pytest.fixture(scope="module")
def server(template_url: str) -> Iterator[LegacyServer]:
    with legacy_server(template_url) as made:
        yield made


@pytest.fixture(scope="module")
def databases(server: LegacyServer) -> Iterator[Callable[[str, bool], LegacyDatabase]]:
    """Legacy databases by kind, extended or not, each made when it is first asked for. Not to be changed."""
    with ExitStack() as stack:

        @cache
        def get(kind: str, extended: bool) -> LegacyDatabase:
            made = extended_copy(get(kind, False)) if extended else legacy_database(server, kind)
            return stack.enter_context(made)

        yield get


@pytest.fixture
def fresh(databases) -> set[tuple[str, ...]]:
    return catalogue(databases("empty", True).url)


def said(done) -> str:
    return done.stdout + done.stderr


def tables_of(database: LegacyDatabase) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, of_type in database.rows(COLUMNS):
        found.setdefault(str(table), []).append((str(column), str(of_type)))
    return found


def checksum(database: LegacyDatabase, table: str, columns: str = "t") -> Row:
    return database.rows(
        f"select count(*), md5(string_agg(({columns})::text, '' order by ({columns})::text)) from {table} t"
    )[0]


def state(database: LegacyDatabase) -> set[Row]:
    """The whole catalogue, and a line for each table's rows."""
    # A row there tells the planner to look at all events again, and the planner takes it away.
    tables = set(tables_of(database)) - {"schedule_changes"}
    rows = {("rows of", table, *checksum(database, table)) for table in tables}
    return {*catalogue(database.url), *rows}


def changed(before: set[Row], database: LegacyDatabase) -> list[Row]:
    return sorted(before ^ state(database), key=str)


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_is_that_of_a_fresh_database(databases, fresh, kind):
    found = of_the_hub(catalogue(databases(kind, True).url), fresh)
    # The view under this name stands aside for a legacy table; the hub's own is in the schema timing.
    own = {row for row in fresh if row[1] != "timing_reads"}

    assert len(own) > 500
    assert sorted(row for row in found - own if row[1] != "timing_reads") == []
    assert sorted(own - found) == []
    assert databases(kind, True).rows("select * from schema_problems()") == []


@pytest.mark.parametrize("kind", KINDS)
def test_typed_again_it_changes_nothing(server, databases, kind):
    with server.database(databases(kind, True).name) as database:
        before = state(database)
        again = database.extend()

        assert again.returncode == 0, said(again)
        assert changed(before, database) == []


@pytest.mark.parametrize("kind", ["m", "d_half"])
async def test_the_program_does_what_psql_does(server, databases, kind):
    by_psql = databases(kind, True)
    with server.database(databases(kind, False).name) as database:
        async with Database.open(database.url) as db:
            await migrate(db)

        assert catalogue(database.url) == catalogue(by_psql.url)
        assert database.rows(UNIFIED) == by_psql.rows(UNIFIED)


@pytest.mark.parametrize("kind", LEGACY)
def test_every_value_of_a_legacy_row_is_kept(databases, kind):
    before, after = databases(kind, False), databases(kind, True)
    now = tables_of(after)

    for table, key in KEYS.items():
        if table not in tables_of(before):
            continue
        filled = FILLED.get(table)
        pairs = [(name, was, *kept_as(name, now[table])) for name, was in tables_of(before)[table] if name != filled]
        old = ", ".join(as_text(name, was, becomes) for name, was, _, becomes in pairs)
        new = ", ".join(as_text(name, becomes, becomes) for _, _, name, becomes in pairs)
        assert checksum(after, table, f"row({new})") == checksum(before, table, f"row({old})"), table
        keys = f"select {key} from {table} order by {key}"
        assert after.rows(keys) == before.rows(keys)
        if filled is not None:
            known = f"select {key}, {filled}::text from {table} where {filled} is not null"
            assert set(before.rows(known)) <= set(after.rows(known))


def kept_as(name: str, columns: list[tuple[str, str]]) -> tuple[str, str]:
    """The column that holds what the legacy one of that name held, and its type."""
    found = dict(columns)
    return (f"legacy_{name}", found[f"legacy_{name}"]) if f"legacy_{name}" in found else (name, found[name])


def as_text(name: str, of_type: str, becomes: str) -> str:
    """Instants without a zone are UTC where nothing else is said."""
    if of_type == "timestamp without time zone" and becomes == "timestamp with time zone":
        return f"{name} at time zone 'UTC'"
    if name == "provider_id":
        return "null"
    return f"{name}::text"


@pytest.mark.parametrize("kind", LEGACY)
def test_no_row_is_lost_and_tables_that_are_not_ours_are_untouched(databases, kind):
    before, after = databases(kind, False), databases(kind, True)

    for table in tables_of(before):
        was, now = checksum(before, table)[0], checksum(after, table)[0]
        assert now == was or (table == "providers" and now > was), table
    untouched = [table for table in tables_of(before) if table not in (*OURS, "sync_queue")]
    assert {"users", "timing_reads", "timing_sessions"} < set(untouched)
    for table in untouched:
        assert tables_of(after)[table] == tables_of(before)[table]
        assert checksum(after, table) == checksum(before, table), table
        assert {row for row in catalogue(after.url) if row[1] == table} == {
            row for row in catalogue(before.url) if row[1] == table
        }


@pytest.mark.parametrize("kind", LEGACY)
def test_legacy_rows_are_of_the_hardware_and_start_when_they_did(databases, kind):
    before, after = databases(kind, False), databases(kind, True)

    for table in ("ct_events", "ct_participants", "ct_results"):
        assert after.rows(f"select distinct data_source from {table}") == [("tcp_hardware",)]
    starts = "select event_id, {} from ct_events order by event_id"
    known = before.rows(starts.format("event_start_time"))
    assert after.rows(starts.format("start_date")) == [
        (event, start and start.replace(tzinfo=UTC)) for event, start in known
    ]
    assert None in {start for _, start in known}


@pytest.mark.parametrize("kind", LEGACY)
def test_a_participant_stands_once_in_the_unified_results_of_a_race(databases, kind):
    before, after = databases(kind, False), databases(kind, True)
    people = before.rows(PEOPLE)
    twice = """
        select event_id, race_id, participant_id from unified_results where participant_id is not null
        group by 1, 2, 3 having count(*) > 1
    """

    assert after.rows("select count(*) from unified_results where data_source = 'tcp_hardware'") == people
    assert after.rows("select count(*) from unified_results") == people
    assert after.rows(twice) == []


def test_the_row_that_stands_for_a_participant_is_the_finish_and_its_places_are_those_of_their_brackets(databases):
    # The fixture ranks each bracket from another hundred on, and gives every fifth entry an interval of half the time.
    wrong = """
        select legacy_row_id from ct_results r where not is_detail and entry_id is not null and (
            results_bracket_name <> 'Overall'
            or results_time < (select max(results_time) from ct_results o where o.entry_id = r.entry_id)
            or (overall_place, gender_place, division_place)
                is distinct from (results_rank, results_rank - 200, results_rank - 100))
    """
    assert databases("m", True).rows("select count(*) from ct_results where not is_detail") == [(2003,)]
    assert databases("m", True).rows(wrong) == []


@pytest.mark.parametrize("kind", ["m", "m_half"])
def test_providers_of_m_keep_their_names_logins_and_history(databases, kind):
    before, after = databases(kind, False), databases(kind, True)
    logins = """
        select p.name, c.timing_partner_id, c.principal, c.secret, coalesce(c.additional_config::text, '{}')
        from providers p join partner_provider_credentials c using (provider_id) order by 1, 2
    """
    history = "select sync_history_id, p.name from sync_history left join providers p using (provider_id) order by 1"
    queue = "select sync_queue_id, p.name from sync_queue left join providers p using (provider_id) order by 1"

    for shown in (logins, history, queue):
        assert after.rows(shown) == before.rows(shown)
    assert after.rows("select provider_id, name, key from providers order by 1") == [
        (1, "ChronoTrack Live", "chronotrack_live"), (2, "ChronoTrack", None), (3, "Race Roster", "race_roster"),
        (4, "Haku", "haku"), (5, "Copernico", None), (6, "RunSignUp", "runsignup"),
        (7, "ChronoTrack TCP", "chronotrack_tcp"), (8, "Imported files", "file"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["d", "d_half"])
def test_providers_of_d_keep_their_names_and_their_history(databases, kind):
    after = databases(kind, True)
    misnamed = """
        select h.provider_name, p.name from sync_history h left join providers p using (provider_id)
        where translate(lower(h.provider_name), '_ ', '') is distinct from translate(lower(p.name), ' ', '')
    """

    assert after.rows("select count(distinct provider_id) from sync_history") == [(5,)]
    assert after.rows(misnamed) == []
    assert after.rows("select provider_id, name, key from providers order by 1") == [
        (1, "ChronoTrack Live", "chronotrack_live"), (2, "RunSignUp", "runsignup"), (3, "Race Roster", "race_roster"),
        (5, "Haku", "haku"), (6, "ChronoTrack", None), (7, "ChronoTrack TCP", "chronotrack_tcp"),
        (8, "Copernico", None), (9, "Imported files", "file"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", LEGACY)
def test_rows_without_ids_get_ones_that_no_legacy_row_has(server, databases, kind):
    with server.database(databases(kind, True).name) as database:
        made = database.rows("""
            with partner as (insert into timing_partners (company_name) values ('New') returning timing_partner_id),
            event as (insert into ct_events (timing_partner_id, event_name)
                      select timing_partner_id, 'New' from partner returning timing_partner_id, event_id),
            history as (insert into sync_history (timing_partner_id, provider_id, sync_type, status)
                        select timing_partner_id, 1, 'results', 'completed' from partner returning sync_history_id)
            select event_id, (select count(*) from history) from event
        """)

        assert made == [("p1", 1)]
        assert database.rows("select data_source from ct_events where event_name = 'New'") == [("tcp_hardware",)]


def test_views_of_the_operator_show_what_they_showed(databases):
    before, after = databases("m", False), databases("m", True)

    for shown in (
        "select event_id, event_name from event_starts order by 1",
        "select organization_name, events from starts_by_organization order by 1",
    ):
        assert after.rows(shown) == before.rows(shown)
    assert after.rows("select obj_description('event_starts'::regclass)") == [("What the office looks at",)]


def test_rows_without_a_partner_stop_it_with_counts_and_the_update_to_run(server, databases):
    with server.database(databases("m", False).name) as database:
        database.rows("update ct_participants set timing_partner_id = null where entry_bib = '3'")
        before = state(database)
        missing = database.rows("select count(*) from ct_participants where timing_partner_id is null")[0][0]
        stopped = database.extend()

        assert stopped.returncode == 3
        assert f"ct_participants has rows without a timing partner (rows: {missing})" in stopped.stderr
        assert changed(before, database) == []
        (update,) = {
            line.strip() for line in stopped.stderr.splitlines() if line.strip().startswith("update ct_participants")
        }
        assert database.psql(update).returncode == 0
        extended = database.extend()
        assert extended.returncode == 0, said(extended)


@pytest.mark.parametrize(
    ("kind", "conflict", "told"),
    [
        ("d", "create view ct_races as select 1 as race_id", "ct_races stands in the way"),
        ("m", "create table notes (event_id varchar(100) references ct_events)", "alter table notes drop constraint"),
        (
            "m",
            "create table ct_quarantine (id int); alter table ct_quarantine rename to quarantine",
            "The schema is not whole",
        ),
    ],
)
def test_a_conflict_stops_it_with_nothing_half_applied(server, databases, kind, conflict, told):
    with server.database(databases(kind, False).name) as database:
        database.rows(conflict)
        before = state(database)
        stopped = database.extend()

        assert stopped.returncode == 3
        assert told in stopped.stderr
        assert changed(before, database) == []


@pytest.mark.parametrize("kind", ["empty", "m"])
def test_an_older_server_stops_it_before_its_first_change(server, databases, kind):
    with server.database(databases(kind, False).name) as database:
        # A function of that name, found first, says what an older server would say.
        database.rows("create schema fake")
        database.rows("create function fake.current_setting(text) returns text return '130020'")
        before = state(database)
        stopped = database.extend(before="set search_path = fake, pg_catalog, public;\n")

        assert stopped.returncode == 3
        assert "15 or newer" in stopped.stderr
        assert "docs/howto/upgrade.md" in stopped.stderr
        assert changed(before, database) == []


def test_a_legacy_row_of_chronotrack_live_becomes_number_one_with_its_name(server, databases):
    with server.database(databases("m", False).name) as database:
        database.rows("insert into providers (provider_id, name) values (9, 'chronotrack_live')")
        extended = database.extend()

        assert extended.returncode == 0, said(extended)
        ours = "select provider_id, name from providers where key = 'chronotrack_live'"
        assert database.rows(ours) == [(1, "chronotrack_live")]


def test_times_without_a_zone_are_read_in_the_zone_that_the_operator_names(server, databases):
    with server.database(databases("m", False).name) as database:
        extended = database.extend(before="set project88.legacy_time_zone = 'America/New_York';\n")

        assert extended.returncode == 0, said(extended)
        assert database.rows("select start_date from ct_events where event_tag = 'tag1'") == [
            (datetime(2023, 3, 12, 11, 30, tzinfo=UTC),)
        ]
