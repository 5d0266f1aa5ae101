"""What changed, when we learned it and why; and what the page said at any moment before."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from project88.sandbox import ChangeTime, RemoveResult, SetStatus
from project88.store import duplicates
from project88.store.changes import changes, first_seen, results_as_of
from project88.store.connection import Database
from project88.store.decisions import undo_decision
from project88.store.events import find_event
from project88.store.merging import settle_all
from project88.sync.discovery import discover
from tests.integration.collecting import PROVIDER, hub_on, only_event, race_world
from tests.integration.fields import BY, EVENT, Field, field_of

#: Of rows, when they were written is no part of what the page says.
Page = list[tuple[Any, ...]]


@pytest.fixture
async def field(db: Database) -> Field:
    return await field_of(db)


async def page(field: Field) -> Page:
    return _sorted(await field.run("select * from unified_results"))


async def page_at(field: Field, at: datetime) -> Page:
    event = await find_event(field.db, EVENT)
    async with results_as_of(field.db, event, at) as found:
        return _sorted([row async for row in found.rows])


def _sorted(rows: list[dict[str, Any]]) -> Page:
    return sorted(tuple(map(str, row.values())) for row in rows)


async def now(field: Field) -> datetime:
    [row] = await field.run("select clock_timestamp() as now")
    return row["now"]  # type: ignore[no-any-return]


#: Statements that change a joined event in every way that has a name. Each is tried again and again, in any order.
STEPS = (
    "update ct_results set chip_time = chip_time + interval '1 s', updated_at = now() where entry_id = 'h1'",
    "update ct_results set overall_place = coalesce(overall_place, 0) + 1, updated_at = now()",
    "update ct_results set result_status = case when result_status = 'dq' then 'finished' else 'dq' end"
    " where entry_id = '2'",
    "update ct_results set retracted_at = case when retracted_at is null then now() end where entry_id = '3'",
    "update ct_results set retracted_at = case when retracted_at is null then now() end where entry_id ~ '^h'",
    "update ct_participants set last_name = last_name || 'x', updated_at = now() where entry_id in ('h2', '2')",
    "update ct_participants set bib_number = case bib_number when '11' then '111' else '11' end where entry_id = '1'",
    "update ct_participants set retracted_at = case when retracted_at is null then now() end where entry_id = '4'",
    "update ct_results set bib_number = null where entry_id = '4'",
    'update ct_results set split_times = split_times || \'[{"name": "5K", "rank": 1}]\' where entry_id = \'h3\'',
    "update ct_events set settled_at = case when settled_at is null then now() end",
    "update ct_events set event_name = event_name || '!', time_zone = 'Asia/Tokyo'",
    "update ct_races set race_name = race_name || '!' where data_source = 'tcp_hardware'",
    "update ct_results set race_id = case race_id when 'm' then 't' else 'm' end where entry_id = 'h4'",
)


@pytest.mark.parametrize("seed", range(6))
async def test_any_moment_can_be_asked_for_whatever_happened_since(field: Field, seed: int):
    chance = random.Random(seed)
    moments: list[tuple[datetime, Page]] = []
    for number in range(1, 6):
        await field.both(str(number), f"1{number}", f"Ann {number}", 3600 + number)
        moments.append((await now(field), await page(field)))
    for step in chance.choices(STEPS, k=25):
        if "race_id = case" in step:
            # A change of race removes a row under one key and stores it under another.
            await field.run("delete from ct_results where entry_id = 'h5'")
            moments = [(await now(field), await page(field))]
        else:
            await field.run(step)
            moments.append((await now(field), await page(field)))
    number = await field.decide("field_set", "12", field="city", value="Bend")
    moments.append((await now(field), await page(field)))
    await undo_decision(field.db, field.partner, EVENT, number, BY)
    moments.append((await now(field), await page(field)))

    for number, (at, shown) in enumerate(moments):
        assert shown == await page_at(field, at), f"moment {number} of {len(moments)}"


async def test_before_it_was_stored_an_event_had_nothing(field: Field):
    before = await now(field)
    await field.both("1", "12", "Ann Lee", 3600)
    assert [] == await page_at(field, before)


async def test_rows_of_one_transaction_change_at_one_moment(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    async with field.db.transaction() as connection:
        await connection.execute(b"update ct_results set chip_time = '1:01:00' where entry_id = 'h1'")
        await connection.execute(b"update ct_results set chip_time = '1:02:00' where entry_id = 'h1'")
    rows = await field.run("select distinct changed_at from row_changes where subject in ('result', 'joined')")
    assert 1 == len(rows)
    assert "1:02:00" in (await page_at(field, rows[0]["changed_at"]))[0]


async def test_a_correction_says_what_changed_when_and_from_which_snapshot(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        event_id = only_event(world)
        await hub.sync(event_id)
        entry = await hub.one("select entry_id from ct_results order by overall_place limit 1")
        bib = await hub.one("select bib_number from ct_results order by overall_place limit 1")
        world.apply(SetStatus(entry_id=entry, status="DQ"))
        outcome = await hub.sync(event_id)
        event = await hub.event(event_id)

        found = await changes(db, event, bib, 100)
        said = {(each.subject, each.field): each for each in found}
        status = said["result", "result_status"]
        assert ("finished", "dq", f"sync {outcome.number}") == (status.before, status.after, status.cause)
        assert {"participant", "result"} == {each.subject for each in found}
        seen = await first_seen(db, event, bib)
        assert [(outcome.number or 0) - 1] == sorted({each.sync_history_id or 0 for each in seen})


async def test_what_changes_by_hand_has_no_cause_and_what_is_deleted_is_forgotten(field: Field):
    await field.both("1", "12", "Ann Lee", 3600)
    await field.run("update ct_results set chip_time = '2:00:00' where entry_id = '1'")
    event = await find_event(field.db, EVENT)
    assert {None} == {each.cause for each in await changes(field.db, event, "12", 100)}
    await field.run("delete from ct_results where data_source = 'chronotrack_live'")
    await field.run("delete from ct_participants where data_source = 'chronotrack_live'")
    assert [] == await field.run("select from row_changes where data_source = 'chronotrack_live'")


async def test_results_settle_after_a_day_without_change_and_a_correction_opens_them_again(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        event_id = only_event(world)
        await hub.sync(event_id)
        assert await hub.one("select bool_and(is_settled) from unified_results")
        entry = await hub.one("select entry_id from ct_results order by overall_place limit 1")
        world.apply(ChangeTime(entry_id=entry, seconds=9000))
        await hub.sync(event_id)
        assert not await hub.one("select bool_or(is_settled) from unified_results")
        await hub.look("update ct_events set results_changed_at = now() - interval '25 hours'")
        assert 1 == await settle_all(db)
        assert await hub.one("select bool_and(is_settled) from unified_results")


async def test_a_disqualification_that_only_the_list_of_entries_tells_opens_settled_results(db: Database):
    world = race_world(30)
    entry = world.events[only_event(world)].races[0].entries[0]
    world.apply(RemoveResult(entry_id=entry.entry_id))
    async with hub_on(db, world) as hub:
        event_id = only_event(world)
        await hub.sync(event_id)
        shown = "select result_status, is_settled from unified_results where participant_id = %(entry)s"
        assert [{"result_status": "dns", "is_settled": True}] == await hub.look(shown, entry=entry.entry_id)
        world.apply(SetStatus(entry_id=entry.entry_id, status="DQ"))
        await hub.sync(event_id)
        assert [{"result_status": "dq", "is_settled": False}] == await hub.look(shown, entry=entry.entry_id)


async def test_the_undoing_of_a_merge_brings_back_what_the_event_itself_said_at_any_moment(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        event, partner = await hub.event(only_event(world)), hub.account.source.timing_partner_id

        async def shown_at(at: datetime, event_id: str) -> Page:
            async with results_as_of(db, await find_event(db, event_id, partner), at) as found:
                return _sorted([row async for row in found.rows])

        moments = [await hub.one("select clock_timestamp()")]
        pages = [await shown_at(moments[0], event.event_id)]
        world.events[only_event(world)].name = "City Run"
        world.apply(ChangeTime(entry_id=next(iter(world.entries)), seconds=9999))
        await discover(hub.account)
        await hub.sync(only_event(world))
        moments.append(await hub.one("select clock_timestamp()"))
        pages.append(await shown_at(moments[1], event.event_id))
        await hub.look(
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select timing_partner_id, 'h', event_name, start_date from ct_events"
        )
        [pair] = await duplicates.pairs(db)
        await duplicates.merge(db, pair, BY, None)
        during = await hub.one("select clock_timestamp()")
        merged = await shown_at(during, "h")
        await duplicates.undo(db, pair, BY)

        assert pages[0] != pages[1]
        assert pages == [await shown_at(at, event.event_id) for at in moments]
        assert [] == await shown_at(during, event.event_id)
        assert 30 == len(merged)
        told = await changes(db, await find_event(db, "h", partner), None, 100, every=True)
        assert {"is_joined"} == {each.field for each in told if each.subject == "event"}
        of_event = [each for each in await changes(db, event, None, 100) if each.subject == "event"]
        assert ["duplicates"] * 2 == [each.cause for each in of_event if each.field == "retracted_at"]


async def test_a_merge_keeps_the_history_and_shows_before_it_what_the_event_showed(db: Database):
    world = race_world(30)
    async with hub_on(db, world) as hub:
        await hub.sync(only_event(world))
        partner = hub.account.source.timing_partner_id
        name = world.events[only_event(world)].name
        await hub.look(
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select timing_partner_id, 'h', event_name, start_date from ct_events"
            " where event_name = %(name)s",
            name=name,
        )
        await hub.look("update ct_results set chip_time = '3:00:00' where overall_place = 1")
        before = await hub.one("select clock_timestamp()")
        [pair] = await duplicates.pairs(db)
        await duplicates.merge(db, pair, BY, None)

        event = await find_event(db, "h", partner)
        found = await changes(db, event, None, 10)
        assert {PROVIDER} == {each.data_source for each in found if each.field == "chip_time"}
        async with results_as_of(db, event, before) as found:
            assert [] == [row async for row in found.rows]
        async with results_as_of(db, event, await hub.one("select clock_timestamp()")) as found:
            assert 30 == len([row async for row in found.rows])
