"""Programs that collect, score and decide are killed at fifty points. Nothing is half done then; a second run ends it.

The programs are processes of the command. A relay before PostgreSQL and one before the sandbox count what they ask and
kill them at a step, so that they die between two calls, inside a transaction and while it commits.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from project88.sandbox import LiveSettings, World, list_world, serve
from project88.sandbox.live.settings import LOGIN, PASSWORD
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from tests.acceptance.counting_tap import Place, Point, Steps, tap
from tests.acceptance.hardware_files import Runner, add_event, done, import_race
from tests.acceptance.kill_truth import HARDWARE_EVENT, LOOKS, RUNNERS, Season, State, Step
from tests.hub_command import Finished, HubCommand
from tests.integration.collecting import PROVIDER, login_settings
from tests.integration.scheduling import until

SEED = 20261128
KILLS = 50
#: Most steps of a sync are reading: so many deaths in transactions, and so many at the end of one, are sure.
PLACES: Sequence[Place] = ("anywhere", "anywhere", "inside", "inside", "commit")
#: Commands that may be given again when what they do is done; the others refuse.
REPEATABLE = {"sync", "vanish", "return", "score"}
pytestmark = pytest.mark.timeout(240)

GONE = "select count(*) = 0 as is_gone from pg_stat_activity where application_name = 'project88' and datname = "
#: Joined rows as they are stored, and as joining anew makes them, without the instants of writing.
OTHERWISE_JOINED = """
with stored as (select to_jsonb(j) - 'created_at' - 'updated_at' as it from joined_results j),
anew as (
    select to_jsonb(j) - 'created_at' - 'updated_at' as it from ct_events e
    cross join lateral joined_rows(e.timing_partner_id, e.event_id, null) j where e.is_joined)
(table stored except table anew) union all (table anew except table stored)
"""
JOIN_ANEW = "select link_entries(timing_partner_id, event_id) from ct_events where is_joined"
TWICE = """
select event_id, race_id, bib_number from unified_results group by 1, 2, 3 having count(*) > 1
union all
select event_id, race_id, participant_id from unified_results group by 1, 2, 3 having count(*) > 1
"""
LEFT_OVER = """
select (select count(*) from stale_joins) as stale_joins,
       (select count(*) from joined_results j left join ct_events e using (timing_partner_id, event_id)
        where e.is_joined is not true) as joined_of_nothing,
       (select count(*) from entry_links l left join ct_events e using (timing_partner_id, event_id)
        where e.is_joined is not true) as linked_to_nothing
"""
STILL_RUNNING = "select count(*) from sync_history where status = 'running'"


@dataclass
class Killing:
    """A season whose steps are commands that die.

    ``lengths``: how many steps of the relays a command of a kind took, by place.
    """

    season: Season
    command: HubCommand
    steps: Steps
    looks: psycopg.AsyncConnection[tuple[object, ...]]
    chance: random.Random
    lengths: dict[str, Counter[Place]] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    inside: int = 0
    came_through: int = 0

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        return await (await self.looks.execute(SQL(query))).fetchall()

    async def state(self) -> State:
        return {name: Counter(await self.rows(query)) for name, query in LOOKS.items()}

    async def run(self, step: Step, point: Point | None = None) -> Finished:
        """It dies at the point; without one it lives. Until its last connection is gone."""
        number = [str((await self.rows(step.number))[0][0])] if step.number else []
        self.steps.begin(self._kill, point)
        finished = await self.command(*step.arguments, *number)
        name = self.looks.info.dbname

        async def is_gone() -> bool:
            return await self.rows(f"{GONE}'{name}'") == [(True,)]

        await until(is_gone)
        return finished

    def _kill(self) -> None:
        os.kill(self.command.pids[-1], signal.SIGKILL)

    async def die_and_complete(self) -> None:
        """The next step of the season, killed at a point where its length is known, then run to its end."""
        step = self.season.next()
        is_done = step.kind in self.lengths and await self.die(step, self._point(step.kind))
        if not is_done or step.kind in REPEATABLE:
            finished = await self.run(step)
            assert finished.code == 0, (step.arguments, finished)
            self.lengths[step.kind] = self.steps.taken
        found, wanted = await self.state(), step.after.state()
        assert found == wanted, f"seed {SEED}, after {step.kind}: {_differences(found, wanted)}"
        assert step.kind not in REPEATABLE or await self.rows(STILL_RUNNING) == [(0,)]
        self.season.done(step)

    def _point(self, kind: str) -> Point:
        place = self.chance.choice(PLACES)
        return Point(self.chance.randint(1, self.lengths[kind][place]), place, self.chance.choice(["before", "after"]))

    async def die(self, step: Step, point: Point) -> bool:
        """Whether the step is done nevertheless; else nothing of it is, and never a part."""
        before, after = self.season.truth.state(), step.after.state()
        where = f"seed {SEED}, kill {self.killed.total() + 1}: {step.kind} at {point}"
        finished = await self.run(step, point)
        found = await self.state()
        allowed = [before, *(each.state() for each in step.between), after]
        assert found in allowed, f"{where}: {_differences(found, before)} AND {_differences(found, after)}"
        await self.look_for_rests(where)
        assert self.steps.acted == (finished.code == -signal.SIGKILL), (where, finished)
        if self.steps.acted:
            self.killed[step.kind] += 1
            self.inside += self.steps.acted_inside
            self.came_through += found == after != before
        return found == after

    async def look_for_rests(self, where: str) -> None:
        """Nothing is shown twice, nothing waits to be joined, and joining anew changes nothing."""
        assert await self.rows(TWICE) == [], where
        assert await self.rows(LEFT_OVER) == [(0, 0, 0)], where
        async with self.looks.transaction(force_rollback=True):
            await self.rows(JOIN_ANEW)
            assert await self.rows(OTHERWISE_JOINED) == [], where


def _differences(found: State, wanted: State) -> str:
    return "; ".join(
        f"{name}: too many {found[name] - wanted[name]}, missing {wanted[name] - found[name]}"
        for name in wanted
        if found[name] != wanted[name]
    )


@asynccontextmanager
async def killing(database_url: str, folder: Path) -> AsyncIterator[Killing]:
    """Collected from the provider, then found by the hardware; both sources know the race, and nobody decided yet."""
    chance = random.Random(SEED)
    # Half an hour of crossings within one day, and all of them seen.
    start = (datetime.now(UTC) - timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    world = world_of(start)
    server = conninfo_to_dict(database_url)
    steps = Steps()
    async with (
        serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox,
        tap(steps, "127.0.0.1", sandbox.port, "http") as api,
        tap(steps, str(server["host"]), int(server["port"] or 5432), "postgresql") as port,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True, application_name="looks") as looks,
    ):
        command = HubCommand(url_behind(server, port), folder)
        async with Database.open(database_url) as db:
            partner = await add_partner(db, "Timers", "UTC")
            config = login_settings(f"http://127.0.0.1:{api}/api")
            await set_credentials(db, partner, PROVIDER, LOGIN, PASSWORD, config)
        season = Season(world, chance)
        await set_up(command, season, start)
        yield Killing(season, command, steps, looks, chance)


def world_of(start: datetime) -> World:
    world = list_world(RUNNERS, start=start)
    for number, (_, entry) in enumerate(world.entries.values()):
        entry.elapsed_ms = (1_800_000 + 7_000 * number,)
    return world


def url_behind(server: dict[str, object], port: int) -> str:
    """Without encryption: a relay must see the messages."""
    return (
        f"postgresql://{server['user']}:{server['password']}@127.0.0.1:{port}/{server['dbname']}"
        "?sslmode=disable&gssencmode=disable"
    )


async def set_up(command: HubCommand, season: Season, start: datetime) -> None:
    event = next(iter(season.world.events.values()))
    race = event.races[0].name
    runners = [Runner(each.entry_id, each.bib, each.name, each.chip_ms, race) for each in season.truth.persons.values()]
    of_partner = ("--timing-partner-id", "1")
    await done(command, "sync", "events", *of_partner)
    await done(command, "sync", "results", *of_partner, "--event", event.event_id)
    assert await add_event(command, 1, event.name, start) == HARDWARE_EVENT
    await import_race(command, HARDWARE_EVENT, start, {"r": race}, runners)


async def test_a_program_that_dies_at_any_point_leaves_nothing_half_done_and_the_next_one_completes_it(
    database_url: str, tmp_path: Path
):
    async with killing(database_url, tmp_path) as season:
        assert await season.state() == season.season.truth.state()
        while season.killed.total() < KILLS:
            await season.die_and_complete()

    # They died everywhere: within transactions and between them, before what they did was stored and after it.
    assert KILLS / 4 < season.inside < KILLS
    assert 0 < season.came_through < KILLS / 2
    assert set(season.killed) == {"sync", "vanish", "return", "retract", "merge", "undo", "decide", "score"}
