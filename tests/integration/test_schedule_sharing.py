"""Several planners, workers, logins and kinds of poll on one plan: what each keeps from the others."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise

from project88.sandbox import Fault
from project88.schedule import worker
from project88.schedule.planner import Planner
from project88.store.budget import hub_clock
from project88.store.connection import Database
from project88.sync import client
from tests.integration.collecting import hub_on, only_event
from tests.integration.scheduling import (
    held,
    history,
    look,
    only_results,
    planners,
    set_hub_time,
    the_poll,
    until,
    until_polled,
    until_state,
    workers,
    world_due_now,
)

BEAT = timedelta(seconds=90)


async def test_a_worker_that_lost_its_poll_stores_nothing_and_says_why(db):
    world = world_due_now(20)
    event = only_event(world)
    async with hub_on(db, world, held(event, 0.5, times=1, chunk_bytes=1_000_000)) as hub:
        await only_results(db)
        async with planners(db), workers(db) as stop:

            async def is_reading():
                return hub.sandbox.calls.to(f"/event/{event}/results")

            await until(is_reading)
            await look(db, "update schedule_plan set token = gen_random_uuid() where kind = 'results'")
            stop.set()
        [attempt] = await history(db)
        poll = await the_poll(db)
        rows = await look(db, "select (select count(*) from ct_results) + (select count(*) from ct_participants) as n")

    assert rows == [{"n": 0}]
    assert attempt["status"] == "failed"
    assert attempt["error_message"] == "another worker took this poll over; what this one read was not stored"
    assert attempt["rows_written"] == 0
    assert (poll["state"], poll["polls"]) == ("running", 0)


async def test_two_planners_and_three_workers_run_every_poll_once(db, database_url):
    events = 40
    world = world_due_now(*[2] * events)
    async with hub_on(db, world), AsyncExitStack() as stack:
        await only_results(db)
        for number in range(3):
            own = await stack.enter_async_context(Database.open(database_url))
            await stack.enter_async_context(workers(own, f"worker {number}"))
        await stack.enter_async_context(planners(db, 2))
        await until_polled(db, events)
        attempts = await look(db, "select event_id, due_at, status from sync_history where sync_type = 'results'")
        names = await look(db, "select count(*) from ct_results")
        plan = await look(db, "select state, polls, missed from schedule_plan where kind = 'results'")

    assert len({(row["event_id"], row["due_at"]) for row in attempts}) == events == len(attempts)
    assert {row["status"] for row in attempts} == {"completed"}
    assert {(row["state"], row["polls"], row["missed"]) for row in plan} == {("waiting", 1, 0)}
    assert names == [{"count": 2 * events}]


async def test_beats_without_a_worker_are_collapsed_into_one_poll_and_counted_as_missed(db):
    world = world_due_now(3)
    async with hub_on(db, world):
        await only_results(db)
        async with planners(db):
            async with workers(db):
                await until_polled(db, 1)
            first = (await the_poll(db))["last_due"]
            await set_hub_time(db, first + BEAT + timedelta(seconds=1))
            await until_state(db, "queued")
            await set_hub_time(db, first + 10 * BEAT + timedelta(seconds=1))
            async with workers(db):
                await until_polled(db, 2)
        poll = await the_poll(db)
        attempts = await history(db)

    assert [row["due_at"] for row in attempts] == [first, first + 10 * BEAT]
    assert (poll["missed"], poll["polls"], poll["last_due"]) == (9, 2, first + 10 * BEAT)
    assert poll["next_due"] == poll["planned_due"] == first + 11 * BEAT


async def test_a_hub_clock_set_back_runs_no_beat_twice(db):
    world = world_due_now(3)
    async with hub_on(db, world):
        await only_results(db)
        async with planners(db), workers(db):
            await until_polled(db, 1)
            done = (await the_poll(db))["last_due"]
            await set_hub_time(db, done - 20 * BEAT)
            await look(db, "update ct_events set time_zone = 'Europe/Vienna'")

            async def is_planned_anew():
                return not await look(db, "select 1 from schedule_changes")

            await until(is_planned_anew)
        poll = await the_poll(db)

    assert (poll["polls"], poll["next_due"]) == (1, done + BEAT)


async def test_a_hanging_service_of_one_login_leaves_the_others_alone(db, monkeypatch):
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    events = 20
    hanging, healthy = world_due_now(*[2] * events), world_due_now(*[2] * events)
    async with hub_on(db, hanging, name="Hanging", timeout=2) as bad, hub_on(db, healthy, name="Healthy") as good:
        await only_results(db)
        bad.sandbox.faults.add(Fault(kind="slow", path_glob="/api/event/*", pause_seconds=60))
        partner = good.account.source.timing_partner_id

        async def are_all_healthy_ones_done():
            done = await look(
                db, "select 1 from schedule_plan where timing_partner_id = %(id)s and polls = 1", id=partner
            )
            return len(done) == events

        async with planners(db), workers(db, "one", "two"):
            await until(are_all_healthy_ones_done)
            of_the_hanging = await look(
                db, "select polls from schedule_plan where timing_partner_id <> %(id)s and polls > 0", id=partner
            )
            await until_polled(db, 2 * events)
        attempts = await history(db)

    of_good = {row["status"] for row in attempts if row["timing_partner_id"] == partner}
    of_bad = [row for row in attempts if row["timing_partner_id"] != partner]
    skipped = [row for row in of_bad if row["status"] == "skipped"]
    assert len(of_the_hanging) < events
    assert of_good == {"completed"}
    assert {row["status"] for row in of_bad} == {"failed", "skipped"}
    assert all("the service is left alone until" in row["reason"] for row in skipped)
    assert sum(row["api_calls"] for row in skipped) == 0


async def test_hundreds_of_polls_of_a_hanging_login_do_not_stand_before_those_of_another(db, monkeypatch):
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.1)
    hanging, healthy = world_due_now(*[1] * 200, seconds_ago=20), world_due_now(*[1] * 10)
    async with hub_on(db, hanging, name="Hanging", timeout=120) as bad, hub_on(db, healthy, name="Healthy"):
        await only_results(db)
        bad.sandbox.faults.add(Fault(kind="slow", path_glob="/api/event/*", pause_seconds=600))
        async with planners(db), workers(db, "one", "two"):
            polled = "select count(*) filter (where polls > 0) as done from schedule_plan where timing_partner_id = "

            async def are_done():
                return await look(db, f"{polled} 2") == [{"done": 10}]

            await until(are_done)
            running = await look(db, "select worker, count(*) from schedule_plan where state = 'running' group by 1")
            others = await look(db, f"{polled} 1")

    assert others == [{"done": 0}]
    assert {row["worker"]: row["count"] for row in running} == {"one": 6, "two": 6}


async def test_two_kinds_of_one_event_run_one_after_the_other(db):
    world = world_due_now(5)
    event = only_event(world)
    slow = Fault(kind="slow", path_glob=f"/api/event/{event}/entry", pause_seconds=0.5, chunk_bytes=1_000_000)
    async with hub_on(db, world, slow):
        await look(db, "update cadence_rules set is_on = false where kind = 'discovery'")
        async with planners(db), workers(db, "one", "two"):
            await asyncio.gather(until_polled(db, 1), until_polled(db, 1, "participants"))
        attempts = await look(db, "select * from sync_history where event_id is not null order by started_at")

    assert sorted(row["sync_type"] for row in attempts) == ["participants", "results"]
    assert {row["status"] for row in attempts} == {"completed"}
    assert attempts[0]["sync_time"] <= attempts[1]["started_at"]


async def test_an_event_without_results_yet_records_each_attempt(db):
    world = world_due_now(0)
    async with hub_on(db, world):
        await only_results(db)
        async with planners(db), workers(db):
            for polls in (1, 2, 3):
                await until_polled(db, polls)
                await set_hub_time(db, (await until_state(db, "waiting", "queued"))["next_due"])
            await until_polled(db, 4)
        attempts = await history(db)

    assert [(row["status"], row["results_synced"]) for row in attempts[:4]] == [("completed", 0)] * 4
    assert [later["due_at"] - row["due_at"] for row, later in pairwise(attempts)] == [BEAT] * 3


async def test_a_failed_poll_is_tried_again_before_the_next_beat_and_no_later(db, monkeypatch):
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    world = world_due_now(3)
    broken = Fault(kind="status", status=500, path_glob="/api/event/*/race", times=2)
    async with hub_on(db, world, broken):
        await only_results(db)
        async with planners(db), workers(db):
            await until_polled(db, 1)
            first = await until_state(db, "waiting")
            now = (await hub_clock(db)).now
            await set_hub_time(db, first["next_due"])
            await until_polled(db, 2)
            second = await the_poll(db)
            await set_hub_time(db, second["next_due"])
            await until_polled(db, 3)
            third = await the_poll(db)
        attempts = await history(db)

    beat = first["last_due"]
    assert [row["status"] for row in attempts[:3]] == ["failed", "failed", "completed"]
    assert now + timedelta(seconds=50) < first["next_due"] <= now + timedelta(minutes=1)
    assert (first["planned_due"], first["failures"]) == (beat + BEAT, 1)
    assert (second["next_due"], second["failures"]) == (beat + BEAT, 2)
    assert (third["failures"], third["missed"], third["next_due"]) == (0, 0, beat + 2 * BEAT)


async def test_a_poll_that_another_sync_of_its_event_kept_out_is_tried_again_soon(db):
    world = world_due_now(3)
    async with hub_on(db, world) as hub:
        await only_results(db)
        scope = (await hub.event(only_event(world))).scope(hub.account.source)
        lock = "select pg_advisory_lock(hashtextextended('collect ' || %s || ' ' || %s, 88))"
        async with db.dedicated() as somebody:
            await somebody.execute(lock, (str(scope.source.timing_partner_id), scope.event_id))
            async with planners(db), workers(db):
                await until_polled(db, 1)
        poll = await the_poll(db)

    assert (poll["last_status"], poll["last_error"]) == ("skipped", "another sync of this event is running")
    assert poll["next_due"] < poll["planned_due"]


async def test_a_login_whose_settings_cannot_work_leaves_a_row_for_each_poll(db):
    world = world_due_now(3)
    async with hub_on(db, world):
        await only_results(db)
        await look(
            db, 'update partner_provider_credentials set additional_config = additional_config || \'{"timeout": "x"}\''
        )
        async with planners(db), workers(db):
            await until_polled(db, 1)
        [attempt] = await history(db)

    assert (attempt["status"], attempt["api_calls"]) == ("skipped", 0)
    assert "timeout" in attempt["reason"]


async def test_a_change_noted_while_a_poll_waits_for_its_worker_replaces_nothing_it_needs(db):
    """The same instant planned anew: the job that exists serves it."""
    world = world_due_now(3)
    async with hub_on(db, world):
        await only_results(db)
        planner = Planner(db)
        await planner.look_at_everything()
        await planner.tick()
        await look(db, "update schedule_plan set state = 'waiting' where kind = 'results'")
        async with workers(db):
            await until_polled(db, 1)

    assert (await the_poll(db))["last_status"] == "completed"
