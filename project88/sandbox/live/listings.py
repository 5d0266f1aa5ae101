"""Lists of result rows that can be cut into pages without being built whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from project88.sandbox.entities import Bracket, Entry, Interval
from project88.sandbox.live.render import result_rows
from project88.sandbox.service.rows import Row


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
