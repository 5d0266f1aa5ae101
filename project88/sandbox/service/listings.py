"""Lists that can be cut into pages without being built whole: of anything, one after the other, of chosen positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from project88.sandbox.service.rows import Row

Item = TypeVar("Item")


class Listing(Protocol):
    """A list of rows in a fixed order."""

    def __len__(self) -> int: ...

    def rows(self, start: int, stop: int) -> list[Row]:
        """The rows from ``start`` up to ``stop``, which may lie past the end."""
        ...

    def entry_ids(self) -> list[str]:
        """The entry of each row, "" for rows of something else."""
        ...


class Rendered(Generic[Item]):
    """Items that are made into rows when a page is asked for. ``identify`` says whose row an item is."""

    def __init__(
        self, items: Sequence[Item], render: Callable[[Item], Row], identify: Callable[[Item], str] | None = None
    ) -> None:
        self._items = items
        self._render = render
        self._identify = identify or (lambda item: str(render(item).get("entry_id", "")))

    def __len__(self) -> int:
        return len(self._items)

    def rows(self, start: int, stop: int) -> list[Row]:
        return [self._render(item) for item in self._items[start:stop]]

    def entry_ids(self) -> list[str]:
        return [self._identify(item) for item in self._items]


class Chain:
    """Lists one after the other."""

    def __init__(self, parts: Sequence[Listing]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def rows(self, start: int, stop: int) -> list[Row]:
        rows: list[Row] = []
        for part in self._parts:
            length = len(part)
            if start < length and stop > 0:
                rows += part.rows(max(0, start), min(stop, length))
            start, stop = start - length, stop - length
        return rows

    def entry_ids(self) -> list[str]:
        return [entry_id for part in self._parts for entry_id in part.entry_ids()]


class Chosen:
    """The rows at some positions of another list, in the order of the positions."""

    def __init__(self, listing: Listing, positions: Sequence[int]) -> None:
        self._listing = listing
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def rows(self, start: int, stop: int) -> list[Row]:
        chosen = self._positions[start:stop]
        return [row for position in chosen for row in self._listing.rows(position, position + 1)]

    def entry_ids(self) -> list[str]:
        ids = self._listing.entry_ids()
        return [ids[position] for position in self._positions]
