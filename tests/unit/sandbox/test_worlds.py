"""The worlds hold what the data file says and nothing that differs from one run to the next."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from project88.sandbox.entities import Entry, Race
from project88.sandbox.scoring import Scoreboard
from project88.sandbox.world import World
from project88.sandbox.worlds import list_world, rehearsal_world
from project88.sandbox.worlds.field import SPLITS, division, finishers, sample, wheelchair_divisions

START = datetime(2026, 4, 20, 13, 17, tzinfo=UTC)
FINISHED = START + timedelta(hours=12)


@pytest.fixture(scope="module")
def full_world() -> World:
    return rehearsal_world(START, season=0)


def races(world: World) -> tuple[Race, Race]:
    wheelchairs, runners = list(world.races.values())[-2:]
    return wheelchairs, runners


def is_extra(entry: Entry) -> bool:
    return entry.bib.isdigit() and int(entry.bib) > 36_000


def everything(world: World) -> list[object]:
    return [
        (race.name, race.gun_ms, entry.entry_id, entry.bib, entry.first_name, entry.last_name, entry.delay_ms)
        for race in world.races.values()
        for entry in race.entries
    ]


def test_the_big_race_holds_every_published_time_of_every_finisher(full_world: World) -> None:
    served = {
        entry.bib: tuple(None if ms is None else ms // 1000 for ms in entry.elapsed_ms)
        for race in races(full_world)
        for entry in race.entries
        if not is_extra(entry)
    }

    assert {finisher.bib: finisher.splits_s for finisher in finishers()} == served
    assert len(served) == 31_984


def test_the_divisions_are_those_the_organiser_placed_in() -> None:
    groups = defaultdict(list)
    for one in finishers():
        group = wheelchair_divisions()[one.bib] if one.is_wheelchair else division(one.sex, one.age)
        groups[group].append(one)

    for members in groups.values():
        members.sort(key=lambda one: one.division_place)
        assert list(range(1, len(members) + 1)) == [one.division_place for one in members]
        assert sorted(one.official_s for one in members) == [one.official_s for one in members]


def test_the_ranking_at_the_end_is_the_published_one_in_both_races(full_world: World) -> None:
    scoreboard = Scoreboard(30)
    run_ms = scoreboard.run_ms(FINISHED.timestamp())
    published = {finisher.bib: finisher.overall_place for finisher in finishers()}

    for race in races(full_world):
        placed = scoreboard.standing(race.intervals[-1], run_ms).placed
        finished = sum(not is_extra(entry) for entry in race.entries)
        assert [published[entry.bib] for entry in placed] == list(range(1, finished + 1))


def test_the_runners_start_43_minutes_after_the_wheelchairs_and_the_last_corral_about_18_minutes_later(
    full_world: World,
) -> None:
    wheelchairs, runners = races(full_world)
    delays = [entry.delay_ms for entry in runners.entries]
    elite = [entry.delay_ms for entry in runners.entries if entry.bib.startswith("F")]

    assert runners.gun_ms - wheelchairs.gun_ms == 43 * 60_000
    assert max(elite) < 3_000
    assert 17 * 60_000 < max(delays) < 19 * 60_000


def test_the_same_seed_gives_the_same_world_and_another_seed_another_one() -> None:
    world = everything(rehearsal_world(START, field_size=50, season=3))

    assert everything(rehearsal_world(START, field_size=50, season=3)) == world
    assert everything(rehearsal_world(START, field_size=50, season=3, seed=1)) != world


@pytest.mark.parametrize("count", [6, 100, 3000])
def test_a_reduced_field_has_the_asked_size_and_some_of_every_kind(count: int) -> None:
    field = sample(count)

    assert len({finisher.bib for finisher in field}) == count
    assert any(finisher.is_wheelchair for finisher in field)
    assert any(finisher.is_elite_woman for finisher in field)
    assert any(finisher.bib.isdigit() for finisher in field)


def test_the_unfinished_come_on_top_of_the_finishers_and_can_be_left_out() -> None:
    _, runners = races(rehearsal_world(START, season=0, field_size=100))
    extras = [entry for entry in runners.entries if is_extra(entry)]
    _, alone = races(rehearsal_world(START, season=0, field_size=100, with_unfinished=False))

    assert len(alone.entries) + len(extras) == len(runners.entries)
    assert any(not any(entry.elapsed_ms) for entry in extras)
    assert any(any(entry.elapsed_ms) and entry.elapsed_ms[-1] is None for entry in extras)
    assert {"CONF", "DNF", "DQ"} == {entry.status for entry in extras}


def test_the_full_field_has_30_unfinished_and_the_last_is_noted_before_the_last_finisher_comes_in(
    full_world: World,
) -> None:
    _, runners = races(full_world)
    extras = [entry for entry in runners.entries if is_extra(entry)]
    last_ms = max(entry.delay_ms + (entry.elapsed_ms[-1] or 0) for entry in runners.entries)

    assert len(extras) == 30
    assert max(entry.status_from_ms or 0 for entry in extras) < last_ms


def test_the_season_lies_in_the_year_before_the_race_and_is_of_small_events() -> None:
    world = rehearsal_world(START, field_size=10)
    season = list(world.events.values())[:-1]
    sizes = [sum(len(race.entries) for race in event.races) for event in season]

    assert len(season) == 24
    assert all(
        START - timedelta(days=366) < datetime.fromtimestamp(event.start_ms / 1000, UTC) < START for event in season
    )
    assert min(sizes) >= 20
    assert max(sizes) <= 640
    assert {1, 2} == {len(event.races) for event in season}
    assert {1, 2, 3} == {len(race.intervals) for event in season for race in event.races}


def test_a_list_world_has_exactly_the_asked_numbers_of_entries_and_results() -> None:
    world = list_world(1, 999, 1001, start=START)
    scoreboard = Scoreboard(30)
    run_ms = scoreboard.run_ms(FINISHED.timestamp())
    found = [
        (len(race.entries), len(scoreboard.standing(race.intervals[-1], run_ms).placed))
        for race in world.races.values()
    ]

    assert found == [(1, 1), (999, 999), (1001, 1001)]


def test_ids_are_unique_and_only_the_last_interval_of_a_race_is_full() -> None:
    world = rehearsal_world(START, field_size=20)

    assert len(world.entries) == sum(len(race.entries) for race in world.races.values())
    assert len(world.intervals) == sum(len(race.intervals) for race in world.races.values())
    for race in world.races.values():
        assert [interval.is_full for interval in race.intervals] == [False] * (len(race.intervals) - 1) + [True]
    assert tuple(interval.name for interval in races(world)[1].intervals) == SPLITS
