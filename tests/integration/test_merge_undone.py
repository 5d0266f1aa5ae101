"""A merge that is undone: every table is as before it, and what was said meanwhile can be asked for for good."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from project88.errors import UsageError
from project88.sandbox import ChangeTime
from project88.store import duplicates
from project88.store.connection import Database
from project88.sync.discovery import discover
from project88.web.api.routes import VERSION
from tests.hub_command import HubCommand
from tests.integration.collecting import only_event, race_world
from tests.integration.fields import BY, EVENT, HARDWARE, LIVE, Field, field_of
from tests.integration.test_api import serving
from tests.integration.test_duplicates import hub_with_twin

REGISTRATIONS = ("runsignup", "race_roster", "haku")
#: What tells of what happened, or is a queue: it is not taken back.
OF_WHAT_HAPPENED = {"event_sources", "merge_spans", "feed_marks", "schedule_changes", "row_changes"}
#: When a row was written for the last time.
WRITTEN = ["updated_at"]
#: Of rows that follow from others also when they were made, and the turn of a scoring.
DERIVED = {"joined_results": ["created_at"], "timing.scorings": ["scoring_id", "is_stale", "anew_count"]}

PAGE = "select * from unified_results order by participant_id"
PAGE_AT = "select * from unified_results_as_of(1, %(event)s, %(at)s) order by participant_id"

LIVE_EVENT = """
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, settled_at,
                       raw_payload, account_name)
values (1, 'l1', 'chronotrack_live', '4101', 'City  RUN', '2026-05-02 08:00Z', '2026-05-04 08:00Z', '{"id": 4101}', '');
insert into ct_races (timing_partner_id, event_id, data_source, race_id, race_name)
values (1, 'l1', 'chronotrack_live', '77', 'MARATHON');
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, first_name,
                             last_name, city)
select 1, 'l1', 'chronotrack_live', n::text, '77', '1' || n, 'Ann' || n, 'Moe', 'Bend' from generate_series(1, 5) n;
insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id, chip_time, overall_place,
                        result_status, split_times)
select 1, 'l1', 'chronotrack_live', '77', n::text, make_interval(secs => 3600 + n), n, 'finished',
       jsonb_build_array(jsonb_build_object('name', '5K', 'elapsed_ms', n * 1000, 'cumulative_ms', n * 1000,
                                            'at', null, 'rank', n))
from generate_series(1, 5) n;
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id) values (1, 1, 'results', 'l1');
insert into sync_history (timing_partner_id, provider_id, event_id, provider_event_id, sync_type, status)
values (1, 1, 'l1', '4101', 'results', 'completed');
insert into collected_lists (timing_partner_id, event_id, data_source, list_name, rules_version, page_size, row_count,
                             stored_rows, page_digests)
values (1, 'l1', 'chronotrack_live', 'results', 1, 1000, 5, 5, '{}');
insert into raw_readings (timing_partner_id, event_id, data_source, merges) values (1, 'l1', 'chronotrack_live', '{}');
insert into held_retractions (timing_partner_id, event_id, data_source, stream, keys, rows_before)
values (1, 'l1', 'chronotrack_live', 'results', '{77/9}', 5);
insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by) values (1, 'l1', '13', 'Bib 13');
insert into displays (timing_partner_id, event_id, kind, token_hash, created_by, expires_at)
values (1, 'l1', 'wall', '\\x00', 'tests', now() + interval '1 day');
insert into webhooks (timing_partner_id, url, event_id, secret, position)
values (1, 'https://example.org/hook', 'l1', 'sealed', '0');
insert into timing.decisions (timing_partner_id, event_id, bib_number, kind, field, value, reason, decided_by)
values (1, 'l1', '14', 'field_set', 'city', 'Oslo', 'moved', 'tests');
insert into timing.decisions (timing_partner_id, event_id, bib_number, kind, reason, decided_by)
values (1, 'l1', '12', 'disqualified', 'cut', 'tests');
insert into timing.decisions (timing_partner_id, event_id, bib_number, kind, reason, decided_by, undone_by, undone_at)
values (1, 'l1', '15', 'disqualified', 'cut', 'tests', 'tests', now());
"""

START_LIST = """
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date)
values (1, 'r1', '{key}', '9001', 'city run', '2026-05-02 08:00Z');
insert into ct_races (timing_partner_id, event_id, data_source, race_id, race_name)
values (1, 'r1', '{key}', 'M', 'Marathon');
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, first_name,
                             last_name, email)
select 1, 'r1', '{key}', 'e' || n, 'M', '1' || n, 'Ann' || n, 'Moe', 'ann' || n || '@example.org'
from generate_series(1, 7) n;
insert into entry_readings (timing_partner_id, event_id, data_source, changes_read_from, all_read_from, stored_rows)
values (1, 'r1', '{key}', now(), now(), 7);
insert into collected_lists (timing_partner_id, event_id, data_source, list_name, rules_version, page_size, row_count,
                             stored_rows, page_digests)
values (1, 'r1', '{key}', 'participants', 1, 1000, 7, 7, '{{}}');
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id)
select 1, provider_id, 'participants', 'r1' from providers where key = '{key}';
insert into sync_history (timing_partner_id, provider_id, event_id, provider_event_id, sync_type, status)
select 1, provider_id, 'r1', '9001', 'participants', 'completed' from providers where key = '{key}';
"""


@pytest.fixture
async def field(db: Database) -> Field:
    """An event of the hardware with three people; nobody else knows it."""
    made = await field_of(db)
    await made.run("delete from ct_races where data_source = 'chronotrack_live'")
    for number in (1, 2, 6):
        await made.entry(HARDWARE, "m", f"h{number}", f"1{number}", f"Ann{number} Moe")
        await made.result(HARDWARE, "m", f"h{number}", f"1{number}", 3600, overall_place=number)
    return made


async def live_twin(field: Field) -> None:
    """The same event from the other source, stored before anybody knew that it is the same."""
    async with field.db.transaction() as connection:
        await connection.execute(b"select set_config('project88.decided', 'on', true)")
        await connection.execute(LIVE_EVENT.encode())
    await field.run("update ct_results set overall_place = 6, updated_at = now() where entry_id = '5'")
    await field.run("update ct_events set event_name = 'CITY RUN' where event_id = 'p1'")


async def start_list_under(field: Field, key: str, event_id: str) -> None:
    """The start list of a registration system, merged into an event by a person."""
    async with field.db.transaction() as connection:
        await connection.execute(START_LIST.format(key=key).encode())
    pair = await pair_of(field, key)
    if pair.event_id != event_id:
        await field.run("update event_sources set event_id = %s where provider_event_id = '9001'", event_id)
    await duplicates.merge(field.db, await pair_of(field, key), BY, None)


async def pair_of(field: Field, key: str = LIVE) -> duplicates.Pair:
    [pair] = [each for each in await duplicates.pairs(field.db, decided_too=True) if each.provider_key == key]
    return pair


async def digest(field: Field, history_until: datetime) -> dict[str, list[str]]:
    """Every row of every table, without what only tells of what happened; the history up to a moment."""
    tables = await field.run(
        "select c.oid::regclass::text as name from pg_class c where c.relkind = 'r'"
        " and c.relnamespace in (current_schema()::regnamespace, 'timing'::regnamespace) order by 1"
    )
    rows = {}
    async with field.db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        for name in [table["name"] for table in tables if table["name"] not in OF_WHAT_HAPPENED]:
            relation = SQL(".").join(map(Identifier, name.split(".")))
            query = SQL("select (to_jsonb(t) - %s::text[])::text as it from {} t order by 1").format(relation)
            await cursor.execute(query, [WRITTEN + DERIVED.get(name, [])])
            rows[name] = [row["it"] for row in await cursor.fetchall()]
        await cursor.execute(
            "select to_jsonb(c)::text as it from row_changes c where changed_at <= %s order by 1", [history_until]
        )
        rows["row_changes"] = [row["it"] for row in await cursor.fetchall()]
        await cursor.execute(
            "select jsonb_build_array(provider_event_id, event_id, decision, likeness, account_name)::text"
            " as it from event_sources order by 1"
        )
        rows["event_sources"] = [row["it"] for row in await cursor.fetchall()]
    return rows


async def now(field: Field) -> datetime:
    [row] = await field.run("select clock_timestamp() as now")
    return row["now"]  # type: ignore[no-any-return]


async def shown(field: Field, event_id: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """The page's rows of an event, now or at a moment."""
    if at is None:
        return await field.run("select * from unified_results where event_id = %s order by participant_id", event_id)
    return await field.run("select * from unified_results_as_of(1, %s, %s) order by participant_id", event_id, at)


@pytest.mark.parametrize("key", [None, *REGISTRATIONS])
@pytest.mark.parametrize("other_first", [False, True], ids=["before it", "with its own list"])
async def test_the_undoing_of_a_merge_leaves_every_table_as_it_was(field: Field, key: str | None, other_first: bool):
    await live_twin(field)
    if key is not None:
        await start_list_under(field, key, "l1")
    if other_first:
        [other] = [each for each in REGISTRATIONS if each != (key or "haku")][:1]
        await field.entry(other, "M", "o1", "11", "Ann1 Moe")
    until = await now(field)
    before = await digest(field, until)
    pages = [await shown(field, event_id) for event_id in (EVENT, "l1")]

    await duplicates.merge(field.db, await pair_of(field), BY, None)
    assert [] == await shown(field, "l1")
    assert [{"event_id": EVENT}] == await field.run("select distinct event_id from ct_participants")
    assert [{"event_id": EVENT}] == await field.run("select distinct event_id from displays")
    assert [{"event_id": EVENT}] == await field.run("select distinct event_id from withheld_names")
    await duplicates.undo(field.db, await pair_of(field), BY)

    after = await digest(field, until)
    assert {name: rows for name, rows in before.items() if rows != after[name]} == {}
    assert before == after
    assert pages == [await shown(field, event_id, until) for event_id in (EVENT, "l1")]


async def test_a_merge_is_undone_and_made_as_often_as_one_likes(field: Field):
    await live_twin(field)
    await start_list_under(field, "runsignup", "l1")
    until = await now(field)
    before = await digest(field, until)
    merged = []
    for _ in range(3):
        await duplicates.merge(field.db, await pair_of(field), BY, None)
        merged.append((await now(field), await shown(field, EVENT)))
        await duplicates.undo(field.db, await pair_of(field), BY)
        assert before == await digest(field, until)
    for at, rows in merged:
        assert rows == await shown(field, EVENT, at)


async def test_what_the_page_the_api_and_the_command_said_during_a_merge_is_asked_for_after_its_undoing(
    field: Field, database_url: str, tmp_path: Path
):
    await live_twin(field)
    await start_list_under(field, "runsignup", "l1")
    command = HubCommand(database_url, tmp_path)
    moments = []
    async with serving(field.db) as address, aiohttp.ClientSession(address) as session:

        async def api(path: str, at: datetime | None = None) -> Any:
            suffix = "" if at is None else f"?as_of={at.isoformat().replace('+', '%2B')}"
            async with session.get(f"{VERSION}/events/1/{EVENT}/results{path}{suffix}") as answer:
                body = await answer.json()
            return {key: value for key, value in body.items() if key not in ("as_of", "changed_at")}

        async def said(at: datetime | None = None) -> tuple[Any, ...]:
            as_of = () if at is None else ("--as-of", at.isoformat())
            files = [
                (await command("results", EVENT, "--format", form, *as_of)).out.split(", as of ")[0].rstrip()
                for form in ("json", "table")
            ]
            page = await api("", at)
            runner = page["data"][0]
            one = await api(f"/{runner['race_id']}/{runner['participant_id']}", at)
            return await shown(field, EVENT, at), files, page, one

        await duplicates.merge(field.db, await pair_of(field), BY, None)
        moments.append((await now(field), await said()))
        await field.run("update ct_results set chip_time = '2:00:00', split_times = '[]', updated_at = now()"
                        " where entry_id = '3'")  # fmt: skip
        await field.run("update ct_participants set city = 'Salem', updated_at = now() where entry_id = '4'")
        await field.run("update ct_results set retracted_at = now(), updated_at = now() where entry_id = '5'")
        moments.append((await now(field), await said()))
        await field.run("update ct_events set settled_at = now(), event_name = 'City Run!' where event_id = 'p1'")
        moments.append((await now(field), await said()))
        await duplicates.undo(field.db, await pair_of(field), BY)
        await field.run("update ct_results set split_times = '[]', chip_time = '9:00:00', updated_at = now()")
        for at, then in moments:
            assert then == await said(at)
        # Merged again, and undone again.
        await duplicates.merge(field.db, await pair_of(field), BY, None)
        for at, then in moments:
            assert then == await said(at)
        await duplicates.undo(field.db, await pair_of(field), BY)
        for at, then in moments:
            assert then == await said(at)
    assert {"5K"} == {split["name"] for row in moments[0][1][0] for split in row["split_times"]}
    assert len(moments[0][1][0]) > len(moments[1][1][0])


async def test_a_start_list_that_was_taken_off_during_the_merge_stays_off_after_its_undoing(field: Field):
    await live_twin(field)
    await start_list_under(field, "runsignup", "l1")
    await duplicates.merge(field.db, await pair_of(field), BY, None)
    at, during = await now(field), await shown(field, EVENT)
    await duplicates.undo(field.db, await pair_of(field, "runsignup"), BY)
    await duplicates.undo(field.db, await pair_of(field), BY)

    found = await field.run("select distinct event_id, data_source from ct_participants order by 1")
    assert [("l1", LIVE), (EVENT, HARDWARE), ("r1", "runsignup")] == [tuple(row.values()) for row in found]
    assert during == await shown(field, EVENT, at)
    pair = await pair_of(field, "runsignup")
    assert ("l1", "review") == (pair.event_id, pair.decision)


async def test_results_that_changed_during_a_merge_have_not_settled_after_its_undoing(field: Field):
    await live_twin(field)
    at, before = await now(field), await shown(field, "l1")
    await duplicates.merge(field.db, await pair_of(field), BY, None)
    await field.run("update ct_results set chip_time = '2:00:00', updated_at = clock_timestamp() where entry_id = '3'")
    await field.run("update ct_events set results_changed_at = hub_now() where event_id = 'p1'")
    await duplicates.undo(field.db, await pair_of(field), BY)
    found = await field.run("select settled_at, results_changed_at is null as is_unknown from ct_events"
                            " where event_id = 'l1'")  # fmt: skip
    assert [{"settled_at": None, "is_unknown": False}] == found
    assert before == await shown(field, "l1", at)


async def test_what_people_decided_on_results_goes_along_with_a_merge_and_comes_back(field: Field):
    await live_twin(field)
    of = "select event_id, bib_number from timing.decisions order by decision_id"
    decided = [tuple(row.values()) for row in await field.run(of)]
    assert [("l1", "14"), ("l1", "12"), ("l1", "15")] == decided
    before = await now(field)

    await duplicates.merge(field.db, await pair_of(field), BY, None)
    assert [(EVENT, bib) for _, bib in decided] == [tuple(row.values()) for row in await field.run(of)]
    cities = {row["bib_number"]: row["city"] for row in await shown(field, EVENT)}
    assert ("Oslo", "Bend") == (cities["14"], cities["13"])
    # None of it is the work of a decision on a result.
    assert [{"cause": "duplicates"}] == await field.run(
        "select distinct cause from row_changes where changed_at > %s", before
    )
    await field.decide("field_set", "13", field="city", value="Moss")
    await duplicates.undo(field.db, await pair_of(field), BY)
    assert [*decided, (EVENT, "13")] == [tuple(row.values()) for row in await field.run(of)]
    cities = {row["bib_number"]: row["city"] for row in await shown(field, "l1")}
    assert ("Oslo", "Bend") == (cities["14"], cities["13"])


async def test_names_that_were_withheld_during_a_merge_stay_withheld_in_both_events(field: Field):
    await live_twin(field)
    await duplicates.merge(field.db, await pair_of(field), BY, None)
    await field.run("insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by)"
                    " values (1, 'p1', '12', 'Bib 12')")  # fmt: skip
    await duplicates.undo(field.db, await pair_of(field), BY)
    found = await field.run("select event_id, bib_number from withheld_names order by 1, 2")
    assert [("l1", "12"), ("l1", "13"), ("p1", "12")] == [tuple(row.values()) for row in found]


async def test_a_merge_of_an_event_that_was_held_back_is_asked_for_after_its_undoing(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        [pair] = await duplicates.pairs(db)
        await duplicates.merge(db, pair, BY, None)
        await hub.sync(only_event(world), data_source=LIVE)
        at, rows = await hub.one("select clock_timestamp()"), await hub.look(PAGE)
        await duplicates.undo(db, pair, BY)
        assert (rows, []) == (await hub.look(PAGE_AT, at=at, event=pair.event_id), await hub.look(PAGE))

        await duplicates.keep_both(db, pair, BY, None)
        assert "completed" == (await hub.sync(only_event(world))).status
        world.apply(ChangeTime(entry_id=next(iter(world.entries)), seconds=9999))
        await hub.sync(only_event(world))
        assert rows == await hub.look(PAGE_AT, at=at, event=pair.event_id)
        assert 30 == await hub.one("select count(*) from ct_results")
        await duplicates.undo(db, pair, BY)
        await duplicates.merge(db, pair, BY, None)
        assert rows == await hub.look(PAGE_AT, at=at, event=pair.event_id)


async def test_two_events_that_both_hold_rows_of_an_imported_file_are_not_merged(field: Field):
    await live_twin(field)
    await field.entry("file", "m", "f1", "91", "Ida Moe")
    await field.run("insert into ct_participants (timing_partner_id, event_id, data_source, entry_id)"
                    " values (1, 'l1', 'file', 'f2')")  # fmt: skip
    with pytest.raises(UsageError, match="both hold rows of file"):
        await duplicates.merge(field.db, await pair_of(field), BY, None)
