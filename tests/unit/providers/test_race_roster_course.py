"""Which sub-event of the public results service is which race."""

from __future__ import annotations

import pytest

from project88.providers.race_roster.course import (
    PublicEvent,
    PublicSubEvent,
    Published,
    RosterCourse,
    course_of,
    matched,
)
from project88.records.entities import Race

EVENT = PublicEvent(result_event_id="77001")


def race(race_id: str, name: str | None = None) -> Race:
    return Race(race_id=race_id, name=name)


def shown(race_id: str, name: str | None = None, *, is_public: bool = True) -> PublicSubEvent:
    return PublicSubEvent(is_public=is_public, as_race=race(race_id, name))


def published(course: RosterCourse) -> dict[str, str]:
    assert {each.result_event_id for each in course.published} <= {"77001"}
    return {each.sub_event_id: each.race_id for each in course.published}


def test_every_sub_event_of_the_event_is_a_race() -> None:
    course = course_of([race("501", "10K"), race("502", "Half"), race("503")], None, [])

    assert [each.race_id for each in course.races] == ["501", "502", "503"]
    assert course.published == ()


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (race("501", "Something else"), "501"),
        (race("9", "10K"), "501"),
        (race("9", " 10k "), "501"),
        (race("9", "HALF  marathon"), "502"),
        (race("9", "Kids"), "9"),
        (race("9", "Relay"), "9"),
        (race("9"), "9"),
    ],
)
def test_a_public_sub_event_is_the_race_of_its_id_else_of_its_name_else_its_own(public: Race, expected: str) -> None:
    own = [race("501", "10K"), race("502", "Half Marathon"), race("503", "Kids"), race("504", "kids")]

    assert {public.race_id: expected} == matched(own, [public])


def test_two_public_sub_events_are_never_one_race() -> None:
    own = [race("501", "10K"), race("502", "5K")]

    assert matched(own, [race("501", "5K"), race("9", "10K")]) == {"501": "501", "9": "9"}
    assert matched(own, [race("8", "10K"), race("9", "10K")]) == {"8": "8", "9": "9"}
    assert matched(own, [race("9", "5K"), race("502", "10K")]) == {"9": "9", "502": "502"}


def test_results_that_belong_to_no_race_of_the_event_have_a_race_of_their_own() -> None:
    course = course_of([race("501", "10K")], EVENT, [shown("501"), shown("9", "Wheelchair")])

    assert [(each.race_id, each.name) for each in course.races] == [("501", "10K"), ("9", "Wheelchair")]
    assert published(course) == {"501": "501", "9": "9"}


def test_a_sub_event_that_is_not_public_is_a_race_without_results_to_read() -> None:
    course = course_of([race("501")], EVENT, [shown("501", is_public=False), shown("9", is_public=False)])

    assert [each.race_id for each in course.races] == ["501", "9"]
    assert course.published == ()


def test_without_the_id_of_the_results_none_are_read() -> None:
    course = course_of([race("501")], None, [shown("501"), shown("9")])

    assert [each.race_id for each in course.races] == ["501"]
    assert course.published == ()


def test_a_sub_event_that_is_shown_twice_is_read_once() -> None:
    course = course_of([race("501"), race("501")], EVENT, [shown("501"), shown("501")])

    assert len(course.races) == 1
    assert course.published == (Published(result_event_id="77001", sub_event_id="501", race_id="501"),)
