"""Pages for everyone over a real database: runners, charts, search, files, age of the data, and what is withheld."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest
from openpyxl import load_workbook
from psycopg.sql import SQL

from project88.exports.cells import csv_cell, json_row
from project88.store.connection import Database
from tests.integration.public_event import EVENT, OTHER_EVENT, TWO_PARTNERS, read, run
from tests.integration.test_web import serving

RUNNER = f"{EVENT}/runner?race=10&id=e7"
PAGES = ["/", EVENT, f"{EVENT}/charts", RUNNER]
STRANGERS = ["Strange1", "Strange7", "Strange Harbor"]


@pytest.fixture
async def site(db: Database) -> AsyncIterator[aiohttp.ClientSession]:
    await run(db, TWO_PARTNERS)
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        yield session


async def test_events_are_found_by_a_part_of_their_name(site: aiohttp.ClientSession):
    page = await read(site, "/", q="HARBOR")

    assert "Harbor Run" in page and "Strange Harbor" in page
    assert "Old Mill" not in page and "Empty Trail" not in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"from": "2020-05-02", "to": "2020-05-02"}, "Old Mill"),
        ({"from": "2021-01-01", "to": "2021-12-31"}, "Empty Trail"),
    ],
)
async def test_events_are_found_by_their_day(site: aiohttp.ClientSession, asked: dict[str, str], found: str):
    page = await read(site, "/", **asked)

    assert found in page
    assert page.count('<th scope="row">') == 1


@pytest.mark.parametrize(("name", "is_shown"), [("TEN", False), ("Relay", True)])
async def test_a_race_in_which_nobody_started_is_shown_unless_another_one_has_its_name(
    site: aiohttp.ClientSession, db: Database, name: str, is_shown: bool
):
    await run(
        db,
        "insert into ct_races (timing_partner_id, event_id, race_id, race_name, data_source)"
        f" values (1, 'p1', '30', '{name}', 'runsignup')",
    )
    await run(
        db,
        "insert into ct_participants (timing_partner_id, event_id, entry_id, race_id, data_source)"
        " values (1, 'p1', 'late', '30', 'runsignup')",
    )
    for path in (EVENT, f"{EVENT}/charts"):
        assert ("?race=30" in await read(site, path)) is is_shown, path
        await read(site, path, race="30")


async def test_a_search_that_finds_no_event_says_so(site: aiohttp.ClientSession):
    assert "No event was found" in await read(site, "/", q="%")


@pytest.mark.parametrize("asked", [{"from": "yesterday"}, {"to": "2020-13-01"}, {"q": 101 * "a"}, {"q": "a\0b"}])
async def test_a_search_that_no_form_sends_is_a_clear_400(site: aiohttp.ClientSession, asked: dict[str, str]):
    assert "This address cannot be read" in await read(site, "/", 400, **asked)


async def test_every_page_says_where_its_data_comes_from_and_how_old_it_is(site: aiohttp.ClientSession):
    for path in PAGES:
        page = await read(site, path)
        assert "ChronoTrack TCP" in page and " ago" in page and "efreshed as chips are read" in page, path

    polled = await read(site, "/events/1/p2")
    assert "ChronoTrack Live" in polled and "Checked" in polled and "Next refresh" in polled and "in 1 min" in polled


async def test_a_source_whose_last_check_failed_is_marked(site: aiohttp.ClientSession, db: Database):
    await run(db, "update schedule_plan set last_status = 'failed'")

    assert "The last check failed" in await read(site, "/events/1/p2")


@pytest.mark.parametrize(("event", "mark"), [("p1", "Provisional"), ("p2", "Settled")])
async def test_a_board_says_whether_its_results_are_settled(
    site: aiohttp.ClientSession, db: Database, event: str, mark: str
):
    await run(
        db,
        "insert into ct_results (timing_partner_id, event_id, race_id, entry_id, data_source, result_status)"
        " values (1, 'p2', '10', 'x', 'chronotrack_live', 'finished')",
    )
    page = await read(site, f"/events/1/{event}")

    assert {word for word in ("Provisional", "Settled") if f">{word}</span>" in page} == {mark}


async def test_a_division_can_be_chosen(site: aiohttp.ClientSession):
    board = (await read(site, f"{EVENT}/live", race="10", division="F 10-99")).partition("Just finished")[0]

    assert "First3 Last3" in board and "First1 Last1" not in board and "1 to 23 of 23" not in board
    assert '<option value="F 10-99" selected>' in board


async def test_every_gender_that_runs_can_be_chosen(site: aiohttp.ClientSession):
    board = (await read(site, f"{EVENT}/live", race="10", gender="X")).partition("Just finished")[0]

    assert "First5 Last5" in board and "First6 Last6" not in board


async def test_a_runners_page_has_times_places_splits_paces_and_a_link(site: aiohttp.ClientSession):
    page = await read(site, RUNNER)

    assert "First7 Last7" in page and "Bib 7" in page and "Falls7" in page
    assert "0:40:07" in page and "0:40:14" in page
    assert '7<span class="tile-of"> of 59</span>' in page
    assert '<th scope="row">Bridge</th>' in page and "0:32:07" in page and "4:01 /km" in page
    assert '<th scope="row">Finish</th>' in page
    assert f'href="{EVENT}/runner?race=10&amp;id=e7"' in page


async def test_a_runner_on_the_course_has_no_finish_yet(site: aiohttp.ClientSession):
    page = await read(site, f"{EVENT}/runner?race=10&id=e65")

    assert "On course" in page and "Bridge" in page
    assert '<th scope="row">Finish</th>' not in page


@pytest.mark.parametrize("asked", ["race=10&id=e999", "race=20&id=e7", "race=99&id=e7"])
async def test_a_runner_who_is_not_there_is_a_clear_404(site: aiohttp.ClientSession, asked: str):
    assert "Not found" in await read(site, f"{EVENT}/runner?{asked}", 404)


@pytest.mark.parametrize("asked", ["", "race=10", "id=e7", "race=10&id=a%00b"])
async def test_an_address_that_names_no_runner_is_a_clear_400(site: aiohttp.ClientSession, asked: str):
    assert "This address cannot be read" in await read(site, f"{EVENT}/runner?{asked}", 400)


async def test_charts_show_finish_times_and_paces_as_pictures_and_as_tables(site: aiohttp.ClientSession):
    page = await read(site, f"{EVENT}/charts?race=10")

    assert "59 finishers between 0:40 and 0:40" in page
    assert '<tr><th scope="row">0:40</th><td class="num">59</td></tr>' in page
    assert '<th scope="row">Bridge</th><td class="num">70</td>' in page and " /km" in page


@pytest.mark.parametrize("path", ["/events/1/p3", "/events/1/p3/charts", f"{EVENT}/charts?race=20", f"{EVENT}?race=20"])
async def test_a_page_without_data_says_so(site: aiohttp.ClientSession, path: str):
    page = await read(site, path)

    assert any(words in page for words in ("No races yet", "Nothing to draw yet", "No results yet"))


async def test_no_page_of_one_partner_shows_rows_of_another(site: aiohttp.ClientSession):
    pages = [EVENT, f"{EVENT}/charts", RUNNER, f"{EVENT}/results.json", f"{EVENT}/results.csv", f"{EVENT}/live?q=Last"]
    for path in pages:
        page = await read(site, path)
        assert not [word for word in STRANGERS if word in page], path
    assert "Strange7" in await read(site, f"{OTHER_EVENT}/runner?race=10&id=e7")
    for path in ("/events/2/p1", "/events/1/p9/charts", "/events/2/p1/results.csv"):
        assert "Not found" in await read(site, path, 404)


async def published(db: Database) -> list[dict[str, object]]:
    return await db.rows(
        SQL(
            "select * from published_results where timing_partner_id = 1 and event_id = 'p1'"
            " order by race_id, overall_place nulls last, length(bib_number), bib_number, participant_id"
        )
    )


async def test_the_files_hold_what_the_view_holds(site: aiohttp.ClientSession, db: Database):
    wanted = await published(db)

    as_json = json.loads(await read(site, f"{EVENT}/results.json"))
    as_csv = list(csv.DictReader(io.StringIO(await read(site, f"{EVENT}/results.csv"))))
    async with site.get(f"{EVENT}/results.xlsx") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="harbor-run.xlsx"'
        sheet = load_workbook(io.BytesIO(await answer.read())).active

    assert len(wanted) == 70
    assert as_json == json.loads(msgspec.json.encode([json_row(row) for row in wanted]))
    assert as_csv == [
        {name: "" if (cell := csv_cell(value)) is None else str(cell) for name, value in row.items()} for row in wanted
    ]
    assert [cell.value for cell in sheet[1]] == list(wanted[0])
    assert sheet.max_row == len(wanted) + 1


@pytest.mark.parametrize(
    ("asked", "count"), [({"race": "10"}, 70), ({"gender": "X"}, 1), ({"division": "F 10-99"}, 23), ({"race": "20"}, 0)]
)
async def test_a_file_holds_what_was_chosen(site: aiohttp.ClientSession, asked: dict[str, str], count: int):
    assert len(json.loads(await read(site, f"{EVENT}/results.json", **asked))) == count
    assert len((await read(site, f"{EVENT}/results.csv", **asked)).splitlines()) == count + 1


async def test_no_name_is_a_formula_in_a_file(site: aiohttp.ClientSession, db: Database):
    await run(db, "update ct_participants set first_name = '=1+1' where entry_id = 'e1'")

    rows = list(csv.DictReader(io.StringIO(await read(site, f"{EVENT}/results.csv"))))
    assert rows[0]["first_name"] == "'=1+1"


@pytest.mark.parametrize("path", ["results.csv", "results.json", "results.xlsx", "charts", "runner"])
@pytest.mark.parametrize("asked", ["race=%00", "gender=Q", "page=-1", "division=" + 90 * "d"])
async def test_hostile_parameters_are_a_clear_400(site: aiohttp.ClientSession, path: str, asked: str):
    await read(site, f"{EVENT}/{path}?{asked}", 400)


@pytest.mark.parametrize("path", ["/events/1/%0a", "/events/1/%ff", "/events/0/p1", "/events/1/..%2f", "/events/x/p1"])
async def test_hostile_addresses_are_a_clear_404(site: aiohttp.ClientSession, path: str):
    await read(site, path, 404)


@pytest.mark.parametrize("race", ["99", "' or 1=1 --", "10;drop"])
async def test_a_race_that_is_not_there_has_no_file(site: aiohttp.ClientSession, race: str):
    await read(site, f"{EVENT}/results.csv", 404, race=race)


WITHHELD = {
    "by hand": """
        insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by) values (1, 'p1', '59', 'tests')
    """,
    "of an entry of RunSignUp": """
        update ct_events set data_source = 'runsignup' where event_id = 'p1';
        update ct_participants set data_source = 'runsignup' where event_id = 'p1';
        update ct_races set data_source = 'runsignup' where event_id = 'p1';
        update ct_results set data_source = 'runsignup' where event_id = 'p1';
        update ct_participants set raw_payload = '{"user": {"is_anonymous": "T"}}' where entry_id = 'e59';
        update ct_participants set raw_payload = '{"user": {"is_anonymous": "F"}}' where entry_id = 'e58';
        update ct_participants set raw_payload = '{"user": null}' where entry_id = 'e57';
    """,
}


@pytest.mark.parametrize("how", WITHHELD)
async def test_a_name_that_is_withheld_stands_nowhere(site: aiohttp.ClientSession, db: Database, how: str):
    await run(db, WITHHELD[how])
    last = f"{EVENT}/runner?race=10&id=e59"

    for path in (EVENT, f"{EVENT}?page=2", f"{EVENT}?q=59", last, f"{EVENT}/results.csv", f"{EVENT}/results.json"):
        page = await read(site, path)
        assert "First59" not in page and "Last59" not in page and "Falls59" not in page, path
    assert "No result has this bib or name" in await read(site, EVENT, q="last59")
    page = await read(site, last)
    assert "Name withheld" in page and "0:40:59" in page
    assert "<dt>Age</dt>" not in page
    assert "First58 Last58" in await read(site, EVENT)


@pytest.mark.parametrize(
    ("raw", "is_anonymous"),
    [
        ('{"user": {"is_anonymous": "T"}}', True),
        ('{"user": {"anonymous": true, "age": 4}}', True),
        ('{"user_anonymous_flag": 1}', True),
        ('{"isAnonymous" : "yes"}', True),
        ('{"user": {"is_anonymous": "F"}}', False),
        ('{"user": {"is_anonymous": null}, "accepted": "T"}', False),
        (r'{"team": "\"anonymous\": \"T\"}"}', False),
        (None, False),
    ],
)
async def test_an_account_is_anonymous_however_the_service_calls_it(db: Database, raw: str | None, is_anonymous: bool):
    async with db.connection() as connection:
        found = await connection.execute("select asks_for_anonymity('runsignup', %s::json)", (raw,))
        assert await found.fetchone() == (is_anonymous,)


async def test_a_runner_of_a_joined_event_is_anonymous_where_his_registration_says_so(
    site: aiohttp.ClientSession, db: Database
):
    await run(
        db,
        # Links are derived; without their triggers these stay as they are.
        """
        begin;
        set local session_replication_role = replica;
        insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, bib_number, raw_payload)
        values (1, 'p1', 'runsignup', 'r59', '59', '{"user": {"is_anonymous": "T"}}');
        insert into entry_links (timing_partner_id, event_id, link_key, data_source, race_id, entry_id, has_entry,
                                 joined_race_id, person_id, why)
        values (1, 'p1', 'k', 'runsignup', '', 'r59', true, '10', 'e59', 'bib and name');
        commit;
        """,
    )
    assert "First59" not in await read(site, EVENT)
    assert "No result has this bib or name" in await read(site, EVENT, q="last59")


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("update timing_partners set shown_ages = 'adults' where timing_partner_id = 1", {"18"}),
        ("update ct_events set shown_ages = 'none' where event_id = 'p1'", set()),
        (
            "update timing_partners set shown_ages = 'none'; update ct_events set shown_ages = 'all'"
            " where event_id = 'p1'",
            {"17", "18"},
        ),
    ],
)
async def test_ages_are_shown_as_partner_and_event_say(
    site: aiohttp.ClientSession, db: Database, setting: str, shown: set[str]
):
    await run(db, setting)
    rows = {row["bib_number"]: row for row in json.loads(await read(site, f"{EVENT}/results.json"))}

    assert {str(row["age"]) for bib in ("7", "8") if (row := rows[bib])["age"] is not None} == shown


async def test_a_page_that_has_not_changed_is_not_sent_again(site: aiohttp.ClientSession):
    async with site.get(EVENT) as first, site.get(EVENT, headers={"If-None-Match": first.headers["ETag"]}) as second:
        assert (second.status, await second.read()) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_has_landmarks_one_heading_labels_and_heads_of_tables(site: aiohttp.ClientSession, path: str):
    page = await read(site, path)

    assert '<html lang="en">' in page and "<main" in page and 'class="skip" href="#main"' in page
    assert page.count("<h1") == 1
    assert page.count("<table") == page.count("<caption")
    for field in page.split("<input ")[1:] + page.split("<select ")[1:]:
        name = field.partition('id="')[2].partition('"')[0]
        assert 'type="hidden"' in field.partition(">")[0] or f'<label for="{name}"' in page or f'for="{name}"' in page
