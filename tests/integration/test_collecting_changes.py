"""What changed in a results list is found row by row, and only that is staged: the database ends as if all had been."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stamina
from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.sandbox import (
    AddEntry,
    ChangeTime,
    Fault,
    LiveSettings,
    RemoveEntry,
    RemoveResult,
    Restore,
    Sandbox,
    SetStatus,
    World,
    serve,
)
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.history import Outcome
from project88.store.retractions import decide
from project88.store.staging import Stage
from project88.sync.accounts import Account
from project88.sync.discovery import discover
from project88.sync.event import sync_event
from tests.integration.collecting import account_on, hub_on, only_event, race_world

RESULT_CALLS = "/api/event/*/results"
FULL = "Full Course"
#: Everything that a result says, also of the rows that are gone.
CONTENT = (
    "select race_id, entry_id, bib_number, first_name, last_name, gender, age, city, state, country, chip_time,"
    " gun_time, overall_place, gender_place, division, division_place, result_status, provider_status,"
    " status_is_derived, split_times, split_keys, begin_time, finish_time, raw_payload::text, content_fingerprint,"
    " retracted_at is not null as is_gone"
    " from ct_results where timing_partner_id = %(partner)s order by race_id, entry_id"
)
#: What a first load knows as well: it never saw who stands behind a finish that was withdrawn.
VISIBLE = (
    "select race_id, entry_id, chip_time, gun_time, overall_place, gender_place, division_place, result_status,"
    " provider_status, split_times, split_keys, begin_time, finish_time"
    " from ct_results where timing_partner_id = %(partner)s and retracted_at is null order by race_id, entry_id"
)


@pytest.fixture(autouse=True)
def without_waiting():
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every record of a list of results that was staged since the list was cleared."""
    found: list[Any] = []
    add = Stage.add

    async def noted(self: Stage, list_no: int, records: Any) -> None:
        if list_no > 1:
            found.extend(records)
        await add(self, list_no, records)

    monkeypatch.setattr(Stage, "add", noted)
    return found


class Partner:
    """One partner's copy of the only event."""

    def __init__(self, db: Database, account: Account) -> None:
        self._db = db
        self._account = account

    async def sync(self) -> Outcome:
        event = (await events_of(self._db, self._account.source))[0]
        return await sync_event(self._account, event.scope(self._account.source), "results")

    async def sync_in_full(self) -> Outcome:
        await self.look("delete from collected_lists where timing_partner_id = %(partner)s")
        return await self.sync()

    async def look(self, statement: str) -> list[dict[str, Any]]:
        async with self._db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(SQL(statement), {"partner": self._account.source.timing_partner_id})
            return await cursor.fetchall() if cursor.description is not None else []


@asynccontextmanager
async def partner_on(db: Database, sandbox: Sandbox, name: str) -> AsyncIterator[Partner]:
    async with account_on(db, sandbox, name, page_size=50) as account:
        await discover(account)
        yield Partner(db, account)


def entries_of(staged: list[Any]) -> set[str]:
    return {record.entry_id for record in staged}


def slowest(world: World) -> Any:
    entries = world.events[only_event(world)].races[1].entries
    return max(entries, key=lambda entry: entry.elapsed_ms[-1] or 0)


async def test_one_changed_result_stages_and_writes_that_athlete_only(db: Database, staged: list[Any]) -> None:
    world = race_world(60)
    last = slowest(world)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        before = await hub.versions()
        staged.clear()
        world.apply(ChangeTime(entry_id=last.entry_id, seconds=last.elapsed_ms[-1] / 1000 + 5))
        outcome = await hub.sync(only_event(world))

        changed = [row for row in await hub.versions() if row not in before]
        assert ("completed", 1, 60) == (outcome.status, outcome.rows_written, outcome.results_synced)
        assert [last.entry_id] == [
            row["event_id"][-len(last.entry_id) :] for row in changed if row["?column?"] == "result"
        ]
        assert {last.entry_id} == entries_of(staged)
        seconds = await hub.one(
            "select extract(epoch from chip_time)::float from ct_results where entry_id = %(entry)s",
            entry=last.entry_id,
        )
        assert last.elapsed_ms[-1] / 1000 == seconds


async def test_a_new_first_row_moves_every_page_and_stages_its_athlete_only(db: Database, staged: list[Any]) -> None:
    world = race_world(80)
    races = world.events[only_event(world)].races
    # The first race is the first of the list, and whoever is last of its first interval moves nobody's place.
    race = races[0]
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        staged.clear()
        world.apply(
            AddEntry(
                race_id=race.race_id,
                entry_id="900001",
                bib="90001",
                seconds={race.intervals[0].name: 9999},
            )
        )
        outcome = await hub.sync(only_event(world))
        assert ("completed", 1) == (outcome.status, outcome.results_written)
        assert {"900001"} == entries_of(staged)


async def test_a_list_in_another_order_stages_nothing_and_its_new_order_is_remembered(
    db: Database, staged: list[Any]
) -> None:
    world = race_world(60, unfinished=True)
    pages = "select page_digests from collected_lists where list_name = 'results'"
    async with hub_on(db, world, page_size=1000) as hub:
        await hub.sync(only_event(world))
        before, first_order = await hub.versions(), await hub.one(pages)
        staged.clear()
        # The list moves on from call to call.
        hub.sandbox.faults.add(Fault(kind="reorder", path_glob=RESULT_CALLS, rows=7))
        outcomes = [await hub.sync(only_event(world)) for _ in range(2)]

        assert [("completed", 0)] * 2 == [(outcome.status, outcome.rows_written) for outcome in outcomes]
        assert ([], before) == (staged, await hub.versions())
        assert first_order != await hub.one(pages)


async def test_a_new_scoring_run_alone_stages_nothing(db: Database, staged: list[Any]) -> None:
    world = race_world(40)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        staged.clear()
        fault = Fault(
            kind="bad_row", path_glob="/api/*results", fields=("result_generation_gen_time",), text="1", rows=50
        )
        hub.sandbox.faults.add(fault)
        outcome = await hub.sync(only_event(world))
        assert ("completed", 0, []) == (outcome.status, outcome.rows_written, staged)


async def test_an_athlete_who_vanishes_from_the_list_is_retracted(db: Database, staged: list[Any]) -> None:
    world = race_world(40)
    runner = world.events[only_event(world)].races[1].entries[3].entry_id
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        world.apply(RemoveResult(entry_id=runner))
        outcome = await hub.sync(only_event(world))
        assert ("completed", 1) == (outcome.status, outcome.rows_retracted)
        staged.clear()
        world.apply(Restore(entry_id=runner))
        await hub.sync(only_event(world))
        assert runner in entries_of(staged)
        assert 40 == await hub.one("select count(*) from unified_results where result_status = 'finished'")


async def test_an_athlete_left_with_a_row_that_says_nothing_is_retracted(db: Database, staged: list[Any]) -> None:
    """Seen in the list still, but without any crossing: the merge of what changed retires the result."""
    world = race_world(40)
    runner = slowest(world)
    empty = ("results_time", "results_begin_chip_time", "results_end_chip_time")
    async with hub_on(db, world, page_size=50) as hub:
        world.apply(*(RemoveResult(entry_id=runner.entry_id, interval=name) for name in names(world, runner)[1:]))
        await hub.sync(only_event(world))
        assert 40 == await hub.one("select count(*) from ct_results where retracted_at is null and split_keys <> '{}'")
        staged.clear()
        hub.sandbox.faults.add(
            Fault(
                kind="bad_row",
                path_glob=RESULT_CALLS,
                entry_ids=frozenset({runner.entry_id}),
                fields=empty,
                text="",
            )
        )
        outcome = await hub.sync(only_event(world))
        assert ("completed", 1) == (outcome.status, outcome.rows_retracted)
        assert {runner.entry_id} == entries_of(staged)


def names(world: World, runner: Any) -> list[str]:
    race, _ = world.entries[runner.entry_id]
    return [interval.name for interval in race.intervals]


async def test_while_a_retraction_waits_everything_is_staged_and_afterwards_only_changes(
    db: Database, staged: list[Any]
) -> None:
    world = race_world(60)
    entries = world.events[only_event(world)].races[1].entries
    last = slowest(world)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        world.apply(*(RemoveResult(entry_id=entry.entry_id) for entry in entries[:20] if entry is not last))
        held = (await hub.sync(only_event(world))).rows_held
        staged.clear()
        world.apply(ChangeTime(entry_id=last.entry_id, seconds=20000))
        assert held == (await hub.sync(only_event(world))).rows_held
        assert len(entries_of(staged)) == 60 - held

        await decide(db, await hub.one("select held_retraction_id from held_retractions"), "applied")
        await hub.sync(only_event(world))
        staged.clear()
        world.apply(ChangeTime(entry_id=last.entry_id, seconds=20001))
        assert 1 == (await hub.sync(only_event(world))).rows_written
        assert {last.entry_id} == entries_of(staged)


async def test_a_row_that_comes_twice_is_found_as_ever(db: Database, staged: list[Any]) -> None:
    world = race_world(40)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        staged.clear()
        # Between the calls of one reading the list moves on: some rows come twice, as many are missed.
        hub.sandbox.faults.add(Fault(kind="reorder", path_glob=RESULT_CALLS, rows=-1))
        outcome = await hub.sync(only_event(world))
        assert "partial" == outcome.status
        assert 0 == outcome.rows_written + outcome.rows_retracted
        assert 40 == await hub.one("select count(*) from unified_results")


async def test_a_row_that_became_unreadable_is_quarantined_and_no_fact_is_lost(db: Database, staged: list[Any]) -> None:
    world = race_world(40)
    runner = slowest(world)
    content = "select * from unified_results order by participant_id"
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        before = await hub.look(content)
        hub.sandbox.faults.add(
            Fault(
                kind="bad_row", path_glob=RESULT_CALLS, entry_ids=frozenset({runner.entry_id}), fields=("results_time",)
            )
        )
        outcome = await hub.sync(only_event(world))
        assert "partial" == outcome.status
        assert len(names(world, runner)) == outcome.rows_quarantined
        assert before == await hub.look(content)


async def test_a_page_that_fails_after_a_difference_loses_nothing(db: Database, staged: list[Any]) -> None:
    world = race_world(60)
    async with hub_on(db, world, page_size=50) as hub:
        await hub.sync(only_event(world))
        before = await hub.look("select * from ct_results where retracted_at is null order by race_id, entry_id")
        hub.sandbox.faults.add(
            Fault(kind="bad_row", path_glob=RESULT_CALLS, page=2, fields=("results_pace",), text="0:01"),
            Fault(kind="status", status=500, path_glob=RESULT_CALLS, page=5),
        )
        outcome = await hub.sync(only_event(world))
        assert ("partial", 0, 0) == (outcome.status, outcome.rows_written, outcome.rows_retracted)
        assert before == await hub.look(
            "select * from ct_results where retracted_at is null order by race_id, entry_id"
        )


async def test_an_empty_list_of_places_is_given_up_once_its_race_has_finishers(db: Database) -> None:
    """A service that does not know the words: nothing shows that before the first finish."""
    world = race_world(40)
    entries = [entry for race in world.events[only_event(world)].races for entry in race.entries]
    silent = [
        Fault(kind="vanish", path_glob="/api/interval/*/results", share=1.0),
        Fault(kind="totals", path_glob="/api/interval/*/results", rows=0),
    ]
    places = "select count(gender_place) + count(division_place) from unified_results"
    async with hub_on(db, world, *silent, page_size=50) as hub:
        world.apply(*(RemoveResult(entry_id=entry.entry_id, interval=FULL) for entry in entries))
        await hub.sync(only_event(world))
        assert 0 == await hub.one(places)
        world.apply(*(Restore(entry_id=entry.entry_id) for entry in entries))
        await hub.sync(only_event(world))
        assert 80 == await hub.one(places)
        await hub.sync(only_event(world))
        assert 80 == await hub.one(places)


@pytest.mark.parametrize("seed", range(6))
async def test_a_database_that_stages_changes_only_equals_one_that_reads_in_full(
    db: Database, staged: list[Any], seed: int
) -> None:
    chance = random.Random(seed)
    world = race_world(60, days=0.6 if seed % 2 else 3, unfinished=True)
    async with (
        serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox,
        partner_on(db, sandbox, "Changes") as changes,
        partner_on(db, sandbox, "Full") as full,
    ):
        await changes.sync()
        await full.sync()
        only_changes = 0
        for step in range(14):
            for _ in range(chance.randint(1, 3)):
                edit_something(world, chance, f"9000{step}{_}")
            staged.clear()
            one = await changes.sync()
            only_changes += 0 < len(entries_of(staged)) < 50
            other = await full.sync_in_full()
            assert await changes.look(CONTENT) == await full.look(CONTENT), f"step {step}"
            assert (one.status, one.rows_written, one.rows_retracted, one.results_synced) == (
                other.status, other.rows_written, other.rows_retracted, other.results_synced
            ), f"step {step}"  # fmt: skip
        assert only_changes >= 2
        if seed % 2:
            async with partner_on(db, sandbox, "Fresh") as fresh:
                await fresh.sync()
                assert await changes.look(VISIBLE) == await fresh.look(VISIBLE)


def edit_something(world: World, chance: random.Random, new_id: str) -> None:
    entry_id = chance.choice([entry_id for entry_id, (_, entry) in world.entries.items() if not entry.is_removed])
    race, _ = world.entries[entry_id]
    interval = chance.choice(race.intervals).name
    mild: list[Callable[[], None]] = [
        lambda: world.apply(ChangeTime(entry_id=entry_id, seconds=chance.randint(600, 20000), interval=interval)),
        lambda: world.apply(ChangeTime(entry_id=entry_id, seconds=chance.randint(15000, 20000))),
        lambda: world.apply(RemoveResult(entry_id=entry_id, interval=interval)),
        lambda: world.apply(SetStatus(entry_id=entry_id, status=chance.choice(["DQ", "DNF", "CONF", "PENDING"]))),
        lambda: world.apply(
            AddEntry(race_id=race.race_id, entry_id=new_id, bib=new_id, seconds={interval: chance.randint(600, 20000)})
        ),
    ]
    with_vanished_rows: list[Callable[[], None]] = [
        lambda: world.apply(RemoveResult(entry_id=entry_id)),
        lambda: world.apply(RemoveEntry(entry_id=entry_id)),
        lambda: move(world, entry_id, chance),
    ]
    chance.choice(mild if chance.random() < 0.8 else with_vanished_rows)()


def move(world: World, entry_id: str, chance: random.Random) -> None:
    """To another race, as a timer does who finds that somebody ran with the wrong field."""
    race, entry = world.entries[entry_id]
    target = chance.choice([each for each in world.events[only_event(world)].races if each is not race])
    race.entries.remove(entry)
    target.entries.append(entry)
    world.entries[entry_id] = (target, entry)
    race.version += 1
    target.version += 1
