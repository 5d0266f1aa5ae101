"""`project88 rollback` and the deployment page's three DELETEs: one source goes, all else stays as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.sql import SQL

from project88.errors import UsageError
from project88.store.connection import Database
from project88.store.rollback import check_source
from tests.hub_command import Finished, HubCommand
from tests.integration.looking import look
from tests.integration.two_sources import LIVE, checksums, fill

#: The page's own text, in its order, each by itself.
DELETES = (
    "DELETE FROM ct_events WHERE data_source = 'chronotrack_live';",
    "DELETE FROM ct_participants WHERE data_source = 'chronotrack_live';",
    "DELETE FROM ct_results WHERE data_source = 'chronotrack_live';",
)
OF_LIVE = "left(event_id, 1) = 'c'"
#: What remains to be compared when the data of ChronoTrack Live is gone.
OTHERS = {
    **{f"public.ct_{name}": f"not {OF_LIVE}" for name in ("events", "races", "participants", "results")},
    "public.schedule_plan": f"not {OF_LIVE}",
    # Filled by triggers, for the planner.
    "public.schedule_changes": "false",
    # Filled by triggers, so that the feed tells of what is gone.
    "public.feed_marks": "false",
}
BUT_HISTORY = {**OTHERS, "public.sync_history": f"not {OF_LIVE}"}


@dataclass(frozen=True, slots=True)
class Place:
    hub: HubCommand
    db: Database
    partners: list[int]

    async def __call__(self, *arguments: str) -> Finished:
        return await self.hub("rollback", "--data-source", LIVE, *arguments)

    async def live_rows(self) -> dict[str, int]:
        found = {}
        for table in ("ct_events", "ct_races", "ct_participants", "ct_results"):
            [row] = await look(self.db, f"select count(*) as n from {table} where data_source = '{LIVE}'")
            found[table] = row["n"]
        return found


@pytest.fixture
async def place(database_url: str, db: Database, tmp_path: Path) -> Place:
    return Place(HubCommand(database_url, tmp_path), db, await fill(db))


NOTHING = {"ct_events": 0, "ct_races": 0, "ct_participants": 0, "ct_results": 0}


async def test_the_pages_deletes_take_the_source_and_touch_nothing_else(place: Place, database_url: str):
    before = await checksums(database_url, OTHERS)
    counts = []
    async with place.db.connection() as connection:
        for statement in DELETES:
            counts.append((await connection.execute(SQL(statement))).rowcount)

    assert counts == [4, 0, 0]
    assert await place.live_rows() == NOTHING
    assert await checksums(database_url, OTHERS) == before


async def test_the_command_does_the_same_and_marks_the_history_that_stays(place: Place, database_url: str):
    before = await checksums(database_url, BUT_HISTORY)
    removed = await place("--yes")
    history = await look(place.db, f"select reason from sync_history where {OF_LIVE} order by sync_history_id limit 2")

    assert removed.code == 0, removed.err
    assert await place.live_rows() == NOTHING
    assert await checksums(database_url, BUT_HISTORY) == before
    assert history[0]["reason"].startswith("data removed by project88 rollback at ")
    assert history[1]["reason"].startswith("by hand; data removed by project88 rollback at ")


async def test_a_dry_run_counts_by_partner_and_removes_nothing(place: Place, database_url: str):
    before = await checksums(database_url)
    shown = await place("--dry-run")
    lines = [line.split() for line in shown.lines]

    assert shown.code == 0
    assert ["1", "Summit", "Timing", "2", "2", "18", "16", "2", "4"] in lines
    assert ["all", "4", "4", "36", "32", "4", "8"] in lines
    assert await checksums(database_url) == before


async def test_one_partner_alone_and_a_second_time_nothing(place: Place):
    removed = await place("--timing-partner-id", str(place.partners[0]), "--yes")
    left = await look(place.db, f"select distinct timing_partner_id as n from ct_events where data_source = '{LIVE}'")

    again = await place("--timing-partner-id", str(place.partners[0]), "--yes")

    assert (removed.code, again.code) == (0, 0)
    assert "nothing was removed" in again.out
    assert [row["n"] for row in left] == [place.partners[1]]


async def test_nobody_to_ask_and_no_yes_removes_nothing(place: Place, database_url: str):
    before = await checksums(database_url)
    stopped = await place()

    assert stopped.code == 2
    assert "--yes" in stopped.err
    assert await checksums(database_url) == before


@pytest.mark.parametrize(
    ("source", "why"),
    [("tcp_hardware", "hardware"), ("chronotrack_tcp", "hardware"), ("chronotrack", "chronotrack_live")],
)
async def test_hardware_and_unknown_sources_are_refused(db: Database, source: str, why: str):
    with pytest.raises(UsageError, match=why):
        await check_source(db, source)


async def test_a_scheduler_at_work_is_named_and_stops_it_without_yes(place: Place):
    await look(
        place.db,
        "create table if not exists heartbeats (component text, instance text, host text, pid integer, started_at "
        "timestamptz, beat_at timestamptz, details jsonb, primary key (component, instance))",
    )
    beat = "insert into heartbeats (component, instance, started_at, beat_at) values ('planner', %(name)s, now(), {})"
    await look(place.db, beat.format("now()"), name="host:7")
    await look(place.db, beat.format("now() - interval '5 minutes'"), name="host:8")
    stopped = await place()
    removed = await place("--yes")

    assert (stopped.code, removed.code) == (2, 0)
    assert "planner host:7 at work" in stopped.err
    assert "host:8" not in stopped.err
    assert "systemctl stop" in removed.err
