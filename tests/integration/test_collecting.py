"""A whole event through the real client, the real database and the sandbox on loopback."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import stamina

from project88.errors import CredentialsRefused
from project88.sandbox import (
    AddEntry,
    ChangeTime,
    Fault,
    LiveSettings,
    RemoveEntry,
    RemoveResult,
    Restore,
    SetStatus,
    list_world,
    serve,
)
from project88.store.connection import Database
from project88.store.retractions import decide
from project88.sync.discovery import discover
from project88.sync.moved import MovedResults
from tests.integration.collecting import account_on, days_ago, hub_on, only_event, race_world

FULL = "Full Course"
RESULT_CALLS = "/api/event/*/results"


@pytest.fixture(autouse=True)
def without_waiting():
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


async def test_times_splits_and_places_equal_the_world_that_was_served(db: Database) -> None:
    world = race_world(400)
    async with hub_on(db, world) as hub:
        assert "completed" == (await hub.sync(only_event(world))).status

        rows = {
            row["participant_id"]: row
            for row in await hub.look("select *, extract(epoch from chip_time) * 1000 as ms from unified_results")
        }

    races = world.events[only_event(world)].races
    entries = {entry.entry_id: (race, entry) for race in races for entry in race.entries}
    assert entries.keys() == rows.keys()
    for entry_id, (race, entry) in entries.items():
        row = rows[entry_id]
        names = [interval.name for interval in race.intervals[:-1]]
        expected = [(name, ms) for name, ms in zip(names, entry.elapsed_ms, strict=False) if ms is not None]
        assert entry.elapsed_ms[-1] == row["ms"]
        assert expected == [(part["name"], part["elapsed_ms"]) for part in row["split_times"]]
        assert expected == [(part["name"], part["cumulative_ms"]) for part in row["split_times"]]
        assert ("finished", race.name, entry.bib) == (row["result_status"], row["race_name"], row["bib_number"])
    for race in races:
        order = sorted(race.entries, key=lambda entry: (entry.elapsed_ms[-1], entry.place))
        places = [rows[entry.entry_id]["overall_place"] for entry in order]
        assert list(range(1, len(order) + 1)) == places


@pytest.mark.parametrize("page_size", [50, 500, 1000])
async def test_lists_of_every_length_come_through_whole(db: Database, page_size: int) -> None:
    sizes = (1, 999, 1000, 1001, 2500)
    world = list_world(*sizes, start=days_ago(3))
    async with hub_on(db, world, page_size=page_size) as hub:
        for event, size in zip(world.events, sizes, strict=True):
            outcome = await hub.sync(event)
            assert ("completed", size, size) == (outcome.status, outcome.participants_synced, outcome.results_synced)
        assert sum(sizes) == await hub.one("select count(*) from unified_results")


async def test_a_second_sync_rewrites_no_row(db: Database) -> None:
    world = race_world(unfinished=True)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        before = await hub.versions()
        await discover(hub.account)
        outcome = await hub.sync(only_event(world))
        assert 0 == outcome.rows_written
        assert before == await hub.versions()


async def test_the_same_rows_in_another_order_rewrite_no_row(db: Database) -> None:
    world = race_world(120, unfinished=True)
    async with hub_on(db, world, page_size=1000) as hub:
        await hub.sync(only_event(world))
        before = await hub.versions()
        hub.sandbox.faults.add(Fault(kind="reorder", path_glob="/api/*/results", rows=7))
        hub.sandbox.faults.add(Fault(kind="reorder", path_glob="/api/event/*/entry", rows=7))
        outcome = await hub.sync(only_event(world))
        assert 0 == outcome.rows_written
        assert before == await hub.versions()


@pytest.mark.parametrize("kind", ["numeric", "null", "missing"])
async def test_every_way_to_write_a_value_gives_the_same_rows(db: Database, kind: str) -> None:
    world = race_world(80)
    fault = Fault(kind="numeric") if kind == "numeric" else Fault(kind="blank", shown_as=kind)
    content = (
        "select participant_id, chip_time, gun_time, overall_place, gender_place, split_times from unified_results"
    )
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        plain = await hub.look(content + " order by 1")
        hub.sandbox.faults.add(fault)
        outcome = await hub.sync(only_event(world))
        assert "completed" == outcome.status
        assert plain == await hub.look(content + " order by 1")


@pytest.mark.parametrize("auth", ["simple", "basic", "oauth2"])
async def test_each_way_to_log_in_collects(db: Database, auth: str) -> None:
    world = race_world(20)
    async with hub_on(db, world, auth=auth) as hub:
        assert "completed" == (await hub.sync(only_event(world))).status


async def test_an_expired_token_is_renewed_without_losing_a_page(db: Database) -> None:
    world = race_world(20)
    async with hub_on(db, world, auth="oauth2", page_size=5) as hub:
        hub.sandbox.faults.add(Fault(kind="status", status=401, path_glob=RESULT_CALLS, page=2, times=1))
        assert "completed" == (await hub.sync(only_event(world))).status


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500, path_glob=RESULT_CALLS, page=2, times=2),
        Fault(kind="status", status=429, retry_after_seconds=0.1, path_glob=RESULT_CALLS, times=2),
        Fault(kind="cut", path_glob=RESULT_CALLS, page=3, times=1),
        Fault(kind="html", status=200, path_glob=RESULT_CALLS, times=1),
        Fault(kind="slow", path_glob=RESULT_CALLS, page=1, times=1, chunk_bytes=20_000, pause_seconds=0.01),
        Fault(kind="page_cap", cap=7),
        Fault(kind="no_headers"),
    ],
    ids=lambda fault: fault.kind + str(fault.status if fault.kind == "status" else ""),
)
async def test_a_fault_that_passes_costs_nothing(db: Database, fault: Fault) -> None:
    world = race_world(30)
    async with hub_on(db, world, page_size=50) as hub:
        hub.sandbox.faults.add(fault)
        outcome = await hub.sync(only_event(world))
        assert ("completed", 30) == (outcome.status, outcome.results_synced), outcome


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500, path_glob=RESULT_CALLS, page=2),
        Fault(kind="cut", path_glob=RESULT_CALLS, page=2),
        Fault(kind="html", status=200, path_glob=RESULT_CALLS, page=2),
        Fault(kind="error_key", path_glob=RESULT_CALLS, page=2),
        Fault(kind="totals", path_glob=RESULT_CALLS, rows=3),
        Fault(kind="loop", path_glob=RESULT_CALLS),
        Fault(kind="vanish", path_glob=RESULT_CALLS, share=0.5, page=2),
    ],
    ids=lambda fault: fault.kind + str(fault.status if fault.kind == "status" else ""),
)
async def test_a_list_that_does_not_come_through_is_partial_and_retires_nothing(db: Database, fault: Fault) -> None:
    world = race_world(30)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        before = await hub.look("select * from unified_results order by participant_id")
        hub.sandbox.faults.add(fault)
        outcome = await hub.sync(only_event(world))
        assert "partial" == outcome.status
        assert 0 == outcome.rows_retracted
        assert before == await hub.look("select * from unified_results order by participant_id")
        history = await hub.look("select status, error_message from sync_history order by sync_history_id desc limit 1")
        assert "partial" == history[0]["status"]
        assert history[0]["error_message"]


async def test_an_event_whose_first_call_fails_has_failed_and_says_so(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        hub.sandbox.faults.add(Fault(kind="status", status=503, path_glob="/api/event/*/race"))
        outcome = await hub.sync(only_event(world))
        assert "failed" == outcome.status
        assert "503" in (outcome.error_message or "")
        assert 0 == await hub.one("select count(*) from ct_results")


async def test_a_refused_login_is_raised_and_leaves_a_failed_row(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        hub.sandbox.faults.add(Fault(kind="status", status=401, path_glob="/api/event/*"))
        with pytest.raises(CredentialsRefused):
            await hub.sync(only_event(world))
        assert "failed" == await hub.one("select status from sync_history order by sync_history_id desc limit 1")


async def test_a_list_that_grows_while_read_is_moving_and_retires_nothing(db: Database) -> None:
    world = race_world(40)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        hub.sandbox.faults.add(Fault(kind="grow", path_glob=RESULT_CALLS, hidden=5, rows=1))
        outcome = await hub.sync(only_event(world))
        assert "completed" == outcome.status
        assert "moving" in (outcome.reason or "")
        assert 40 == await hub.one("select count(*) from unified_results")


async def test_a_result_that_vanishes_is_hidden_and_comes_back(db: Database) -> None:
    world = race_world(40)
    runner = world.events[only_event(world)].races[1].entries[3].entry_id
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        world.apply(RemoveResult(entry_id=runner))
        outcome = await hub.sync(only_event(world))
        assert ("completed", 1) == (outcome.status, outcome.rows_retracted)
        kept = "select retracted_at is not null as gone from ct_results where entry_id = %(runner)s"
        assert await hub.one(kept, runner=runner)
        assert 39 == await hub.one("select count(*) from unified_results where result_status = 'finished'")

        world.apply(Restore(entry_id=runner))
        await hub.sync(only_event(world))
        assert not await hub.one(kept, runner=runner)
        assert 40 == await hub.one("select count(*) from unified_results where result_status = 'finished'")


async def test_a_mass_vanish_is_held_until_a_person_decides(db: Database) -> None:
    world = race_world(60)
    entries = world.events[only_event(world)].races[1].entries
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        world.apply(*(RemoveResult(entry_id=entry.entry_id) for entry in entries[:20]))
        outcome = await hub.sync(only_event(world))
        assert (0, 20) == (outcome.rows_retracted, outcome.rows_held)
        assert 60 == await hub.one("select count(*) from unified_results")
        await hub.sync(only_event(world))
        held = await hub.look("select held_retraction_id, state from held_retractions")
        assert ["held"] == [row["state"] for row in held]

        number = held[0]["held_retraction_id"]
        assert 20 == (await decide(db, number, "applied")).rows_retracted
        assert 40 == await hub.one("select count(*) from unified_results")


async def test_a_dismissed_retraction_is_not_asked_again(db: Database) -> None:
    world = race_world(60)
    entries = world.events[only_event(world)].races[1].entries
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        world.apply(*(RemoveResult(entry_id=entry.entry_id) for entry in entries[:20]))
        await hub.sync(only_event(world))
        await decide(db, await hub.one("select held_retraction_id from held_retractions"), "dismissed")
        world.apply(ChangeTime(entry_id=entries[30].entry_id, seconds=9999))
        await hub.sync(only_event(world))
        assert ["dismissed"] == [row["state"] for row in await hub.look("select state from held_retractions")]
        assert 60 == await hub.one("select count(*) from unified_results")


async def test_dnf_and_dq_follow_the_entry_list_at_once(db: Database) -> None:
    world = race_world(40)
    first, second = (entry.entry_id for entry in world.events[only_event(world)].races[1].entries[:2])
    status = "select result_status, provider_status from unified_results where participant_id = %(entry)s"
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        world.apply(SetStatus(entry_id=first, status="DQ"), SetStatus(entry_id=second, status="PENDING"))
        await hub.sync(only_event(world))
        assert {"result_status": "dq", "provider_status": "DQ"} == (await hub.look(status, entry=first))[0]
        assert {"result_status": "finished", "provider_status": "PENDING"} == (await hub.look(status, entry=second))[0]

        world.apply(SetStatus(entry_id=first, status="CONF"))
        await hub.sync(only_event(world))
        assert {"result_status": "finished", "provider_status": "CONF"} == (await hub.look(status, entry=first))[0]


async def test_dns_and_dnf_are_derived_once_settled_and_withdrawn_when_a_row_appears(db: Database) -> None:
    world = race_world(40)
    race = world.events[only_event(world)].races[1]
    world.apply(
        AddEntry(race_id=race.race_id, entry_id="900001", bib="90001"),
        AddEntry(race_id=race.race_id, entry_id="900002", bib="90002", seconds={"5K": 1500, "10K": 3100}),
        AddEntry(race_id=race.race_id, entry_id="900003", bib="", first_name="No"),
    )
    status = "select participant_id, result_status from unified_results where participant_id like '90000%%' order by 1"
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        found = {row["participant_id"]: row["result_status"] for row in await hub.look(status)}
        assert {"900001": "dns", "900002": "dnf"} == found

        world.apply(
            ChangeTime(entry_id="900001", seconds=9000),
            ChangeTime(entry_id="900002", seconds=9100),
        )
        await hub.sync(only_event(world))
        found = {row["participant_id"]: row["result_status"] for row in await hub.look(status)}
        assert {"900001": "finished", "900002": "finished"} == found

        world.apply(RemoveEntry(entry_id="900001"))
        await hub.sync(only_event(world))
        assert "900001" not in {row["participant_id"] for row in await hub.look(status)}


async def test_nothing_is_derived_before_24_hours_without_change(db: Database) -> None:
    world = race_world(40, days=0.6)
    race = world.events[only_event(world)].races[1]
    world.apply(
        AddEntry(race_id=race.race_id, entry_id="900001", bib="90001"),
        AddEntry(race_id=race.race_id, entry_id="900002", bib="90002", seconds={"5K": 1500}),
    )
    status = "select result_status from unified_results where participant_id like '90000%%'"
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        assert ["started"] == [row["result_status"] for row in await hub.look(status)]

        await hub.look("update hub_clock set offset_seconds = %(seconds)s", seconds=timedelta(days=1).total_seconds())
        await hub.sync(only_event(world))
        assert ["dnf", "dns"] == sorted(row["result_status"] for row in await hub.look(status))


async def test_a_row_that_cannot_be_read_is_quarantined_and_the_rest_load(db: Database) -> None:
    world = race_world(30)
    bad = world.events[only_event(world)].races[1].entries[0].entry_id
    fault = Fault(kind="bad_row", path_glob=RESULT_CALLS, entry_ids=frozenset({bad}), fields=("results_time",))
    async with hub_on(db, world, fault) as hub:
        outcome = await hub.sync(only_event(world))
        assert "partial" == outcome.status
        assert outcome.rows_quarantined > 0
        assert 29 == await hub.one("select count(*) from unified_results where result_status = 'finished'")
        assert await hub.one("select bool_and(raw_text like '%%not a time%%') from quarantine")
        kept = await hub.one("select count(*) from quarantine")
        await hub.sync(only_event(world))
        assert kept == await hub.one("select count(*) from quarantine")


async def test_an_archived_event_is_skipped_and_what_is_stored_stays(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        hub.sandbox.faults.add(Fault(kind="archived", path_glob="/api/event/*/entry"))
        outcome = await hub.sync(only_event(world))
        assert "skipped" == outcome.status
        assert "archived" == await hub.one("select upstream_state from ct_events")
        assert 30 == await hub.one("select count(*) from unified_results")


async def test_the_same_pages_are_read_anew_when_the_brackets_mean_something_else(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        assert 30 == await hub.one("select count(overall_place) from unified_results")
        # The first bracket of the list is the first race's "Overall"; the pages of results do not name its type.
        hub.sandbox.faults.add(
            Fault(kind="bad_row", path_glob="/api/event/*/bracket", fields=("bracket_type",), rows=1, text="OTHER")
        )
        await hub.sync(only_event(world))
        first_race = world.events[only_event(world)].races[0]
        placed = "select count(overall_place) from unified_results where race_id = %(race)s"
        assert 0 == await hub.one(placed, race=first_race.race_id)
        assert 30 - len(first_race.entries) == await hub.one("select count(overall_place) from unified_results")


async def test_an_idle_poll_leaves_the_page_digests_in_force(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        moved = MovedResults({})
        await hub.sync(only_event(world), moved)
        await hub.sync(only_event(world))
        remembered = await hub.look("select list_name from collected_lists order by 1")
        await hub.sync(only_event(world), MovedResults(moved.asked))
        assert remembered == await hub.look("select list_name from collected_lists order by 1")
        assert remembered


async def test_rows_deleted_by_hand_come_back_with_the_next_sync(db: Database) -> None:
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        await hub.look("delete from ct_results where data_source = 'chronotrack_live'")
        outcome = await hub.sync(only_event(world))
        assert 30 == outcome.rows_written
        assert 30 == await hub.one("select count(*) from unified_results")


async def test_a_correction_of_one_result_writes_one_row_plus_those_whose_place_moves(db: Database) -> None:
    world = race_world(60)
    entries = sorted(world.events[only_event(world)].races[1].entries, key=lambda entry: entry.elapsed_ms[-1] or 0)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        last = entries[-1]
        world.apply(ChangeTime(entry_id=last.entry_id, seconds=(last.elapsed_ms[-1] or 0) / 1000 + 5))
        assert 1 == (await hub.sync(only_event(world))).rows_written


async def test_a_poll_of_what_moved_reads_only_that_and_ends_equal_to_a_full_one(db: Database) -> None:
    world = race_world(60)
    runner = world.events[only_event(world)].races[1].entries[5].entry_id
    content = (
        "select participant_id, chip_time, split_times, overall_place, division_place from unified_results order by 1"
    )
    async with hub_on(db, world) as hub:
        world.apply(RemoveResult(entry_id=runner, interval=FULL), RemoveResult(entry_id=runner, interval="40K"))
        first = MovedResults({})
        await hub.sync(only_event(world), first)
        world.apply(Restore(entry_id=runner))
        second = MovedResults(first.asked)
        quick = await hub.sync(only_event(world), second)
        after_quick = await hub.look(content)
        idle = await hub.sync(only_event(world), MovedResults(second.asked))
        await hub.sync(only_event(world))
        assert after_quick == await hub.look(content)
        assert quick.rows_written > 0
        assert 0 == idle.rows_written
        assert idle.api_calls < quick.api_calls


async def test_two_collectings_of_one_event_do_not_run_at_once(db: Database) -> None:
    world = race_world(30)
    fault = Fault(kind="slow", path_glob="/api/event/*/race", times=1, chunk_bytes=64, pause_seconds=0.05)
    async with hub_on(db, world, fault) as hub:
        outcomes = await asyncio.gather(hub.sync(only_event(world)), hub.sync(only_event(world)))
        assert ["completed", "skipped"] == sorted(outcome.status for outcome in outcomes)
        assert 30 == await hub.one("select count(*) from unified_results")


async def test_an_event_that_the_hardware_may_already_know_is_held_back(db: Database) -> None:
    world = race_world(30)
    name = world.events[only_event(world)].name
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        async with db.connection() as connection:
            await connection.execute(
                "insert into ct_events (timing_partner_id, event_name, start_date) values (%s, %s, %s)",
                (account.source.timing_partner_id, f"  {name.upper()} ", days_ago(3)),
            )
        outcome = await discover(account)
        assert 0 == outcome.events_synced
        assert "held back" in (outcome.reason or "")


async def test_two_partners_hold_the_same_event_apart(db: Database) -> None:
    world = race_world(20)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox:
        for name in ("One", "Two"):
            async with account_on(db, sandbox, name) as account:
                await discover(account)
        async with db.connection() as connection:
            rows = await (await connection.execute("select timing_partner_id, event_id from ct_events")).fetchall()
        assert 2 == len(rows)
        assert 2 == len({event_id for _, event_id in rows})
