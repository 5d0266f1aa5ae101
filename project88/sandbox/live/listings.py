"""Lists that can be cut into pages without being built whole: of anything, of result rows, of chosen positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from project88.sandbox.entities import Bracket, Entry, Interval
from project88.sandbox.live.render import Row, result_rows

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
    """Items that are made into rows when a page is asked for."""

    def __init__(self, items: Sequence[Item], render: Callable[[Item], Row]) -> None:
        self._items = items
        self._render = render

    def __len__(self) -> int:
        return len(self._items)

    def rows(self, start: int, stop: int) -> list[Row]:
        return [self._render(item) for item in self._items[start:stop]]

    def entry_ids(self) -> list[str]:
        return [str(self._render(item).get("entry_id", "")) for item in self._items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One interval in one bracket: the placed in order, the unplaced with rank 0, then who is under way."""

    interval: Interval
    bracket: Bracket
    placed: Sequence[Entry]
    unplaced: Sequence[Entry]
    under_way: Sequence[Entry]
    generated_ms: int

    def __len__(self) -> int:
        return len(self.placed) + len(self.unplaced) + len(self.under_way)

    def rows(self, start: int, stop: int) -> list[Row]:
        ranked: list[tuple[Entry, int | None]] = [
            *zip(self.placed[start:stop], range(start + 1, stop + 1), strict=False)
        ]
        return result_rows(self.interval, self.bracket, ranked + self._unranked(start, stop), self.generated_ms)

    def entry_ids(self) -> list[str]:
        return [entry.entry_id for entry in (*self.placed, *self.unplaced, *self.under_way)]

    def _unranked(self, start: int, stop: int) -> list[tuple[Entry, int | None]]:
        after = len(self.placed)
        unranked = [*((entry, 0) for entry in self.unplaced), *((entry, None) for entry in self.under_way)]
        return unranked[max(0, start - after) : max(0, stop - after)]


class OneEntry:
    """The rows of one entry within a segment, with the rank it has there."""

    def __init__(self, segment: Segment, entry_id: str) -> None:
        self._segment = segment
        self._ids = segment.entry_ids()
        self._position = self._ids.index(entry_id) if entry_id in self._ids else None

    def __len__(self) -> int:
        return 0 if self._position is None else 1

    def rows(self, start: int, stop: int) -> list[Row]:
        if self._position is None or start > 0 or stop < 1:
            return []
        return self._segment.rows(self._position, self._position + 1)

    def entry_ids(self) -> list[str]:
        return [] if self._position is None else [self._ids[self._position]]


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
