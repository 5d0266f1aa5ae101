"""Rows that are kept as they came can be read again, byte by byte, and damage is noticed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.errors import StoreError
from project88.sync import raw_rows
from project88.sync.raw_rows import RawRows, rows_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.lists(JSON, max_size=4), max_size=6), st.integers(1, 200))
def test_rows_come_back_as_they_were_in_their_order(pages: list[list[object]], chunk_bytes: int):
    kept = RawRows()
    raw = [[msgspec.json.encode(row) for row in page] for page in pages]
    usual, raw_rows.CHUNK_BYTES = raw_rows.CHUNK_BYTES, chunk_bytes
    try:
        for page in raw:
            kept.append(page)
        chunks = kept.chunks()
    finally:
        raw_rows.CHUNK_BYTES = usual

    assert sum(map(len, raw)) == kept.rows
    assert [row for page in raw for row in page] == [bytes(row) for rows in rows_of(chunks) for row in rows]


@pytest.mark.parametrize("damaged", [b"", b"no frame", b"\x28\xb5\x2f\xfd"])
def test_a_damaged_chunk_is_an_error_and_no_empty_list(damaged: bytes):
    with pytest.raises(StoreError, match="archive is damaged"):
        list(rows_of([damaged]))
