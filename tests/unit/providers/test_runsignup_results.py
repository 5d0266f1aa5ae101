"""From the rows of a result set to finishes, splits and places."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.providers.runsignup import pages, results
from project88.providers.runsignup.course import SplitPoint
from project88.records.entities import DivisionPlace, Finish, GenderPlace, Problem, Split
from tests.unit.providers.runsignup_samples import flat, raws, read, sample

POINTS = (SplitPoint(split_id="72", name="3 km"), SplitPoint(split_id="71", name="7 km"))
decode = results.results("5001", POINTS)


def given_by(result: dict[str, Any], headers: dict[str, str] | None = None, registration: object = 9001) -> list[Any]:
    row = {"registration_id": registration, "headers": headers or {}, "result": {"result_id": 61, **result}}
    return flat(decode(raws(row)))


def finish_of(**result: object) -> Finish:
    (found,) = [each for each in given_by(result) if isinstance(each, Finish)]
    return found


def test_a_row_gives_a_finish_splits_in_course_order_and_places() -> None:
    finish, *others = flat(decode(pages.results("9101")(sample("results"), 1).rows[:1]))

    assert isinstance(finish, Finish)
    assert (finish.race_id, finish.entry_id, finish.bib, finish.first_name, finish.last_name, finish.gender) == (
        "5001", "9001", "7", "Tomasz", "Invented", "M",
    )  # fmt: skip
    assert (finish.age, finish.city, finish.state, finish.country, finish.overall_place, finish.division) == (
        45, "Harbor Falls", "MN", "US", 1, "M40-49",
    )  # fmt: skip
    assert (finish.chip_ms, finish.gun_ms, finish.begin, finish.end) == (2_705_600, 2_712_000, None, None)
    assert "large" in finish.raw
    assert sorted((each for each in others if isinstance(each, Split)), key=lambda split: split.key) == [
        Split(race_id="5001", entry_id="9001", key="5001-001", name="3 km", elapsed_ms=800_000, has_crossed=True),
        Split(race_id="5001", entry_id="9001", key="5001-002", name="7 km", elapsed_ms=1_860_500, has_crossed=True),
        Split(
            race_id="5001", entry_id="9001", key="5001-split-79", name="Bridge", elapsed_ms=1_200_000, has_crossed=True
        ),
    ]
    assert [each for each in others if not isinstance(each, Split)] == [
        DivisionPlace(race_id="5001", entry_id="9001", bracket="M40-49", place=1),
        GenderPlace(race_id="5001", entry_id="9001", bracket="Gender Place", place=1),
    ]


def test_a_result_without_a_registration_is_known_by_its_own_number() -> None:
    found = read("results", pages.results("9101"), decode)

    assert [each.entry_id for each in found if isinstance(each, Finish)] == ["9001", "result-62", "9005", "result-65"]


@pytest.mark.parametrize("registration", [None, "", 0, "0", " "])
def test_every_way_to_say_that_there_is_no_registration_is_alike(registration: object) -> None:
    assert given_by({}, registration=registration)[0].entry_id == "result-61"


@pytest.mark.parametrize("registration", [12, "12", 12.0])
def test_a_registration_is_the_same_as_text_and_as_a_number(registration: object) -> None:
    assert given_by({}, registration=registration)[0].entry_id == "12"


@pytest.mark.parametrize(
    ("written", "read_ms"),
    [
        ("45:12", 2_712_000), ("45:05.6", 2_705_600), ("1:02:03.45", 3_723_450), ("60:31:31", 217_891_000),
        ("0:09.99", 9_990), (" 45:12 ", 2_712_000), ("0:00", None), ("00:00:00", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_times_are_read_from_every_way_they_are_written(written: object, read_ms: int | None) -> None:
    found = finish_of(clock_time=written, chip_time=written)

    assert (found.gun_ms, found.chip_ms) == (read_ms, read_ms)


@pytest.mark.parametrize("word", ["DNF", "DNS", "DQ", "DNQ", "dnf", " Dq "])
@pytest.mark.parametrize("field", ["clock_time", "chip_time", "place"])
def test_a_word_in_place_of_a_time_is_a_finish_without_times_that_keeps_the_word(word: str, field: str) -> None:
    found = finish_of(**{"clock_time": "45:12", "chip_time": "45:05", "place": 3, field: word})

    assert (found.gun_ms, found.chip_ms, found.overall_place) == (None, None, None)
    assert word in found.raw


@pytest.mark.parametrize("word", ["half an hour", "DNX", "45", 2712, 45.12, "45:99", "45,12", True, "45:12 PM"])
@pytest.mark.parametrize("field", ["clock_time", "chip_time", "split-71", "split-79"])
def test_a_time_that_is_not_known_is_a_problem_with_its_raw_text(word: object, field: str) -> None:
    (problem,) = given_by({field: word})

    assert isinstance(problem, Problem)
    assert problem.stream == "results"
    assert field in problem.raw


@pytest.mark.parametrize("value", [None, "", "DNF", "0:00"])
def test_a_split_that_was_not_crossed_gives_nothing(value: object) -> None:
    assert [each for each in given_by({"split-71": value}) if isinstance(each, Split)] == []


def test_a_set_decides_over_all_splits_of_its_race_and_of_no_other_one() -> None:
    keys = results.split_keys("5001", 2)

    assert {"5001-001", "5001-002", "5001-099"} <= keys
    assert not keys & results.split_keys("5002", 2)
    assert "5001-120" in results.split_keys("5001", 120)


def test_splits_stand_in_course_order_by_their_key_alone() -> None:
    keys = [results.split_key("5001", position) for position in range(1, 121)]

    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("column", "header", "value", "expected"),
    [
        ("division-31", "M40-49", 3, DivisionPlace(race_id="5001", entry_id="9001", bracket="M40-49", place=3)),
        ("division-31", "", "3", DivisionPlace(race_id="5001", entry_id="9001", bracket="division-31", place=3)),
        (
            "custom-field-8",
            "Division Place",
            3,
            DivisionPlace(race_id="5001", entry_id="9001", bracket="Division Place", place=3),
        ),
        (
            "custom-field-8",
            "Age Group Rank",
            "3",
            DivisionPlace(race_id="5001", entry_id="9001", bracket="Age Group Rank", place=3),
        ),
        ("gender_place", "", 3, GenderPlace(race_id="5001", entry_id="9001", bracket="gender_place", place=3)),
        (
            "custom-field-8",
            "Place in Gender",
            3,
            GenderPlace(race_id="5001", entry_id="9001", bracket="Place in Gender", place=3),
        ),
        (
            "division-9",
            "Gender Place",
            3,
            GenderPlace(race_id="5001", entry_id="9001", bracket="Gender Place", place=3),
        ),
    ],
)
def test_places_are_found_by_what_the_header_says(column: str, header: str, value: object, expected: object) -> None:
    _, *places = given_by({column: value}, {column: header})

    assert places == [expected]


@pytest.mark.parametrize(
    ("column", "header", "value"),
    [
        ("gender", "Gender", "M"), ("division", "Division", "M40-49"), ("custom-field-8", "Essex Place", 4),
        ("division-31", "M40-49", None), ("division-31", "M40-49", ""), ("division-31", "M40-49", 0),
        ("division-31", "M40-49", "third"), ("place", "Place", 3),
    ],
)  # fmt: skip
def test_other_columns_give_no_place(column: str, header: str, value: object) -> None:
    _, *places = given_by({column: value}, {column: header})

    assert places == []


def test_a_header_without_a_column_in_the_row_gives_no_place() -> None:
    assert len(given_by({}, {"division-31": "M40-49"})) == 1


@pytest.mark.parametrize(("header", "division"), [("M40-49", "M40-49"), ("Division Place", None), ("", None)])
def test_a_division_is_named_by_its_header_where_that_is_a_name(header: str, division: str | None) -> None:
    assert division == given_by({"division-31": 1}, {"division-31": header})[0].division


def test_null_empty_and_missing_are_alike() -> None:
    fields = (
        "place", "bib", "first_name", "last_name", "gender", "city", "state", "country_code", "clock_time", "chip_time",
        "age",
    )  # fmt: skip

    for nothing in (None, "", " "):
        (found,) = given_by(dict.fromkeys(fields, nothing))
        assert msgspec.structs.replace(found, raw=None) == Finish(race_id="5001", entry_id="9001")


@pytest.mark.parametrize("bib", ["007", "A7", 7, "0"])
def test_a_bib_is_text(bib: object) -> None:
    assert finish_of(bib=bib).bib == str(bib)


@pytest.mark.parametrize(
    "bad",
    [
        {"result": {}}, {"result": None}, {"result": []}, {}, {"result": {"result_id": "6/1"}},
        {"result": {"result_id": 6, "age": "old"}}, {"result": {"result_id": 6, "place": -1}},
        {"result": {"result_id": 6, "place": "first"}}, {"result": {"result_id": 6, "bib": {"a": 1}}},
        {"result": {"result_id": 6, "split-71": ["1:00"]}}, {"result": {"result_id": 6}, "registration_id": "a"},
        {"result": {"result_id": 6}, "registration_id": [5]}, {"result": {"result_id": 6, "first_name": "a\x00b"}},
        {"result": {"result_id": 6, "division-1": [1]}, "headers": {"division-1": ""}}, b"[]", b"null",
    ],
)  # fmt: skip
def test_one_bad_row_gives_one_problem_and_the_others_come_through(bad: object) -> None:
    good = {"registration_id": 1, "headers": {}, "result": {"result_id": 1}}

    first, problem, last = decode(raws(good, bad, good))

    assert isinstance(problem, Problem)
    assert problem.reason
    assert not isinstance(first, Problem)
    assert not isinstance(last, Problem)


def test_columns_that_are_not_read_may_hold_anything() -> None:
    assert "deep" in finish_of(**{"custom-field-1": {"deep": [1, None]}, "division-7": "unlisted"}).raw


SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
COLUMNS = ("result_id", "place", "bib", "clock_time", "chip_time", "age", "split-71", "division-1", "gender_place")


@settings(max_examples=100, deadline=None)
@given(
    result=st.dictionaries(st.sampled_from(COLUMNS), SCALARS | st.lists(SCALARS, max_size=2)),
    headers=st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=8)),
    registration=SCALARS,
)
def test_every_row_begins_with_a_finish_or_is_a_problem(
    result: dict[str, Any], headers: dict[str, str], registration: Any
) -> None:
    row = {"registration_id": registration, "headers": headers, "result": result}

    assert isinstance(flat(decode(raws(row)))[0], Finish | Problem)
