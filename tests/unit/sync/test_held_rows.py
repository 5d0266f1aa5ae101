"""Rows that wait, and the choice among them."""

from __future__ import annotations

import msgspec

from project88.sync.held_rows import HeldRows


def rows_of(page: bytes) -> list[msgspec.Raw]:
    return msgspec.json.decode(page, type=list[msgspec.Raw])


def test_rows_come_back_page_by_page_as_often_as_needed() -> None:
    with HeldRows() as held:
        held.append(rows_of(b'[{"a": 1},\n {"a": 22}]'))
        held.append(rows_of(b"[]"))
        held.append(rows_of(b'[{"a": 333}]'))

        assert held.rows == 3
        for _ in range(2):
            assert list(held.pages()) == [[b'{"a": 1}', b'{"a": 22}'], [b'{"a": 333}']]


def test_only_chosen_rows_come_back() -> None:
    with HeldRows() as held:
        held.append(rows_of(b"[1, 2, 3]"))
        held.append(rows_of(b"[4, 5]"))
        held.append(rows_of(b"[6]"))

        assert list(held.chosen(bytes([0, 1, 1, 0, 0, 1]))) == [[b"2", b"3"], [b"6"]]
        assert list(held.chosen(bytes(6))) == []
