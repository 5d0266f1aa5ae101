"""One row per person and race although several sources know it: who is whom, whose word counts, and taking it apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.sql import SQL, Identifier

from project88.store.connection import Database
from project88.store.decisions import undo_decision
from project88.store.events import find_event
from project88.store.explain import explain
from project88.store.migrate import migrate
from project88.store.partners import add_partner
from project88.store.progress import collected
from tests.integration.fields import BY, EVENT, HARDWARE, LIVE, Field, field_of


@pytest.fixture
async def field(db: Database) -> Field:
    return await field_of(db)


async def test_one_row_per_person_the_hardware_first_and_the_official_provider_once_settled(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.both("2", "13", "Bob Ray", 3700)

    seconds = timedelta(seconds=1)
    assert [("h1", HARDWARE, 3599 * seconds), ("h2", HARDWARE, 3699 * seconds)] == await field.shown(
        "participant_id", "data_source", "chip_time"
    )
    await field.settle()
    assert [("h1", LIVE, 3600 * seconds), ("h2", LIVE, 3700 * seconds)] == await field.shown(
        "participant_id", "data_source", "chip_time"
    )
    await field.settle(settled=False)
    assert [(HARDWARE,), (HARDWARE,)] == await field.shown("data_source")


@pytest.mark.parametrize(
    ("name", "live_name", "rows"),
    [
        ("Ann Lee", "LEE Ann", 1),
        ("José Núñez", "JOSE NUNEZ", 1),
        ("Anne-Marie Lee", "Anne Marie Lee", 1),
        ("Ann Lee", "Bob Ray", 2),
        ("Ann Lee", None, 1),
        (None, "Ann Lee", 1),
    ],
)
async def test_a_bib_joins_only_where_the_names_agree_or_one_has_none(
    field: Field, name: str | None, live_name: str | None, rows: int
):
    await field.entry(HARDWARE, "m", "h1", "12", name)
    await field.result(HARDWARE, "m", "h1", "12", 3599)
    await field.entry(LIVE, "77", "1", "12", live_name)
    await field.result(LIVE, "77", "1", "12", 3600)
    assert rows == len(await field.shown("bib_number"))


async def test_a_name_alone_joins_nobody_and_an_external_id_joins_what_a_bib_does_not(field: Field):
    for bib, external, entry in (("12", None, "1"), ("14", "x9", "2")):
        await field.entry(HARDWARE, "m", f"h{entry}", bib, "Ann Lee", external_id=external)
        await field.result(HARDWARE, "m", f"h{entry}", bib, 3599)
        await field.entry(LIVE, "77", entry, f"9{bib}", "Ann Lee", external_id=external)
        await field.result(LIVE, "77", entry, f"9{bib}", 3600)
    assert [("1", LIVE), ("h1", HARDWARE), ("h2", HARDWARE)] == await field.shown("participant_id", "data_source")


async def test_a_bib_that_two_of_a_source_have_joins_nobody(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.entry(LIVE, "77", "2", "12", "Ann Lee")
    await field.result(LIVE, "77", "2", "12", 3700)
    assert 3 == len(await field.shown("bib_number"))


async def test_races_are_told_apart_by_name_and_the_same_bib_in_another_race_is_another_person(field: Field):
    await field.race(HARDWARE, "t", "10K")
    await field.race(LIVE, "78", "10 k")
    await field.both("1", "12", "Ann Lee", 3600)
    await field.entry(LIVE, "78", "2", "12", "Ann Lee")
    await field.result(LIVE, "78", "2", "12", 2400)
    await field.entry(HARDWARE, "t", "h2", "12", "Ann Lee")
    await field.result(HARDWARE, "t", "h2", "12", 2401)
    assert [("m", "h1", "Marathon"), ("t", "h2", "10K")] == await field.shown("race_id", "participant_id", "race_name")


async def test_ids_that_both_sources_use_for_different_people_do_not_collide(field: Field):
    await field.entry(HARDWARE, "m", "1", "12", "Ann Lee")
    await field.result(HARDWARE, "m", "1", "12", 3600)
    await field.entry(LIVE, "77", "1", "13", "Bob Ray")
    await field.result(LIVE, "77", "1", "13", 3700)
    assert [("1", "12"), ("chronotrack_live:1", "13")] == await field.shown("participant_id", "bib_number")


async def test_the_summary_counts_what_the_views_show(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.entry(HARDWARE, "m", "h2", "13", "Bob Ray")
    await field.result(LIVE, "77", "3", "14", 3700)
    found = await collected(field.db)
    views = {"events": "unified_events", "participants": "unified_participants", "results": "unified_results"}
    for what, view in views.items():
        assert getattr(found, what) == await field.db.value(SQL("select count(*) from {}").format(Identifier(view)))
    assert (found.participants, found.results) == (2, 2)


async def test_fields_that_one_source_does_not_know_come_from_the_other(field: Field):
    await field.entry(HARDWARE, "m", "h1", "12", None)
    await field.result(HARDWARE, "m", "h1", "12", 3599)
    await field.entry(LIVE, "77", "1", "12", "Ann Lee", gender="F", age=33, city="Bend")
    await field.result(LIVE, "77", "1", "12", None, status="started")
    assert [("Ann", "Lee", "F", 33, "Bend", HARDWARE)] == await field.shown(
        "first_name", "last_name", "gender", "age", "city", "data_source"
    )


async def test_a_finish_beats_none_until_settled_and_a_disqualification_counts_at_once(field: Field):
    await field.entry(HARDWARE, "m", "h1", "12", "Ann Lee")
    await field.result(HARDWARE, "m", "h1", "12", None, status="started")
    await field.result(LIVE, "77", "1", "12", 3600, first_name="Ann", last_name="Lee")
    assert [("finished", LIVE)] == await field.shown("result_status", "data_source")
    await field.run("update ct_results set chip_time = '1:00:00', result_status = 'finished' where entry_id = 'h1'")
    assert [("finished", HARDWARE)] == await field.shown("result_status", "data_source")
    await field.run("update ct_results set result_status = 'dq' where entry_id = '1'")
    assert [("dq", LIVE)] == await field.shown("result_status", "data_source")
    await field.run("update ct_results set result_status = 'finished' where entry_id = '1'")
    assert [("finished", HARDWARE)] == await field.shown("result_status", "data_source")


async def test_a_derived_dns_does_not_hide_a_finish_of_the_hardware_when_settled(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run(
        "update ct_results set chip_time = null, result_status = 'dns', status_is_derived = true where entry_id = '1'"
    )
    await field.settle()
    assert [("finished", HARDWARE)] == await field.shown("result_status", "data_source")


async def test_a_person_who_vanishes_from_every_source_leaves_no_ghost_and_comes_back(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_results set retracted_at = now() where data_source = %s", HARDWARE)
    assert [("h1", LIVE)] == await field.shown("participant_id", "data_source")
    await field.run("update ct_results set retracted_at = now()")
    assert [] == await field.shown("participant_id")
    await field.run("update ct_results set retracted_at = null")
    assert [("h1", HARDWARE)] == await field.shown("participant_id", "data_source")


async def test_a_bib_swap_and_a_change_of_race_flow_through(field: Field):
    await field.race(HARDWARE, "t", "10K")
    await field.both("1", "12", "Ann Lee", 3600)
    await field.both("2", "13", "Bob Ray", 3700)
    async with field.db.transaction() as connection:
        for table in ("ct_participants", "ct_results"):
            await connection.execute(
                SQL(f"update {table} set bib_number = case bib_number when '12' then '13' else '12' end"
                    " where data_source = 'chronotrack_live'")
            )  # fmt: skip
    assert 4 == len(await field.shown("bib_number"))
    async with field.db.transaction() as connection:
        for table in ("ct_participants", "ct_results"):
            await connection.execute(
                SQL(f"update {table} set bib_number = case bib_number when '12' then '13' else '12' end"
                    " where data_source = 'tcp_hardware'")
            )  # fmt: skip
    assert [("h1", "13"), ("h2", "12")] == await field.shown("participant_id", "bib_number")
    await field.run("update ct_participants set race_id = 't' where entry_id = 'h1'")
    await field.run("update ct_results set race_id = 't' where entry_id = 'h1'")
    assert [("m", "1"), ("m", "h2"), ("t", "h1")] == await field.shown("race_id", "participant_id")


async def test_the_pages_deletes_remove_the_rows_of_the_source_from_a_joined_event(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.result(LIVE, "77", "5", "50", 3800)
    for table in ("ct_events", "ct_participants", "ct_results"):
        await field.run(f"delete from {table} where data_source = 'chronotrack_live'")
    assert [("h1", HARDWARE)] == await field.shown("participant_id", "data_source")
    assert [(False,)] == [(row["is_joined"],) for row in await field.run("select is_joined from ct_events")]


async def test_a_decision_beats_both_sources_and_its_undoing_shows_what_they_say(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    number = await field.decide("field_set", "12", field="last_name", value="Leigh")
    gone = await field.decide("field_set", "12", field="city", value=None)
    await field.settle()
    assert [("Leigh", None)] == await field.shown("last_name", "city")
    for each in (number, gone):
        await undo_decision(field.db, field.partner, EVENT, each, BY)
    assert [("Lee",)] == await field.shown("last_name")


async def test_a_disqualification_by_hand_stands_where_the_official_provider_says_finished(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.result(LIVE, "77", "5", "50", 3800, overall_place=2)
    await field.settle()
    number = await field.decide("disqualified", "50")
    penalty = await field.decide("time_adjusted", "50", adjustment=timedelta(seconds=30))
    assert [("dq", None, timedelta(seconds=3830))] == (
        await field.shown("result_status", "overall_place", "chip_time")
    )[:1]
    for each in (number, penalty):
        await undo_decision(field.db, field.partner, EVENT, each, BY)
    assert [("finished", 2)] == (await field.shown("result_status", "overall_place"))[:1]


@pytest.mark.parametrize("settled", [False, True])
async def test_a_disqualification_is_shown_before_scoring_carries_it_out(field: Field, settled: bool):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.settle(settled=settled)
    number = await field.decide("disqualified", "12")
    assert [("dq", None)] == await field.shown("result_status", "overall_place")
    await undo_decision(field.db, field.partner, EVENT, number, BY)
    assert [("finished",)] == await field.shown("result_status")


@pytest.mark.parametrize("settled", [False, True])
async def test_who_is_decided_on_and_finished_at_the_provider_alone_keeps_the_time(field: Field, settled: bool):
    """Scoring writes a row of the hardware for who is on its start list, with what was decided and without a time."""
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_results set chip_time = null, result_status = 'dq' where entry_id = 'h1'")
    await field.settle(settled=settled)
    number = await field.decide("disqualified", "12")
    assert [("dq", timedelta(hours=1))] == await field.shown("result_status", "chip_time")
    await undo_decision(field.db, field.partner, EVENT, number, BY)

    await field.run("update ct_results set result_status = 'dns', status_is_derived = true where entry_id = 'h1'")
    await field.decide("time_adjusted", "12", adjustment=timedelta(seconds=30))
    assert [("finished", timedelta(seconds=3630))] == await field.shown("result_status", "chip_time")


async def test_a_time_that_is_taken_off_is_shown_as_a_time(field: Field):
    await field.result(LIVE, "77", "5", "50", 3600)
    await field.decide("time_adjusted", "50", adjustment=timedelta(seconds=-60.5))
    shown = await field.run("select chip_time::text as it from unified_results")
    assert [{"it": "00:58:59.5"}] == [each | {"it": each["it"].rstrip("0")} for each in shown]


async def test_keeping_a_bib_apart_takes_a_row_apart_for_good_and_undoing_joins_it_again(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.both("2", "13", "Bob Ray", 3700)
    number = await field.decide("kept_apart", "12")
    assert [("1",), ("h1",), ("h2",)] == await field.shown("participant_id")
    await field.run("update ct_participants set city = 'Bend'")
    assert 3 == len(await field.shown("participant_id"))
    await undo_decision(field.db, field.partner, EVENT, number, BY)
    assert [("h1",), ("h2",)] == await field.shown("participant_id")


async def test_keeping_a_bib_apart_takes_apart_what_an_external_id_joined(field: Field):
    for source, race, entry in ((HARDWARE, "m", "h1"), (LIVE, "77", "1")):
        await field.entry(source, race, entry, "12", "Ann Lee", external_id="x9")
        await field.result(source, race, entry, "12", 3600)
    assert [("h1",)] == await field.shown("participant_id")
    await field.decide("kept_apart", "12")
    assert [("1",), ("h1",)] == await field.shown("participant_id")


async def test_decisions_hold_for_an_event_of_the_provider_alone(db: Database):
    partner = await add_partner(db, "Timers", "UTC")
    field = Field(db, partner)
    await field.run(
        "insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name)"
        " values (%s, 'p1', 'chronotrack_live', '8', 'City Run')", partner,
    )  # fmt: skip
    await field.result(LIVE, "77", "1", "12", 3600, overall_place=1)
    number = await field.decide("disqualified", "12")
    assert [("dq", None)] == await field.shown("result_status", "overall_place")
    assert [] == await field.run("select from timing.scorings")
    await undo_decision(db, partner, EVENT, number, BY)
    assert [("finished", 1)] == await field.shown("result_status", "overall_place")


async def test_participants_are_one_each_and_know_what_either_source_knows(field: Field):
    await field.entry(HARDWARE, "m", "h1", "12", None)
    await field.entry(LIVE, "77", "1", "12", "Ann Lee", email="ann@example.org")
    await field.entry(LIVE, "77", "2", "13", "Bob Ray")
    rows = await field.run("select participant_id, last_name, email from unified_participants order by bib_number")
    assert [("h1", "Lee", "ann@example.org"), ("2", "Ray", None)] == [tuple(row.values()) for row in rows]


async def test_every_field_says_whose_it_is_and_what_the_others_say(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_participants set city = 'Bend' where entry_id = '1'")
    await field.decide("field_set", "12", field="first_name", value="Anna")
    event = await find_event(field.db, "p1")
    [person] = await explain(field.db, event, "12")

    fields = {each.field: each for each in person.fields}
    assert "tcp_hardware" == fields["chip_time"].source
    assert [(LIVE, "01:00:00")] == [(each.data_source, each.value) for each in fields["chip_time"].others]
    assert "chronotrack_live, entry" == fields["city"].source
    assert ("Anna", "decision 1 by Race director") == (fields["first_name"].value, fields["first_name"].source)
    assert (None, None) == (fields["state"].value, fields["state"].source)
    assert [(HARDWARE, "first"), (LIVE, "bib and name")] == [(e["data_source"], e["why"]) for e in person.sources]


async def test_a_person_is_listed_once_an_entry_comes_to_the_result_and_while_any_source_lists_one(field: Field):
    await field.result(HARDWARE, "m", "h1", "12", 3599, first_name="Ann", last_name="Lee")
    await field.result(LIVE, "77", "1", "12", 3600, first_name="Ann", last_name="Lee")
    listed = "select participant_id, data_source from unified_participants"
    assert await field.db.rows(listed) == []
    await field.entry(HARDWARE, "m", "h1", "12", "Ann Lee")
    assert await field.db.rows(listed) == [{"participant_id": "h1", "data_source": HARDWARE}]
    await field.entry(LIVE, "77", "1", "12", "Ann Lee")
    await field.run("update ct_participants set retracted_at = now() where entry_id = 'h1'")
    assert await field.db.rows(listed) == [{"participant_id": "h1", "data_source": LIVE}]


async def test_links_of_an_earlier_version_are_mended(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("alter table entry_links add column basis text")
    await field.run("update entry_links set has_entry = false")
    assert await field.db.rows("select participant_id from unified_participants") == []
    await field.run("update applied_migrations set sha256 = null where name = 'schema/078_joins.sql'")
    await migrate(field.db)
    assert await field.db.rows("select participant_id from unified_participants") == [{"participant_id": "h1"}]
