"""Which events a backfill covers, in which order, at what cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from project88.backfill.plan import PartnerPlan, Plan, PlannedEvent, Size, choose, pages, reading_calls, small_first
from project88.records.entities import ProviderEventId
from project88.store.backfill import FoundEvent, Window

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOW = Window(begins=NOON - timedelta(days=365), ends=NOON - timedelta(hours=1))


def found(number: str, start: datetime | None = NOON - timedelta(days=1), **more) -> FoundEvent:
    return FoundEvent(
        provider_event_id=ProviderEventId(number),
        event_id=None,
        event_name=f"Race {number}",
        start_date=start,
        event_date=None,
        upstream_state=more.get("upstream_state"),
        is_duplicate=more.get("is_duplicate", False),
    )


def planned(number: str, rows: int | None, calls: int = 1, **more) -> PlannedEvent:
    size = Size(rows=rows, calls=calls, **more)
    return PlannedEvent(timing_partner_id=1, event=found(number), verdict="import", size=size)


def partner(*events: PlannedEvent, calls_per_minute: float) -> PartnerPlan:
    return PartnerPlan(
        timing_partner_id=1,
        company_name="A",
        provider_key="chronotrack_live",
        events=events,
        calls_per_minute=calls_per_minute,
    )


@pytest.mark.parametrize(
    ("event", "verdict"),
    [
        (found("1", WINDOW.ends - timedelta(microseconds=1)), "import"),
        (found("1", WINDOW.ends), "not started"),
        (found("1", WINDOW.begins), "import"),
        (found("1", WINDOW.begins - timedelta(microseconds=1)), "before the window"),
        (found("1", None), "undated"),
        (found("1", upstream_state="archived"), "gone"),
        (found("1", None, is_duplicate=True), "duplicate"),
    ],
)
def test_an_event_is_judged_by_its_start_its_state_and_the_hardware(event, verdict):
    assert choose([event], WINDOW, None) == [(event, verdict)]


def test_a_limit_keeps_the_newest_events_that_can_be_imported():
    newest, gone, second, oldest = (
        found("4", NOON - timedelta(days=1)),
        found("3", NOON - timedelta(days=2), upstream_state="archived"),
        found("2", NOON - timedelta(days=3)),
        found("1", NOON - timedelta(days=4)),
    )

    chosen = choose([oldest, gone, newest, second], WINDOW, 2)

    assert chosen == [(newest, "import"), (gone, "gone"), (second, "import"), (oldest, "limit")]


def test_small_events_come_first_and_unknown_sizes_last():
    events = [planned("1", None), planned("2", 500), planned("3", 0), planned("4", 7)]

    assert [event.provider_event_id for event in small_first(events)] == ["3", "4", "2", "1"]


@pytest.mark.parametrize(("rows", "expected"), [(0, 1), (1, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)])
def test_an_empty_list_and_a_begun_page_cost_a_call(rows, expected):
    assert pages(rows, 500) == expected


def test_reading_an_event_costs_its_short_lists_its_pages_and_its_place_lists():
    calls = reading_calls(course_calls=3, entries=1200, results=2400, place_lists=4, races=2, page_size=500)

    assert calls == 3 + 3 + 5 + 4 * 2


def test_partners_run_beside_each_other_so_the_slowest_gives_the_time():
    plan = Plan(partners=[partner(planned("1", 9, 100), calls_per_minute=60), partner(calls_per_minute=1)], speed=2.0)

    assert (plan.calls, plan.seconds) == (100, pytest.approx(100 * 1.02 / 2))


def test_an_event_that_is_gone_is_run_to_note_it_and_costs_nothing_in_the_plan():
    gone = planned("1", 5).with_size(Size(problem="gone upstream", is_gone=True))
    plan = partner(gone, planned("2", 5, 7), calls_per_minute=60)

    assert [event.provider_event_id for event in plan.to_run] == ["1", "2"]
    assert plan.calls == 7
