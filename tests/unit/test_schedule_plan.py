"""The polls of an event: how many, when, and what becomes of those that cannot run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from project88.schedule.plan import next_poll, result_polls

START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
POLLS = list(result_polls(START))


def test_an_event_has_197_intensive_and_67_hourly_polls_at_the_instants_of_the_rule() -> None:
    intensive = [poll.due - START for poll in POLLS if poll.phase == "intensive"]
    standard = [poll.due - START for poll in POLLS if poll.phase == "standard"]

    assert [timedelta(minutes=5) + number * timedelta(seconds=90) for number in range(197)] == intensive
    assert [timedelta(hours=number) for number in range(6, 73)] == standard


def test_the_first_poll_is_due_five_minutes_after_the_start() -> None:
    coming = next_poll(START, START, START)

    assert coming is not None
    assert (START + timedelta(minutes=5), 0) == (coming.poll.due, coming.missed)


def test_polls_that_could_not_run_are_collapsed_into_the_last_due_one() -> None:
    coming = next_poll(START, POLLS[3].due, POLLS[7].due + timedelta(seconds=1))

    assert coming is not None
    assert (POLLS[7], 3) == (coming.poll, coming.missed)


def test_after_the_last_poll_there_is_none() -> None:
    assert next_poll(START, POLLS[-1].due, POLLS[-1].due) is None


@given(st.lists(st.floats(min_value=0, max_value=4000), min_size=1, max_size=200))
def test_every_poll_is_run_or_counted_as_missed(delays: list[float]) -> None:
    now = after = START
    run = missed = 0
    for delay in delays:
        coming = next_poll(START, after, now)
        if coming is None:
            break
        run, missed, after = run + 1, missed + coming.missed, coming.poll.due
        now = max(now, after) + timedelta(seconds=delay)

    assert run + missed == len([poll for poll in POLLS if poll.due <= after])
