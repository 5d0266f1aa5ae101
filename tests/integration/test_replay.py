"""What is shown follows from what the sources said: the archive and the reads give the same results again."""

from __future__ import annotations

from pathlib import Path

import pytest

from project88.errors import HubError
from project88.listen.scorer import score_once
from project88.replay import Replayed, replay
from project88.sandbox import (
    ChangeTime,
    Fault,
    LiveSettings,
    RemoveEntry,
    RemoveResult,
    Restore,
    SetStatus,
    World,
    serve,
)
from project88.sandbox.rig import LinkFaults
from project88.store.connection import Database
from project88.store.decisions import decide as decide_result
from project88.store.duplicates import merge, pairs
from project88.store.events import find_event
from project88.store.history import collecting_lock
from project88.store.retractions import decide
from project88.sync.discovery import discover
from project88.sync.event import participants_only
from project88.sync.moved import MovedResults
from tests.hub_command import HubCommand
from tests.integration.collecting import Hub, account_on, hub_on, only_event, race_world
from tests.integration.test_hardware_results import bind_all, played
from tests.integration.timing import hardware_event, listener, partner_with_account, race

RESULTS = "/api/event/*/results"


async def replayed(hub: Hub, world: World) -> Replayed:
    return await replay(hub.db, await hub.event(only_event(world)))


def proved(found: Replayed) -> tuple[bool, list[object], list[object]]:
    return found.is_proved, list(found.differences), [each.problem for each in found.sources if each.problem]


async def test_many_readings_of_all_kinds_give_the_same_results_again_and_nothing_stays(db: Database):
    world = race_world(60, unfinished=True)
    one, two, three, four, five = (entry.entry_id for entry in world.events[only_event(world)].races[1].entries[:5])
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        moved = MovedResults({})
        for edits in (
            [ChangeTime(entry_id=one, seconds=9000)],
            [RemoveResult(entry_id=two), SetStatus(entry_id=three, status="DQ")],
            [Restore(entry_id=two), ChangeTime(entry_id=four, seconds=1500, interval="Half")],
            [RemoveEntry(entry_id=five)],
        ):
            world.apply(*edits)
            await hub.sync(only_event(world))
            world.apply(ChangeTime(entry_id=one, seconds=9001))
            await hub.sync(only_event(world), moved)
            await hub.sync(only_event(world), participants_only)
        before = await hub.versions()
        found = await replayed(hub, world)
        assert (True, [], []) == proved(found)
        assert found.results == await hub.one("select count(*) from unified_results") > 50
        assert before == await hub.versions()
        assert 0 == await hub.one("select count(*) from stale_joins")


async def test_a_reading_that_says_all_anew_replaces_those_before_it(db: Database):
    world = race_world(40)
    async with hub_on(db, world) as hub:
        for _ in range(3):
            await hub.look("delete from collected_lists")
            await hub.sync(only_event(world))
        assert 1 == await hub.one("select count(*) from raw_readings")
        assert (True, [], []) == proved(await replayed(hub, world))


async def test_a_row_that_somebody_changed_by_hand_is_shown(db: Database):
    world = race_world(40)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        entry = await hub.one(
            "update ct_results set chip_time = '00:10:00' where entry_id ="
            " (select min(entry_id) from ct_results) returning entry_id"
        )
        found = await replayed(hub, world)
        assert (False, 1) == (found.is_proved, found.rows_that_differ)
        assert found.stored_fingerprint != found.rebuilt_fingerprint
        [difference] = found.differences
        assert (entry, {"chip_time": "00:10:00"}) == (difference.participant_id, difference.stored)


@pytest.mark.parametrize("decision", [None, "applied", "dismissed"])
async def test_a_mass_retraction_and_what_was_decided_are_made_again(db: Database, decision: str | None):
    world = race_world(60)
    entries = [entry.entry_id for entry in world.events[only_event(world)].races[1].entries[:30]]
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        world.apply(*(RemoveResult(entry_id=each) for each in entries))
        outcome = await hub.sync(only_event(world))
        assert outcome.rows_held > 10
        if decision is not None:
            number = await hub.one("select held_retraction_id from held_retractions where state = 'held'")
            await decide(db, number, decision)  # type: ignore[arg-type]
        world.apply(*(Restore(entry_id=each) for each in entries[:2]))
        await hub.sync(only_event(world))
        assert (True, [], []) == proved(await replayed(hub, world))


async def test_an_event_that_was_collected_before_the_archive_says_so(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        await hub.look("delete from raw_readings")
        found = await replayed(hub, world)
        assert not found.is_proved
        assert "before the archive was kept" in str(found.sources[0].problem)


async def test_a_partial_reading_is_made_again_as_partial(db: Database):
    world = race_world(60)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        world.apply(*(RemoveResult(entry_id=e.entry_id) for e in world.events[only_event(world)].races[1].entries[:2]))
        hub.sandbox.faults.add(Fault(kind="status", path_glob=RESULTS, page=3, status=400, times=None))
        outcome = await hub.sync(only_event(world))
        assert "partial" == outcome.status
        assert (True, [], []) == proved(await replayed(hub, world))


async def test_an_event_of_two_sources_and_of_decisions_is_made_again(db: Database, tmp_path: Path):
    event = race(60)
    world = race_world(60)
    world.events[only_event(world)].name = event.name
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path)
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, LinkFaults())
    await bind_all(db, partner, event_id)
    bibs = [entry.bib for entry in event.races[0].entries[:2]]
    await decide_result(
        db, partner, event_id, "disqualified", bib=bibs[0], read=None, adjustment=None, reason="cut", decided_by="Judge"
    )
    assert await score_once(db, event_id, partner)
    found = await replay(db, await find_event(db, event_id, partner))
    assert (True, [], []) == proved(found)
    assert ["tcp_hardware"] == [each.data_source for each in found.sources]


async def test_an_event_that_is_merged_into_one_of_the_hardware_is_made_again(db: Database):
    world = race_world(40)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        hub = Hub(db, account, sandbox)
        await discover(account)
        await hub.sync(only_event(world))
        await hub.look(
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select timing_partner_id, 'h1', event_name, start_date from ct_events"
        )
        [pair] = await pairs(db)
        await merge(db, pair, "Director", None)
        found = await replay(db, await find_event(db, "h1"))
        assert (True, [], []) == proved(found)
        assert 40 <= found.results


async def test_what_a_source_said_goes_with_its_last_row(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        await hub.look("delete from ct_participants")
        assert 1 == await hub.one("select count(*) from raw_readings")
        await hub.look("delete from ct_results")
        assert 0 == await hub.one("select count(*) from raw_readings")


async def test_the_command_says_by_its_exit_code_whether_the_results_follow(
    db: Database, database_url: str, tmp_path: Path
):
    world = race_world(30)
    command = HubCommand(database_url, tmp_path)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        told = await command("replay", only_event(world))
        assert (0, True) == (told.code, "the same: 30 results follow" in told.out)
        await hub.look(
            "update ct_results set overall_place = 7 where entry_id = (select min(entry_id) from ct_results)"
        )
        told = await command("replay", only_event(world), "--json")
        assert (1, False, 1) == (told.code, told.json["is_proved"], told.json["found"]["rows_that_differ"])


async def test_a_sync_that_runs_is_not_disturbed(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        event = await hub.event(only_event(world))
        async with (
            db.dedicated() as connection,
            collecting_lock(connection, hub.account.source, event.event_id) as is_ours,
        ):
            assert is_ours
            with pytest.raises(HubError, match="being collected now"):
                await replay(db, event)
