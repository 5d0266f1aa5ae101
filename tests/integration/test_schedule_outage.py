"""The database goes away under planner and worker, as real processes, and comes back."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from project88.edges import embedded
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate
from tests.integration.collecting import hub_on, only_event
from tests.integration.scheduling import (
    held,
    history,
    look,
    only_results,
    processes,
    the_poll,
    until,
    world_due_now,
)

BINARIES = os.environ.get("PROJECT88_TEST_PG_BIN")
QUICK_SERVER = embedded.Options(
    binaries=Path(BINARIES) if BINARIES else None, settings={"fsync": "off"}, initdb_arguments=("--no-sync",)
)
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+ .")
CONSTANTS = {
    "project88.store.connection.POOL_TIMEOUT_SECONDS": 1.0,
    "project88.schedule.service.FIRST_WAIT_SECONDS": 0.2,
    "project88.store.queue.SILENT_SECONDS": 3.0,
    "project88.schedule.planner.LOST_AFTER_SECONDS": 3.0,
    "project88.schedule.planner.TIDY_SECONDS": 1.0,
}


@pytest.fixture
async def own_server(hub_home):
    """A server of its own with the hub's schema; gives the address of the database."""
    server = await embedded.ensure_running(hub_home, options=QUICK_SERVER)
    await ensure_database(server.url("postgres"), "project88")
    async with Database.open(server.url()) as db:
        await migrate(db)
    return server.url()


async def until_said(process, text):
    async def is_said():
        return any(text in line for line in process.log)

    await until(is_said)


async def test_planner_and_worker_outlive_an_outage_of_the_database(own_server, hub_home, tmp_path):
    world = world_due_now(5, seconds_ago=80)
    event = only_event(world)
    async with Database.open(own_server) as before, hub_on(before, world, held(event, 1.0, times=1)) as hub:
        await only_results(before)
        async with processes(own_server, tmp_path, "schedule", "worker", constants=CONSTANTS) as (planner, worker):

            async def is_reading():
                return hub.sandbox.calls.to(f"/event/{event}/results")

            await until(is_reading)
            await embedded.stop(hub_home)
            await until_said(planner, "failed, again in")
            await until_said(worker, "error connecting")
            assert (await embedded.ensure_running(hub_home, options=QUICK_SERVER)).url() == own_server
            async with Database.open(own_server) as db:

                async def is_polled_again():
                    # The plan is closed with the rows; the attempt in the history right after it, by itself.
                    ended = {row["status"] for row in await history(db)} == {"failed", "completed"}
                    return ended and (await the_poll(db))["last_status"] == "completed"

                await until(is_polled_again)
                poll = await the_poll(db)
            both = (planner, worker)
            were_running = [each.is_running for each in both]
            for each in both:
                each.process.terminate()
            codes = [await each.ended(10) for each in both]
            lines = [line for each in both for line in each.log]

    assert were_running == [True, True]
    assert codes == [0, 0]
    assert poll["polls"] + poll["missed"] >= 1
    assert [line for line in lines if not LINE.match(line)] == []
    assert [line for line in lines if "Traceback" in line] == []


async def test_sigterm_ends_planner_and_worker_also_while_the_database_is_away(own_server, hub_home, tmp_path):
    constants = {"project88.schedule.service.LAST_SECONDS": 1.0}
    async with processes(own_server, tmp_path, "schedule", "worker", constants=constants) as both:
        async with Database.open(own_server) as db:

            async def are_connected():
                asked = "select count(distinct query) as listening from pg_stat_activity where query ~* '^listen'"
                return await look(db, asked) == [{"listening": 2}]

            await until(are_connected)
        await embedded.stop(hub_home)
        for each in both:
            each.process.terminate()
        codes = [await each.ended(8) for each in both]

    assert codes == [0, 0]
