"""What the adapter asks RunSignUp for: lists, paths, paging, and what each list decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from project88.errors import ConfigError, Gone
from project88.providers.catalogue import provider
from project88.providers.contract import Page, PagedList
from project88.providers.runsignup import RunSignUpAdapter, decode, pages
from project88.providers.runsignup.course import ResultSet, SplitPoint
from project88.records.entities import Finish, Problem, ProviderEventId
from project88.records.snapshot import Authority
from project88.wire.messages import Response
from project88.wire.paging import ListReading
from tests.unit.providers.runsignup_samples import answer, flat, sample

BASE = "https://service.example/rest"
EVENT = ProviderEventId("4101-77")
SINCE = datetime(2026, 6, 6, 12, 0, 0, 900_000, tzinfo=UTC)
SETS = [
    ResultSet(set_id="9102", race_id="5001", name="Age Graded", order=2),
    ResultSet(set_id="9101", race_id="5001", name="Overall", order=1),
]
POINTS = [SplitPoint(split_id="72", name="3 km"), SplitPoint(split_id="71", name="7 km")]


def open_adapter(**config: Any) -> RunSignUpAdapter:
    return RunSignUpAdapter("a-key", "tulip-mania", {"base_url": BASE + "/", **config})


@pytest.fixture
def adapter() -> RunSignUpAdapter:
    return open_adapter()


@pytest.fixture
def read() -> dict[str, list[Any]]:
    """Everything that is read before the results; of three races one has result sets."""
    given = decode.races(pages.events_of_race(sample("race"), 1).rows)
    return {
        "races": [record for each in given if not isinstance(each, Problem) for record in each],
        "result sets 5001": SETS,
        "result sets 5002": [],
        "result sets 5003": [],
        "splits 9101": POINTS,
    }


def asked(rows: PagedList[Any]) -> tuple[str, dict[str, str]]:
    """Path and query, without what every list asks for."""
    query = dict(rows.request.query)
    assert query.pop("format") == "json"
    return rows.request.url.removeprefix(BASE), query


def test_all_races_are_asked_for_with_their_events_from_long_ago(adapter: RunSignUpAdapter) -> None:
    path, query = asked(adapter.events())

    assert path == "/races"
    assert query == {"events": "T", "include_event_days": "T", "start_date": "2000-01-01", "sort": "date ASC"}
    assert adapter.events().page(3).query.items() >= {"page": "3", "results_per_page": "1000"}.items()
    assert open_adapter(races_from="2020-05-01", page_size=50).events().page(1).query.items() >= {
        ("start_date", "2020-05-01"), ("results_per_page", "50"),
    }  # fmt: skip


def test_races_are_read_first_then_the_sets_of_each_race_of_the_edition_then_the_splits_of_the_sets_that_count(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    known: dict[str, list[Any]] = {}
    stages = []
    while wanted := adapter.course_lists(EVENT, known, results=True):
        stages.append({name: asked(rows) for name, rows in wanted.items()})
        known.update({name: read[name] for name in wanted})

    assert stages == [
        {"races": ("/race/4101", {"include_event_days": "T"})},
        {
            f"result sets {race}": ("/race/4101/results/get-result-sets", {"event_id": race})
            for race in ("5001", "5002", "5003")
        },
        {
            "splits 9101": (
                "/race/4101/results/result-set-splits",
                {"event_id": "5001", "individual_result_set_id": "9101"},
            )
        },
    ]


def test_before_entries_only_the_races_are_read(adapter: RunSignUpAdapter, read: dict[str, list[Any]]) -> None:
    assert set(adapter.course_lists(EVENT, {}, results=False)) == {"races"}
    assert adapter.course_lists(EVENT, {"races": read["races"]}, results=False) == {}


def test_a_list_in_one_answer_ends_with_it(adapter: RunSignUpAdapter) -> None:
    rows = adapter.course_lists(EVENT, {}, results=True)["races"]
    reading = ListReading()

    reading.feed(rows.read(sample("race"), 1).facts)

    assert reading.finished
    assert rows.page(1) == rows.probe() == rows.request


def test_an_edition_that_its_race_no_longer_has_is_gone(adapter: RunSignUpAdapter, read: dict[str, list[Any]]) -> None:
    for event in ("4101-88", "4101-7", "4101-20260606"):
        with pytest.raises(Gone):
            adapter.course(ProviderEventId(event), read)
        with pytest.raises(Gone):
            adapter.course_lists(ProviderEventId(event), {"races": read["races"]}, results=True)


def test_entries_are_those_who_are_registered_and_apart_from_them_those_who_were_removed(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    people, removed = adapter.participants(EVENT, adapter.course(EVENT, read), None)
    query = {
        "event_id": "5001,5002,5003",
        "sort": "registration_id ASC",
        "supports_nb": "T",
        "include_user_anonymous_flag": "T",
    }

    assert (people.rows.name, *asked(people.rows), people.is_everyone) == (
        "participants", "/race/4101/participants", query, True,
    )  # fmt: skip
    assert (removed.rows.name, *asked(removed.rows), removed.is_everyone) == (
        "removed participants", "/race/4101/removed-participants", query, False,
    )  # fmt: skip
    assert people.rows.page(1).query["results_per_page"] == "2500"
    assert people.details is None


def test_changed_entries_are_asked_for_in_whole_seconds_and_are_not_everyone(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    lists = adapter.participants(EVENT, adapter.course(EVENT, read), SINCE)

    assert [each.is_everyone for each in lists] == [False, False]
    assert {each.rows.request.query["modified_after_timestamp"] for each in lists} == {"1780747200"}
    assert adapter.asks_since == timedelta(seconds=10)


class Registrations:
    """A service that gives the registrations behind the one that was seen, so many at once."""

    def __init__(self, *ids: int, cap: int = 2500) -> None:
        self._ids = sorted(ids)
        self._cap = cap

    def answer(self, query: Mapping[str, str]) -> Response:
        assert "page" not in query
        behind = int(query.get("after_registration_id", "0"))
        size = min(int(query["results_per_page"]), self._cap)
        found = [number for number in self._ids if number > behind][:size]
        odd, even = ([number for number in found if number % 2 == rest] for rest in (1, 0))
        return answer([element(5001, odd), element(5002, even)] if found else [])


def element(event: int, numbers: list[int]) -> dict[str, object]:
    people = [{"registration_id": number, "event_id": event} for number in numbers]
    return {"event": {"event_id": event, "participants": []}, "participants": people}


def everybody(rows: PagedList[Any], service: Registrations) -> list[str]:
    reading, found, before = ListReading(), [], None
    while (number := reading.next_page) is not None:
        before = rows.read(service.answer(rows.page(number, before).query), number)
        reading.feed(before.facts)
        found += [record.entry_id for record in flat(rows.decode(before.rows))]
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize("cap", [1, 4, 2500])
def test_entries_of_any_number_come_through_whole_at_any_page_size_and_cap(
    read: dict[str, list[Any]], size: int, cap: int
) -> None:
    adapter = open_adapter(page_size=size)
    people, _ = adapter.participants(EVENT, adapter.course(EVENT, read), None)

    for count in (0, 1, 2, 7):
        ids = [100 + 3 * number for number in range(count)]
        assert sorted(everybody(people.rows, Registrations(*ids, cap=cap))) == sorted(map(str, ids))


def test_the_first_page_of_entries_is_behind_nobody_and_each_other_one_behind_the_page_before_it(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    rows = adapter.participants(EVENT, adapter.course(EVENT, read), None)[0].rows
    first = rows.read(sample("participants"), 1)

    assert "after_registration_id" not in rows.page(1).query
    assert rows.page(2, first).query == {**rows.page(1).query, "after_registration_id": "9005"}


def test_a_service_that_does_not_know_how_to_go_on_behind_a_registration_is_found_out(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    rows = adapter.participants(EVENT, adapter.course(EVENT, read), None)[0].rows
    reading = ListReading()
    reading.feed(rows.read(sample("participants"), 1).facts)

    with pytest.raises(Exception, match="repeats an earlier page"):
        reading.feed(rows.read(sample("participants"), 2).facts)


def test_results_are_the_set_that_counts_and_it_decides_over_its_race(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    (found,) = adapter.results(EVENT, adapter.course(EVENT, read))
    ten = frozenset({"5001"})

    assert (found.rows.name, found.fallback) == ("result set 9101", ())
    assert asked(found.rows) == (
        "/race/4101/results/get-results",
        {"event_id": "5001", "individual_result_set_id": "9101", "supports_nb": "T"},
    )
    assert found.rows.page(2).query.items() >= {("page", "2"), ("results_per_page", "1000")}
    assert found.authority == Authority(
        finish_races=ten,
        split_keys=frozenset(f"5001-{position:03d}" for position in range(1, 100)),
        gender_races=ten,
        division_races=ten,
    )


def test_the_rows_of_a_set_are_read_by_its_splits(adapter: RunSignUpAdapter, read: dict[str, list[Any]]) -> None:
    (found,) = adapter.results(EVENT, adapter.course(EVENT, read))
    page: Page = found.rows.read(sample("results"), 1)
    records = flat(found.rows.decode(page.rows))

    assert sum(isinstance(each, Finish) for each in records) == 4
    assert {each.key for each in records if hasattr(each, "key")} == {"5001-001", "5001-002", "5001-split-79"}


@pytest.mark.parametrize("name", ["Age Graded", "9102", 9102])
def test_another_set_can_be_named(read: dict[str, list[Any]], name: object) -> None:
    adapter = open_adapter(result_sets=[name])

    assert [each.rows.name for each in adapter.results(EVENT, adapter.course(EVENT, read))] == ["result set 9102"]


def test_watched_results_are_the_same_set_by_set(adapter: RunSignUpAdapter, read: dict[str, list[Any]]) -> None:
    course = adapter.course(EVENT, read)
    (watched,) = adapter.watched_results(EVENT, course)

    assert [each.rows.name for each in watched.lists] == [each.rows.name for each in adapter.results(EVENT, course)]
    assert watched.lists[0].rows.probe().query["results_per_page"] == "1"


def test_an_edition_without_sets_has_no_results_yet(adapter: RunSignUpAdapter, read: dict[str, list[Any]]) -> None:
    course = adapter.course(EVENT, {"races": read["races"], **{f"result sets 500{number}": [] for number in (1, 2, 3)}})

    assert [race.race_id for race in course.races] == ["5001", "5002", "5003"]
    assert list(adapter.results(EVENT, course)) == []
    assert list(adapter.watched_results(EVENT, course)) == []


def test_the_login_is_proved_by_a_call_of_its_own_because_a_lost_one_shows_the_races_of_everybody(
    adapter: RunSignUpAdapter,
) -> None:
    assert adapter.needs_proof()
    assert adapter.login_probe().url == f"{BASE}/v2/auth-info/entity-info.json"
    assert adapter.login_probe().query == {"format": "json"}


def test_no_results_yet_is_left_to_the_list_of_sets_to_say(
    adapter: RunSignUpAdapter, read: dict[str, list[Any]]
) -> None:
    missing = answer({"error": {"error_code": 301, "error_msg": "Event not found"}})
    sets = adapter.course_lists(EVENT, {"races": read["races"]}, results=True)["result sets 5001"]

    adapter.check(missing)

    assert list(sets.read(missing, 1).rows) == []
    with pytest.raises(Gone):
        adapter.participants(EVENT, adapter.course(EVENT, read), None)[0].rows.read(missing, 1)


def test_all_logins_together_make_two_calls_at_once() -> None:
    limits = open_adapter(timeout=9, rate_limit=30, max_concurrency=1).limits

    assert (limits.timeout_seconds, limits.calls_per_minute) == (9, 30)
    assert (limits.concurrent_calls, limits.concurrent_calls_of_all) == (1, 2)


def test_the_catalogue_opens_it() -> None:
    assert provider("runsignup", "a-key", "tulip-mania", {}).key == "runsignup"
    with pytest.raises(ConfigError):
        provider("runsignup", "a-key", "", {})
