"""Which race and interval a result row is about."""

from __future__ import annotations

import pytest

from project88.errors import BadValue
from project88.providers.chronotrack_live.course import Bracket, Interval, Leg, LiveCourse
from project88.records.entities import Race

TEN, FIVE = Race(race_id="51", name="10K"), Race(race_id="52", name="5K")
FULL_TEN = Interval(interval_id="601", race_id="51", name="Full Course", is_full=True)
SPLIT_TEN = Interval(interval_id="602", race_id="51", name="5K Split", is_full=False)
FULL_FIVE = Interval(interval_id="603", race_id="52", name="Full Course", is_full=True)
COURSE = LiveCourse((TEN, FIVE), (FULL_TEN, SPLIT_TEN, FULL_FIVE))


def leg(
    course: LiveCourse = COURSE,
    *,
    race_id: str | None = None,
    race: str | None = None,
    interval_id: str | None = None,
    interval: str | None = None,
    full: bool | None = None,
) -> Leg:
    return course.leg(race_id, race, interval_id, interval, full)


def test_the_race_is_known_by_its_id() -> None:
    assert leg(race_id="52", race="10K", interval="Full Course", full=True).race_id == "52"


def test_the_race_is_known_by_the_interval() -> None:
    assert leg(interval_id="603", full=True).race_id == "52"


def test_the_race_is_known_by_a_name_that_only_one_has() -> None:
    found = leg(race="5K", interval="Full Course", full=True)

    assert Leg(race_id="52", key="603", name="Full Course", is_full=True) == found


def test_the_only_race_of_an_event_needs_no_name() -> None:
    assert leg(LiveCourse((TEN,)), interval="Start to 5K", full=False).race_id == "51"


@pytest.mark.parametrize("race", [None, "Marathon", "10k"])
def test_a_race_that_cannot_be_told_is_a_bad_value(race: str | None) -> None:
    with pytest.raises(BadValue, match="names no race"):
        leg(race=race, interval="Full Course", full=True)


def test_a_name_that_two_races_share_is_a_bad_value_unless_the_interval_tells() -> None:
    course = LiveCourse((TEN, Race(race_id="53", name="10K")), (FULL_TEN,))

    with pytest.raises(BadValue, match="names no race"):
        leg(course, race="10K", interval="Full Course", full=True)
    assert leg(course, race="10K", interval_id="601", full=True).race_id == "51"


def test_an_interval_named_alike_in_two_races_is_found_within_its_race() -> None:
    assert (
        leg(race_id="51", interval="Full Course").key,
        leg(race_id="52", interval="Full Course").key,
    ) == ("601", "603")


def test_the_flag_of_the_row_decides_first() -> None:
    assert not leg(interval_id="601", interval="Full Course", full=False).is_full
    assert leg(interval_id="602", interval="5K Split", full=True).is_full


def test_without_a_flag_the_list_of_intervals_decides() -> None:
    assert leg(interval_id="601", interval="Whole thing").is_full
    assert not leg(interval_id="602", interval="Full Course").is_full
    assert leg(race_id="51", interval="Full Course").is_full


@pytest.mark.parametrize(("name", "is_full"), [("Full Course", True), ("FULL COURSE", True), ("Finish", False)])
def test_without_flag_and_list_the_name_decides(name: str, is_full: bool) -> None:
    assert is_full is leg(LiveCourse((TEN,)), interval=name).is_full


def test_an_interval_that_is_not_listed_keeps_its_own_id_or_name() -> None:
    assert leg(race_id="51", interval_id="699", interval="T2", full=False).key == "699"
    assert leg(race_id="51", interval="T2", full=False).key == "T2"


def test_a_name_that_two_intervals_share_is_taken_for_neither() -> None:
    twice = LiveCourse(
        (TEN,),
        tuple(Interval(interval_id=each, race_id="51", name="Lap", is_full=False) for each in ("604", "605")),
    )

    assert leg(twice, race_id="51", interval="Lap", full=False).key == "Lap"
    assert leg(twice, race_id="51", interval_id="605", interval="Lap", full=False).key == "605"


def test_a_row_without_any_interval_is_readable_only_as_the_full_course() -> None:
    assert leg(race_id="51", full=True).is_full
    with pytest.raises(BadValue, match="names no interval"):
        leg(race_id="51", full=False)
    with pytest.raises(BadValue, match="names no interval"):
        leg(race_id="51")


def test_a_split_without_a_name_of_its_own_takes_the_listed_one() -> None:
    assert leg(interval_id="602").name == "5K Split"


def test_a_bracket_is_known_by_race_and_name() -> None:
    course = LiveCourse(
        (TEN, FIVE),
        brackets=(
            Bracket(bracket_id="1", race_id="51", name="Women", kind="gender"),
            Bracket(bracket_id="2", race_id="52", name="Women", kind="other"),
            Bracket(bracket_id="3", race_id=None, name="Veterans", kind="division"),
        ),
    )

    assert (course.bracket_kind("51", "Women"), course.bracket_kind("52", "Women")) == ("gender", "other")
    assert course.bracket_kind("52", "Veterans") == "division"
    assert course.bracket_kind("51", "Juniors") is None
    assert course.bracket_kind("51", None) is None
    assert [bracket.bracket_id for bracket in course.brackets_of("52", "division")] == ["3"]
    assert [bracket.bracket_id for bracket in course.brackets_of("51", "gender")] == ["1"]


def test_the_full_intervals_are_those_flagged() -> None:
    assert COURSE.full_intervals == (FULL_TEN, FULL_FIVE)
