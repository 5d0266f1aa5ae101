"""Starts that move while polls are planned, handed over or running."""

from __future__ import annotations

from datetime import timedelta

from project88.store import plan
from tests.integration.collecting import hub_on, only_event
from tests.integration.scheduling import (
    history,
    look,
    only_results,
    planners,
    the_poll,
    until,
    until_polled,
    until_state,
    workers,
    world_due_now,
)

FIRST = timedelta(minutes=5)
BEAT = timedelta(seconds=90)


async def until_due(db, due):
    async def is_due():
        return (await the_poll(db))["next_due"] == due

    await until(is_due)


async def test_a_changed_start_replans_a_poll_that_waits_for_its_worker_and_drops_its_job(db):
    async with hub_on(db, world_due_now(3)):
        await only_results(db)
        async with planners(db):
            await until_state(db, "queued")
            [moved] = await look(
                db, "update ct_events set start_date = now() + interval '30 days' returning start_date as start"
            )
            await until_due(db, moved["start"] + FIRST)
            async with workers(db):

                async def are_dropped():
                    return not await look(db, "select 1 from pgqueuer.pgqueuer")

                await until(are_dropped)
        poll = await the_poll(db)

    assert (poll["state"], poll["polls"], poll["missed"]) == ("waiting", 0, 0)
    assert await history(db) == []


async def test_a_start_moved_there_and_back_costs_no_poll(db):
    async with hub_on(db, world_due_now(3)):
        await only_results(db)
        async with planners(db):
            before = await until_state(db, "queued")
            await look(db, "update ct_events set start_date = start_date + interval '30 days'")
            await until_state(db, "waiting")
            await look(db, "update ct_events set start_date = start_date - interval '30 days'")
            after = await until_state(db, "queued")
            async with workers(db):
                await until_polled(db, 1)
        [only] = await history(db)

    assert before["next_due"] == after["next_due"] == only["due_at"]


async def test_an_event_that_is_retracted_meanwhile_is_asked_no_more(db):
    async with hub_on(db, world_due_now(3)):
        await only_results(db)
        async with planners(db):
            await until_state(db, "queued")
            await look(db, "update ct_events set retracted_at = now()")
            ended = await until_state(db, "ended")

    assert ended["next_due"] is None
    assert ended["reason"].startswith("it was retracted on")


async def test_the_gun_that_a_poll_brings_moves_the_grid_at_once(db):
    world = world_due_now(3)
    [race] = world.events[only_event(world)].races
    race.gun_ms += 40_000
    async with hub_on(db, world) as hub:
        await only_results(db)
        start = (await hub.event(only_event(world))).start_date
        async with db.notices(plan.CHANNEL), planners(db), workers(db):
            await until_polled(db, 1)
        poll = await the_poll(db)
        [gun] = await look(db, "select min(actual_start) as gun from ct_races")

    assert gun["gun"] == start + timedelta(seconds=40)
    assert (poll["last_due"] - start - FIRST) % BEAT == timedelta()
    assert (poll["planned_due"] - gun["gun"] - FIRST) % BEAT == timedelta()
    assert poll["last_due"] < poll["planned_due"] <= poll["last_due"] + BEAT
