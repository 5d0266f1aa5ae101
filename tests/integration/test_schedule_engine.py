"""Planner and worker on a real database and the sandbox, with a clock that jumps to what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from project88.store import plan
from project88.store.connection import Database
from tests.integration.collecting import hub_on, only_event, race_world
from tests.integration.scheduling import jump_to_next, look, planner_and_worker, set_hub_time, until_idle


def planned_instants(start: datetime) -> list[datetime]:
    intensive = [start + timedelta(minutes=5, seconds=90 * number) for number in range(197)]
    return intensive + [start + timedelta(hours=hour) for hour in range(6, 73)]


async def polled_at(db: Database) -> Sequence[datetime]:
    rows = await look(
        db,
        "select due_at from sync_history where sync_type = 'results' and status = 'completed' order by sync_history_id",
    )
    return [row["due_at"] for row in rows]


async def step(db: Database, until: datetime) -> None:
    """Let everything run that is due before an instant, one due instant after the other."""
    async with db.notices(plan.CHANNEL) as told:
        while True:
            await until_idle(db, told)
            due = await jump_to_next(db)
            if due is None or due > until:
                return


@pytest.mark.timeout(300)
async def test_an_event_is_polled_264_times_at_the_planned_instants_also_across_a_restart(db):
    world = race_world(12)
    async with hub_on(db, world) as hub:
        start = (await hub.event(only_event(world))).start_date
        await set_hub_time(db, start - timedelta(minutes=1))
        async with planner_and_worker(db, "before"):
            await step(db, start + timedelta(hours=2))
        async with planner_and_worker(db, "after"):
            await step(db, start + timedelta(hours=72, minutes=1))

        gun = (await look(db, "select min(actual_start) as gun from ct_races"))[0]["gun"]
        assert planned_instants(gun) == await polled_at(db)
        assert 0 == (await look(db, "select sum(missed) as missed from schedule_plan"))[0]["missed"]
