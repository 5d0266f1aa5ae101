"""One chip's reads on one course: every status a read can have, and that the order of the reads says nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.errors import BadValue
from project88.scoring.course import Course, read_course
from project88.scoring.facts import Judgement, Read
from project88.scoring.runner import Walk, walk

GUN_MS = 1_000_000_000


def course(**others: Any) -> Course:
    said = {
        "race_id": "r",
        "name": "Run",
        "points": [
            {"name": "Start", "locations": ["start"], "rule": "last"},
            {"name": "5K", "locations": ["5K"], "minimum_seconds": 600},
            {"name": "Finish", "locations": ["finish", "finish-b"], "minimum_seconds": 600},
        ],
    }
    return read_course({**said, **others})


LAPS = course(
    points=[
        {"name": "Start", "locations": ["gate"]},
        {"name": "Lap 1", "locations": ["gate"], "minimum_seconds": 300},
        {"name": "Lap 2", "locations": ["gate"], "minimum_seconds": 300},
        {"name": "Finish", "locations": ["gate"], "minimum_seconds": 300},
    ]
)


def reads(*crossings: tuple[float, str]) -> list[Read]:
    """Seconds after the gun, and the location."""
    return [Read(GUN_MS + round(seconds * 1000), location, number, "R", "7", number)
            for number, (seconds, location) in enumerate(crossings, start=1)]  # fmt: skip


def walked(*crossings: tuple[float, str], on: Course | None = None, gun_ms: int | None = GUN_MS) -> Walk:
    return walk(on or course(), gun_ms, reads(*crossings))


def seconds(found: Walk) -> list[float | None]:
    return [None if at is None else (at - GUN_MS) / 1000 for at in found.passed_ms]


def statuses(found: Walk) -> list[str]:
    return [found.judgements[number].status for number in sorted(found.judgements)]


def test_a_plain_run_uses_every_read():
    found = walked((5, "start"), (1500, "5K"), (3000, "finish"))

    assert seconds(found) == [5, 1500, 3000]
    assert found.judgements[2] == Judgement("used", "5K")


def test_a_start_counts_by_its_last_read_and_any_other_point_by_its_first():
    found = walked((5, "start"), (20, "start"), (1500, "5K"), (1510, "5K"), (3000, "finish"))

    assert seconds(found) == [20, 1500, 3000]
    assert statuses(found) == ["ignore_window", "used", "used", "ignore_window", "used"]


def test_a_runner_who_goes_back_over_the_start_starts_at_the_last_time():
    found = walked((5, "start"), (200, "start"), (1500, "5K"), (3000, "finish"))

    assert seconds(found)[0] == 200
    assert statuses(found) == ["before_start", "used", "used", "used"]


def test_reads_before_the_gun_and_after_the_finish_do_not_count():
    found = walked((-60, "start"), (5, "start"), (1500, "5K"), (3000, "finish"), (3600, "finish"), (4000, "5K"))

    assert seconds(found) == [5, 1500, 3000]
    assert statuses(found) == ["before_start", "used", "used", "used", "after_finish", "after_finish"]


def test_without_a_gun_nothing_is_before_it():
    assert seconds(walked((-60, "start"), (1500, "5K"), gun_ms=None)) == [-60, 1500, None]


def test_what_is_faster_than_plausible_does_not_count():
    found = walked((5, "start"), (100, "5K"), (1500, "5K"), (3000, "finish"))

    assert seconds(found) == [5, 1500, 3000]
    assert statuses(found)[1] == "implausible"


def test_a_missed_mat_is_no_obstacle_and_its_shortest_time_counts_for_the_next_one():
    assert seconds(walked((5, "start"), (3000, "finish"))) == [5, None, 3000]
    assert seconds(walked((5, "start"), (1100, "finish"))) == [5, None, None]


def test_a_stray_read_at_the_finish_does_not_end_a_run_that_goes_on():
    found = walked((5, "start"), (1300, "finish"), (1500, "5K"), (3000, "finish"))

    assert seconds(found) == [5, 1500, 3000]
    assert statuses(found)[1] == "implausible"


def test_two_mats_at_one_place_are_one_passing():
    found = walked((5, "start"), (1500, "5K"), (3000.2, "finish-b"), (3000.5, "finish"))

    assert seconds(found)[2] == 3000.2
    assert statuses(found)[3] == "ignore_window"


def test_the_same_instant_at_the_same_place_is_a_duplicate():
    assert statuses(walked((5, "start"), (5, "start"), (1500, "5K"))) == ["used", "duplicate", "used"]


def test_a_place_that_the_course_does_not_have_is_said_to_be_unknown():
    assert statuses(walked((5, "start"), (50, "expo"))) == ["used", "unknown_location"]


def test_reads_outside_the_window_do_not_count():
    found = walked((-20, "start"), (5, "start"), (1500, "5K"), (9000, "finish"),
                   on=course(opens_seconds=30, closes_seconds=8000))  # fmt: skip

    assert statuses(found) == ["ignore_window", "used", "used", "implausible"]


def test_a_read_that_a_person_left_out_does_not_count():
    found = walk(course(), GUN_MS, reads((5, "start"), (1500, "5K"), (1600, "5K")), frozenset({2}))

    assert seconds(found)[1] == 1600
    assert statuses(found)[1] == "ignored_by_hand"


def test_laps_are_the_same_place_again_and_again():
    found = walked((2, "gate"), (900, "gate"), (910, "gate"), (1800, "gate"), (2700, "gate"), (2900, "gate"), on=LAPS)

    assert seconds(found) == [2, 900, 1800, 2700]
    assert statuses(found) == ["used", "used", "ignore_window", "used", "used", "after_finish"]


crossings = st.lists(
    st.tuples(st.integers(-100, 5000), st.sampled_from(["start", "5K", "finish", "finish-b", "expo"])), max_size=14
)


@given(crossings, st.randoms(use_true_random=False))
def test_the_order_in_which_reads_come_says_nothing(found: list[tuple[int, str]], random: Any):
    in_order = reads(*found)
    mixed = in_order.copy()
    random.shuffle(mixed)

    assert walk(course(), GUN_MS, mixed) == walk(course(), GUN_MS, in_order)


@given(crossings, st.sampled_from([course(), LAPS]))
def test_a_walk_is_in_the_order_of_the_course_not_too_fast_and_every_read_is_judged(
    found: list[tuple[int, str]], on: Course
):
    some = reads(*found)
    result = walk(on, GUN_MS, some)

    passed = [(point, at) for point, at in enumerate(result.passed_ms) if at is not None]
    for (before, before_ms), (after, after_ms) in pairwise(passed):
        assert after_ms - before_ms >= on.earliest_ms[after] - on.earliest_ms[before]
        assert after_ms > before_ms
    assert result.judgements.keys() == {read.number for read in some}
    used = [said.point for said in result.judgements.values() if said.status == "used"]
    assert sorted(map(str, used)) == sorted(on.points[point].name for point, _ in passed)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"points": [{"name": "Start", "locations": ["s"]}]}, "points"),
        ({"points": [{"name": "A", "locations": ["s"]}, {"name": "A", "locations": ["f"]}]}, "same name"),
        ({"points": [{"name": "A", "locations": []}, {"name": "B", "locations": ["f"]}]}, "locations"),
        ({"gun": {"at": "2026-04-20T10:00:00"}}, "zone"),
        ({"gun": {}}, "either at or location"),
        ({"rank": "chip"}, "unknown field"),
        ({"ignore_seconds": -1}, "ignore_seconds"),
        ({"race_id": ""}, "race_id"),
    ],
)
def test_a_course_that_cannot_be_says_what_is_wrong(wrong: dict[str, Any], said: str):
    with pytest.raises(BadValue, match=said):
        course(**wrong)
