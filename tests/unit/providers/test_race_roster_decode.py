"""From rows of Race Roster to events, races and results. The samples are hand-made; their people are invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.providers.race_roster import decode, responses
from project88.providers.race_roster.course import PublicEvent, PublicSubEvent, ResultsCode
from project88.records.entities import DivisionPlace, Event, Finish, GenderPlace, Problem, Race
from tests.race_roster_samples import answer, flat, only, raws, rows_of

RESULTS_URL = "https://results.raceroster.com/v2/api"
SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["code", "name"]), SCALARS)
of_event = decode.event_course(RESULTS_URL)


def event(**fields: object) -> Any:
    return only(decode.events(raws({"eventId": 1, **fields})))


def code(address: object) -> Any:
    """What the address of results gives: its code, a problem, or nothing."""
    found = flat(of_event(raws({"resultsUrl": address})))
    return found[0].code if found and isinstance(found[0], ResultsCode) else found[0] if found else None


def result(**fields: object) -> dict[str, object]:
    return {"id": "xa1", **fields}


def read(**fields: object) -> Any:
    """What one result gives: its finish and places, or a problem."""
    return flat(decode.results("501")(raws(result(**fields))))


def test_events_come_with_their_start_in_utc_their_zone_and_their_raw_text() -> None:
    first, second, no_id, no_offset, no_date = flat(decode.events(rows_of("events")))

    assert isinstance(first, Event)
    assert (
        first.provider_event_id, first.name, first.start, first.time_zone
    ) == ("88101", "Tulip Fields Run", datetime(2026, 5, 3, 12, tzinfo=UTC), "America/Detroit")  # fmt: skip
    assert (first.city, first.state, first.country, first.organization_name) == (
        "Holland", "MI", "US", "Invented Running Club"
    )  # fmt: skip
    assert first.site_uri == "https://service.example/events/2026/88101/tulip-fields-run"
    assert "lastModifiedDate" in (first.raw or "")
    assert isinstance(second, Event)
    assert (
        second.provider_event_id, second.name, second.start, second.time_zone, second.state, second.country
    ) == ("88102", None, None, None, "Ontario", "Canada")  # fmt: skip
    assert isinstance(no_id, Problem)
    assert (no_id.stream, no_id.reason) == ("events", "eventId is missing")
    assert isinstance(no_offset, Event)
    assert no_offset.start is None
    assert "2026-06-01T08:00:00" in (no_offset.raw or "")
    assert isinstance(no_date, Problem)
    assert "not a date: 'soon'" in no_date.reason


@pytest.mark.parametrize("event_id", [88101, 88101.0, "88101", " 88101 "])
def test_an_id_is_the_same_as_text_and_as_a_number(event_id: object) -> None:
    assert event(eventId=event_id).provider_event_id == "88101"


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_null_empty_and_missing_are_alike(nothing: object) -> None:
    fields = ("name", "startDate", "timeZone", "description", "url", "organizerName", "city", "region", "country")

    assert msgspec.structs.replace(event(), raw="") == msgspec.structs.replace(
        event(**dict.fromkeys(fields, nothing)), raw=""
    )


@pytest.mark.parametrize("start", ["soon", "5/3/2026", 1777809600, True, "2026-13-01T08:00Z"])
def test_a_start_that_is_no_date_is_a_problem(start: object) -> None:
    assert isinstance(event(startDate=start), Problem)


@pytest.mark.parametrize("start", ["2026-05-03", "2026-05-03T08:00:00"])
def test_a_start_without_an_offset_is_unknown_although_the_zone_is_known(start: str) -> None:
    assert event(startDate=start, timeZone="America/Detroit").start is None


def test_the_sub_events_of_an_event_are_its_races() -> None:
    link, ten, half, kids, no_id = flat(of_event(responses.read_event(answer("event"), 1).rows))

    assert link == ResultsCode(code="tu11pf1e1d5")
    assert isinstance(ten, Race)
    assert (ten.race_id, ten.name, ten.distance, ten.distance_unit, ten.type) == ("501", "10K", 10000.0, "km", "run")
    assert (ten.raw or "").startswith('{\n     "subEventId": 501'.replace("\n", " "))
    assert isinstance(half, Race)
    assert (half.race_id, half.distance, half.distance_unit) == ("502", 21097.5, "mi")
    assert isinstance(kids, Race)
    assert (kids.race_id, kids.distance, kids.distance_unit) == ("503", None, None)
    assert isinstance(no_id, Problem)
    assert (no_id.stream, no_id.reason) == ("event", "subEventId is missing")
    assert "A sub-event without an id" in no_id.raw


@pytest.mark.parametrize("meters", ["", None, "far", "-5", "1e400", "nan", "9" * 400])
def test_a_distance_that_is_no_number_is_unknown(meters: object) -> None:
    row = {"subEvent": {"subEventId": 1, "subEventDistance": {"inMeters": meters}}}

    assert only(of_event(raws(row))).distance is None


@pytest.mark.parametrize("bad", [None, [], 7, {"subEventId": {"a": 1}}, {"subEventId": 1, "subEventDistance": "10K"}])
def test_a_bad_sub_event_costs_itself_only(bad: object) -> None:
    rows = raws({"resultsUrl": None}, {"subEvent": bad}, {"subEvent": {"subEventId": 5}})

    problem, race = flat(of_event(rows))

    assert isinstance(problem, Problem)
    assert isinstance(race, Race)


@pytest.mark.parametrize(
    "address",
    [
        "https://results.raceroster.com/v3/events/c0de", "https://results.raceroster.com/v3/events/c0de/race/501",
        "https://results.raceroster.com/v2/en-US/results/c0de", "http://results.raceroster.com/en-US/results/c0de/",
        "https://RESULTS.raceroster.com/v2/en-CA/results/c0de/results?subEvent=1&page=1#top",
    ],
)  # fmt: skip
def test_the_address_of_results_names_the_code_of_the_event(address: str) -> None:
    assert code(address) == "c0de"


@pytest.mark.parametrize(
    "address", [None, "", " ", "https://timer.example/results/c0de", "https://raceroster.com/events/2"]
)
def test_no_results_and_results_of_another_service_have_no_code(address: object) -> None:
    assert code(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://results.raceroster.com/", "https://results.raceroster.com/v9/c0de",
        "https://results.raceroster.com/v3/events/..%2Fc0de", "https://results.raceroster.com/v3/events/" + "c" * 65,
        "results.raceroster.com/events/c0de", "https://[", "c0de", 7,
    ],
)  # fmt: skip
def test_an_address_of_our_host_that_is_not_understood_is_a_problem_and_not_no_results(address: object) -> None:
    problem = code(address)

    assert isinstance(problem, Problem)
    assert "resultsUrl" in problem.reason


def test_results_on_the_host_of_the_setting_are_ours() -> None:
    row = raws({"resultsUrl": "http://127.0.0.1:8080/v3/events/c0de"})

    assert ResultsCode(code="c0de") == only(decode.event_course("http://127.0.0.1:8080/v2/api")(row))


def test_the_public_event_gives_the_id_of_its_results_and_its_sub_events() -> None:
    found = flat(decode.public_course(responses.read_public_event(answer("public_event"), 1).rows))

    assert PublicEvent(result_event_id="77001") == found[0]
    assert [(each.sub_event_id, each.as_race.name, each.is_public) for each in found[1:]] == [
        ("501", "Ten Kilometres", True),
        ("240002", "half  marathon", True),
        ("240003", "Wheelchair", True),
        ("240004", "Corporate Relay", False),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"resultEventId": None}, "resultEventId is missing"),
        ({"subEvent": {"name": "10K"}}, "resultSubEventId is missing"),
        ({"subEvent": {"id": 1, "isPublic": "perhaps"}}, "not a flag"),
    ],
)
def test_what_the_public_event_does_not_say_is_a_problem(row: dict[str, Any], reason: str) -> None:
    problem = only(decode.public_course(raws(row)))

    assert isinstance(problem, Problem)
    assert reason in problem.reason


@pytest.mark.parametrize("row", [{"id": 5}, {"resultSubEventId": "5", "id": 6}, {"resultSubEventId": "", "id": "5"}])
def test_the_id_of_a_public_sub_event_stands_under_one_of_two_names(row: dict[str, Any]) -> None:
    found = only(decode.public_course(raws({"subEvent": row})))

    assert isinstance(found, PublicSubEvent)
    assert (found.sub_event_id, found.is_public) == ("5", True)


def test_results_are_finishes_with_their_places_and_bad_rows_cost_only_themselves() -> None:
    given = decode.results("501")(rows_of("results"))

    assert [
        [Finish, GenderPlace, DivisionPlace], [Finish, GenderPlace], [Finish]
    ] == [[type(each) for each in found] for found in given[:3] if not isinstance(found, Problem)]  # fmt: skip
    first, by_gender, by_division, second, second_by_gender, unfinished, bad_time, no_id = flat(given)
    assert (
        first.race_id, first.entry_id, first.bib, first.first_name, first.last_name, first.gender, first.division
    ) == ("501", "result-xa1", "101", None, "Ada Invented", "F", "F 35-39")  # fmt: skip
    assert (first.chip_ms, first.gun_ms, first.overall_place, first.city, first.state) == (
        2_281_000, 2_284_500, 1, "Holland", "MI"
    )  # fmt: skip
    assert "custom123" in first.raw
    assert GenderPlace(race_id="501", entry_id="result-xa1", bracket="F", place=1) == by_gender
    assert DivisionPlace(race_id="501", entry_id="result-xa1", bracket="F 35-39", place=1) == by_division
    assert (second.chip_ms, second.gun_ms, second.overall_place, second.gender) == (3_723_000, None, 2, "M")
    assert (second_by_gender.bracket, second_by_gender.place) == ("M", 1)
    assert (unfinished.chip_ms, unfinished.gun_ms, unfinished.overall_place) == (None, None, None)
    assert '"DNF"' in unfinished.raw
    assert isinstance(bad_time, Problem)
    assert "'soon'" in bad_time.reason
    assert isinstance(no_id, Problem)
    assert (no_id.stream, no_id.reason) == ("results", "id is missing")


@pytest.mark.parametrize(
    ("said", "ms"),
    [
        ("38:01", 2_281_000), ("0:38:01", 2_281_000), ("1:02:03.45", 3_723_450), ("30:00:00", 108_000_000),
        ("", None), (" ", None), (None, None), ("00:00", None), ("0:00:00", None),
        ("DNF", None), ("dns", None), ("DQ", None), ("DSQ", None), ("DNQ", None),
    ],
)  # fmt: skip
def test_a_time_is_a_duration_or_none_where_there_is_no_finish(said: object, ms: int | None) -> None:
    (finish,) = read(chipTime=said, gunTime=said)

    assert (ms, ms) == (finish.chip_ms, finish.gun_ms)


@pytest.mark.parametrize("said", ["soon", "38", 38, 38.5, "38:61", "1:60:00", "-1:00", "COMPLETE", True, ["38:01"], {}])
@pytest.mark.parametrize("field", ["chipTime", "gunTime"])
def test_a_time_that_is_not_understood_is_a_problem(field: str, said: object) -> None:
    (problem,) = read(**{field: said})

    assert isinstance(problem, Problem)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (3, 3), ("3", 3), (3.0, 3), ("3 / 250", 3), (" 3/250", 3), ("", None), (None, None), (0, None),
        ("0 / 250", None),
    ],
)  # fmt: skip
def test_a_place_is_a_number_and_may_name_how_many_there_are(said: object, place: int | None) -> None:
    found = read(overallPlace=said, genderPlace=said, divisionPlace=said)

    assert place == found[0].overall_place
    assert [place, place] == [each.place for each in found[1:]] if place else len(found) == 1


@pytest.mark.parametrize("said", ["first", "-", -1, 1.5, True, "1/2/x/", "x / 2"])
def test_a_place_that_is_no_number_is_a_problem_unless_it_begins_with_one(said: object) -> None:
    found = read(genderPlace=said)

    assert isinstance(found[0], Finish if said == "1/2/x/" else Problem)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"genderSexId": 1}, "M"), ({"genderSexId": "2"}, "F"), ({"genderSexId": 9}, "X"), ({"gender": "Female"}, "F"),
        ({"gender": "M"}, "M"), ({"genderSexId": 0, "gender": ""}, None), ({"genderSexId": 8}, None), ({}, None),
        ({"genderSexId": "9eec16e6"}, None), ({"genderSexId": None, "gender": "Non-Binary"}, "X"),
    ],
)  # fmt: skip
def test_gender_stands_under_one_of_two_names(fields: dict[str, object], expected: str | None) -> None:
    assert expected == read(**fields)[0].gender


def test_first_and_last_name_are_taken_where_an_event_shows_them() -> None:
    (finish,) = read(name="Kit Sample", firstName="Kit", lastName="Sample", age="41", fromCountry="CA")

    assert (finish.first_name, finish.last_name, finish.age, finish.country) == ("Kit", "Sample", 41, "CA")


@pytest.mark.parametrize(
    "bad", [b"[]", b"null", b"7", b'{"id": {"a": 1}}', b'{"id": "x", "name": "\xff"}', b'{"id": ""}']
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_bad_row_gives_one_problem_with_its_raw_text(bad: bytes, position: int) -> None:
    rows = raws(result(id="1"), result(id="2"))
    rows.insert(position, msgspec.Raw(bad))

    found = flat(decode.results("501")(rows))

    assert [each.entry_id for each in found if isinstance(each, Finish)] == ["result-1", "result-2"]
    assert isinstance(found[position], Problem)
    assert bad.decode("utf-8", "replace") == found[position].raw


def row_of(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ANYTHING))


@settings(max_examples=80, deadline=None)
@given(row=row_of("eventId", "name", "startDate", "region", "country", "timeZone"))
def test_every_event_is_an_event_or_a_problem(row: dict[str, Any]) -> None:
    assert isinstance(only(decode.events(raws(row))), Event | Problem)


@settings(max_examples=80, deadline=None)
@given(row=row_of("resultsUrl", "subEvent", "subEventId", "subEventDistance"), sub_event=row_of("subEventId", "name"))
def test_every_row_of_an_event_is_understood_or_a_problem(row: dict[str, Any], sub_event: dict[str, Any]) -> None:
    found = flat(of_event(raws(row, {"subEvent": sub_event})))

    assert all(isinstance(each, Race | ResultsCode | Problem) for each in found)


@settings(max_examples=150, deadline=None)
@given(row=row_of("id", "bib", "name", "genderSexId", "age", "overallPlace", "genderPlace", "chipTime", "gunTime"))
def test_every_result_begins_with_a_finish_or_is_a_problem(row: dict[str, Any]) -> None:
    assert isinstance(flat(decode.results("501")(raws(row)))[0], Finish | Problem)
