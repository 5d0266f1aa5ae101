"""Results from tables: forms of times, statuses in any column, splits in the order of the course, rows that are bad."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.errors import BadValue, UsageError
from project88.imports.columns import RESULT_FIELDS, ColumnMap, columns_of, parsed_map
from project88.imports.races import Races
from project88.imports.result_list import ResultList, elapsed_or_status, place_or_status, read_results
from project88.imports.tables import read_table
from project88.records.entities import DivisionPlace, GenderPlace, Split


def results(text: str, *splits: str, races: dict[str, str] | None = None) -> ResultList:
    table = read_table(text.encode())
    columns = columns_of(table.columns, RESULT_FIELDS, parsed_map((), splits, None), ColumnMap())
    return read_results(table, columns, Races({"m": "Marathon"} if races is None else races))


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1:02:03", 3_723_000),
        ("1:02:03.4", 3_723_400),
        ("1:02:03,4", 3_723_400),
        ("40:05", 2_405_000),
        ("100:00:01", 360_001_000),
        ("3723.5", 3_723_500),
        ("3723", 3_723_000),
    ],
)
def test_a_time_is_read_in_every_form(text: str, milliseconds: int):
    assert elapsed_or_status(text) == milliseconds


@given(st.integers(5_000, 200 * 3_600_000))
def test_a_time_comes_back_from_its_text_to_the_millisecond(milliseconds: int):
    seconds, thousandths = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"

    assert elapsed_or_status(clock) == milliseconds
    assert elapsed_or_status(f"{seconds}.{thousandths:03}") == milliseconds


@pytest.mark.parametrize("text", ["1:75:00", "about an hour", "0.0278", "1.25", "1:2:3:4", "-5", "1h02"])
def test_what_is_no_time_of_a_race_is_a_bad_value(text: str):
    with pytest.raises(BadValue):
        elapsed_or_status(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("", None), ("-", None), ("--:--", None), ("DNF", "dnf"), ("dsq", "dq"), ("Did not start", "dns")],
)
def test_a_dash_is_no_time_and_a_word_is_a_status(text: str, found: str | None):
    assert elapsed_or_status(text) == found


@pytest.mark.parametrize(("text", "place"), [("3", 3), ("3.", 3), ("0", None), ("-", None), ("DNS", "dns")])
def test_a_place_is_read_with_or_without_a_full_stop(text: str, place: object):
    assert place_or_status(text) == place


def test_a_row_is_a_finish_with_its_places_and_splits_in_the_order_of_the_columns():
    found = results(
        "Bib,Name,Sex,Division,Place,Gender Place,Division Place,5K,10K,Chip Time,Gun Time\n"
        "12,Ada Berg,F,F30-34,7,2,1,20:00,40:05,1:30:00.5,1:30:04\n",
        "10K=10 km",
        "5K",
    )
    [finish] = found.finishes

    assert (finish.entry_id, finish.race_id, finish.bib, finish.gender, finish.last_name) == (
        "bib 12", "m", "12", "F", "Berg")  # fmt: skip
    assert (finish.chip_ms, finish.gun_ms, finish.overall_place, finish.declared) == (5_400_500, 5_404_000, 7, None)
    assert [(each.name, each.elapsed_ms) for each in found.records if isinstance(each, Split)] == [
        ("5K", 1_200_000),
        ("10 km", 2_405_000),
    ]
    assert [each.key for each in found.records if isinstance(each, Split)] == ["01 5K", "02 10 km"]
    assert [each.place for each in found.records if isinstance(each, GenderPlace)] == [2]
    assert [(each.place, each.bracket) for each in found.records if isinstance(each, DivisionPlace)] == [(1, "F30-34")]


def test_a_status_may_stand_in_its_own_column_in_that_of_a_time_or_in_that_of_a_place():
    found = results("bib,place,time,status\n1,,,DNF\n2,,DNS,\n3,DQ,,\n4,1,30:00,Finished\n5,,31:00,dsq\n")

    assert [(each.bib, each.declared, each.status) for each in found.finishes] == [
        ("1", "dnf", "DNF"),
        ("2", "dns", None),
        ("3", "dq", None),
        ("4", "finished", "Finished"),
        ("5", "dq", "dsq"),
    ]
    assert found.problems == []


def test_rows_that_cannot_be_understood_are_problems_with_a_reason():
    found = results(
        "bib,race,time,status,place\n"
        "1,Marathon,soon,,\n"
        "2,Marathon,,,\n"
        "3,Marathon,30:00,walked,\n"
        "4,Relay,30:00,,\n"
        ",Marathon,30:00,,\n"
        "6,Marathon,DNF,DNS,\n"
        "7,Marathon,30:00,,1 of 9\n"
        "8,Marathon,30:00,,\n"
        "8,Marathon,31:00,,\n"
    )
    reasons = [each.reason for each in found.problems]

    assert [each.bib for each in found.finishes] == ["8"]
    assert len(reasons) == 8
    for reason, said in zip(
        reasons,
        ["time: not a number: 'soon'", "neither a time nor a status", "'walked' is no status", "no race 'Relay'",
         "neither a bib nor", "says dnf and dns", "place: not a number", "earlier row of the race"],
        strict=True,
    ):  # fmt: skip
        assert said in reason


def test_a_row_without_a_race_is_bad_where_several_could_be_meant():
    found = results("bib,time\n1,30:00\n", races={"m": "Marathon", "h": "Half"})

    assert "names no race" in found.problems[0].reason


@pytest.mark.parametrize(
    ("text", "said"), [("name,time\nAda,30:00\n", "no column bib"), ("bib,name\n1,Ada\n", "neither times nor statuses")]
)
def test_a_file_that_holds_no_results_says_what_it_lacks(text: str, said: str):
    with pytest.raises(UsageError, match=said):
        results(text)
