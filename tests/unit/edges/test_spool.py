"""Where pages wait."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.edges.spool import MEMORY_BYTES, Spool


def test_an_unused_spool_is_empty() -> None:
    with Spool() as spool:
        assert list(spool) == []


def test_strings_come_back_in_the_order_they_went_in_the_empty_ones_too() -> None:
    with Spool() as spool:
        for data in (b"first", b"", b"\x00\xff\n", b""):
            spool.append(data)

        assert list(spool) == [b"first", b"", b"\x00\xff\n", b""]


def test_a_string_is_found_by_its_number_as_often_as_needed_and_more_can_follow() -> None:
    with Spool() as spool:
        spool.append(b"first")
        spool.append(b"second, the longer one")

        assert [spool[1], spool[0], spool[1]] == [b"second, the longer one", b"first", b"second, the longer one"]
        spool.append(b"third")
        assert (len(spool), spool[2], spool[0]) == (3, b"third", b"first")


def test_more_than_fits_in_memory_comes_back_from_disk() -> None:
    parts = [bytes([number]) * (MEMORY_BYTES // 3) for number in range(5)]
    with Spool() as spool:
        for part in parts:
            spool.append(part)

        assert parts == list(spool)


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

        assert parts == list(spool)
