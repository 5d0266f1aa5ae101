"""What the adapter asks for: lists, paths, paging, and what each list decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from project88.providers.contract import PagedList
from project88.providers.race_roster import RaceRosterAdapter, declared
from project88.providers.race_roster.course import RosterCourse
from project88.records.entities import ProviderEventId
from project88.records.snapshot import Authority
from project88.wire.paging import ListReading
from tests.race_roster_samples import adapter, answer

BASE = "https://raceroster.com/api/v1"
PUBLIC = "https://results.raceroster.com/v2/api"
EVENT = ProviderEventId("88101")
SINCE = datetime(2026, 5, 1, 8, 30, 15, 999_000, tzinfo=timezone(timedelta(hours=-4)))


def records(rows: PagedList[Any], sample: str) -> Sequence[Any]:
    """What a list gives where a sample is its only page; rows with a problem give nothing."""
    given = rows.decode(rows.read(answer(sample), 1).rows)
    return [record for each in given if not hasattr(each, "reason") for record in each]


def read_course(opened: RaceRosterAdapter, *, results: bool = True) -> tuple[list[str], RosterCourse]:
    """The lists that were asked for, as their addresses, and the course they gave."""
    samples = {"event": "event", "public event": "public_event"}
    read: dict[str, Sequence[Any]] = {}
    asked: list[str] = []
    while wanted := opened.course_lists(EVENT, read, results=results):
        for name, rows in wanted.items():
            assert name == rows.name
            assert rows.page(1) == rows.page(2)
            asked.append(rows.request.url)
            read[name] = records(rows, samples[name])
    return asked, opened.course(EVENT, read)


def query(rows: PagedList[Any], number: int) -> Mapping[str, str]:
    return rows.page(number).query


def test_events_are_asked_for_in_order_of_their_start_by_offset() -> None:
    rows = adapter().events()

    assert (rows.name, rows.request.url) == ("events", f"{BASE}/events")
    assert query(rows, 1) == {"sort": "startDate", "order": "asc", "offset": "0", "limit": "50"}
    assert query(rows, 3) == {"sort": "startDate", "order": "asc", "offset": "100", "limit": "50"}


def test_events_may_be_asked_for_from_a_day_on() -> None:
    rows = adapter(events_from="2025-01-31", page_size=20).events()

    assert query(rows, 2) == {
        "sort": "startDate",
        "order": "asc",
        "eventDateFrom": "2025-01-31T00:00:00Z",
        "offset": "20",
        "limit": "20",
    }


def test_only_an_empty_page_ends_the_lists_of_the_partner_api() -> None:
    opened = adapter()
    for rows in (opened.events(), opened.participants(EVENT, RosterCourse(races=()), None)[0].rows):
        reading = ListReading()
        reading.feed(rows.read(answer("participants"), 1).facts)

        assert reading.next_page == 2


def test_the_login_is_tried_with_one_event() -> None:
    probe = adapter().login_probe()

    assert (probe.url, probe.query["limit"], probe.query["offset"]) == (f"{BASE}/events", "1", "0")
    assert not adapter().needs_proof()


def test_entries_need_the_event_only_and_results_the_public_event_too() -> None:
    asked, course = read_course(adapter(), results=False)
    assert asked == [f"{BASE}/events/88101"]
    assert [race.race_id for race in course.races] == ["501", "502", "503"]
    assert course.published == ()

    asked, course = read_course(adapter())
    assert asked == [f"{BASE}/events/88101", f"{PUBLIC}/events/tu11pf1e1d5"]
    assert [race.race_id for race in course.races] == ["501", "502", "503", "240003", "240004"]
    assert [(each.sub_event_id, each.race_id) for each in course.published] == [
        ("501", "501"),
        ("240002", "502"),
        ("240003", "240003"),
    ]


def test_results_may_be_left_alone_by_setting() -> None:
    asked, course = read_course(adapter(results_from="none"))

    assert asked == [f"{BASE}/events/88101"]
    assert list(adapter().results(EVENT, course)) == []
    assert list(adapter().watched_results(EVENT, course)) == []


def test_an_event_without_an_address_of_results_is_asked_for_none() -> None:
    assert adapter().course_lists(EVENT, {"event": ()}, results=True) == {}


def test_everyone_is_one_list_of_numbered_pages() -> None:
    (entries,) = adapter().participants(EVENT, RosterCourse(races=()), None)

    assert entries.is_everyone
    assert entries.details is None
    assert (entries.rows.name, entries.rows.request.url) == ("participants", f"{BASE}/events/88101/participants")
    assert query(entries.rows, 1) == {"page": "1", "perPage": "100"}
    assert query(entries.rows, 7) == {"page": "7", "perPage": "100"}
    assert records(entries.rows, "participants")


def test_how_pages_of_participants_are_asked_for_is_a_setting() -> None:
    opened = adapter(participants_page_param="page[number]", participants_size_param="limit", participants_page_size=25)

    (entries,) = opened.participants(EVENT, RosterCourse(races=()), None)

    assert query(entries.rows, 2) == {"page[number]": "2", "limit": "25"}


def test_without_the_name_of_a_filter_everyone_is_asked_for_whatever_the_instant() -> None:
    (entries,) = adapter().participants(EVENT, RosterCourse(races=()), SINCE)

    assert adapter().asks_since is None
    assert entries.is_everyone
    assert query(entries.rows, 1) == {"page": "1", "perPage": "100"}


def test_with_the_name_of_a_filter_changes_are_asked_for_and_retire_nobody() -> None:
    opened = adapter(participants_since_param="lastModifiedDate")

    (changed,) = opened.participants(EVENT, RosterCourse(races=()), SINCE)
    (everyone,) = opened.participants(EVENT, RosterCourse(races=()), None)

    assert opened.asks_since is not None
    assert opened.asks_since > timedelta(0)
    assert not changed.is_everyone
    assert query(changed.rows, 2) == {"page": "2", "perPage": "100", "lastModifiedDate": "2026-05-01T12:30:15+00:00"}
    assert datetime.fromisoformat(query(changed.rows, 1)["lastModifiedDate"]) <= SINCE.astimezone(UTC)
    assert everyone.is_everyone
    assert query(everyone.rows, 1) == {"page": "1", "perPage": "100"}
    assert everyone.rows.name != changed.rows.name


def test_the_results_of_each_sub_event_decide_everything_of_its_race() -> None:
    _, course = read_course(adapter())

    found = adapter().results(EVENT, course)

    assert [(each.rows.name, each.rows.request.url.removeprefix(PUBLIC)) for each in found] == [
        ("results 501", "/result-events/77001/sub-events/501/results"),
        ("results 240002", "/result-events/77001/sub-events/240002/results"),
        ("results 240003", "/result-events/77001/sub-events/240003/results"),
    ]
    assert [each.authority for each in found] == [
        Authority(finish_races=races, gender_races=races, division_races=races)
        for races in (frozenset({"501"}), frozenset({"502"}), frozenset({"240003"}))
    ]
    assert {each.race_id for each in records(found[1].rows, "results")} == {"502"}


def test_watched_results_are_the_same_sub_event_by_sub_event() -> None:
    _, course = read_course(adapter())

    watched = adapter().watched_results(EVENT, course)

    assert [(each.name, [rows.rows.name for rows in each.lists]) for each in watched] == [
        ("501", ["results 501"]),
        ("240002", ["results 240002"]),
        ("240003", ["results 240003"]),
    ]


@pytest.mark.parametrize(
    ("size", "number", "start", "limit"),
    [(1000, 1, "0", "1000"), (1000, 3, "2000", "1000"), (50, 2, "50", "50"), (250, 5, "1000", "250")],
)
def test_pages_of_results_are_asked_for_by_start(size: int, number: int, start: str, limit: str) -> None:
    opened = adapter(results_page_size=size)
    rows = opened.results(EVENT, read_course(opened)[1])[0].rows

    assert query(rows, number) == {"start": start, "limit": limit}


def test_the_row_count_is_asked_for_with_the_smallest_page_that_the_service_takes() -> None:
    rows = adapter().results(EVENT, read_course(adapter())[1])[0].rows

    assert rows.probe().query == {"start": "0", "limit": "50"}
    assert rows.read(answer("results"), 1).facts.row_count == 5


def test_the_number_of_pages_follows_from_the_size_that_is_asked_for() -> None:
    opened = adapter(results_page_size=50)
    rows = opened.results(EVENT, read_course(opened)[1])[0].rows

    assert rows.read(answer("results"), 1).facts.page_count == 1


def test_an_id_of_the_service_cannot_lead_to_another_path() -> None:
    opened = adapter()
    odd = ProviderEventId("../oauth?x=1#y")

    urls = [
        opened.course_lists(odd, {}, results=False)["event"].request.url,
        opened.participants(odd, RosterCourse(races=()), None)[0].rows.request.url,
    ]

    assert urls == [
        f"{BASE}/events/..%2Foauth%3Fx%3D1%23y",
        f"{BASE}/events/..%2Foauth%3Fx%3D1%23y/participants",
    ]


def test_addresses_come_from_the_settings_with_or_without_a_slash_at_the_end() -> None:
    opened = adapter(base_url="https://a.example/api/", results_url="https://b.example/api/")

    assert opened.events().request.url == "https://a.example/api/events"
    assert opened.results(EVENT, read_course(opened)[1])[0].rows.request.url.startswith(
        "https://b.example/api/result-events/77001/"
    )


def test_the_limits_come_from_the_settings() -> None:
    limits = adapter(timeout=9, rate_limit=60, max_concurrency=3).limits

    assert (limits.timeout_seconds, limits.calls_per_minute, limits.concurrent_calls) == (9, 60, 3)
    assert 1000 / 60 == pytest.approx(adapter().limits.calls_per_minute, abs=0.01)


def test_what_is_declared_is_what_is_asked_for() -> None:
    assert [(each.name, each.path) for each in declared.streams()] == [
        ("events", "/events"),
        ("event", "/events/{event_id}"),
        ("participants", "/events/{event_id}/participants"),
        ("public event", f"{PUBLIC}/events/{{code}}"),
        ("results", f"{PUBLIC}/result-events/{{result_event_id}}/sub-events/{{result_sub_event_id}}/results"),
    ]
    assert all(each.fields for each in declared.streams())
    assert declared.settings()["results_page_size"] == 1000
