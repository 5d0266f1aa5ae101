"""From participants of Race Roster to records, by the paths of the settings. The samples' people are invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.providers.race_roster import entries
from project88.providers.race_roster.settings import DEFAULT_FIELDS
from project88.records.entities import Participant, Problem, Removal
from tests.race_roster_samples import configured, flat, only, raws, rows_of

SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["code", "id"]), SCALARS)


def read(row: object, **config: Any) -> Any:
    return only(entries.participants(configured(**config))(raws(row)))


def entry(**fields: object) -> dict[str, object]:
    return {"participantId": 9, **fields}


def test_participants_removals_and_problems_come_in_the_order_of_their_rows() -> None:
    first, second, withdrawn, fourth, bad_age, nobody = flat(
        entries.participants(configured())(rows_of("participants"))
    )

    assert isinstance(first, Participant)
    assert (
        first.entry_id, first.external_id, first.bib, first.race_id, first.status, first.declared, first.team_name
    ) == ("9001", "7001", "101", "501", "confirmed", None, "Bulbs")  # fmt: skip
    assert (
        first.first_name, first.last_name, first.gender, first.date_of_birth, first.age, first.email, first.phone
    ) == ("Ada", "Invented", "F", date(1990, 2, 28), 36, "ada@runner.example", "555 0101")  # fmt: skip
    assert (first.city, first.state, first.country) == ("Holland", "MI", "US")
    assert '"shirt"' in (first.raw or "")
    assert isinstance(second, Participant)
    assert (
        second.entry_id, second.bib, second.gender, second.age, second.state, second.country, second.status
    ) == ("9002", "202", "M", 44, "ON", "CA", None)  # fmt: skip
    assert "202, 203" in (second.raw or "")
    assert Removal(entry_id="9003", reason="Withdrawn") == withdrawn
    assert isinstance(fourth, Participant)
    assert (fourth.bib, fourth.gender, fourth.status, fourth.declared) == ("7A", None, "waitlisted", None)
    assert isinstance(bad_age, Problem)
    assert "'forty'" in bad_age.reason
    assert isinstance(nobody, Problem)
    assert (nobody.stream, nobody.raw) == ("participants", '{"registrationId": 7006, "firstName": "Nobody"}')


@pytest.mark.parametrize("nothing", [{}, {"participantId": None}, {"participantId": ""}, {"participantId": " "}])
def test_a_row_without_an_entry_id_names_the_setting(nothing: dict[str, object]) -> None:
    problem = read({"firstName": "Ada", **nothing})

    assert isinstance(problem, Problem)
    assert (
        problem.reason == "no entry id at participantId: set participant_fields in additional_config to where it stands"
    )


def test_fields_may_be_found_elsewhere_by_setting() -> None:
    fields = {
        "entry_id": "registration.id",
        "bib": "race.bibs",
        "first_name": ["profile.first", "profile.given"],
        "gender": "profile.sex",
        "race_id": "subEvent.id",
        "status": "registration.state",
    }
    row = {
        "registration": {"id": 5, "state": "ok"},
        "race": {"bibs": [12, 13]},
        "profile": {"first": "", "given": "Kit", "sex": 9},
        "subEvent": {"id": "501"},
        "lastName": "Sample",
    }

    found = read(row, participant_fields=fields)

    assert (
        found.entry_id, found.bib, found.first_name, found.last_name, found.gender, found.race_id, found.status
    ) == ("5", "12", "Kit", "Sample", "X", "501", "ok")  # fmt: skip


def test_a_renamed_id_names_its_places_where_it_is_missing() -> None:
    problem = read(entry(), participant_fields={"entry_id": ["id", "registration.id"]})

    assert "no entry id at id or registration.id: set participant_fields" in problem.reason


@pytest.mark.parametrize("entry_id", [9, 9.0, "9", " 9 "])
def test_an_id_is_the_same_as_text_and_as_a_number(entry_id: object) -> None:
    assert read({"participantId": entry_id}).entry_id == "9"


@pytest.mark.parametrize("field", sorted(set(DEFAULT_FIELDS) - {"entry_id"}))
@pytest.mark.parametrize("nothing", [None, "", " "])
def test_null_empty_and_missing_are_alike(field: str, nothing: object) -> None:
    row = entry(**{path: nothing for path in DEFAULT_FIELDS[field] if "." not in path})

    assert msgspec.structs.replace(read(entry()), raw="") == msgspec.structs.replace(read(row), raw="")


@pytest.mark.parametrize(
    ("field", "attribute", "number", "words"),
    [
        ("registrationId", "external_id", 7, "7"), ("bib", "bib", 7, "7"), ("subEventId", "race_id", 7, "7"),
        ("age", "age", 7, "7"), ("gender", "gender", 2, "2"), ("phone", "phone", 5550101, "5550101"),
        ("firstName", "first_name", 7, "7"), ("status", "status", 7, "7"), ("city", "city", 7, "7"),
        ("region", "state", 7, "7"), ("country", "country", 7, "7"), ("email", "email", 7, "7"),
        ("teamName", "team_name", 7, "7"), ("lastName", "last_name", 7, "7"),
    ],
)  # fmt: skip
def test_text_and_numbers_are_alike(field: str, attribute: str, number: int, words: str) -> None:
    found = getattr(read(entry(**{field: number})), attribute)

    assert found is not None
    assert found == getattr(read(entry(**{field: words})), attribute)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (1, "M"), ("1", "M"), (1.0, "M"), (2, "F"), (9, "X"), ("Female", "F"), ("m", "M"), (0, None), (8, None),
        (7, None), ("co-ed", None), (True, None), ("unsaid", None),
    ],
)  # fmt: skip
def test_gender_is_one_of_the_documented_codes_or_unknown_with_the_raw_row_kept(said: object, expected: str) -> None:
    found = read(entry(gender=said))

    assert expected == found.gender
    assert '"gender"' in found.raw


@pytest.mark.parametrize(
    ("said", "bib"),
    [
        (101, "101"), ("101", "101"), ("007", "007"), ("A7, B8", "A7"), (" , 12", "12"), ([101, 102], "101"),
        ([None, "", "12"], "12"), ([], None), ("", None), (",", None), (0, "0"), (["1,2"], "1,2"),
    ],
)  # fmt: skip
def test_of_several_bibs_the_first_counts_and_the_raw_row_keeps_all(said: object, bib: str | None) -> None:
    assert bib == read(entry(bib=said)).bib


@pytest.mark.parametrize("word", ["cancelled", "CANCELLED", " Withdrawn ", "refunded"])
def test_a_cancelled_entry_is_a_removal_with_the_word_as_reason(word: str) -> None:
    assert Removal(entry_id="9", reason=word.strip()) == read(entry(status=word, age="forty"))


@pytest.mark.parametrize("word", ["canceled", "DNF", "confirmed", "not cancelled", "Zurückgezogen", "1"])
def test_an_unknown_status_word_is_kept_and_means_nothing(word: str) -> None:
    found = read(entry(status=word))

    assert (word, None) == (found.status, found.declared)


def test_the_words_for_a_cancelled_entry_are_a_setting() -> None:
    words = ["Storniert", " 7"]

    assert isinstance(read(entry(status="storniert"), cancelled_statuses=words), Removal)
    assert isinstance(read(entry(status=7), cancelled_statuses=words), Removal)
    assert isinstance(read(entry(status="cancelled"), cancelled_statuses=words), Participant)
    assert isinstance(read(entry(status="cancelled"), cancelled_statuses=[]), Participant)


@pytest.mark.parametrize("field", ["gender", "email", "status", "subEventId", "participantId", "dateOfBirth", "bib"])
def test_an_object_where_a_value_was_promised_names_the_setting(field: str) -> None:
    problem = read(entry(**{field: {"id": 1, "name": "x"}}))

    assert isinstance(problem, Problem)
    assert "leads to an object: set participant_fields" in problem.reason


def test_a_list_where_one_value_was_promised_names_the_setting() -> None:
    assert "race_id leads to a list: set participant_fields" in read(entry(subEventId=[501, 502])).reason
    assert "bib leads to an object" in read(entry(bib=[{"number": 5}])).reason


@pytest.mark.parametrize("region", [{"code": "MI", "name": "Michigan"}, "MI"])
def test_a_region_may_be_an_object_or_text(region: object) -> None:
    assert read(entry(region=region)).state == "MI"


@pytest.mark.parametrize("region", [{"code": None, "name": "Michigan"}, {}, None, ""])
def test_a_region_without_a_code_is_unknown(region: object) -> None:
    assert read(entry(region=region)).state is None


@pytest.mark.parametrize(
    "fields",
    [
        {"age": "forty"}, {"age": 36.5}, {"age": True}, {"age": 10**400}, {"dateOfBirth": "2/28/1990"},
        {"dateOfBirth": 1990}, {"firstName": "A\x00da"}, {"lastName": "\ud83d"},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_costs_its_row_only(fields: dict[str, object]) -> None:
    rows = raws(entry(), entry(participantId=10, **fields), entry(participantId=11))

    first, problem, third = flat(entries.participants(configured())(rows))

    assert (first.entry_id, third.entry_id) == ("9", "11")
    assert isinstance(problem, Problem)
    assert problem.raw == bytes(rows[1]).decode()


@pytest.mark.parametrize("bad", [b"[]", b"null", b'"row"', b"7", b'{"participantId": "\xff"}', b"1e400", b"1" * 5000])
def test_a_row_that_is_no_entry_costs_itself_only(bad: bytes) -> None:
    first, problem = flat(entries.participants(configured())(raws(entry(), bad)))

    assert isinstance(first, Participant)
    assert isinstance(problem, Problem)


@settings(max_examples=150, deadline=None)
@given(
    row=st.fixed_dictionaries(
        {},
        optional={path.partition(".")[0]: ANYTHING for paths in DEFAULT_FIELDS.values() for path in paths},
    )
)
def test_every_row_is_a_participant_a_removal_or_a_problem(row: dict[str, Any]) -> None:
    assert isinstance(read(row), Participant | Removal | Problem)
