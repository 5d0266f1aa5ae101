"""The polls of an event: how many, when, in which lane, and what becomes of those that cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.schedule.anchors import Anchors
from project88.schedule.plan import LANES, NextPoll, Poll, first_due, next_poll, polls, rested_due, retry_due, words
from project88.store.cadence import CadenceRule
from tests.cadence_samples import CHRONOTRACK_LIVE, EVERY_RULE, RUNSIGNUP, days, hours, live, minutes, rule

START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
EVENT = Anchors(start=START, time_zone=NEW_YORK)
RESULTS = list(polls(CHRONOTRACK_LIVE, EVENT, "results"))
MICROSECOND = timedelta(microseconds=1)


def offsets(planned: Sequence[Poll], phase: str) -> list[timedelta]:
    return [poll.due - START for poll in planned if poll.phase == phase]


def coming(after: datetime, now: datetime) -> NextPoll:
    found = next_poll(CHRONOTRACK_LIVE, EVENT, "results", after, now)
    assert found is not None
    return found


def brute_force(every: Sequence[Poll], after: datetime, now: datetime) -> tuple[Poll, int] | None:
    """What next_poll should say, by looking at every poll of the plan."""
    left = [poll for poll in every if poll.due > after]
    overdue = [poll for poll in left if poll.due <= now]
    if overdue:
        return overdue[-1], len(overdue) - 1
    return (left[0], 0) if left else None


def test_results_are_asked_for_264_times_at_the_instants_of_the_rule_and_then_for_corrections():
    assert offsets(RESULTS, "intensive") == [minutes(5) + number * timedelta(seconds=90) for number in range(197)]
    assert offsets(RESULTS, "intensive")[-1] == hours(5) - minutes(1)
    assert offsets(RESULTS, "standard") == [hours(number) for number in range(6, 73)]
    assert len(offsets(RESULTS, "intensive") + offsets(RESULTS, "standard")) == 264
    assert offsets(RESULTS, "tail_daily") == [days(number) for number in range(4, 15)]
    assert offsets(RESULTS, "tail_weekly") == [days(number) for number in range(21, 91, 7)]


def test_without_the_tail_the_last_poll_is_at_72_hours():
    rules = [replace(rule, is_on=not rule.phase.startswith("tail")) for rule in CHRONOTRACK_LIVE]
    planned = list(polls(rules, EVENT, "results"))

    assert (264, hours(72)) == (len(planned), planned[-1].due - START)


def test_participants_are_asked_for_daily_then_before_the_gun_then_every_six_hours_until_an_hour_after_the_end():
    planned = list(polls(CHRONOTRACK_LIVE, replace(EVENT, end=START + hours(12)), "participants"))

    assert offsets(planned, "before") == [days(number) for number in range(-365, 0)]
    assert offsets(planned, "gun") == [minutes(-15)]
    assert offsets(planned, "during") == [hours(0), hours(6), hours(12)]
    assert offsets(planned, "last") == [hours(13)]


@pytest.mark.parametrize("end", [None, START, START - hours(3)])
def test_an_end_that_is_unknown_or_not_after_the_start_is_a_day_after_it(end: datetime | None):
    planned = list(polls(CHRONOTRACK_LIVE, replace(EVENT, end=end), "participants"))

    assert offsets(planned, "during") == [hours(number) for number in range(0, 25, 6)]
    assert offsets(planned, "last") == [hours(25)]


def test_the_list_of_events_is_asked_for_every_six_hours_of_the_clock():
    listed = islice(polls(CHRONOTRACK_LIVE, Anchors(), "discovery", START), 3)

    assert [poll.due.isoformat() for poll in listed] == [
        "2026-10-25T06:00:00+00:00",
        "2026-10-25T12:00:00+00:00",
        "2026-10-25T18:00:00+00:00",
    ]


def test_registrations_are_asked_for_more_often_the_nearer_the_start_and_no_more_an_hour_after_it():
    planned = list(polls(RUNSIGNUP, EVENT, "participants"))
    gaps = {
        (one.due - START, two.due - one.due)
        for one, two in pairwise(planned)
        if one.due - START in {hours(-48), hours(-24), hours(-4), hours(0)}
    }

    assert gaps == {
        (hours(-48), minutes(240)),
        (hours(-24), minutes(15)),
        (hours(-4), minutes(1)),
        (hours(0), minutes(1)),
    }
    assert hours(1) == planned[-1].due - START


def test_results_of_an_older_event_are_asked_for_more_often_from_friday_to_sunday():
    planned = list(polls(RUNSIGNUP, EVENT, "results", START + days(8)))
    of_day: dict[int, int] = {}
    for poll in planned:
        there = poll.due.astimezone(NEW_YORK)
        if there.date().isocalendar()[:2] == (2026, 46):
            of_day[there.isoweekday()] = of_day.get(there.isoweekday(), 0) + 1

    assert {1: 1, 2: 1, 3: 1, 4: 1, 5: 13, 6: 13, 7: 13} == of_day


def test_the_lane_follows_nearness_to_the_start():
    participants = {poll.due - START: poll.lane for poll in polls(RUNSIGNUP, EVENT, "participants")}
    results = {poll.due - START: poll.lane for poll in RESULTS}

    assert participants[hours(-48)] == "routine"
    assert participants[hours(-24)] == "soon"
    assert participants[hours(-1) - minutes(1)] == "soon"
    assert participants[hours(-1)] == "live"
    assert participants[hours(0)] == "live"
    assert participants[minutes(1)] == "soon"
    assert [results[minutes(5)], results[hours(24)], results[hours(25)], results[days(4)]] == [
        "live",
        "soon",
        "routine",
        "backfill",
    ]


def test_two_rules_due_at_the_same_instant_make_one_poll_in_the_more_urgent_lane():
    rules = [
        live("results", "slow", "start", hours(1), hours(3), hours(1), closed=True, lane="backfill"),
        live("results", "quick", "start", hours(1), hours(2), minutes(30), closed=True, lane="live"),
    ]
    planned = list(polls(rules, EVENT, "results"))
    found = next_poll(rules, EVENT, "results", START, START + hours(9))

    assert [(poll.due - START, poll.phase) for poll in planned] == [
        (hours(1), "quick"),
        (hours(1.5), "quick"),
        (hours(2), "quick"),
        (hours(3), "slow"),
    ]
    assert found == NextPoll(poll=planned[3], missed=3)


def test_the_reason_says_which_poll_it_is_and_what_it_counts_from():
    [rule] = [rule for rule in CHRONOTRACK_LIVE if rule.phase == "intensive"]
    edited = replace(rule, reason="{number}/{count} every {every}, {begins} to {ends} after {start} {as written}")
    after_gun = replace(EVENT, gun_start=START + minutes(3), remark="a remark")

    assert next(polls([edited], EVENT, "results")).reason == (
        "1/197 every 90 s, 5 min to 5 h after the planned start {as written}"
    )
    assert list(polls([edited], after_gun, "results"))[-1].reason == (
        "197/197 every 90 s, 5 min to 5 h after the gun {as written}; a remark"
    )


def test_polls_that_could_not_run_are_collapsed_into_the_last_due_one():
    found = coming(RESULTS[3].due, RESULTS[7].due + timedelta(seconds=1))

    assert (RESULTS[7], 3) == (found.poll, found.missed)


def test_after_the_last_poll_there_is_none():
    assert next_poll(CHRONOTRACK_LIVE, EVENT, "results", RESULTS[-1].due, RESULTS[-1].due) is None


def test_without_a_start_only_the_clock_gives_polls():
    assert list(polls(CHRONOTRACK_LIVE, Anchors(), "results")) == []
    assert next_poll(CHRONOTRACK_LIVE, Anchors(), "participants", START, START) is None
    assert first_due(CHRONOTRACK_LIVE, Anchors(), "discovery", START) is not None


def test_a_new_event_is_asked_for_at_once_when_a_poll_is_under_way_and_never_when_its_plan_is_over():
    during = first_due(CHRONOTRACK_LIVE, EVENT, "results", START + hours(2))
    ahead = first_due(CHRONOTRACK_LIVE, EVENT, "results", START - hours(2))

    assert during is not None
    assert START + hours(2) - timedelta(seconds=90) < during.due <= START + hours(2)
    assert ahead == RESULTS[0]
    assert first_due(CHRONOTRACK_LIVE, EVENT, "results", START + days(91)) is None


def test_new_credentials_are_used_at_once():
    found = first_due(CHRONOTRACK_LIVE, Anchors(), "discovery", START)

    assert found is not None
    assert found.due <= START


def test_the_next_poll_of_a_thousand_years_of_beats_costs_no_walk_through_them():
    rules = [live("results", "long", "start", days(0), days(365_000), timedelta(seconds=1))]
    found = next_poll(rules, EVENT, "results", START, START + days(364_999))

    assert found is not None
    assert found.missed == 364_999 * 86_400 - 1


@pytest.mark.parametrize(("failures", "waited"), [(1, 1), (2, 2), (3, 4), (4, 8), (7, 64), (500, 64)])
def test_a_failed_poll_is_tried_again_after_a_doubling_wait(failures: int, waited: int):
    assert retry_due(failures, START, None) == START + minutes(waited)
    assert retry_due(failures, START, START + hours(2)) == START + minutes(waited)


def test_a_retry_is_never_later_than_the_regular_next_poll():
    assert retry_due(4, START, START + timedelta(seconds=90)) == START + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("took", "every", "rest"),
    [(80, 90, None), (90, 90, 0), (100, 90, 10), (480, 90, 390), (480, None, None)],
)
def test_a_poll_that_outlasted_its_beat_rests_as_long_as_it_overran(took: int, every: int | None, rest: int | None):
    now = START + timedelta(seconds=took)
    regular = START + timedelta(seconds=90)
    due = rested_due(regular, START, now, None if every is None else timedelta(seconds=every))
    assert due == (regular if rest is None else now + timedelta(seconds=rest))


def test_a_rest_moves_no_poll_forward():
    assert rested_due(START + days(1), START, START + hours(1), minutes(1)) == START + days(1)


@pytest.mark.parametrize(
    ("length", "text"),
    [(minutes(1.5), "90 s"), (minutes(-15), "15 min"), (hours(72), "3 d"), (hours(5), "5 h"), (days(0), "0 s")],
)
def test_lengths_are_told_in_their_largest_whole_unit(length: timedelta, text: str):
    assert words(length) == text


# Local times of day.

SPRING_GAP = datetime(2026, 3, 8, 12, tzinfo=UTC)
AUTUMN_DOUBLE = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(*times: time) -> list[CadenceRule]:
    return [rule("haku", "discovery", "regular", "clock", at_times=list(times))]


def local_polls(rules: list[CadenceRule], around: datetime, zone: ZoneInfo = NEW_YORK) -> list[datetime]:
    """The polls of the five days around an instant, in local time."""
    planned = polls(rules, Anchors(time_zone=zone), "discovery", around - days(2.5))
    return [each.due.astimezone(zone) for each in planned_until(planned, around + days(2.5))]


def planned_until(planned, end: datetime) -> list[Poll]:
    found = []
    for poll in planned:
        if poll.due > end:
            return found
        found.append(poll)
    return found


@pytest.mark.parametrize("change", [SPRING_GAP, AUTUMN_DOUBLE])
def test_a_time_of_day_stays_the_same_on_the_wall_across_a_change_of_the_clocks(change: datetime):
    found = local_polls(at(time(6), time(18)), change)

    assert {(6, 0), (18, 0)} == {(each.hour, each.minute) for each in found}
    assert len(found) == 10


def test_a_time_that_the_clocks_skip_is_polled_once_an_hour_later():
    found = local_polls(at(time(2, 30)), SPRING_GAP)

    assert [(each.day, each.hour, each.minute) for each in found] == [
        (6, 2, 30),
        (7, 2, 30),
        (8, 3, 30),
        (9, 2, 30),
        (10, 2, 30),
    ]


def test_a_time_that_the_clocks_show_twice_is_polled_once_the_first_time():
    found = local_polls(at(time(1, 30)), AUTUMN_DOUBLE)

    assert [each.day for each in found] == [30, 31, 1, 2, 3]
    assert found[2].utcoffset() == timedelta(hours=-4)


def test_times_that_a_skipped_hour_puts_out_of_order_are_polled_in_order():
    found = local_polls(at(time(2, 45), time(3, 15), time(3, 45)), SPRING_GAP)
    on_the_day = [(each.hour, each.minute) for each in found if each.day == 8]

    assert on_the_day == [(3, 15), (3, 45)]


def test_a_day_that_a_zone_skips_costs_no_order():
    skipped = datetime(2011, 12, 30, 12, tzinfo=UTC)
    found = local_polls(at(time(6), time(18)), skipped, ZoneInfo("Pacific/Apia"))

    assert found == sorted(set(found))
    assert {each.day for each in found} == {27, 28, 29, 31, 1, 2}


# Simulated clocks.

instants = st.timedeltas(days(0), days(1000)).map(lambda later: datetime(2025, 1, 1, tzinfo=UTC) + later)
zones = st.sampled_from(
    [ZoneInfo("UTC"), NEW_YORK, LONDON, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]
)
lengths = st.one_of(st.none(), st.timedeltas(min_value=days(-1), max_value=days(5)))
providers = st.sampled_from(sorted({rule.provider_key for rule in EVERY_RULE}))
kinds = st.sampled_from(["results", "participants"])


@st.composite
def events(draw: st.DrawFn) -> Anchors:
    start = draw(instants)
    length = draw(lengths)
    late = draw(st.one_of(st.none(), st.timedeltas(min_value=hours(-24), max_value=hours(24))))
    end = None if length is None else start + length
    return Anchors(start=start, end=end, gun_start=late and start + late, time_zone=draw(zones))


@st.composite
def plans(draw: st.DrawFn) -> list[CadenceRule]:
    """Any rules, also such as nobody should write: they overlap, coincide and end before they begin."""
    steps = st.integers(-40, 40).map(lambda count: hours(count / 2))
    found = []
    for number in range(draw(st.integers(1, 4))):
        common = {"closed": draw(st.booleans()), "lane": draw(st.sampled_from([None, *LANES]))}
        begins, ends = draw(steps), draw(steps)
        if draw(st.booleans()):
            times = draw(st.lists(st.sampled_from([time(1, 30), time(2, 30), time(3, 30), time(12)]), min_size=1))
            weekdays = draw(st.one_of(st.none(), st.lists(st.integers(1, 7), min_size=1)))
            found.append(
                live("results", f"{number}", "clock", begins, ends, at_times=times, weekdays=weekdays, **common)
            )
        else:
            every = draw(st.sampled_from([None, minutes(30), minutes(90), hours(6)]))
            anchor = draw(st.sampled_from(["start", "end", "clock"] if every else ["start", "end"]))
            found.append(live("results", f"{number}", anchor, begins, ends if every else None, every, **common))
    return found


@given(plans(), events(), st.timedeltas(days(-3), days(8)), st.timedeltas(days(-3), days(8)))
def test_the_next_poll_is_the_one_that_a_look_at_every_poll_finds(
    rules: list[CadenceRule], event: Anchors, after: timedelta, late: timedelta
):
    assert event.start is not None
    last_ran, now = event.start + after, event.start + late
    every = list(polls(rules, event, "results"))
    found = next_poll(rules, event, "results", last_ran, now)

    assert (found and (found.poll, found.missed)) == brute_force(every, last_ran, now)


@given(providers, kinds, events(), st.timedeltas(days(-366), days(95)), st.timedeltas(days(0), days(40)))
def test_the_next_poll_of_the_users_rules_is_the_one_that_a_look_at_every_poll_finds(
    provider: str, kind, event: Anchors, after: timedelta, late: timedelta
):
    assert event.start is not None
    rules = [rule for rule in EVERY_RULE if rule.provider_key == provider]
    last_ran = event.start + after
    every = list(polls(rules, event, kind))
    found = next_poll(rules, event, kind, last_ran, last_ran + late)

    assert (found and (found.poll, found.missed)) == brute_force(every, last_ran, last_ran + late)


@given(plans(), events())
def test_polls_strictly_increase_and_since_leaves_out_the_earlier_ones(rules: list[CadenceRule], event: Anchors):
    every = list(polls(rules, event, "results"))

    assert all(one.due < two.due for one, two in pairwise(every))
    if every:
        middle = every[len(every) // 2]
        assert list(polls(rules, event, "results", middle.due)) == every[len(every) // 2 :]
        assert list(polls(rules, event, "results", middle.due + MICROSECOND)) == every[len(every) // 2 + 1 :]


@given(zones, instants, st.timedeltas(days(-20), days(20)))
def test_the_list_of_events_of_a_registration_service_is_due_twice_on_every_day(
    zone: ZoneInfo, now: datetime, ago: timedelta
):
    rules = at(time(6), time(18))
    account = Anchors(time_zone=zone)
    found = next_poll(rules, account, "discovery", now - ago, now)
    every = planned_until(polls(rules, account, "discovery", now - days(21)), now + days(22))

    assert found is not None
    assert (found.poll, found.missed) == brute_force(every, now - ago, now)


@given(st.lists(st.floats(min_value=0, max_value=4000), min_size=1, max_size=300))
def test_every_poll_is_run_or_counted_as_missed_and_no_delay_moves_a_later_one(delays: list[float]):
    now = after = START
    run = missed = 0
    planned = {poll.due for poll in RESULTS}
    for delay in delays:
        found = next_poll(CHRONOTRACK_LIVE, EVENT, "results", after, now)
        if found is None:
            break
        assert found.poll.due > after
        assert found.poll.due in planned
        run, missed, after = run + 1, missed + found.missed, found.poll.due
        now = max(now, after) + timedelta(seconds=delay)

    assert run + missed == len([poll for poll in RESULTS if poll.due <= after])


@given(
    st.timedeltas(min_value=days(-2), max_value=days(2)),
    st.timedeltas(min_value=days(0), max_value=days(5)),
    st.timedeltas(min_value=days(0), max_value=hours(3)),
)
def test_a_moved_start_loses_no_coming_poll_and_runs_at_most_one_that_is_past(
    moved: timedelta, progress: timedelta, busy: timedelta
):
    """The start is learnt anew when some polls have run and, perhaps, a poll has kept the event busy for a while."""
    last_ran = START + progress
    now = last_ran + busy
    new = replace(EVENT, start=START + moved)
    new_plan = list(polls(CHRONOTRACK_LIVE, new, "results"))
    run = []
    while (found := next_poll(CHRONOTRACK_LIVE, new, "results", last_ran, now)) is not None:
        run.append(found.poll)
        last_ran, now = found.poll.due, max(now, found.poll.due)

    past = [poll for poll in run if poll.due <= START + progress + busy]
    assert len(past) <= 1
    assert all(poll.due > START + progress for poll in run)
    assert [poll for poll in run if poll not in past] == [
        poll for poll in new_plan if poll.due > START + progress + busy
    ]


@given(st.timedeltas(min_value=hours(-24), max_value=hours(24)))
def test_the_phases_follow_the_gun(late: timedelta):
    after_gun = list(polls(CHRONOTRACK_LIVE, replace(EVENT, gun_start=START + late), "results"))

    assert [poll.due - late for poll in after_gun] == [poll.due for poll in RESULTS]
