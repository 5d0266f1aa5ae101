"""The ledger of a location: what is there, what is missing, what is asked for, and how often."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from project88.listen.ledger import ASKED_AT_MOST, LocationLedger, Numbers

numbers = st.lists(st.integers(1, 60))


def ledger_of(*received: int) -> LocationLedger:
    ledger = LocationLedger()
    for number in received:
        ledger.confirm(number, 1)
    return ledger


@given(numbers)
def test_numbers_are_a_set_whatever_the_order(values: list[int]):
    found = Numbers()
    new = [value for value in values if found.add(value)]

    assert sorted(new) == sorted(set(values))
    assert len(found) == len(set(values))
    held = {number for low, high in found.ranges() for number in range(low, high + 1)}
    assert held == set(values)
    assert found.highest == max(values, default=0)


@given(numbers)
def test_what_is_missing_and_what_is_there_make_up_all_numbers_to_the_highest(values: list[int]):
    found = Numbers()
    for value in values:
        found.add(value)
    missing = {number for low, high in found.missing() for number in range(low, high + 1)}

    assert missing | set(values) == set(range(1, found.highest + 1))
    assert missing & set(values) == set()


@given(numbers, numbers)
def test_ranges_that_somebody_else_stored_are_added(ours: list[int], theirs: list[int]):
    both, other = Numbers(), Numbers()
    for value in ours:
        both.add(value)
    for value in theirs:
        other.add(value)
    both.add_ranges(other.ranges())

    assert {n for low, high in both.ranges() for n in range(low, high + 1)} == set(ours) | set(theirs)


def test_a_new_location_begins_at_1_and_a_whole_one_behind_its_last_number():
    assert ledger_of().resume() == 1
    assert ledger_of(1, 2, 3).resume() == 4


def test_a_gap_is_asked_for_with_all_behind_it_and_given_up_after_some_times():
    ledger = ledger_of(1, 2, 5, 6)

    assert [ledger.again() for _ in range(ASKED_AT_MOST + 1)] == [3, 3, 3, None]
    assert ledger.resume() == 7
    assert ledger.missing == [(3, 4)]


def test_a_gap_that_fills_is_asked_for_as_long_as_it_does():
    ledger = ledger_of(1, 9)
    for number in range(2, 9):
        assert ledger.again() == number
        ledger.confirm(number, 1)

    assert ledger.again() is None


def test_another_number_1_than_the_known_one_begins_a_new_numbering():
    ledger = LocationLedger()
    assert [ledger.place(1, 11), ledger.place(2, 22), ledger.place(1, 11)] == [1, 1, 1]
    for number in (1, 2):
        ledger.confirm(number, 1)

    assert ledger.place(1, 33) == 2
    assert ledger.resume() == 1
    ledger.confirm(2, 1)
    assert ledger.received.highest == 0
