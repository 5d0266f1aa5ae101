"""From rows of ChronoTrack Live to records. The samples are hand-made; their people are invented."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project88.providers.chronotrack_live import decode
from project88.providers.chronotrack_live.course import LiveCourse
from project88.records.entities import (
    DivisionPlace,
    Event,
    Finish,
    GenderPlace,
    Participant,
    Place,
    Problem,
    Race,
    Split,
)

RawRows = Callable[[str], list[msgspec.Raw]]
SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


def raws(*rows: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows]


def full_row(**fields: object) -> dict[str, object]:
    return {
        "results_entry_id": "9001",
        "results_race_id": "51",
        "results_interval_full": "1",
        "results_bracket_name": "Overall",
        "results_time": "00:45:00",
        **fields,
    }


def flat(given: Iterable[Any]) -> list[Any]:
    """The records and problems of rows one after the other."""
    return [record for each in given for record in ((each,) if isinstance(each, Problem) else each)]


def only(given: Iterable[Any]) -> Any:
    (record,) = flat(given)
    return record


def test_events_come_with_their_zone_and_their_raw_text(sample: RawRows) -> None:
    first, second, third = flat(decode.events(sample("events")))

    assert isinstance(first, Event)
    assert (
        first.provider_event_id, first.name, first.time_zone, first.city, first.country
    ) == ("4101", "Lakeside Run", "Europe/Warsaw", "Gdynia", "PL")  # fmt: skip
    assert datetime(2025, 6, 1, 8, tzinfo=UTC) == first.start
    assert (first.description, first.external_id, first.is_published) == (None, None, True)
    assert "Lakeside Club" in first.raw
    assert isinstance(second, Event)
    assert (
        second.provider_event_id, second.organization_id, second.is_published, second.city
    ) == ("4102", "12", False, None)  # fmt: skip
    assert isinstance(third, Problem)
    assert (third.stream, third.reason) == ("events", "event_id is missing")
    assert "An event without an id" in third.raw


def test_races_come_with_distances_and_instants(sample: RawRows) -> None:
    ten, five = flat(decode.races(sample("races")))

    assert isinstance(ten, Race)
    assert (ten.race_id, ten.name, ten.tag, ten.distance) == ("51", "10K", "10k", 10000.0)
    assert datetime(2025, 6, 1, 9, 0, 5, 250_000, tzinfo=UTC) == ten.actual_start
    assert ten.actual_end is None
    assert isinstance(five, Race)
    assert (five.race_id, five.distance, five.actual_start) == ("52", 5000.5, None)


@pytest.mark.parametrize("value", ["", None, "a mile", "²", "1e400", "9" * 400, "-5", "nan"])
def test_a_distance_that_is_no_number_is_unknown(value: object) -> None:
    assert only(decode.races(raws({"race_id": "1", "race_course_distance": value}))).distance is None


def test_intervals_know_their_race_and_whether_they_are_the_whole_course(course: LiveCourse) -> None:
    assert [(each.interval_id, each.race_id, each.is_full) for each in course.intervals] == [
        ("601", "51", True),
        ("602", "51", False),
        ("603", "52", True),
    ]


def test_brackets_are_open_gender_division_or_other(course: LiveCourse) -> None:
    assert [each.kind for each in course.brackets] == [
        "open",
        "gender",
        "gender",
        "division",
        "other",
        "open",
        "gender",
    ]


@pytest.mark.parametrize("word", ["ELITE", "OTHER", "", None, "TEAM", 5])
def test_a_bracket_of_another_type_is_other(word: object) -> None:
    row = {"bracket_id": "1", "bracket_name": "x", "bracket_type": word}

    assert only(decode.brackets(raws(row))).kind == "other"


def test_participants_come_with_status_and_person(sample: RawRows, course: LiveCourse) -> None:
    first, second, third, fourth, fifth, sixth = flat(decode.participants(course)(sample("entries")))

    assert isinstance(first, Participant)
    assert (
        first.entry_id, first.race_id, first.bib, first.status, first.declared
    ) == ("9001", "51", "7", "CONF", "confirmed")  # fmt: skip
    assert ("Tomasz", "Invented", "M", 44, date(1981, 3, 4)) == (
        first.first_name, first.last_name, first.gender, first.age, first.date_of_birth
    )  # fmt: skip
    assert (
        first.phone, first.division, first.wave_name, first.registration_choice, first.team_name
    ) == ("555 0101", "M40-49", "A", "10K early", None)  # fmt: skip
    assert "vegetarian" in first.raw
    assert isinstance(second, Participant)
    assert (
        second.entry_id, second.race_id, second.bib, second.declared, second.first_name, second.last_name,
        second.postal_code
    ) == ("9002", "51", "8", "dnf", None, "Ada Example", "81002")  # fmt: skip
    assert isinstance(third, Participant)
    assert (third.status, third.declared, third.bib) == ("dq", "dq", "7")
    assert isinstance(fourth, Participant)
    assert (fourth.status, fourth.declared, fourth.bib) == ("PEND", None, None)
    assert isinstance(fifth, Problem)
    assert isinstance(sixth, Problem)
    assert "'forty'" in fifth.reason
    assert sixth.reason == "entry_id is missing"


@pytest.mark.parametrize("word", ["WD", "FIN", "conf!", "CONFIRMED", "DNS", "Zurückgezogen", "1"])
def test_an_unknown_status_is_kept_verbatim_and_means_nothing(word: str, course: LiveCourse) -> None:
    found = only(decode.participants(course)(raws({"entry_id": "1", "entry_status": word})))

    assert (word, None) == (found.status, found.declared)


@pytest.mark.parametrize("nothing", [{}, {"entry_status": None}, {"entry_status": ""}, {"entry_status": "  "}])
def test_no_status_is_unknown(nothing: dict[str, object], course: LiveCourse) -> None:
    found = only(decode.participants(course)(raws({"entry_id": "1", **nothing})))

    assert (found.status, found.declared) == (None, None)


def test_an_entry_whose_race_name_two_races_share_has_no_race() -> None:
    twins = LiveCourse((Race(race_id="1", name="Kids"), Race(race_id="2", name="Kids")))

    assert only(decode.participants(twins)(raws({"entry_id": "1", "race_name": "Kids"}))).race_id is None


def test_results_are_finishes_and_splits_and_bad_rows_cost_only_themselves(sample: RawRows, course: LiveCourse) -> None:
    found = flat(decode.results(course)(sample("results")))

    assert [Finish, Split, Finish, Finish, Problem, Problem] == [type(each) for each in found]
    finish, split, other_race, started, bad_time, no_entry = found
    assert isinstance(finish, Finish)
    assert (
        finish.race_id, finish.entry_id, finish.bib, finish.chip_ms, finish.gun_ms, finish.overall_place,
        finish.division
    ) == ("51", "9001", "7", 2_700_000, 2_712_500, 3, "M40-49")  # fmt: skip
    assert (finish.city, finish.state, finish.country, finish.bracket) == ("Gdynia", "PM", "PL", "Overall")
    assert datetime(2025, 6, 1, 9, 45, 17, 500_000, tzinfo=UTC) == finish.end
    assert Split(
        race_id="51", entry_id="9001", key="602", bracket="Overall", name="5K Split", elapsed_ms=1_330_000, place=2,
        has_crossed=True,
        end=datetime(2025, 6, 1, 9, 22, 27, 500_000, tzinfo=UTC),
    ) == split  # fmt: skip
    assert isinstance(other_race, Finish)
    assert (
        other_race.race_id, other_race.entry_id, other_race.bib, other_race.chip_ms, other_race.gun_ms,
        other_race.overall_place, other_race.division, other_race.city, other_race.begin
    ) == ("52", "9003", "7", 1_520_250, None, None, None, "Lagos", None)  # fmt: skip
    assert isinstance(started, Finish)
    assert (started.chip_ms, started.gun_ms, started.overall_place, started.end) == (None, None, None, None)
    assert started.begin is not None
    assert isinstance(bad_time, Problem)
    assert "'soon'" in bad_time.reason
    assert '"9006"' in bad_time.raw
    assert isinstance(no_entry, Problem)
    assert no_entry.reason == "results_entry_id is missing"


@pytest.mark.parametrize(
    ("bracket", "place"), [("Overall", 3), (None, 3), ("", 3), ("M40-49", None), ("Male", None), ("Firefighters", None)]
)
def test_only_the_open_bracket_gives_the_overall_place(
    bracket: str | None, place: int | None, course: LiveCourse
) -> None:
    row = full_row(results_bracket_name=bracket, results_rank="3")

    (finish,) = [each for each in flat(decode.results(course)(raws(row))) if isinstance(each, Finish)]

    assert place == finish.overall_place


def test_rows_of_brackets_in_the_results_list_give_their_places_too(course: LiveCourse) -> None:
    rows = raws(
        full_row(results_bracket_name="Male", results_rank="2"),
        full_row(results_bracket_name="M40-49", results_rank="1", results_primary_bracket_name="M40-49"),
        full_row(results_bracket_name="Firefighters", results_rank="1"),
    )

    assert [
        GenderPlace(race_id="51", entry_id="9001", bracket="Male", place=2),
        DivisionPlace(race_id="51", entry_id="9001", bracket="M40-49", place=1),
    ] == [each for each in flat(decode.results(course)(rows)) if isinstance(each, Place)]


def test_a_list_by_sex_gives_the_gender_places_of_the_full_course_only(sample: RawRows, course: LiveCourse) -> None:
    assert [
        GenderPlace(race_id="51", entry_id="9001", bracket="Male", place=2),
        GenderPlace(race_id="51", entry_id="9007", bracket="Female", place=1),
    ] == flat(decode.places(course, None, "gender")(sample("places_by_sex")))


def test_a_list_by_age_gives_the_place_in_the_athletes_own_division_only(sample: RawRows, course: LiveCourse) -> None:
    assert [
        DivisionPlace(race_id="51", entry_id="9001", bracket="M40-49", place=1),
        DivisionPlace(race_id="51", entry_id="9009", bracket="M40-49", place=3),
    ] == flat(decode.places(course, None, "division")(sample("places_by_age")))


def test_a_service_that_ignores_the_bracket_word_gives_no_places(sample: RawRows, course: LiveCourse) -> None:
    overall = raws(full_row(), full_row(results_entry_id="9002"))

    assert flat(decode.places(course, None, "gender")(overall)) == []


def test_a_place_in_an_unranked_bracket_is_unknown(course: LiveCourse) -> None:
    row = full_row(results_bracket_name="Male", results_rank="0")

    assert only(decode.places(course, None, "gender")(raws(row))).place is None


def test_a_row_of_an_unknown_race_is_a_problem_and_not_somebody_elses_result(course: LiveCourse) -> None:
    row = full_row(results_race_id=None, results_race_name="Marathon")

    problem = only(decode.results(course)(raws(row)))

    assert isinstance(problem, Problem)
    assert "names no race" in problem.reason


@pytest.mark.parametrize("entry_id", ["12", 12, 12.0, " 12 "])
def test_an_id_is_the_same_as_text_and_as_a_number(entry_id: object, course: LiveCourse) -> None:
    row = full_row(results_entry_id=entry_id, results_race_id=51, results_interval_full=True)

    found = only(decode.results(course)(raws(row)))

    assert (found.entry_id, found.race_id) == ("12", "51")


def test_a_bib_keeps_its_zeros_and_letters(course: LiveCourse) -> None:
    found = flat(
        decode.participants(course)(raws(*({"entry_id": "1", "entry_bib": bib} for bib in ("007", "A7", "0"))))
    )

    assert [each.bib for each in found if isinstance(each, Participant)] == ["007", "A7", "0"]


def test_null_empty_and_missing_are_alike(course: LiveCourse) -> None:
    fields = (
        "results_bib", "results_first_name", "results_last_name", "results_sex", "results_age", "results_rank",
        "results_primary_bracket_name", "results_gun_time", "results_begin_chip_time", "results_end_chip_time",
        "results_hometown", "results_state_code", "results_country_code", "results_interval_id",
    )  # fmt: skip
    rows = [full_row(), *(full_row(**dict.fromkeys(fields, nothing)) for nothing in (None, "", " "))]
    without_raw = [
        msgspec.structs.replace(each, raw="")
        for each in flat(decode.results(course)(raws(*rows)))
        if isinstance(each, Finish)
    ]

    assert [without_raw[0]] * 4 == without_raw


@pytest.mark.parametrize(
    "bad",
    [
        b'{"results_entry_id": {"id": "9"}, "results_race_id": "51", "results_interval_full": "1"}',
        b'{"results_entry_id": ["9"], "results_race_id": "51", "results_interval_full": "1"}',
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "1", "results_sex": "\xff"}',
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "1", "results_age": 1e400}',
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "1", "results_age": 1'
        + b"0" * 400 + b"}",
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "1", "results_time": true}',
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "2"}',
        b'{"results_entry_id": "a\\u0000b", "results_race_id": "51", "results_interval_full": "1"}',
        b'{"results_entry_id": "9", "results_race_id": "51", "results_interval_full": "0"}',
        b"{}", b"[]", b"null", b'"row"', b"7",
    ],
)  # fmt: skip
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_bad_row_gives_one_problem_with_its_raw_text_and_the_others_come_through(
    bad: bytes, position: int, course: LiveCourse
) -> None:
    rows = raws(full_row(results_entry_id="1"), full_row(results_entry_id="2"))
    rows.insert(position, msgspec.Raw(bad))

    found = flat(decode.results(course)(rows))

    assert [each.entry_id for each in found if isinstance(each, Finish)] == ["1", "2"]
    (problem,) = [each for each in found if isinstance(each, Problem)]
    assert problem is found[position]
    assert bad.decode("utf-8", "replace") == problem.raw
    assert problem.stream == "results"
    assert problem.reason


def test_of_a_key_sent_twice_the_last_one_counts(course: LiveCourse) -> None:
    row = b'{"results_entry_id": "1", "results_entry_id": "2", "results_race_id": "51", "results_interval_full": "1"}'

    assert only(decode.results(course)(raws(row))).entry_id == "2"


def test_fields_that_are_not_read_may_hold_anything(course: LiveCourse) -> None:
    row = full_row(results_splits=[{"a": [1, None]}], custom_element9={"x": "y"}, results_status=True)

    found = only(decode.results(course)(raws(row)))

    assert "custom_element9" in found.raw


def test_a_page_without_rows_gives_nothing(course: LiveCourse) -> None:
    assert flat(decode.results(course)([])) == []
    assert flat(decode.events([])) == []


def row_of(keys: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ANYTHING))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=row_of(("entry_id", "entry_race_age", "athlete_birthdate", "race_name", "entry_status", "location_postal_code"))
)
def test_every_entry_is_a_participant_or_a_problem(row: dict[str, Any], course: LiveCourse) -> None:
    assert isinstance(only(decode.participants(course)(raws(row))), Participant | Problem)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=row_of(
        (
            "results_entry_id", "results_race_id", "results_race_name", "results_interval_id", "results_interval_name",
            "results_interval_full", "results_rank", "results_time", "results_end_chip_time", "results_hometown",
        )
    )
)  # fmt: skip
def test_every_result_is_one_record_or_a_problem(row: dict[str, Any], course: LiveCourse) -> None:
    assert isinstance(only(decode.results(course)(raws(row))), Finish | Split | Problem)
