"""Rows beside the known rows of their list. A row is a number here, its owner the number without the last digit."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project88.records.row_digests import NOBODY, RowDigests, numbers
from project88.sync import comparing
from project88.sync.comparing import RowComparison

KNOWN = [11, 12, 13, 21, 22, 31, 32, 41]


def owner(row: int) -> int:
    return row // 10


def known(rows: Sequence[int]) -> RowDigests:
    return RowDigests(numbers(rows), numbers(map(owner, rows)))


def compare(before: Sequence[int], now: Sequence[int], *, page_size: int = 3, equal: int = 0) -> RowComparison:
    comparison = RowComparison(known(before), equal)
    for start in range(equal, len(now), page_size):
        page = now[start : start + page_size]
        comparison.take(page, lambda places, page=page: [owner(page[place]) for place in places])
    comparison.conclude()
    return comparison


@pytest.fixture(params=[0, 2, 1000], ids=lambda rows: f"{rows} rows ahead")
def _rows_ahead(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "ROWS_AHEAD", request.param)


pytestmark = pytest.mark.usefixtures("_rows_ahead")


@pytest.mark.parametrize("equal", [0, 3, 6])
def test_the_same_rows_touch_nobody(equal: int) -> None:
    comparison = compare(KNOWN, KNOWN, equal=equal)

    assert (comparison.touched, comparison.somebody_vanished) == (set(), False)
    assert comparison.read == known(KNOWN)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_rows_in_another_order_touch_nobody(seed: int) -> None:
    shuffled = random.Random(seed).sample(KNOWN, len(KNOWN))
    comparison = compare(KNOWN, shuffled)

    assert (comparison.touched, comparison.somebody_vanished) == (set(), False)
    assert comparison.read == known(shuffled)


def test_a_new_row_touches_its_owner_and_no_row_behind_it() -> None:
    assert compare(KNOWN, [51, *KNOWN]).touched == {5}
    assert compare(KNOWN, [*KNOWN, 19]).touched == {1}


def test_a_row_that_is_gone_touches_its_owner() -> None:
    comparison = compare(KNOWN, [row for row in KNOWN if row != 21])

    assert (comparison.touched, comparison.somebody_vanished) == ({2}, False)


def test_an_owner_without_any_row_left_has_vanished() -> None:
    assert compare(KNOWN, KNOWN[:-1]).somebody_vanished
    assert compare(KNOWN, []).somebody_vanished
    assert not compare(KNOWN, [*KNOWN[:-1], 49]).somebody_vanished


def test_a_row_that_came_twice_touches_its_owner() -> None:
    assert compare(KNOWN, [*KNOWN, 31]).touched == {3}
    assert compare(KNOWN, [41, 41, *KNOWN[:-1]]).touched == {4}
    assert compare(KNOWN, [51, 51, *KNOWN]).touched == {5}


def test_rows_of_nobody_touch_nobody() -> None:
    comparison = compare([1, 2, 11], [3, 1, 1, 11])

    assert (comparison.touched, comparison.somebody_vanished) == (set(), False)
    assert list(comparison.read.owners) == [NOBODY, NOBODY, NOBODY, 1]


def test_many_new_rows_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "NEW_ROWS_AT_MOST", 2)
    comparison = RowComparison(known(KNOWN), 0)
    comparison.take([51, 52], lambda places: [5] * len(places))
    assert not comparison.are_too_many
    comparison.take([53], lambda places: [5] * len(places))
    assert comparison.are_too_many


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.lists(st.integers(0, 60), max_size=25, unique=True),
    now=st.lists(st.integers(0, 60), max_size=25),
    page_size=st.integers(1, 9),
)
def test_what_is_touched_is_what_differs(before: list[int], now: list[int], page_size: int) -> None:
    comparison = compare(before, now, page_size=page_size)

    twice = {row for row in now if now.count(row) > 1}
    differing = set(before) ^ set(now) | twice
    owners_now = set(map(owner, now))
    gone = {owner(row) for row in set(before) - set(now)} - {NOBODY}
    assert comparison.touched == set(map(owner, differing)) - {NOBODY}
    assert comparison.somebody_vanished == bool(gone - owners_now)
    assert comparison.read == known(now)
