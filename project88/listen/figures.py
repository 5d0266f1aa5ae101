"""How many reads came lately. Counts only; reads no database."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

SHOWN_SECONDS = 10


class Figures:
    """Reads of the last seconds, and totals since the start."""

    def __init__(self) -> None:
        self._lately: deque[tuple[datetime, int]] = deque()
        self.reads = 0
        self.refusals = 0
        self.last_read_at: datetime | None = None

    def kept(self, reads: int, at: datetime) -> None:
        if reads:
            self.reads += reads
            self.last_read_at = at
            self._lately.append((at, reads))
            self._forget(at)

    def refused(self) -> None:
        self.refusals += 1

    def reads_per_second(self, now: datetime) -> float:
        self._forget(now)
        return sum(reads for _, reads in self._lately) / SHOWN_SECONDS

    def _forget(self, now: datetime) -> None:
        while self._lately and now - self._lately[0][0] > timedelta(seconds=SHOWN_SECONDS):
            self._lately.popleft()
