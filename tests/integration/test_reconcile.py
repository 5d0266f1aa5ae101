"""The sources of one event beside each other: what is missing, what differs, which clock is hours off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from project88.store.connection import Database
from project88.store.events import find_event
from project88.store.reconcile import Reconciled, reconcile
from tests.hub_command import HubCommand
from tests.integration.fields import EVENT, HARDWARE, LIVE, START, Field, field_of


@pytest.fixture
async def field(db: Database) -> Field:
    return await field_of(db)


async def compared(field: Field, seconds: float = 2) -> Reconciled:
    return await reconcile(field.db, await find_event(field.db, EVENT), timedelta(seconds=seconds))


async def test_sources_that_say_the_same_agree(field: Field):
    for number in range(1, 5):
        await field.both(str(number), f"1{number}", f"Ann {number}", 3600)
    found = await compared(field)
    assert found.agrees
    assert (4, [LIVE, HARDWARE]) == (found.compared, found.sources)
    assert [(LIVE, "entry", 4), (LIVE, "result", 4), (HARDWARE, "entry", 4), (HARDWARE, "result", 4)] == [
        (each.data_source, each.what, each.rows) for each in found.counts
    ]


async def test_people_of_one_source_only_and_times_beyond_the_tolerance_are_named(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.both("2", "13", "Bob Ray", 3700)
    await field.run("update ct_results set chip_time = '1:05:00' where entry_id = '2'")
    await field.result(LIVE, "77", "3", "14", 3800, first_name="Cy", last_name="Orr")
    found = await compared(field)

    assert [("14", [LIVE], [HARDWARE])] == [(each.bib, each.has, each.lacks) for each in found.missing]
    [apart] = found.differences
    assert ("13", 3_900_000, 3_699_000) == (apart.bib, apart.one_ms, apart.other_ms)
    assert 2 == len((await compared(field, 0.5)).differences)


async def test_crossings_that_are_whole_hours_apart_are_of_a_wrong_zone(field: Field):
    for number in range(1, 5):
        await field.both(str(number), f"1{number}", f"Ann {number}", 3600)
    await field.run("update ct_results set finish_time = %s", START)
    await field.run("update ct_results set finish_time = finish_time + interval '5 hours 2 s' where entry_id ~ '^h'")
    [zone] = (await compared(field)).wrong_zones
    assert (LIVE, HARDWARE, -5, 4, 4) == (zone.one, zone.other, zone.hours, zone.persons, zone.of)


async def test_a_bib_of_two_people_is_told(field: Field):
    await field.both("1", "12", "Ann Lee", 3600, live_name="Bob Ray")
    [same] = (await compared(field)).same_bib
    assert ("12", [f"{LIVE}: Bob Ray", f"{HARDWARE}: Ann Lee"]) == (same.bib, same.said)


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> HubCommand:
    return HubCommand(database_url, tmp_path)


async def test_the_commands_say_what_differs_and_where_a_field_comes_from(field: Field, hub: HubCommand):
    await field.both("1", "12", "Ann Lee", 3600)
    assert "the sources agree" in (await hub("reconcile", "p1")).out
    found = await hub("reconcile", "p1", "--tolerance", "0.5")
    assert (1, True) == (found.code, "1 times that differ by more than 0.5 s, of 1 compared" in found.out)
    assert not (await hub("reconcile", "p1", "--tolerance", "0.5", "--json")).json["agrees"]

    explained = await hub("results", "p1", "--explain", "12")
    assert "provisional: the hardware counts first" in explained.out
    [chip_time] = [line for line in explained.lines if line.startswith("chip time")]
    assert ["tcp_hardware", "chronotrack_live"] == [word for word in chip_time.split() if word in (HARDWARE, LIVE)]
    before = (await hub("results", "p1", "--as-of", "2020-01-01T00:00:00Z")).out
    assert "has no results at 2020-01-01" in before
    assert 2 == (await hub("results", "p1", "--as-of", "yesterday")).code

    decided = ("decisions", "add", "p1", "field_set", "--bib", "12", "--field", "city", "--value", "Bend")
    assert 0 == (await hub(*decided, "--reason", "she said so", "--by", "me")).code
    shown = await hub("changes", "p1", "--bib", "12")
    assert [("city", "Bend", "decision", "1")] == [
        tuple(line.split()[index] for index in (5, 7, 8, 9)) for line in shown.lines if " joined " in line
    ]
    assert "participant of tcp_hardware first stored" in shown.out


async def test_what_one_source_does_not_know_is_not_said_to_be_known_by_nobody(field: Field, hub: HubCommand):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_results set overall_place = 4 where entry_id = '1'")
    explained = await hub("results", "p1", "--explain", "12")
    [place] = [line for line in explained.lines if line.startswith("overall place")]
    assert ["overall", "place", "-", HARDWARE, LIVE, "result:", "4"] == place.split()
    assert 2 == (await hub("results", "p1", "--explain", "12", "--race", "Marathon")).code
    assert 2 == (await hub("results", "p1", "--explain", "12", "--format", "csv")).code


async def test_a_bib_that_nobody_has_and_an_event_without_rows_are_told(field: Field, hub: HubCommand):
    assert "no source has any row" in (await hub("reconcile", "p1")).out
    await field.both("1", "12", "Ann Lee", 3600)
    assert "nobody of event p1 has bib 99" in (await hub("changes", "p1", "--bib", "99")).out
    assert "nothing has changed since it was stored" in (await hub("changes", "p1", "--bib", "12")).out
    await field.run(
        "update ct_results set chip_time = '1:00:09', gun_time = '1:00:09', city = 'Bend' where entry_id = 'h1'"
    )
    assert 2 == len((await hub("changes", "p1", "--bib", "12", "--limit", "2", "--json")).json["changes"])
    assert 2 == (await hub("reconcile", "p1", "--tolerance", "1e300")).code


async def test_a_table_of_then_says_that_there_were_more_rows(field: Field, hub: HubCommand):
    for number in (1, 2, 3):
        await field.both(str(number), f"1{number}", f"Ann {number}", 3600 + number)
    [now] = await field.run("select clock_timestamp() as now")
    then = ("results", "p1", "--as-of", now["now"].isoformat())
    cut, whole = await hub(*then, "--limit", "2"), await hub(*then, "--limit", "3")
    assert ("Ann 3" in cut.out, "there were more: --limit N" in cut.out) == (False, True)
    assert ("Ann 3" in whole.out, "there were more" in whole.out) == (True, False)


async def test_times_that_both_sources_say_are_explained_as_the_same(field: Field, hub: HubCommand):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_results set gun_time = '1:00:00.5', finish_time = %s", START)
    explained = await hub("results", "p1", "--explain", "12")
    for name in ("gun time", "finish time"):
        [line] = [each for each in explained.lines if each.startswith(name)]
        assert line.rstrip().endswith("chronotrack_live: the same"), line
