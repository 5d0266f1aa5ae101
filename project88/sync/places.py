"""How many calls of a credential a process makes at once, and who is next. Pure waiting: no calls, no clock, no SQL."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from project88.store.budget import Priority


class Places:
    """So many calls at once, the most urgent ones first. One place is left to live calls where there are several."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._kept_for_live = 1 if count > 1 else 0
        self._numbers = itertools.count()
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []

    async def take(self, priority: Priority) -> None:
        """Wait for a place. Whoever has one must give it back."""
        given = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), given))
        self._serve()
        try:
            await given
        except asyncio.CancelledError:
            # It may have been given just before its taker was cancelled.
            if not given.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            priority, _, given = self._waiting[0]
            if not given.cancelled():
                if self._free <= (0 if priority is Priority.LIVE else self._kept_for_live):
                    return
                self._free -= 1
                given.set_result(None)
            heapq.heappop(self._waiting)
