"""Workers and planners that are killed or told to end in the middle of a poll, as real processes."""

from __future__ import annotations

import signal

from project88.schedule import planner, service, worker
from project88.store import queue
from tests.hub_command import HubCommand
from tests.integration.collecting import hub_on, only_event
from tests.integration.scheduling import (
    QUICK,
    held,
    history,
    look,
    only_results,
    planners,
    processes,
    the_poll,
    until,
    until_polled,
    until_state,
    workers,
    world_due_now,
)

#: A worker that dies when it polls.
DEADLY = {**QUICK, "project88.schedule.worker.run_poll": "die"}


async def until_held(hub, provider_event_id):
    """Until the poll waits for the list of results."""

    async def is_asked():
        return hub.sandbox.calls.to(f"/event/{provider_event_id}/results")

    await until(is_asked)


def test_a_lost_poll_is_found_within_a_minute():
    by_the_engine = queue.SILENT_SECONDS + queue.LOOK_SECONDS
    by_the_planner = planner.LOST_AFTER_SECONDS + planner.TIDY_SECONDS + planner.TICK_SECONDS + queue.LOOK_SECONDS

    assert by_the_engine + service.FIRST_WAIT_SECONDS < 60
    assert by_the_planner + service.FIRST_WAIT_SECONDS < 60
    assert worker.GRACE_SECONDS < 8


async def test_the_locks_of_a_machine_that_is_gone_are_free_before_its_polls_are_taken_over(db):
    [found] = await look(
        db,
        "select current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int"
        " * current_setting('tcp_keepalives_count')::int as seconds",
    )

    assert 0 < found["seconds"] < queue.SILENT_SECONDS


async def test_a_killed_worker_s_poll_is_taken_over_and_nothing_is_lost_or_doubled(db, database_url, tmp_path):
    world = world_due_now(30)
    event = only_event(world)
    async with hub_on(db, world, held(event, times=1)) as hub:
        await only_results(db)
        async with planners(db), processes(database_url, tmp_path, "worker", "worker") as both:
            await until_held(hub, event)
            running = await until_state(db, "running")
            [victim] = [each for each in both if running["worker"].endswith(f":{each.pid}")]
            victim.process.kill()
            await until_polled(db, 1)
        first, second = await history(db)
        poll = await the_poll(db)

    assert await victim.ended() == -signal.SIGKILL
    assert (first["status"], first["error_message"]) == ("failed", "the process ended before this attempt did")
    assert (second["status"], second["results_synced"]) == ("completed", 30)
    assert first["due_at"] == second["due_at"] == poll["last_due"]
    assert (poll["polls"], poll["missed"], poll["starts"], poll["last_status"]) == (1, 0, 0, "completed")
    assert [{"count": 30}] == await look(db, "select count(*) from ct_results")


async def test_a_poll_that_kills_its_worker_each_time_is_parked_until_a_person_retries_it(
    db, database_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(worker, "STARTS_AT_MOST", 2)
    monkeypatch.setattr(queue, "SILENT_SECONDS", 2.0)
    world = world_due_now(3)
    event = only_event(world)
    hub_command = HubCommand(database_url, tmp_path)
    async with hub_on(db, world):
        await only_results(db)
        async with planners(db):
            for _ in range(2):
                async with processes(database_url, tmp_path, "worker", constants=DEADLY) as [doomed]:
                    assert await doomed.ended() == -signal.SIGKILL
            async with workers(db):
                parked = await until_state(db, "parked")
                shown = await hub_command("jobs", "--state", "parked", "--json")
                told = await hub_command("jobs")
                retried = await hub_command("jobs", "retry", event)
                await until_polled(db, 1)
        attempts = await history(db)

    assert parked["last_error"] == "parked: its worker died 2 times in a row; see project88 jobs"
    assert [(row["provider_event_id"], row["state"]) for row in shown.json] == [(event, "parked")]
    assert "parked: its worker died 2 times in a row" in told.out
    assert retried.code == 0
    assert [row["status"] for row in attempts] == ["completed"]


async def test_sigterm_gives_a_long_poll_back_and_another_worker_runs_it_at_once(
    db, database_url, tmp_path, monkeypatch
):
    # The planner would find the poll, too, but a good while later.
    monkeypatch.setattr(planner, "TIDY_SECONDS", 3600.0)
    world = world_due_now(5)
    event = only_event(world)
    constants = {**QUICK, "project88.schedule.worker.GRACE_SECONDS": 0.5}
    async with hub_on(db, world, held(event, times=1)) as hub:
        await only_results(db)
        async with planners(db):
            async with processes(database_url, tmp_path, "worker", constants=constants) as [leaving]:
                await until_held(hub, event)
                before = await until_state(db, "running")
                leaving.process.terminate()
                code = await leaving.ended(10)
            given_back = await the_poll(db)
            async with workers(db):
                await until_polled(db, 1)
        first, second = await history(db)

    assert code == 0
    assert given_back["state"] in ("waiting", "queued")
    assert (given_back["next_due"], given_back["starts"], given_back["token"]) == (before["next_due"], 0, None)
    assert (first["status"], first["error_message"]) == ("failed", "interrupted")
    assert (second["status"], second["results_synced"]) == ("completed", 5)
    assert first["due_at"] == second["due_at"]


async def test_sigterm_lets_a_short_poll_finish(db, database_url, tmp_path):
    world = world_due_now(5)
    event = only_event(world)
    async with hub_on(db, world, held(event, 1.0, chunk_bytes=1_000_000)) as hub:
        await only_results(db)
        async with planners(db), processes(database_url, tmp_path, "worker") as [leaving]:
            await until_held(hub, event)
            leaving.process.terminate()
            code = await leaving.ended(10)
        [only] = await history(db)

    assert code == 0
    assert (only["status"], only["results_synced"]) == ("completed", 5)
    assert (await the_poll(db))["state"] == "waiting"


async def test_sigterm_ends_a_planner_at_once(db, database_url, tmp_path):
    async with hub_on(db, world_due_now(2)), processes(database_url, tmp_path, "schedule") as [leaving]:
        await until_state(db, "queued")
        leaving.process.terminate()
        code = await leaving.ended(5)

    assert code == 0
    assert leaving.log == []
