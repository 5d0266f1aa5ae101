"""Reading numbered lists from servers that behave and servers that do not. No sockets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import Permanent
from project88.wire import paging
from project88.wire.paging import Completeness, ListReading, PageFacts


@dataclass(kw_only=True)
class Listing:
    """A server with one list of numbers. The switches are the ways in which servers were seen to differ."""

    rows: list[int]
    size: int
    cap: int = 1000
    states_row_count: bool = True
    states_page_count: bool = True
    page_count_from_size_asked: bool = False
    fixed_page_count: int | None = None
    fixed_row_count: int | None = None
    before_page: dict[int, Callable[[list[int]], None]] = field(default_factory=dict)

    def page(self, number: int) -> tuple[PageFacts, list[int]]:
        if number in self.before_page:
            self.before_page[number](self.rows)
        size = min(self.size, self.cap)
        rows = self.rows[(number - 1) * size : number * size]
        counted = -(-len(self.rows) // (self.size if self.page_count_from_size_asked else size))
        return (
            PageFacts(
                number=number,
                rows=len(rows),
                row_count=self._row_count() if self.states_row_count else None,
                page_count=self._or(self.fixed_page_count, counted) if self.states_page_count else None,
                digest=digest(rows),
            ),
            rows,
        )

    def _row_count(self) -> int:
        return self._or(self.fixed_row_count, len(self.rows))

    @staticmethod
    def _or(fixed: int | None, value: int) -> int:
        return value if fixed is None else fixed


def digest(rows: Sequence[int]) -> bytes:
    return hashlib.blake2b(repr(list(rows)).encode(), digest_size=16).digest()


def read(server: Listing) -> tuple[ListReading, list[int]]:
    reading, found = ListReading(), []
    while (number := reading.next_page) is not None:
        facts, rows = server.page(number)
        reading.feed(facts)
        found += rows
    return reading, found


def judged(server: Listing) -> Completeness:
    reading, found = read(server)
    return reading.completeness(len(set(found)))


def facts(
    number: int, rows: int, row_count: int | None = None, page_count: int | None = None, content: str = ""
) -> PageFacts:
    return PageFacts(
        number=number,
        rows=rows,
        row_count=row_count,
        page_count=page_count,
        digest=(content or f"page {number}").encode(),
    )


@pytest.mark.parametrize("states_page_count", [True, False], ids=["page count", "no page count"])
@pytest.mark.parametrize("states_row_count", [True, False], ids=["row count", "no row count"])
@pytest.mark.parametrize("size", [50, 500, 1000])
@pytest.mark.parametrize("rows", [0, 1, 49, 50, 51, 999, 1000, 1001, 2500])
def test_a_list_of_any_length_comes_through_whole(
    rows: int, size: int, states_row_count: bool, states_page_count: bool
) -> None:
    server = Listing(
        rows=list(range(rows)), size=size, states_row_count=states_row_count, states_page_count=states_page_count
    )

    reading, found = read(server)

    assert list(range(rows)) == found
    assert rows == reading.rows_read
    assert Completeness.COMPLETE is reading.completeness(rows)


@pytest.mark.parametrize(
    ("rows", "size", "calls"), [(0, 500, 1), (1, 500, 1), (500, 500, 1), (501, 500, 2), (2500, 500, 5), (1000, 1000, 1)]
)
def test_a_page_count_spares_the_call_for_an_empty_page(rows: int, size: int, calls: int) -> None:
    reading, _ = read(Listing(rows=list(range(rows)), size=size))

    assert calls == len(reading.digests)


@pytest.mark.parametrize("from_size_asked", [False, True], ids=["pages as capped", "pages as asked for"])
@pytest.mark.parametrize("rows", [1, 100, 101, 999, 1000, 1001, 2500])
def test_a_server_that_caps_the_page_still_gives_all_rows(rows: int, from_size_asked: bool) -> None:
    server = Listing(rows=list(range(rows)), size=1000, cap=100, page_count_from_size_asked=from_size_asked)

    reading, found = read(server)

    assert list(range(rows)) == found
    assert Completeness.COMPLETE is reading.completeness(rows)


def test_a_server_that_always_states_one_page_still_gives_all_rows() -> None:
    reading, found = read(Listing(rows=list(range(2500)), size=500, fixed_page_count=1))

    assert list(range(2500)) == found
    assert Completeness.COMPLETE is reading.completeness(2500)


def test_a_row_count_above_the_rows_there_are_ends_at_an_empty_page_as_partial() -> None:
    reading, _ = read(Listing(rows=list(range(1000)), size=500, fixed_row_count=1300))

    assert len(reading.digests) == 3
    assert Completeness.PARTIAL is reading.completeness(1000)


def test_a_row_count_below_the_rows_there_are_is_partial() -> None:
    assert Completeness.PARTIAL is judged(Listing(rows=list(range(1000)), size=500, fixed_row_count=900))


def test_an_empty_page_in_the_middle_does_not_end_a_list_whose_rows_are_not_in() -> None:
    reading = ListReading()
    reading.feed(facts(1, 2, 5, 3))
    reading.feed(facts(2, 0, 5, 3))

    assert reading.next_page == 3


def test_an_empty_page_ends_a_list_whose_rows_are_in_whatever_the_page_count_says() -> None:
    reading = ListReading()
    reading.feed(facts(1, 5, 5, 900))
    reading.feed(facts(2, 0, 5, 900))

    assert reading.next_page is None
    assert Completeness.COMPLETE is reading.completeness(5)


def test_a_list_without_rows_and_pages_is_complete() -> None:
    reading = ListReading()
    reading.feed(facts(1, 0, 0, 0))

    assert reading.next_page is None
    assert Completeness.COMPLETE is reading.completeness(0)


def test_a_repeated_page_is_a_loop() -> None:
    reading = ListReading()
    reading.feed(facts(1, 50, content="same"))

    with pytest.raises(Permanent, match="page 2 repeats"):
        reading.feed(facts(2, 50, content="same"))


def test_a_loop_over_two_pages_is_found() -> None:
    reading = ListReading()
    reading.feed(facts(1, 50, content="odd"))
    reading.feed(facts(2, 50, content="even"))

    with pytest.raises(Permanent, match="page 3 repeats"):
        reading.feed(facts(3, 50, content="odd"))


def test_two_empty_pages_alike_are_no_loop() -> None:
    reading = ListReading()
    reading.feed(facts(1, 0, 5, 3, content="empty"))
    reading.feed(facts(2, 0, 5, 3, content="empty"))

    assert reading.next_page == 3


def test_a_list_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_AT_MOST", 3)
    reading = ListReading()
    for number in (1, 2, 3):
        reading.feed(facts(number, 50, page_count=number + 1))

    with pytest.raises(Permanent, match="more than 3 pages"):
        reading.feed(facts(4, 50, page_count=5))


@pytest.mark.parametrize("states_page_count", [True, False])
def test_a_list_that_grows_at_its_end_while_being_read_is_moving(states_page_count: bool) -> None:
    server = Listing(
        rows=list(range(1000)),
        size=500,
        states_page_count=states_page_count,
        before_page={2: lambda rows: rows.extend([1000, 1001])},
    )

    reading, found = read(server)

    assert set(range(1002)) == set(found)
    assert Completeness.MOVING is reading.completeness(1002)


def test_a_list_that_grows_at_its_head_repeats_a_row_and_is_moving() -> None:
    server = Listing(rows=list(range(1000)), size=500, before_page={2: lambda rows: rows.insert(0, 5000)})

    reading, found = read(server)

    assert set(range(1000)) == set(found)
    assert Completeness.MOVING is reading.completeness(len(set(found)))


def test_a_page_asked_for_early_does_not_hide_that_the_list_grew() -> None:
    """Pages 2 and 3 were under way together; page 3 was made before the list grew."""
    reading = ListReading()
    reading.feed(facts(1, 2, 6, 3))
    reading.feed(facts(2, 2, 7, 4))
    reading.feed(facts(3, 2, 6, 3))

    assert reading.next_page is None
    assert Completeness.MOVING is reading.completeness(6)


def test_a_list_that_shrinks_while_being_read_is_partial() -> None:
    server = Listing(rows=list(range(1000)), size=500, before_page={2: lambda rows: rows.__delitem__(0)})

    reading, found = read(server)

    assert len(set(found)) == 999
    assert Completeness.PARTIAL is reading.completeness(999)


def test_a_list_that_shrinks_and_grows_back_is_partial() -> None:
    server = Listing(
        rows=list(range(1500)),
        size=500,
        before_page={2: lambda rows: rows.__delitem__(-1), 3: lambda rows: rows.append(9000)},
    )

    assert Completeness.PARTIAL is judged(server)


def test_rows_that_change_places_across_a_page_are_partial() -> None:
    def swap(rows: list[int]) -> None:
        rows[499], rows[500] = rows[500], rows[499]

    assert Completeness.PARTIAL is judged(Listing(rows=list(range(1000)), size=500, before_page={2: swap}))


def test_a_list_that_shrinks_to_fewer_pages_ends_as_partial() -> None:
    server = Listing(rows=list(range(2000)), size=500, before_page={2: lambda rows: rows.__delitem__(slice(700, None))})

    reading, _ = read(server)

    assert len(reading.digests) == 2
    assert Completeness.PARTIAL is reading.completeness(700)


def test_a_list_that_is_emptied_while_being_read_is_partial() -> None:
    assert Completeness.PARTIAL is judged(
        Listing(rows=list(range(1000)), size=500, before_page={2: lambda rows: rows.clear()})
    )


def test_a_list_that_was_not_read_to_its_end_is_partial() -> None:
    reading = ListReading()
    reading.feed(facts(1, 500, 1000, 2))

    assert Completeness.PARTIAL is reading.completeness(500)
    assert Completeness.PARTIAL is ListReading().completeness(0)


def test_a_row_count_missing_on_the_last_page_does_not_hide_missing_rows() -> None:
    reading = ListReading()
    reading.feed(facts(1, 500, 1000, None))
    reading.feed(facts(2, 0, None, None))

    assert reading.next_page is None
    assert Completeness.PARTIAL is reading.completeness(500)


def test_a_row_count_stated_only_on_a_later_page_counts() -> None:
    reading = ListReading()
    reading.feed(facts(1, 500, None, 2))
    reading.feed(facts(2, 100, 700, 2))
    reading.feed(facts(3, 0, 700, 2))

    assert Completeness.PARTIAL is reading.completeness(600)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(0, 300),
    size=st.integers(1, 60),
    cap=st.integers(1, 60),
    states_page_count=st.booleans(),
    from_size_asked=st.booleans(),
)
def test_a_quiet_list_is_complete_under_every_size_and_cap(
    rows: int, size: int, cap: int, states_page_count: bool, from_size_asked: bool
) -> None:
    server = Listing(
        rows=list(range(rows)),
        size=size,
        cap=cap,
        states_page_count=states_page_count,
        page_count_from_size_asked=from_size_asked,
    )

    reading, found = read(server)

    assert list(range(rows)) == found
    assert Completeness.COMPLETE is reading.completeness(rows)


@settings(max_examples=60, deadline=None)
@given(
    removed=st.lists(st.integers(0, 99), max_size=3, unique=True), added=st.integers(0, 3), at_page=st.integers(2, 5)
)
def test_a_list_whose_length_changed_while_being_read_is_never_complete(
    removed: list[int], added: int, at_page: int
) -> None:
    if len(removed) == added:
        return

    def change(rows: list[int]) -> None:
        rows[:] = [row for row in rows if row not in removed] + [1000 + row for row in range(added)]

    assert Completeness.COMPLETE is not judged(Listing(rows=list(range(100)), size=20, before_page={at_page: change}))
