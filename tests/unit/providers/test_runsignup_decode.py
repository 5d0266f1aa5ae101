"""From rows of RunSignUp to events, races, entries, removals, sets and splits. People in the samples are invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.providers.runsignup import decode, pages
from project88.providers.runsignup.course import EventOfRace, ResultSet, SplitPoint
from project88.records.entities import Event, Participant, Problem, Removal
from tests.unit.providers.runsignup_samples import flat, only, raws, read, sample

SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
NOTHINGS = (None, "", " ")


def race(**fields: object) -> dict[str, object]:
    events = [{"event_id": 1, "race_event_days_id": 7, "start_time": "6/6/2026 08:30"}]
    return {"race": {"race_id": 4101, "timezone": "America/Chicago", "events": events, **fields}}


def event(**fields: object) -> dict[str, object]:
    return {"timezone": "America/Chicago", "event": {"event_id": 1, "race_event_days_id": 7, **fields}}


def without_raw(records: list[Any]) -> list[Any]:
    return [msgspec.structs.replace(each, raw="") for each in records]


def test_a_race_gives_one_event_for_each_edition_it_shows() -> None:
    now, before, *_ = read("races", pages.races, decode.events)

    assert isinstance(now, Event)
    assert (now.provider_event_id, now.name, now.time_zone, now.is_published) == (
        "4101-77", "Lakeside Run", "America/Chicago", True,
    )  # fmt: skip
    assert (now.city, now.state, now.country, now.site_uri, now.external_id) == (
        "Harbor Falls", "MN", "US", "https://lakeside.example/run", "4101",
    )  # fmt: skip
    assert (before.provider_event_id, before.name, before.end) == ("4101-66", "Lakeside Run", None)
    assert "Shore Road" in now.raw


def test_an_edition_lasts_from_its_earliest_start_to_its_latest_end_by_the_clock_of_the_race() -> None:
    summer, winter, *_ = read("races", pages.races, decode.events)

    assert (summer.start, summer.end) == (datetime(2026, 6, 6, 13, tzinfo=UTC), datetime(2026, 6, 6, 17, tzinfo=UTC))
    assert winter.start == datetime(2025, 1, 4, 15, tzinfo=UTC)


def test_a_draft_is_an_event_that_is_not_published_and_without_a_group_the_day_is_the_edition() -> None:
    _, _, draft, *_ = read("races", pages.races, decode.events)

    assert (draft.provider_event_id, draft.is_published, draft.city, draft.description) == (
        "4102-20261101", False, None, None,
    )  # fmt: skip
    assert (draft.start, draft.time_zone) == (None, None), "without a zone nobody knows the instant"


def test_a_race_without_events_gives_none_and_one_without_a_list_of_them_is_a_problem() -> None:
    rows = decode.events(pages.races(sample("races"), 1).rows)

    assert rows[2] == []
    assert [each.reason for each in rows[3:] if isinstance(each, Problem)] == [
        "the race has no list of events", "race_id is missing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "no race"), ({"race": None}, "no race"), (race(events=None), "no list of events"),
        (race(race_id="41/../01"), "no number"), (race(race_id=-4), "no number"), (race(race_id="²"), "no number"),
        (race(timezone="Mars/Olympus"), "not a time zone"), (race(timezone="../etc"), "not a time zone"),
        (race(timezone="America"), "not a time zone"), (race(is_draft_race="maybe"), "not a flag"),
        (race(events=[{"event_id": 1}]), "neither race_event_days_id nor start_time"),
        (race(events=[{"race_event_days_id": 7, "start_time": "2026-06-06 08:30"}]), "not a date and time"),
        (race(events=[{"race_event_days_id": "../7"}]), "no number"),
        (race(name={"a": 1}), "name"), (race(address="x"), "address"),
        (race(events=["x"]), "events"), (race(name="a\x00b"), "cannot be stored"),
    ],
)  # fmt: skip
def test_a_race_that_cannot_be_read_is_a_problem_with_its_raw_text(row: dict[str, Any], reason: str) -> None:
    good, problem = decode.events(raws(race(), row))

    assert not isinstance(good, Problem)
    assert isinstance(problem, Problem)
    assert reason in problem.reason
    assert json.loads(problem.raw) == row


@pytest.mark.parametrize("days", [None, "", 0, "0"])
def test_an_edition_without_a_group_is_the_day_of_its_start_by_the_clock_of_the_race(days: object) -> None:
    late = {"event_id": 1, "race_event_days_id": days, "start_time": "12/31/2026 23:30"}

    found = only(decode.events(raws(race(events=[late]))))

    assert (found.provider_event_id, found.start) == ("4101-20261231", datetime(2027, 1, 1, 5, 30, tzinfo=UTC))


@pytest.mark.parametrize("days", [77, "77", 77.0, " 77 "])
def test_an_id_is_the_same_as_text_and_as_a_number(days: object) -> None:
    found = only(decode.events(raws(race(race_id=str(4101), events=[{"race_event_days_id": days}]))))

    assert (found.provider_event_id, found.start) == ("4101-77", None)


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("America/New_York", "11/1/2026 01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("America/New_York", "3/8/2026 02:30", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("America/Phoenix", "7/4/2026 6:00", datetime(2026, 7, 4, 13, tzinfo=UTC)),
        ("Europe/Warsaw", "7/4/2026 06:00:30", datetime(2026, 7, 4, 4, 0, 30, tzinfo=UTC)),
        ("Pacific/Honolulu", "12/13/2026 5:00", datetime(2026, 12, 13, 15, tzinfo=UTC)),
    ],
)
def test_a_start_is_by_the_clock_of_the_race_and_of_an_hour_that_comes_twice_the_first(
    zone: str, wall: str, instant: datetime
) -> None:
    found = only(
        decode.races(raws({"timezone": zone, "event": {"event_id": 1, "race_event_days_id": 7, "start_time": wall}}))
    )

    assert instant == found.race.planned_start


def test_the_races_of_a_race_are_its_events_each_with_its_edition() -> None:
    before, ten, five, fun, bad = read("race", pages.events_of_race, decode.races)

    assert [(each.edition, each.race.race_id) for each in (before, ten, five, fun)] == [
        ("66", "4901"), ("77", "5001"), ("77", "5002"), ("77", "5003"),
    ]  # fmt: skip
    assert (ten.race.distance, ten.race.distance_unit, ten.race.type) == (10.0, "kilometers", "running_race")
    assert (ten.race.planned_start, ten.race.planned_end) == (
        datetime(2026, 6, 6, 13, 30, tzinfo=UTC), datetime(2026, 6, 6, 17, tzinfo=UTC),
    )  # fmt: skip
    assert (five.race.distance, five.race.distance_unit, five.race.type, five.race.planned_end) == (
        3.1,
        "miles",
        None,
        None,
    )
    assert (fun.race.distance, fun.race.distance_unit, fun.race.planned_start) == (None, None, None)
    assert "around the lake" in fun.race.raw
    assert isinstance(bad, Problem)
    assert "'soon'" in bad.reason


def test_null_empty_and_missing_are_alike_in_an_event() -> None:
    fields = ("name", "start_time", "end_time", "event_type", "distance")
    rows = [event(), *(event(**dict.fromkeys(fields, nothing)) for nothing in NOTHINGS)]

    found = [each.race for each in flat(decode.races(raws(*rows)))]

    assert without_raw(found) == [without_raw(found)[0]] * 4


def test_entries_come_with_their_person_and_nothing_is_concluded_of_a_status() -> None:
    first, second, third, fourth, fifth, sixth = read("participants", pages.people, decode.participants)

    assert isinstance(first, Participant)
    assert (first.entry_id, first.external_id, first.race_id, first.bib, first.athlete_id) == (
        "9001", "9001", "5001", "7", "301",
    )  # fmt: skip
    assert (first.first_name, first.last_name, first.gender, first.age, first.date_of_birth) == (
        "Tomasz", "Invented", "M", 45, date(1981, 3, 4),
    )  # fmt: skip
    assert (first.email, first.phone, first.city, first.state, first.country, first.postal_code, first.team_name) == (
        "tomasz@people.example", "555-0101", "Harbor Falls", "MN", "US", "05501", "Shore Runners",
    )  # fmt: skip
    assert (first.status, first.declared) == (None, None)
    assert "vegetarian" in first.raw
    assert "3/1/2026 10:05" in first.raw
    assert (second.entry_id, second.race_id, second.gender, second.age, second.date_of_birth, second.first_name) == (
        "9004", "5001", "X", 29, None, None,
    )  # fmt: skip
    assert second.bib == "0123456789-ABCDEFGHIJKLMNOP"
    assert (third.entry_id, third.race_id, third.bib, third.last_name) == ("9002", "5002", None, None)
    assert (fourth.entry_id, fourth.race_id) == ("9003", None)
    assert [isinstance(each, Problem) for each in (fifth, sixth)] == [True, True]
    assert fifth.reason == "registration_id is missing"
    assert "'forty'" in sixth.reason


@pytest.mark.parametrize("bib", ["007", "A7", 7, "0", "  12 "])
def test_a_bib_is_text_and_keeps_its_zeros_and_letters(bib: object) -> None:
    found = only(decode.participants(raws({"registration_id": 1, "bib_num": bib})))

    assert found.bib == str(bib).strip()


def test_null_empty_and_missing_are_alike_in_an_entry() -> None:
    user = ("user_id", "first_name", "last_name", "email", "phone", "dob", "gender")
    address = ("city", "state", "zipcode", "country_code")
    rows = [
        {"registration_id": 1, "user": {"address": {}}},
        {"registration_id": 1, "user": []},
        *(
            {
                "registration_id": 1,
                **dict.fromkeys(("event_id", "bib_num", "age", "team_name"), nothing),
                "user": {**dict.fromkeys(user, nothing), "address": dict.fromkeys(address, nothing)},
            }
            for nothing in NOTHINGS
        ),
    ]

    found = without_raw(flat(decode.participants(raws(*rows))))

    assert found == [Participant(entry_id="1", external_id="1", raw="")] * 5


@pytest.mark.parametrize(
    "bad",
    [
        {"registration_id": {"id": 1}}, {"registration_id": "1-2"}, {"registration_id": 1.5},
        {"registration_id": 1, "user": "x"},
        {"registration_id": 1, "user": {"dob": "3/4/1981"}}, {"registration_id": 1, "age": "forty"},
        {"registration_id": 1, "user": {"address": "x"}}, {"registration_id": 1, "team_name": "a\x00b"},
        b'{"registration_id": 1, "team_name": "\xff"}', b"{}", b"[]", b"null", b"7",
        b'{"registration_id": 1, "age": 1e400}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_bad_row_gives_one_problem_and_the_others_come_through(bad: object, position: int) -> None:
    rows = raws({"registration_id": 11}, {"registration_id": 12})
    rows[position:position] = raws(bad)

    found = flat(decode.participants(rows))

    assert [each.entry_id for each in found if isinstance(each, Participant)] == ["11", "12"]
    problem = found[position]
    assert isinstance(problem, Problem)
    assert problem.stream == "participants"
    assert bytes(rows[position]).decode("utf-8", "replace") == problem.raw


def test_removals_come_with_the_word_of_the_service_and_who_took_the_place() -> None:
    moved, strange, bare, bad = read("removed_participants", pages.people, decode.removals)

    assert moved == Removal(entry_id="8801", reason="transferred", successor_entry_id="9002")
    assert strange == Removal(entry_id="8802", reason="sent to the moon")
    assert bare == Removal(entry_id="8803")
    assert isinstance(bad, Problem)
    assert (bad.stream, bad.reason) == ("removed participants", "registration_id is missing")


def test_result_sets_know_their_order_and_who_else_shows_them() -> None:
    graded, overall, shared, bad = read("result_sets", pages.result_sets(()), decode.result_sets("5002"))

    assert graded == ResultSet(set_id="9102", race_id="5002", name="Age Graded", order=2)
    assert overall == ResultSet(set_id="9101", race_id="5002", name="Overall", order=1)
    assert shared == ResultSet(set_id="9103", race_id="5002", others=frozenset({"5001", "5002"}))
    assert isinstance(bad, Problem)


@pytest.mark.parametrize("order", [None, "", "first", -1, 1.5, True, "²"])
def test_an_order_that_is_no_number_is_none(order: object) -> None:
    assert only(decode.result_sets("1")(raws({"individual_result_set_id": 1, "sort_order": order}))).order is None


@pytest.mark.parametrize("others", ["", None, [], [None, ""]])
def test_a_set_that_nobody_else_shows(others: object) -> None:
    assert (
        only(decode.result_sets("1")(raws({"individual_result_set_id": 1, "alt_event_ids": others}))).others
        == frozenset()
    )


def test_splits_come_in_the_order_of_the_course() -> None:
    assert read("splits", pages.splits(()), decode.splits) == [
        SplitPoint(split_id="72", name="3 km"), SplitPoint(split_id="71", name="7 km"), SplitPoint(split_id="73"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decoder", "fields"),
    [
        (decode.participants, ("registration_id", "event_id", "bib_num", "age", "team_name", "user")),
        (decode.removals, ("registration_id", "removed_reason", "new_registration_id")),
        (
            decode.result_sets("1"),
            ("individual_result_set_id", "individual_result_set_name", "sort_order", "alt_event_ids"),
        ),
        (decode.splits, ("split_id", "split_name")),
        (decode.races, ("timezone", "event")),
    ],
)
def test_every_row_is_one_record_or_a_problem(decoder: Callable[..., Any], fields: tuple[str, ...]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(row=st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING)))
    def every_row(row: dict[str, Any]) -> None:
        assert isinstance(
            only(decoder(raws(row))), Participant | Removal | ResultSet | SplitPoint | EventOfRace | Problem
        )

    every_row()


@settings(max_examples=60, deadline=None)
@given(
    row=st.fixed_dictionaries(
        {
            "race_id": st.just(1),
            "events": st.lists(
                st.fixed_dictionaries(
                    {}, optional={"race_event_days_id": ANYTHING, "start_time": ANYTHING, "end_time": ANYTHING}
                ),
                max_size=3,
            ),
        },
        optional=dict.fromkeys(("name", "timezone", "is_draft_race", "address", "url"), ANYTHING),
    )
)
def test_every_race_is_events_or_a_problem(row: dict[str, Any]) -> None:
    assert all(isinstance(each, Event | Problem) for each in flat(decode.events(raws({"race": row}))))
