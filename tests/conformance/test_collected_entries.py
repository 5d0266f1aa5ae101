"""Every registration system collected from its stand-in, which refuses, throttles, cuts and lies.

The counts still match, or the attempt says that it is partial.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import stamina

from project88.edges import clock
from project88.errors import CredentialsRefused
from project88.sandbox import Fault, RaceRosterSettings
from project88.sandbox.registration import PostResults, Remove, Timed
from project88.store.budget import set_clock
from project88.store.connection import Database
from project88.store.retractions import decide
from project88.sync.event import all_participants
from tests.integration.registration import SERVICES, Registration, discovered, registration_on
from tests.integration.test_registration import expected, listed, shown

every_service = pytest.mark.parametrize("key", SERVICES)
#: The calls for entries of each service, and what in a row may be hostile.
PEOPLE = {"runsignup": "/rest/race/*/participants", "race_roster": "/*/participants", "haku": "/events/*/participants"}
NAME = {"runsignup": "user.first_name", "race_roster": "firstName", "haku": "person_full_name"}
BROKEN = {"runsignup": "registration_id", "race_roster": "participantId", "haku": "registration_number"}
HOSTILE = "Robert'); drop table ct_participants;-- \u202e<script>alert(1)</script> " + "x" * 4000


@pytest.fixture(autouse=True)
def without_waiting():
    stamina.set_testing(True, attempts=4)
    yield
    stamina.set_testing(False)


async def collected(hub: Registration) -> None:
    await discovered(hub)
    assert "completed" == (await hub.sync_entries()).status


@every_service
@pytest.mark.parametrize("people", [0, 1, 24, 25, 26, 51])
async def test_lists_of_every_length_come_through_whole(db: Database, key: str, people: int):
    async with registration_on(db, key, people=max(people, 1), page_size=25) as hub:
        if people == 0:
            hub.world.apply(*(Remove(registration_id=each.registration_id) for each in listed(hub)))
        await collected(hub)
        assert people == len(await hub.people())


@every_service
async def test_times_are_those_of_the_events_zone(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        found = await hub.stored()
        assert hub.edition.zone == found.time_zone
        assert found.start_date is not None
        late = hub.edition.start_s - found.start_date.timestamp()
        # Haku knows the day only.
        assert late == 0 if key != "haku" else 0 <= late < 86_400


@every_service
async def test_a_throttled_service_is_asked_again_and_nobody_is_lost(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        # The waits between attempts are seconds of the hub's clock.
        await set_clock(db, 60, clock.epoch_ms() / 1000 * -59)
        code = 14 if key == "runsignup" else None
        kind = "error_key" if key == "runsignup" else "status"
        hub.sandbox.faults.add(
            Fault(kind=kind, path_glob=PEOPLE[key], status=429, code=code, retry_after_seconds=0.01, times=2)  # type: ignore[arg-type]
        )
        outcome = await hub.sync_entries()
        assert "completed" == outcome.status, outcome
        assert expected(hub) == await shown(hub)


@every_service
async def test_a_refused_login_is_an_operators_business_and_no_empty_list(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await collected(hub)
        kind = "error_key" if key == "runsignup" else "status"
        hub.sandbox.faults.add(Fault(kind=kind, path_glob=PEOPLE[key], status=401, code=7, message="no"))  # type: ignore[arg-type]
        with pytest.raises(CredentialsRefused):
            await hub.sync_entries(all_participants)
        assert 60 == len(await hub.people())


@every_service
async def test_a_list_that_lacks_half_of_its_rows_waits_for_a_person(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await collected(hub)
        hub.sandbox.faults.add(Fault(kind="vanish", path_glob=PEOPLE[key], share=0.5))
        outcome = await hub.sync_entries(all_participants)
        assert outcome.rows_held > 10 or outcome.status == "partial"
        assert 60 == len(await hub.people())
        for number in await hub.look("select held_retraction_id from held_retractions where state = 'held'"):
            await decide(db, number["held_retraction_id"], "dismissed")
        hub.sandbox.faults.clear()
        await hub.sync_entries(all_participants)
        assert expected(hub) == await shown(hub)


@every_service
async def test_rows_that_come_twice_are_one_person(db: Database, key: str):
    async with registration_on(db, key, page_size=25) as hub:
        await discovered(hub)
        hub.sandbox.faults.add(Fault(kind="repeat", path_glob=PEOPLE[key], rows=3))
        outcome = await hub.sync_entries()
        assert outcome.status in ("completed", "partial")
        assert expected(hub) >= await shown(hub)
        hub.sandbox.faults.clear()
        await hub.sync_entries(all_participants)
        assert expected(hub) == await shown(hub)


@every_service
async def test_a_hostile_value_is_stored_as_text_or_costs_only_its_row(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        hub.sandbox.faults.add(
            Fault(kind="bad_row", path_glob=PEOPLE[key], fields=(NAME[key],), text=HOSTILE, rows=3, page=1)
        )
        outcome = await hub.sync_entries()
        assert outcome.status in ("completed", "partial")
        assert 57 <= len(await hub.people()) <= 60
        assert outcome.rows_quarantined + len(await hub.people()) >= 60


@every_service
async def test_a_row_without_its_number_is_quarantined_and_the_others_load(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        fault = Fault(kind="bad_row", path_glob=PEOPLE[key], fields=(BROKEN[key],), text="", rows=2, page=1, times=1)
        hub.sandbox.faults.add(fault)
        outcome = await hub.sync_entries()
        assert "partial" == outcome.status, outcome
        assert outcome.rows_quarantined >= 1
        assert outcome.rows_quarantined == await hub.one("select count(*) from quarantine")
        hub.sandbox.faults.clear()
        await hub.sync_entries(all_participants)
        assert expected(hub) == await shown(hub)


@pytest.mark.parametrize("key", ["runsignup", "race_roster"])
async def test_results_come_with_times_and_places_and_go_when_they_are_taken_away(db: Database, key: str):
    async with registration_on(db, key, days=-1) as hub:
        await discovered(hub)
        category = hub.edition.categories[0]
        runners = [each for each in listed(hub) if each.category is category][:12]
        lines = tuple(
            Timed(registration_id=each.registration_id, seconds=2400.0 + place * 7, gun_seconds=2410.0 + place * 7)
            for place, each in enumerate(runners)
        )
        hub.world.apply(PostResults(category_id=category.category_id, lines=lines))
        assert "completed" == (await hub.sync_all()).status
        rows = await hub.look(
            "select last_name, overall_place, chip_time from unified_results where result_status = 'finished'"
            " order by overall_place"
        )
        # Race Roster has one field for the whole name.
        assert all(row["last_name"].endswith(each.person.last_name) for each, row in zip(runners, rows, strict=True))
        assert [timedelta(seconds=2400 + place * 7) for place in range(12)] == [row["chip_time"] for row in rows]
        before = await hub.versions()
        assert ("completed", 0) == ((again := await hub.sync_all()).status, again.rows_written)
        assert before == await hub.versions()


async def test_a_service_that_gives_fewer_events_at_once_than_were_asked_for_loses_none(db: Database):
    async with registration_on(db, "race_roster", page_size=50, settings=RaceRosterSettings(page_cap=1)) as hub:
        await discovered(hub)
        ours = [each for each in hub.world.editions.values() if each.organiser_id == "1"]
        assert len(ours) == await hub.one("select count(*) from ct_events")


async def test_public_results_that_are_not_there_yet_cost_no_start_list(db: Database):
    async with registration_on(db, "race_roster") as hub:
        await discovered(hub)
        hub.sandbox.faults.add(Fault(kind="status", path_glob="/v2/api/*", status=404))
        assert "completed" == (await hub.sync_all()).status
        assert expected(hub) == await shown(hub)
        hub.sandbox.faults.clear()
        hub.sandbox.faults.add(Fault(kind="status", path_glob="/v2/api/*", status=403))
        outcome = await hub.sync_all()
        assert "failed" == outcome.status
        assert "public results service refused" in str(outcome.error_message)
        assert expected(hub) == await shown(hub)
