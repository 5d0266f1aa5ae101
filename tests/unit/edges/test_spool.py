"""The queue that pages wait in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.edges.spool import MEMORY_BYTES, Spool


def test_an_unused_spool_is_empty() -> None:
    with Spool() as spool:
        assert list(spool.drain()) == []


def test_strings_come_back_in_the_order_they_went_in_the_empty_ones_too() -> None:
    with Spool() as spool:
        for data in (b"first", b"", b"\x00\xff\n", b""):
            spool.append(data)

        assert list(spool.drain()) == [b"first", b"", b"\x00\xff\n", b""]


def test_a_drained_spool_is_empty_and_can_be_filled_again() -> None:
    with Spool() as spool:
        spool.append(b"first, the longer one")
        list(spool.drain())

        assert list(spool.drain()) == []
        spool.append(b"second")
        assert list(spool.drain()) == [b"second"]


def test_more_than_fits_in_memory_comes_back_from_disk() -> None:
    parts = [bytes([number]) * (MEMORY_BYTES // 3) for number in range(5)]
    with Spool() as spool:
        for part in parts:
            spool.append(part)

        assert parts == list(spool.drain())


def test_a_closed_spool_takes_nothing() -> None:
    with Spool() as spool:
        pass

    with pytest.raises(ValueError, match="closed"):
        spool.append(b"late")


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.binary(max_size=300), max_size=20))
def test_any_strings_come_back_as_they_were(parts: list[bytes]) -> None:
    with Spool() as spool:
        for part in parts:
            spool.append(part)

        assert parts == list(spool.drain())
