"""From rows of Haku to records. The samples are hand-made; their people are invented."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.providers.haku import decode, responses
from project88.providers.haku.settings import Settings, read_settings
from project88.records.entities import Event, Participant, Problem, Removal
from project88.wire.messages import Response

SAMPLES = Path(__file__).parents[2] / "samples" / "haku"
SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
NOTHING = (None, "", " ")
IN_FLORIDA = read_settings({"time_zone": "America/New_York"})


def sample(name: str) -> list[msgspec.Raw]:
    answer = Response(status=200, headers={}, body=(SAMPLES / f"{name}.json").read_bytes())
    if name.startswith("registration"):
        return responses.read_registration(answer)
    return list(responses.read_page(name)(answer, 1).rows)


def raws(*rows: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows]


def flat(given: Iterable[Any]) -> list[Any]:
    """The records and problems of rows one after the other."""
    return [record for each in given for record in ((each,) if isinstance(each, Problem) else each)]


def only(given: Iterable[Any]) -> Any:
    (record,) = flat(given)
    return record


def event(configured: Settings = IN_FLORIDA, **fields: object) -> Any:
    return only(decode.events(configured)(raws({"id": "501", **fields})))


def listed(**fields: object) -> Any:
    return only(decode.participants()(raws({"registration_number": "HK-1", **fields})))


def registration(configured: Settings = IN_FLORIDA, **fields: object) -> list[Any]:
    return flat(decode.registrations(configured)(raws({"registration_number": "HK-1", **fields})))


def person(**fields: object) -> Any:
    (found,) = registration(participant=fields)
    return found


def category(configured: Settings = IN_FLORIDA, **fields: object) -> Any:
    (found,) = registration(configured, event_categories=[{"id": "71", **fields}])
    return found


def without_raw(record: Any) -> Any:
    return msgspec.structs.replace(record, raw=None)


def test_events_come_with_instants_where_their_zone_is_known() -> None:
    half, mile, unnamed = flat(decode.events(IN_FLORIDA)(sample("events")))

    assert isinstance(half, Event)
    assert (half.provider_event_id, half.name, half.city, half.state, half.time_zone) == (
        "501", "Harbor Half", "Port Invented", "FL", "America/New_York"
    )  # fmt: skip
    assert datetime(2026, 3, 8, 11, 30, tzinfo=UTC) == half.start
    assert datetime(2026, 3, 8, 17, tzinfo=UTC) == half.end
    assert "registration_limit" in half.raw
    assert isinstance(mile, Event)
    assert datetime(2026, 7, 4, 23, 30, tzinfo=UTC) == mile.start
    assert (mile.end, mile.description, mile.city, mile.state) == (None, None, None, None)
    assert isinstance(unnamed, Problem)
    assert (unnamed.stream, unnamed.reason) == ("events", "id is missing")


def test_without_a_time_zone_only_a_date_that_carries_its_own_is_an_instant() -> None:
    half, mile, _ = flat(decode.events(Settings())(sample("events")))

    assert (half.start, half.end, half.time_zone) == (None, None, None)
    assert datetime(2026, 7, 4, 23, 30, tzinfo=UTC) == mile.start


def test_a_day_alone_is_a_start_at_its_midnight_and_no_end() -> None:
    found = event(event_date="2026-03-07", event_end_date="2026-03-07")

    assert datetime(2026, 3, 7, 5, tzinfo=UTC) == found.start
    assert found.end is None


@pytest.mark.parametrize("field", ["event_date", "event_end_date"])
@pytest.mark.parametrize("value", ["soon", "2026-99-01", "07/03/2026", 20260307, True, "0001-01-01T00:00:00+14:00"])
def test_an_event_whose_date_cannot_be_read_is_a_problem(field: str, value: object) -> None:
    found = event(**{field: value})

    assert isinstance(found, Problem)
    assert "not a date" in found.reason


@pytest.mark.parametrize("value", [501, 501.0, "501", " 501 "])
def test_an_id_is_the_same_as_text_and_as_a_number(value: object) -> None:
    assert event(id=value).provider_event_id == "501"
    assert listed(registration_number=value).entry_id == "501"
    assert category(id=value).race_id == "501"


def test_the_list_tells_who_is_there_and_who_cancelled() -> None:
    mara, juan, otto, nobody = flat(decode.participants()(sample("participants")))

    assert isinstance(mara, Participant)
    assert (mara.entry_id, mara.external_id, mara.listed_as) == ("HK-1001", "HK-1001", "HK-1001")
    assert (mara.first_name, mara.last_name, mara.email, mara.gender, mara.team_name, mara.registration_choice) == (
        "Mara", "Invented", "mara@people.example", "Female", "Dock Runners", "Half Marathon"
    )  # fmt: skip
    assert (mara.bib, mara.race_id, mara.declared) == (None, None, "confirmed")
    assert isinstance(juan, Participant)
    assert (juan.entry_id, juan.first_name, juan.last_name, juan.email, juan.team_name) == (
        "1002", None, None, None, None
    )  # fmt: skip
    assert Removal(entry_id="HK-1003", reason="cancelled") == otto
    assert isinstance(nobody, Problem)
    assert (nobody.stream, nobody.reason) == ("participants", "registration_number is missing")


@pytest.mark.parametrize(
    ("full", "names"),
    [
        ("Mara Invented", ("Mara", "Invented")),
        (" Mara   Invented ", ("Mara", "Invented")),
        ("Mara", (None, None)),
        ("Mara Q Invented", (None, None)),
        ("Invented, Mara", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
        (7, (None, None)),
    ],
)
def test_a_whole_name_is_split_only_where_it_is_two_words_in_order(
    full: object, names: tuple[str | None, str | None]
) -> None:
    found = listed(person_full_name=full)

    assert names == (found.first_name, found.last_name)


@pytest.mark.parametrize("value", [True, "true", "TRUE", 1, "1", " 1 "])
def test_a_cancelled_registration_is_a_removal_in_the_list_and_in_the_detail(value: object) -> None:
    removal = Removal(entry_id="HK-1", reason="cancelled")

    assert removal == listed(is_cancelled=value)
    assert [removal] == registration(is_cancelled=value, event_categories=[{"id": 1}, {"id": 2}])


@pytest.mark.parametrize("value", [False, "false", 0, "0"])
def test_a_registration_that_is_said_to_stand_is_confirmed(value: object) -> None:
    assert listed(is_cancelled=value).declared == "confirmed"
    assert [each.declared for each in registration(is_cancelled=value)] == ["confirmed"]


@pytest.mark.parametrize("value", NOTHING)
def test_a_registration_of_which_nothing_is_said_is_not_confirmed(value: object) -> None:
    assert listed(is_cancelled=value).declared is None
    assert [each.declared for each in registration(is_cancelled=value)] == [None]


@pytest.mark.parametrize("value", ["yes", "cancelled", 2, "2026-01-01"])
def test_a_flag_that_cannot_be_read_is_a_problem_and_removes_nobody(value: object) -> None:
    assert isinstance(listed(is_cancelled=value), Problem)
    assert [Problem] == [type(each) for each in registration(is_cancelled=value)]


def test_a_detail_brings_the_person_and_the_race() -> None:
    found = only(decode.registrations(IN_FLORIDA)(sample("registration")))

    assert isinstance(found, Participant)
    assert (found.entry_id, found.external_id, found.listed_as, found.race_id, found.bib) == (
        "HK-1001", "HK-1001", "HK-1001", "71", "0412"
    )  # fmt: skip
    assert (found.first_name, found.last_name, found.gender, found.date_of_birth, found.athlete_id) == (
        "Mara", "Invented", "Female", date(1987, 11, 5), "88012"
    )  # fmt: skip
    assert (found.email, found.phone, found.city, found.state, found.country, found.postal_code) == (
        "mara@people.example", "555 0144", "Port Invented", "FL", "US", "03301"
    )  # fmt: skip
    assert (found.team_name, found.wave_name, found.registration_choice, found.entry_type) == (
        "Dock Runners", "Wave 2", "Half Marathon", "In person"
    )  # fmt: skip
    assert (found.status, found.declared, found.division, found.age) == (None, "confirmed", None, None)
    assert found.raw is not None
    assert "emergency_contact_name" in found.raw


def test_a_registration_for_several_categories_is_one_entry_of_each() -> None:
    half, five = flat(decode.registrations(IN_FLORIDA)(sample("registration_of_two")))

    assert [(each.entry_id, each.race_id, each.bib, each.wave_name, each.listed_as) for each in (half, five)] == [
        ("1002/71", "71", "413", "C", "1002"),
        ("1002/72", "72", None, None, "1002"),
    ]
    assert {("Juan Carlos", "de la Muestra", "5550145", "1002", None)} == {
        (each.first_name, each.last_name, each.phone, each.external_id, each.city) for each in (half, five)
    }


@pytest.mark.parametrize("value", [*NOTHING, []])
def test_a_registration_without_a_category_is_an_entry_without_a_race(value: object) -> None:
    (found,) = registration(event_categories=value)

    assert (found.entry_id, found.race_id, found.bib, found.listed_as) == ("HK-1", None, None, "HK-1")


def test_one_category_without_an_id_is_an_entry_without_a_race() -> None:
    found = category(id=None, tag_number="7")

    assert (found.entry_id, found.race_id, found.bib) == ("HK-1", None, "7")


def test_several_categories_of_which_one_has_no_id_are_a_problem() -> None:
    (found,) = registration(event_categories=[{"id": 1}, {"name": "5K"}])

    assert isinstance(found, Problem)
    assert (found.stream, found.reason) == ("registrations", "id of an event category is missing")


def test_a_category_named_twice_is_a_problem_and_not_somebodys_second_bib() -> None:
    (found,) = registration(event_categories=[{"id": 1, "tag_number": 5}, {"id": "1", "tag_number": 6}])

    assert isinstance(found, Problem)
    assert "twice" in found.reason


@pytest.mark.parametrize(
    ("tag", "chip", "bib_from", "bib"),
    [
        ("0412", "C-1", "tag_number", "0412"),
        ("0412", "C-1", "chip_number", "0412"),
        (None, "C-1", "tag_number", None),
        (None, "C-1", "chip_number", "C-1"),
        ("", 99, "chip_number", "99"),
        (412, None, "tag_number", "412"),
        (412.0, None, "tag_number", "412"),
        (0, None, "tag_number", "0"),
        (" ", "", "chip_number", None),
    ],
)
def test_the_bib_is_the_tag_number_and_the_chip_number_only_where_the_setting_says_so(
    tag: object, chip: object, bib_from: str, bib: str | None
) -> None:
    configured = read_settings({"bib_from": bib_from})

    assert bib == category(configured, tag_number=tag, chip_number=chip).bib


@pytest.mark.parametrize(
    ("wave", "corral", "shown"),
    [("Wave 2", "B", "Wave 2"), ("", "B", "B"), (None, None, None), (2, None, "2")],
)
def test_the_wave_is_the_corral_where_none_is_named(wave: object, corral: object, shown: str | None) -> None:
    assert shown == category(wave_name=wave, corral_name=corral).wave_name


@pytest.mark.parametrize(
    ("team", "name"),
    [
        ({"name": "Dock Runners"}, "Dock Runners"),
        ({"name": None, "id": 5}, None),
        ({}, None),
        ("Dock Runners", "Dock Runners"),
        (7, "7"),
        (None, None),
        ("", None),
    ],
)
def test_a_team_is_an_object_with_a_name_or_the_name_itself(team: object, name: str | None) -> None:
    (detailed,) = registration(team=team)

    assert (name, name) == (listed(team=team).team_name, detailed.team_name)


@pytest.mark.parametrize("value", NOTHING)
def test_a_registration_without_a_person_or_an_address_is_still_an_entry(value: object) -> None:
    (nobody,) = registration(participant=value)
    homeless = person(first_name="Mara", address=value)

    assert (nobody.entry_id, nobody.first_name, nobody.email) == ("HK-1", None, None)
    assert (homeless.first_name, homeless.city, homeless.postal_code) == ("Mara", None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"participant": "Mara Invented"},
        {"participant": 7},
        {"participant": ["Mara"]},
        {"participant": {"address": "1 Pier Road"}},
        {"participant": {"first_name": {"a": 1}}},
        {"participant": {"dob": "long ago"}},
        {"participant": {"dob": 531100800}},
        {"event_categories": "Half Marathon"},
        {"event_categories": {"id": 71}},
        {"event_categories": [None]},
        {"event_categories": [{"tag_number": ["7"]}]},
        {"registration_number": None},
        {"registration_number": ".."},
        {"registration_number": "a\0b"},
        {"team": ["Dock Runners"]},
    ],
)
def test_a_detail_of_another_shape_is_a_problem_with_its_raw_text(fields: dict[str, object]) -> None:
    (found,) = registration(**fields)

    assert isinstance(found, Problem)
    assert found.stream == "registrations"
    assert found.reason
    assert json.loads(found.raw) == {"registration_number": "HK-1", **fields}


@pytest.mark.parametrize("value", [".", ".."])
def test_an_id_of_dots_leads_elsewhere_and_is_a_problem(value: str) -> None:
    assert isinstance(listed(registration_number=value), Problem)
    assert isinstance(event(id=value), Problem)


def test_null_empty_and_missing_are_alike() -> None:
    text_of = ("first_name", "last_name", "email", "phone", "dob", "gender", "account_number", "address")
    text_of_category = (
        "name", "master_name", "participation_option", "wave_name", "corral_name", "tag_number", "chip_number"
    )  # fmt: skip
    text_of_list = ("person_full_name", "email", "gender", "is_cancelled", "event_category_info", "team")

    assert {without_raw(person())} == {without_raw(person(**dict.fromkeys(text_of, value))) for value in NOTHING}
    assert {without_raw(category())} == {
        without_raw(category(**dict.fromkeys(text_of_category, value))) for value in NOTHING
    }
    assert {without_raw(listed())} == {without_raw(listed(**dict.fromkeys(text_of_list, value))) for value in NOTHING}


def test_text_and_numbers_are_alike() -> None:
    numbers = person(first_name=1, phone=2, gender=3, account_number=4, address={"city": 5, "zip_code": 6})
    words = person(first_name="1", phone="2", gender="3", account_number="4", address={"city": "5", "zip_code": "6"})

    assert without_raw(words) == without_raw(numbers)


def test_line_breaks_in_names_become_spaces() -> None:
    assert person(first_name="Mara\nQ").first_name == "Mara Q"


def test_the_time_that_an_athlete_submitted_is_no_result() -> None:
    found = registration(formatted_submitted_result_time="01:52:10")

    assert [Participant] == [type(each) for each in found]


@pytest.mark.parametrize("bad", [b"{}", b"[]", b"null", b'"row"', b"7", b'{"registration_number": "a\xff"}'])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_bad_row_gives_one_problem_and_the_others_come_through(bad: bytes, position: int) -> None:
    rows = raws({"registration_number": "1"}, {"registration_number": "2"})
    rows.insert(position, msgspec.Raw(bad))

    for decoder in (decode.participants(), decode.registrations(IN_FLORIDA)):
        found = flat(decoder(rows))

        assert [each.entry_id for each in found if isinstance(each, Participant)] == ["1", "2"]
        assert isinstance(found[position], Problem)
        assert bad.decode("utf-8", "replace") == found[position].raw


def row_of(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ANYTHING))


@settings(max_examples=100, deadline=None)
@given(row=row_of("registration_number", "person_full_name", "email", "gender", "is_cancelled", "team"))
def test_every_row_of_the_list_is_a_record_or_a_problem(row: dict[str, Any]) -> None:
    assert isinstance(only(decode.participants()(raws(row))), Participant | Removal | Problem)


@settings(max_examples=200, deadline=None)
@given(
    row=st.fixed_dictionaries(
        {"registration_number": SCALARS},
        optional={
            "is_cancelled": SCALARS,
            "participant": ANYTHING | row_of("first_name", "dob", "address", "phone"),
            "event_categories": ANYTHING | st.lists(row_of("id", "tag_number", "wave_name"), max_size=3),
            "team": ANYTHING | row_of("name"),
        },
    )
)
def test_every_detail_is_records_that_name_their_row_or_a_problem(row: dict[str, Any]) -> None:
    found = flat(decode.registrations(IN_FLORIDA)(raws(row)))

    assert found
    for each in found:
        assert isinstance(each, Participant | Removal | Problem)
        if isinstance(each, Participant):
            assert each.listed_as == each.external_id
            assert each.entry_id in {each.listed_as, f"{each.listed_as}/{each.race_id}"}


@settings(max_examples=100, deadline=None)
@given(row=row_of("id", "name", "event_date", "event_end_date", "location_city"))
def test_every_event_is_an_event_or_a_problem(row: dict[str, Any]) -> None:
    assert isinstance(only(decode.events(IN_FLORIDA)(raws(row))), Event | Problem)
