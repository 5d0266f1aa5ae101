"""Start lists of the registration systems, collected from their stand-ins: whole, by changes, and without who left."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import stamina

from project88.errors import ConfigError, CredentialsRefused
from project88.replay import replay
from project88.sandbox import Fault, HakuSettings, RunSignUpSettings
from project88.sandbox.registration import AssignBib, Cancel, ChangePerson, PostResults, Remove, Timed, Transfer
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.partners import add_partner, credential, set_credentials
from project88.sync.accounts import Account, open_account
from project88.sync.discovery import discover
from project88.sync.event import all_participants, sync_event
from tests.integration.registration import ENTRY_PATHS, SERVICES, Registration, discovered, registration_on

every_service = pytest.mark.parametrize("key", SERVICES)


@pytest.fixture(autouse=True)
def without_waiting():
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


def listed(hub: Registration) -> list[Any]:
    """Who is registered in the world that is played."""
    of_it = (each for each in hub.world.registrations.values() if each.category.edition is hub.edition)
    return [each for each in of_it if each.is_registered]


def expected(hub: Registration) -> set[tuple[str | None, str, str]]:
    return {(each.bib, each.person.first_name, each.person.last_name) for each in listed(hub)}


async def shown(hub: Registration) -> set[tuple[str | None, str, str]]:
    return {row[:3] for row in await hub.people()}


@every_service
async def test_a_start_list_comes_whole_and_a_second_sync_writes_nothing(db: Database, key: str):
    async with registration_on(db, key, people=130) as hub:
        assert (await discovered(hub)).status == "completed"
        outcome = await hub.sync_entries()
        assert ("completed", 130) == (outcome.status, outcome.participants_synced)
        assert expected(hub) == await shown(hub)
        before = await hub.versions()
        again = await hub.sync_entries()
        assert ("completed", 0) == (again.status, again.rows_written)
        whole = await hub.sync_entries(all_participants)
        assert ("completed", 0) == (whole.status, whole.rows_written)
        assert before == await hub.versions()


@every_service
async def test_bibs_names_removals_and_transfers_come_with_the_next_sync(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        await hub.sync_entries()
        one, two, three, four, five = listed(hub)[:5]
        other = next(c.category_id for c in hub.edition.categories if c is not four.category)
        hub.world.apply(
            AssignBib(registration_id=one.registration_id, bib="A-7"),
            ChangePerson(registration_id=two.registration_id, changes={"last_name": "Núñez"}),
            Remove(registration_id=three.registration_id),
            Transfer(registration_id=four.registration_id, category_id=other),
            Cancel(registration_id=five.registration_id),
        )
        outcome = await hub.sync_entries()
        assert "completed" == outcome.status
        assert expected(hub) == await shown(hub)
        assert ("A-7", one.person.first_name) in {row[:2] for row in await shown(hub)}
        before = await hub.versions()
        await hub.sync_entries()
        assert before == await hub.versions()


async def test_runsignup_says_why_somebody_left_and_who_came_instead(db: Database):
    async with registration_on(db, "runsignup") as hub:
        await discovered(hub)
        await hub.sync_entries()
        one, two = listed(hub)[:2]
        other = next(c.category_id for c in hub.edition.categories if c is not two.category)
        hub.world.apply(Remove(registration_id=one.registration_id, reason="deferred"))
        successor = hub.world.apply(Transfer(registration_id=two.registration_id, category_id=other))[0]
        outcome = await hub.sync_entries()
        assert 2 == outcome.rows_retracted
        rows = await hub.look(
            "select removed_reason, successor_entry_id from ct_participants where retracted_at is not null"
            " order by removed_reason"
        )
        assert [("deferred", None), ("transferred", successor)] == [tuple(row.values()) for row in rows]


async def test_runsignup_is_asked_for_changes_only_until_a_row_is_missing(db: Database):
    async with registration_on(db, "runsignup", people=80, page_size=20) as hub:
        await discovered(hub)
        await hub.sync_entries()
        # The race, 80 people and the end, and nobody removed.
        whole = (await hub.sync_entries(all_participants)).api_calls
        hub.world.apply(AssignBib(registration_id=listed(hub)[3].registration_id, bib="900"))
        some = await hub.sync_entries()
        assert (4, 1) == (some.api_calls, some.participants_written)
        assert whole > some.api_calls
        await hub.look("delete from ct_participants where bib_number = '900'")
        assert whole == (await hub.sync_entries()).api_calls
        assert expected(hub) == await shown(hub)


@pytest.mark.parametrize("fault", ["status", "html", "cut", "error_key"])
@every_service
async def test_a_reading_that_failed_moves_no_watermark_and_loses_nobody(db: Database, key: str, fault: str):
    async with registration_on(db, key, people=130, page_size=25) as hub:
        await discovered(hub)
        await hub.sync_entries()
        before = await shown(hub)
        hub.world.apply(
            *(AssignBib(registration_id=r.registration_id, bib=f"9{r.registration_id}") for r in listed(hub))
        )
        path = ENTRY_PATHS[key]
        hub.sandbox.faults.add(Fault(kind=fault, path_glob=path, status=500, code=5, page=None, times=None))  # type: ignore[arg-type]
        outcome = await hub.sync_entries()
        assert outcome.status in ("failed", "partial")
        assert len(before) == len(await shown(hub))
        hub.sandbox.faults.clear()
        assert "completed" == (await hub.sync_entries()).status
        assert expected(hub) == await shown(hub)


async def test_an_error_inside_a_200_of_runsignup_is_no_empty_list(db: Database):
    async with registration_on(db, "runsignup") as hub:
        await discovered(hub)
        await hub.sync_entries()
        hub.sandbox.faults.add(
            Fault(
                kind="error_key", path_glob="/rest/race/*/participants", code=7, message="Permission denied", times=None
            )
        )
        with pytest.raises(CredentialsRefused, match="Permission denied"):
            await hub.sync_entries(all_participants)
        assert 60 == len(await hub.people())


async def test_a_login_of_runsignup_that_is_gone_never_lists_the_races_of_everybody(db: Database):
    async with registration_on(db, "runsignup") as hub:
        await discovered(hub)
        known = await hub.one("select count(*) from ct_events")
        partner = hub.account.source.timing_partner_id
        stored = await credential(db, partner, "runsignup")
        await set_credentials(db, partner, "runsignup", "another-key", "of-nobody-1637", stored.additional_config)
        async with open_account(db, await credential(db, partner, "runsignup")) as account:
            with pytest.raises(CredentialsRefused):
                await discover(account)
        assert known == await hub.one("select count(*) from ct_events")
        assert "/rest/races" not in {call.path for call in list(hub.sandbox.calls.recent)[-1:]}
    with pytest.raises(ConfigError):
        partner = await add_partner(db, "Nobody", "UTC")
        await set_credentials(db, partner, "runsignup", "", "", {})
        async with open_account(db, await credential(db, partner, "runsignup")):
            pass


async def test_a_wrong_caller_registration_stops_with_what_to_do(db: Database):
    async with registration_on(db, "runsignup", registration_secret="wrong") as hub:
        with pytest.raises(CredentialsRefused, match="registration"):
            await discovered(hub)


async def test_runsignup_never_sees_more_than_two_calls_at_once_of_all_partners(db: Database):
    slow = RunSignUpSettings(latency_seconds=0.01)
    async with (
        registration_on(db, "runsignup", people=200, page_size=10, settings=slow) as hub,
        AsyncExitStack() as opened,
    ):
        stored = await credential(db, hub.account.source.timing_partner_id, "runsignup")
        accounts = [hub.account]
        for name in ("B", "C"):
            partner = await add_partner(db, name, "UTC")
            await set_credentials(db, partner, "runsignup", stored.principal, stored.secret, stored.additional_config)
            login = await credential(db, partner, "runsignup")
            accounts.append(await opened.enter_async_context(open_account(db, login)))
        await asyncio.gather(*map(collected, accounts))
        assert 2 == hub.sandbox.calls.highest_at_once
        assert 600 == await hub.one("select count(*) from unified_participants")


async def collected(account: Account) -> None:
    await discover(account)
    for event in await events_of(account.db, account.source):
        await sync_event(account, event.scope(account.source), "participants", all_participants)


async def test_haku_is_asked_once_for_each_person_and_again_for_who_changed(db: Database):
    async with registration_on(db, "haku", people=60, refresh_share=0) as hub:
        await discovered(hub)
        first = await hub.sync_entries()
        # Three pages with people and an empty one, then everybody.
        assert 60 < first.api_calls <= 60 + 5
        second = await hub.sync_entries()
        # The pages again, and the first of the list, which may have changed twice.
        assert second.api_calls <= 5 + 1
        late = listed(hub)[40]
        hub.world.apply(AssignBib(registration_id=late.registration_id, bib="777"))
        third = await hub.sync_entries()
        assert third.api_calls <= 5 + 2
        assert "777" in {row[0] for row in await hub.people()}


async def test_a_bib_of_haku_that_no_row_tells_of_is_found_in_turn(db: Database):
    async with registration_on(db, "haku", people=40) as hub:
        await discovered(hub)
        await hub.sync_entries()
        # All in one second and in the order that they are in: the list says nothing of it.
        hub.world.apply(*(AssignBib(registration_id=r.registration_id, bib=r.registration_id) for r in listed(hub)))
        await hub.look("update entry_readings set changes_read_from = changes_read_from - interval '30 minutes'")
        await hub.sync_entries()
        assert expected(hub) == await shown(hub)


async def test_haku_goes_on_with_those_it_could_not_ask_for_yet(db: Database):
    async with registration_on(db, "haku", people=40, rate_limit=0.25) as hub:
        # Fifteen calls an hour: the stand-in is asked without the budget of the login.
        await hub.look("update call_budgets set calls_per_minute = 600000")
        hub.account.client._turns._rate = 600_000
        await discovered(hub)
        outcome = await hub.sync_entries()
        assert "partial" == outcome.status
        assert "25 entries are still to be asked for" in str(outcome.error_message)
        assert 40 == len(await hub.people())
        for _ in range(2):
            outcome = await hub.sync_entries()
        assert "completed" == outcome.status
        assert expected(hub) == await shown(hub)


async def test_a_capped_page_and_an_unsorted_list_of_haku_lose_nobody(db: Database):
    settings = HakuSettings(page_cap=7, honours_sort=False)
    async with registration_on(db, "haku", people=45, settings=settings, changed_first=False) as hub:
        await discovered(hub)
        assert "completed" == (await hub.sync_entries()).status
        assert expected(hub) == await shown(hub)


async def test_results_of_runsignup_have_times_splits_places_and_statuses(db: Database):
    async with registration_on(db, "runsignup", days=-1) as hub:
        await discovered(hub)
        category = hub.edition.categories[0]
        runners = [each for each in listed(hub) if each.category is category][:4]
        lines = [
            Timed(registration_id=each.registration_id, seconds=2400 + place * 7.5, gun_seconds=2410 + place * 7.5)
            for place, each in enumerate(runners[:3])
        ]
        lines.append(Timed(registration_id=runners[3].registration_id, outcome="DNF"))
        hub.world.apply(PostResults(category_id=category.category_id, lines=tuple(lines)))
        outcome = await hub.sync_all()
        assert "completed" == outcome.status
        rows = await hub.look(
            "select result_status, overall_place, chip_time, last_name from unified_results"
            " order by overall_place nulls last"
        )
        assert ["finished", "finished", "finished", "dnf"] == [row["result_status"] for row in rows]
        assert [1, 2, 3, None] == [row["overall_place"] for row in rows]
        assert timedelta(seconds=2400) == rows[0]["chip_time"]
        assert [each.person.last_name for each in runners] == [row["last_name"] for row in rows]


@every_service
async def test_what_was_collected_of_a_registration_is_made_again_from_the_archive(db: Database, key: str):
    async with registration_on(db, key) as hub:
        await discovered(hub)
        await hub.sync_entries()
        one, two, three = listed(hub)[:3]
        hub.world.apply(AssignBib(registration_id=one.registration_id, bib="9001"))
        await hub.sync_entries()
        hub.world.apply(Cancel(registration_id=two.registration_id))
        await hub.sync_entries()
        hub.world.apply(AssignBib(registration_id=three.registration_id, bib="9003"))
        await hub.sync_entries()
        found = await replay(db, await hub.stored())
        assert found.is_proved, found
        prints = "select count(*) from ct_participants where bib_number like '900_' or retracted_at is not null"
        assert 3 == await hub.one(prints)
