"""Who is whom is looked at of those only whom a change can concern, and is what looking at everybody would find."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from project88.errors import StoreError, UsageError
from project88.store.connection import Database
from tests.integration.fields import HARDWARE, LIVE, Field, field_of

REGISTRATION = "runsignup"
SOURCES = (HARDWARE, LIVE, REGISTRATION)
#: Of t and 10 nobody knows the names: which race each is hangs on which races there are besides. h is known and empty.
RACES = {HARDWARE: ("m", "t", "h"), LIVE: ("77", "10", "t"), REGISTRATION: ("m", "M", "h")}
NAMES = (None, "Ann Lee", "LEE ann", "Bob Ray")
FILLED = [(f"f{number}", f"9{number}") for number in range(40)]


@pytest.fixture
async def field(db: Database) -> Field:
    made = await field_of(db)
    await made.race(REGISTRATION, "M", "Marathon")
    await made.race(HARDWARE, "h", "Half")
    # Others, who have nothing to do with it.
    for entry_id, bib in FILLED:
        await made.result(HARDWARE, "m", entry_id, bib, 4000)
        await made.entry(REGISTRATION, "m", entry_id, bib, "Some One")
    return made


IDS = st.sampled_from(["1", "2", "3"])
BIBS = st.sampled_from([None, "11", "12"])
EXTERNAL_IDS = st.sampled_from([None, None, "x", "y"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["entry", "entry", "result", "result", "vanish", "apart"]),
        st.sampled_from(SOURCES), st.integers(0, 2), IDS, BIBS, EXTERNAL_IDS, st.sampled_from(NAMES), st.booleans(),
    ), min_size=1, max_size=10,
)  # fmt: skip
Step = tuple[str, str, int, str, str | None, str | None, str | None, bool]
#: While a source has nobody in another race, the one that it has is the marathon, which is all that the hardware has.
FURTHER_RACE: list[Step] = [
    ("entry", LIVE, 1, "1", "11", None, None, True),
    ("entry", LIVE, 0, "2", "12", None, None, True),
    ("vanish", LIVE, 0, "2", None, None, None, True),
    ("result", HARDWARE, 1, "3", "11", None, None, True),
    ("vanish", HARDWARE, 1, "3", None, None, None, False),
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example(FURTHER_RACE)
async def test_whoever_comes_changes_or_goes_the_links_are_those_of_linking_everybody_anew(
    field: Field, steps: list[Step]
):
    """Entries and results of three sources, which may share ids, bibs, external ids and names, in any order."""
    await field.run("delete from ct_results where entry_id not like 'f%%'")
    await field.run("delete from ct_participants where entry_id not like 'f%%'")
    await field.run("update timing.decisions set undone_at = now() where undone_at is null")
    for step in steps:
        await _take(field, step)
        found = await field.joined()
        await field.run("insert into stale_joins (timing_partner_id, event_id) values (%s, 'p1')", field.partner)
        assert found == await field.joined()


async def test_a_first_read_has_nobody_looked_at_but_its_runner(field: Field):
    await field.entry(REGISTRATION, "m", "1", "11", "Ann Lee")
    await field.entry(LIVE, "77", "901", "11", "Ann Lee")
    assert await _people(field, "11") == 1
    await _fail_for_everybody(field)

    await field.result(HARDWARE, "m", "1", "11", None, "started", first_name="Ann", last_name="Lee")
    assert await _people(field, "11") == 1
    whys = await field.run("select why, person_id from entry_links where bib_number = '11' order by data_source")
    assert [("bib and name", "1"), ("same entry", "1"), ("first", "1")] == [tuple(row.values()) for row in whys]
    await field.decide("disqualified", "11")
    assert "dq" in [status for (status,) in await field.shown("result_status")]
    # One that goes may leave a race to itself, so that races are told apart otherwise.
    with pytest.raises(StoreError, match="everybody"):
        await field.run("update ct_results set retracted_at = now() where entry_id = '1'")


async def _take(field: Field, step: Step) -> None:
    what, source, race, entry_id, bib, external_id, name, flag = step
    race_id = RACES[source][race]
    key = (field.partner, source, race_id, entry_id)
    match what:
        case "entry":
            first, _, last = (name or "").partition(" ")
            await field.run(
                "insert into ct_participants (timing_partner_id, event_id, data_source, race_id, entry_id, bib_number,"
                " external_id, first_name, last_name) values (%s, 'p1', %s, %s, %s, %s, %s, %s, %s)"
                " on conflict (timing_partner_id, event_id, data_source, entry_id) do update set"
                " race_id = excluded.race_id, bib_number = excluded.bib_number, external_id = excluded.external_id,"
                " first_name = excluded.first_name, last_name = excluded.last_name, retracted_at = null",
                *key, bib, external_id, first or None, last or None,
            )  # fmt: skip
        case "result":
            await field.run(
                "insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id, bib_number,"
                " chip_time, result_status) values (%s, 'p1', %s, %s, %s, %s, %s, 'finished')"
                " on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do update"
                " set bib_number = excluded.bib_number, chip_time = excluded.chip_time, retracted_at = null",
                *key, bib, timedelta(seconds=3600 + flag),
            )  # fmt: skip
        case "vanish":
            table = "ct_participants" if flag else "ct_results"
            await field.run(f"update {table} set retracted_at = now() where (data_source, entry_id) = (%s, %s)",
                            source, entry_id)  # fmt: skip
        case _ if bib:
            # Not of one that nobody has.
            with suppress(UsageError):
                await field.decide("kept_apart", bib)


async def _fail_for_everybody(field: Field) -> None:
    """Linking all of the event fails from now on."""
    await field.run(
        "create or replace function race_map(p_timing_partner_id integer, p_event_id text, p_own text,"
        " p_own_races text[], p_other text, p_other_races text[]) returns table (race_id text, own_race_id text)"
        " language plpgsql as 'begin raise exception ''everybody''; end'"
    )


async def _people(field: Field, bib: str) -> int:
    [row] = await field.run(
        "select count(distinct (joined_race_id, person_id)) as people from entry_links where bib_number = %s", bib
    )
    return int(row["people"])
