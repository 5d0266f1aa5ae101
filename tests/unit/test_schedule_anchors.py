"""From which instants the polls of an event count: the planned start, the gun, and when neither can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from project88.records.entities import EventId, TimingPartnerId
from project88.schedule.anchors import anchors_of, gun_start, unplanned, zone_of
from project88.store.cadence import EventTimes, RaceTimes

START = datetime(2026, 4, 20, 14, tzinfo=UTC)


def race(planned_minutes: float | None = None, actual_minutes: float | None = None, race_id: str = "1") -> RaceTimes:
    """A race by the minutes of its planned and its actual start after the event's start."""
    planned, actual = (
        None if minutes is None else START + timedelta(minutes=minutes) for minutes in (planned_minutes, actual_minutes)
    )
    return RaceTimes(race_id=race_id, planned_start=planned, actual_start=actual)


def event(*races: RaceTimes, start: datetime | None = START, **more) -> EventTimes:
    facts = {"end_date": None, "upstream_state": None, "retracted_at": None, "partner_time_zone": "America/New_York"}
    return EventTimes(
        timing_partner_id=TimingPartnerId(1),
        event_id=EventId("p1"),
        data_source="chronotrack_live",
        start_date=start,
        event_time_zone=None,
        races=races,
        **{**facts, **more},
    )


@pytest.mark.parametrize(
    ("races", "minutes"),
    [
        ([], None),
        ([race(30), race(60)], None),
        ([race(0, 7)], 7),
        ([race(None, 7)], 7),
        ([race(0, -4)], -4),
        ([race(0, 7), race(60, 63)], 7),
        ([race(30, 33), race(60)], 33),
        ([race(0), race(60, 58)], 0),
        ([race(None), race(60, 58)], 0),
        ([race(24 * 60, 24 * 60 + 5), race(0, 5)], 5),
        ([race(0, 24 * 60)], 24 * 60),
        ([race(0, 24 * 60 + 1)], None),
        ([race(0, 24 * 60 + 1), race(60, 62)], 0),
        ([race(-48 * 60), race(0, 3)], 3),
        ([race(-48 * 60, -48 * 60 + 3), race(0)], -48 * 60 + 3),
    ],
)
def test_once_a_gun_is_known_the_event_began_with_its_first_race(races: list[RaceTimes], minutes: float | None):
    expected = None if minutes is None else START + timedelta(minutes=minutes)

    assert gun_start(START, races).at == expected


def test_a_gun_a_day_off_is_ignored_and_the_operator_reads_of_it():
    found = anchors_of(event(race(0, 365 * 24 * 60, race_id="17"), race(60, 62, race_id="18")))

    assert found is not None
    assert found.begins == START
    assert found.remark == (
        "the gun time 2027-04-20 14:00 UTC of race 17 is ignored, it is more than 24 h from the planned start"
    )


def test_the_planned_start_counts_until_a_gun_is_known():
    before, after = anchors_of(event(race(0))), anchors_of(event(race(0, 6)))

    assert before is not None
    assert after is not None
    assert (before.begins, before.remark) == (START, None)
    assert after.begins == START + timedelta(minutes=6)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"start": None}, "no start date"),
        ({"upstream_state": "archived"}, "archived upstream"),
        ({"retracted_at": START}, "retracted on 2026-04-20"),
        ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "in the year 9999"),
        ({"start": datetime(1970, 1, 1, tzinfo=UTC)}, "in the year 1970"),
    ],
)
def test_an_event_that_cannot_be_planned_says_why(facts, why: str):
    assert why in (unplanned(event(**facts)) or "")
    assert anchors_of(event(**facts)) is None


def test_an_end_outside_the_calendar_is_unknown():
    found = anchors_of(event(end_date=datetime(9999, 12, 31, tzinfo=UTC)))

    assert found is not None
    assert found.ends == START + timedelta(hours=24)


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "/etc/passwd", "America"])
def test_a_zone_that_is_not_known_is_utc(name: str | None):
    assert START.astimezone(zone_of(name)).utcoffset() == timedelta()
