"""What the adapter asks for: lists, paths, envelope keys, and what each list decides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from project88.errors import ConfigError, UsageError
from project88.providers.catalogue import provider
from project88.providers.chronotrack_live import ChronoTrackLiveAdapter
from project88.providers.chronotrack_live.course import LiveCourse
from project88.providers.contract import PagedList, ResultList
from project88.records.entities import ProviderEventId
from project88.records.snapshot import NO_AUTHORITY, Authority
from project88.wire.messages import Response

BASE = "https://service.example/api"
EVENT = ProviderEventId("4101")
ENVELOPES = {
    "events": "event",
    "races": "event_race",
    "intervals": "event_interval",
    "brackets": "event_bracket",
    "participants": "event_entry",
    "results": "event_results",
    "interval 601": "interval_results",
    "interval 601 SEX": "interval_results",
    "interval 601 AGE": "interval_results",
    "interval 602": "interval_results",
    "interval 603": "interval_results",
    "interval 603 SEX": "interval_results",
    "bracket 702": "bracket_results",
    "bracket 703": "bracket_results",
    "bracket 704": "bracket_results",
    "bracket 707": "bracket_results",
}


@pytest.fixture
def adapter() -> ChronoTrackLiveAdapter:
    return ChronoTrackLiveAdapter("timer@partner.example", "tulip-mania", {"base_url": BASE + "/", "page_size": 250})


def path(rows: PagedList[Any]) -> str:
    return rows.request.url.removeprefix(BASE)


def query(rows: PagedList[Any]) -> dict[str, str]:
    """What a list asks for besides what every list asks for."""
    common = {"format": "json", "elide_json": "false"}
    assert common.items() <= rows.request.query.items()
    return {name: value for name, value in rows.request.query.items() if name not in common}


def every_list(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> list[PagedList[Any]]:
    results = [*adapter.results(EVENT, course)]
    results += [each for watched in adapter.watched_results(EVENT, course) for each in watched.lists]
    results += [fallback for each in results for fallback in each.fallback]
    return [
        adapter.events(),
        *adapter.course_lists(EVENT, {}, results=True).values(),
        *(entries.rows for entries in adapter.participants(EVENT, course, None)),
        *(each.rows for each in results),
    ]


def described(result: ResultList) -> tuple[str, str, dict[str, str], Authority]:
    return result.rows.name, path(result.rows), query(result.rows), result.authority


def test_the_lists_before_the_results(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    lists = adapter.course_lists(EVENT, {}, results=True)

    assert (path(adapter.events()), query(adapter.events())) == ("/event", {})
    assert {name: (path(rows), query(rows)) for name, rows in lists.items()} == {
        "races": ("/event/4101/race", {"include_not_wants_results": "true"}),
        "intervals": ("/event/4101/interval", {}),
        "brackets": ("/event/4101/bracket", {}),
    }
    assert path(adapter.participants(EVENT, course, None)[0].rows) == "/event/4101/entry"


def test_everything_is_one_list_of_all_intervals_and_the_places_of_each_full_course(
    adapter: ChronoTrackLiveAdapter, course: LiveCourse
) -> None:
    ten, five = frozenset({"51"}), frozenset({"52"})

    assert [
        ("results", "/event/4101/results", {"interval": "ALL"}, Authority(every_finish=True, every_split=True)),
        ("interval 601 SEX", "/interval/601/results", {"bracket": "SEX"}, Authority(gender_races=ten)),
        ("interval 601 AGE", "/interval/601/results", {"bracket": "AGE"}, Authority(division_races=ten)),
        ("interval 603 SEX", "/interval/603/results", {"bracket": "SEX"}, Authority(gender_races=five)),
    ] == [described(each) for each in adapter.results(EVENT, course)]


def test_watched_results_are_the_same_interval_by_interval(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    ten, five = frozenset({"51"}), frozenset({"52"})

    assert {
        "601": [
            ("interval 601", "/interval/601/results", {}, Authority(finish_races=ten)),
            ("interval 601 SEX", "/interval/601/results", {"bracket": "SEX"}, Authority(gender_races=ten)),
            ("interval 601 AGE", "/interval/601/results", {"bracket": "AGE"}, Authority(division_races=ten)),
        ],
        "602": [("interval 602", "/interval/602/results", {}, Authority(split_keys=frozenset({"602"})))],
        "603": [
            ("interval 603", "/interval/603/results", {}, Authority(finish_races=five)),
            ("interval 603 SEX", "/interval/603/results", {"bracket": "SEX"}, Authority(gender_races=five)),
        ],
    } == {
        watched.name: [described(each) for each in watched.lists] for watched in adapter.watched_results(EVENT, course)
    }


def test_a_service_that_does_not_know_the_words_is_asked_bracket_by_bracket(
    adapter: ChronoTrackLiveAdapter, course: LiveCourse
) -> None:
    everything, by_sex, by_age, _ = adapter.results(EVENT, course)

    assert everything.fallback == ()
    assert [described(each) for each in by_sex.fallback] == [
        ("bracket 702", "/bracket/702/results", {"interval": "601"}, NO_AUTHORITY),
        ("bracket 703", "/bracket/703/results", {"interval": "601"}, NO_AUTHORITY),
    ]
    assert [each.rows.name for each in by_age.fallback] == ["bracket 704"]


def test_an_event_without_brackets_is_asked_for_no_places(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    bare = LiveCourse(course.races, course.intervals)

    assert [each.rows.name for each in adapter.results(EVENT, bare)] == ["results"]


def test_an_event_without_intervals_still_has_its_results(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    bare = LiveCourse(course.races, (), course.brackets)

    assert [each.rows.name for each in adapter.results(EVENT, bare)] == ["results"]
    assert list(adapter.watched_results(EVENT, bare)) == []


def test_each_list_reads_its_own_envelope(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    body = msgspec.json.encode({key: [{"of": key}] for key in set(ENVELOPES.values())})
    answer = Response(status=200, headers={}, body=body)
    lists = every_list(adapter, course)

    read = {rows.name: msgspec.json.decode(rows.read(answer, 1).rows[0])["of"] for rows in lists}

    assert read == ENVELOPES


def test_pages_are_asked_for_by_number_and_size(adapter: ChronoTrackLiveAdapter, course: LiveCourse) -> None:
    for rows in every_list(adapter, course):
        third, probe = rows.page(3), rows.probe()

        assert {**rows.request.query, "page": "3", "size": "250"} == third.query
        assert {**rows.request.query, "page": "1", "size": "1"} == probe.query
        assert rows.request.url == third.url == probe.url


def test_the_limits_come_from_the_settings() -> None:
    adapter = ChronoTrackLiveAdapter("timer", "tulip-mania", {"timeout": 9, "rate_limit": 60, "max_concurrency": 2})

    assert (
        adapter.limits.timeout_seconds, adapter.limits.calls_per_minute, adapter.limits.concurrent_calls
    ) == (9, 60, 2)  # fmt: skip


def test_an_adapter_whose_settings_cannot_work_is_not_made() -> None:
    with pytest.raises(ConfigError, match="digest"):
        ChronoTrackLiveAdapter("timer", "0" * 64, {"auth": "basic"})
    with pytest.raises(ConfigError, match="client_secret"):
        ChronoTrackLiveAdapter("timer", "tulip-mania", {"auth": "oauth2", "client_id": "an-id"})


def test_a_source_that_is_not_in_the_catalogue_is_named() -> None:
    with pytest.raises(UsageError, match="'stopwatch' cannot be collected from; known: chronotrack_live"):
        provider("stopwatch", "timer", "tulip-mania", {})
