"""Which sequence numbers a location has brought, which are missing, and what to ask for. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: So often one gap is asked for again; then the timing computer does not have it either.
ASKED_AT_MOST = 3


class Numbers:
    """A set of whole numbers from 1 on, kept as ranges with both ends included."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for low, high in sorted(ranges):
            self._lows.append(low)
            self._highs.append(high)

    def add(self, number: int) -> bool:
        """Whether it is new."""
        if self._highs and number == self._highs[-1] + 1:
            self._highs[-1] = number
            return True
        at = bisect_right(self._lows, number)
        if at and number <= self._highs[at - 1]:
            return False
        joins_before = at > 0 and self._highs[at - 1] == number - 1
        joins_after = at < len(self._lows) and self._lows[at] == number + 1
        if joins_before and joins_after:
            self._highs[at - 1] = self._highs.pop(at)
            self._lows.pop(at)
        elif joins_before:
            self._highs[at - 1] = number
        elif joins_after:
            self._lows[at] = number
        else:
            self._lows.insert(at, number)
            self._highs.insert(at, number)
        return True

    def add_ranges(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Numbers that somebody else has stored."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self.ranges(), *ranges]):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        self._lows, self._highs = [low for low, _ in merged], [high for _, high in merged]

    @property
    def highest(self) -> int:
        """0 where there is none."""
        return self._highs[-1] if self._highs else 0

    def ranges(self) -> Iterator[tuple[int, int]]:
        return zip(self._lows, self._highs, strict=True)

    def missing(self) -> list[tuple[int, int]]:
        """The ranges below the highest that are not there."""
        gaps, expected = [], 1
        for low, high in self.ranges():
            if low > expected:
                gaps.append((expected, low - 1))
            expected = high + 1
        return gaps

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges())


@dataclass(slots=True)
class LocationLedger:
    """One location. ``numbering`` counts how often the computer began at 1; ``first_key`` is what number 1 was."""

    received: Numbers = field(default_factory=Numbers)
    numbering: int = 1
    first_key: int | None = None
    _asked: dict[tuple[int, int], int] = field(default_factory=dict)

    def place(self, number: int, content_key: int) -> int:
        """The numbering that a line belongs to. Another number 1 than the known one begins a new numbering."""
        if number == 1 and self.first_key not in (None, content_key):
            self.numbering += 1
            self.received, self._asked, self.first_key = Numbers(), {}, None
        if number == 1:
            self.first_key = content_key
        return self.numbering

    def confirm(self, number: int, numbering: int) -> None:
        """The line is on the disk: it will not be asked for again."""
        if numbering == self.numbering:
            self.received.add(number)

    def resume(self) -> int:
        """Where a computer that comes back is to begin: at the first gap that it may still fill, else behind all."""
        return self._gap_to_ask_for() or self.received.highest + 1

    def again(self) -> int | None:
        """Where to begin anew because of a gap on a link that works; None where nothing is to be asked."""
        return self._gap_to_ask_for()

    @property
    def missing(self) -> list[tuple[int, int]]:
        return self.received.missing()

    def _gap_to_ask_for(self) -> int | None:
        """The begin of the first gap that was not asked for too often; all behind it is asked for with it."""
        gaps = self.received.missing()
        self._asked = {gap: self._asked.get(gap, 0) for gap in gaps}
        open_gaps = [gap for gap in gaps if self._asked[gap] < ASKED_AT_MOST]
        if not open_gaps:
            return None
        for gap in open_gaps:
            self._asked[gap] += 1
        return open_gaps[0][0]
