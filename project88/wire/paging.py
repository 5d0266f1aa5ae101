"""Reading a numbered list page by page as a value: which page next, and was the list whole. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from project88.errors import Permanent

#: More pages than this in one list is a server that never ends it: 10,000 pages of 50 rows are 500,000 rows.
PAGES_AT_MOST = 20_000


class Completeness(Enum):
    """How a list came through."""

    COMPLETE = "complete"
    MOVING = "moving"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What one page says about itself. ``None`` where the server did not say."""

    number: int
    rows: int
    row_count: int | None
    page_count: int | None
    digest: bytes


@dataclass(slots=True)
class ListReading:
    """The reading of one list. Feed every page in order; ``next_page`` is None at the end.

    Pages are numbered from 1. A server may cap the page below what was asked for, so a short page alone ends
    nothing: the page count does once the stated rows are in, or where no page count is given an empty page.
    """

    #: Every row count that was stated. Pages are asked for at once, so a later page may state an earlier count.
    row_counts: list[int] = field(default_factory=list)
    page_count: int | None = None
    rows_read: int = 0
    digests: list[bytes] = field(default_factory=list)
    finished: bool = False
    _pages_with_rows: set[bytes] = field(default_factory=set, repr=False)

    @property
    def row_count(self) -> int | None:
        return self.row_counts[-1] if self.row_counts else None

    @property
    def next_page(self) -> int | None:
        return None if self.finished else len(self.digests) + 1

    def feed(self, page: PageFacts) -> None:
        """Take the next page. Raises Permanent where the list repeats itself or never ends."""
        self._refuse_loop(page)
        self.digests.append(page.digest)
        if page.rows:
            self._pages_with_rows.add(page.digest)
        self.rows_read += page.rows
        if page.row_count is not None:
            self.row_counts.append(page.row_count)
        self.page_count = page.page_count
        self.finished = self._is_last(page)

    def _refuse_loop(self, page: PageFacts) -> None:
        if page.digest in self._pages_with_rows:
            raise Permanent(f"page {page.number} repeats an earlier page: the list is a loop")
        if page.number > PAGES_AT_MOST:
            raise Permanent(f"the list has more than {PAGES_AT_MOST} pages")

    def _is_last(self, page: PageFacts) -> bool:
        """A page count may be reckoned from the size asked for, so it ends no list whose stated rows are not in."""
        if page.page_count is None:
            return page.rows == 0
        if page.rows == 0:
            return page.number >= page.page_count or not self._rows_outstanding()
        return page.number >= page.page_count and not self._rows_outstanding()

    def _rows_outstanding(self) -> bool:
        return self.row_count is not None and self.rows_read < self.row_count

    def completeness(self, distinct_rows: int) -> Completeness:
        """Judge the finished list by its distinct rows.

        MOVING: it only grew while it was read and every row that was there at first came through.
        PARTIAL: rows are missing, or the list shrank. A list that never states its row count is taken as whole.
        """
        if not self.finished:
            return Completeness.PARTIAL
        if not self.row_counts:
            return Completeness.COMPLETE
        first = self.row_counts[0]
        if min(self.row_counts) < first or distinct_rows < first:
            return Completeness.PARTIAL
        if max(self.row_counts) > first:
            return Completeness.MOVING
        return Completeness.COMPLETE if distinct_rows == first else Completeness.PARTIAL
