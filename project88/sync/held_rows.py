"""Rows that wait for the decision whether they are staged. Knows nothing of what they say."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, compress, pairwise
from types import TracebackType

from msgspec import Raw

from project88.edges.spool import Spool


class HeldRows:
    """The rows of a list, page by page, that can be read again as often as needed."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._lengths: list[array[int]] = []
        self.rows = 0

    def __enter__(self) -> HeldRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def append(self, rows: Sequence[Raw]) -> None:
        """The next page. Rows that stand side by side are cut apart again without parsing."""
        self._spool.append(b"".join(rows))
        self._lengths.append(array("I", map(len, rows)))
        self.rows += len(rows)

    def pages(self) -> Iterator[list[bytes]]:
        return self.chosen(bytes([1]) * self.rows)

    def chosen(self, is_chosen: bytes) -> Iterator[list[bytes]]:
        """The rows whose byte in ``is_chosen`` is not 0; pages without such a row are not read."""
        first = 0
        for number, lengths in enumerate(self._lengths):
            choice = is_chosen[first : first + len(lengths)]
            first += len(lengths)
            if any(choice):
                page = self._spool[number]
                borders = pairwise(accumulate(lengths, initial=0))
                yield [page[start:end] for start, end in compress(borders, choice)]
