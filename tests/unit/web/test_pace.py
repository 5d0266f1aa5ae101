"""Distances of splits, paces, charts and ages: what is told, and that what nobody told is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from project88.store.public_results import Course
from project88.web.figures import age, time_histogram, until
from project88.web.pace import MILE_M, Pace, distance_m, pace, pace_between
from project88.web.runners import split_lines

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)
COURSE = Course(distance_m=10_000, unit="km", points_m={"Bridge": 8000})


@pytest.mark.parametrize(
    ("name", "metres"),
    [
        ("5K", 5000),
        ("10 km", 10_000),
        ("13.1 mi", 13.1 * MILE_M),
        ("Mile 3", 3 * MILE_M),
        ("Bridge", 8000),
        (None, 10_000),
        ("5K turn", None),
        ("Half", None),
        ("", None),
        ("K", None),
    ],
)
def test_the_distance_of_a_split_is_what_the_course_or_its_name_tells(name: str | None, metres: float | None):
    assert distance_m(COURSE, name) == metres


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Pace(ms=1_500_000, metres=5000, in_miles=False), "5:00 /km"),
        (Pace(ms=480_000, metres=MILE_M, in_miles=True), "8:00 /mi"),
        (Pace(ms=3_700_000, metres=1000, in_miles=False), "61:40 /km"),
        (Pace(ms=45_000, metres=1000, in_miles=False), "0:45 /km"),
        (None, "–"),
    ],
)
def test_a_pace_is_minutes_and_seconds_for_a_kilometre_or_a_mile(value: Pace | None, text: str):
    assert pace(value) == text


@pytest.mark.parametrize(("ms", "metres"), [(None, 5000), (1000, None), (0, 5000), (1000, 0), (1000, -5)])
def test_there_is_no_pace_without_a_time_and_a_way(ms: int | None, metres: float | None):
    assert pace_between(COURSE, ms, metres) is None


def test_a_leg_is_since_the_last_split_that_was_seen_and_has_a_pace_where_both_distances_are_known():
    row = {
        "split_times": [
            {"name": "5K", "cumulative_ms": 1_500_000, "at": None, "rank": 3},
            {"name": "Somewhere", "cumulative_ms": 1_900_000, "at": None, "rank": None},
            {"name": "Bridge", "cumulative_ms": None, "at": None, "rank": None},
        ],
        "chip_time": timedelta(seconds=3000),
        "gun_time": None,
        "finish_time": NOON,
        "overall_place": 2,
    }
    lines = split_lines(row, COURSE)

    assert [(line.name, line.leg_ms) for line in lines] == [
        ("5K", 1_500_000),
        ("Somewhere", 400_000),
        ("Bridge", None),
        ("Finish", 1_100_000),
    ]
    assert [line.leg_pace is not None for line in lines] == [True, False, False, False]
    assert pace(lines[3].pace) == "5:00 /km"
    assert lines[3].at == NOON


def test_finish_times_stand_in_bars_of_a_round_length():
    figures = time_histogram({60: 1, 61: 2, 160: 5})

    assert figures is not None
    assert (figures.bar_minutes, figures.first, figures.last) == (5, "1:00", "2:40")
    assert figures.table[0] == ("1:00", 3) and figures.table[-1] == ("2:40", 5)
    assert time_histogram({}) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(5, "5 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (90_000, "1 d"), (-3, "0 s")]
)
def test_an_age_is_told_in_one_unit(seconds: int, said: str):
    assert age(NOON - timedelta(seconds=seconds), NOON) == f"{said} ago"


def test_what_is_due_is_due_now_and_what_is_not_planned_says_so():
    assert until(NOON + timedelta(seconds=90), NOON) == "in 1 min"
    assert until(NOON - timedelta(seconds=90), NOON) == "due now"
    assert until(None, NOON) == "not planned"
    assert age(None, NOON) == "never"
