"""The numbers that stand for rows and their owners."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from project88.records.row_digests import NOBODY, RowDigests, numbers, owner, row_digests

NUMBERS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=20)


@given(rows=NUMBERS)
def test_digests_come_back_from_their_bytes(rows: list[tuple[int, int]]) -> None:
    digests = RowDigests(numbers(digest for digest, _ in rows), numbers(owner for _, owner in rows))

    assert RowDigests.from_bytes(digests.to_bytes()) == digests
    assert len(digests.to_bytes()) == 16 * len(digests)


def test_their_bytes_are_the_digests_then_the_owners_in_little_endian() -> None:
    digests = RowDigests(numbers([1, 2]), numbers([3, 256]))

    words = [digests.to_bytes()[start : start + 8] for start in range(0, 32, 8)]
    assert [int.from_bytes(word, "little") for word in words] == [1, 2, 3, 256]


def test_a_row_has_one_digest_whether_it_stands_in_its_page_or_was_copied() -> None:
    page = b'[{"a": 1}, {"a": 2}]'
    rows = msgspec.json.decode(page, type=list[msgspec.Raw])

    assert row_digests(rows) == row_digests([b'{"a": 1}', b'{"a": 2}'])
    assert len(set(row_digests(rows))) == 2


def test_rows_without_a_record_are_owned_by_nobody() -> None:
    assert owner("51", "9001") not in (NOBODY, owner("52", "9001"))
    assert RowDigests(numbers([1, 2, 3]), numbers([NOBODY, owner("51", "9001"), 7])).owned == 2
