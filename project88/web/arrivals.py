"""Who is expected at the finish, for each display: it takes a whole race to tell, so it is made behind the readers.

Renders nothing. A display says at once who finished; this list may be some seconds old.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict
from dataclasses import dataclass

from project88.edges.clock import monotonic
from project88.store import displays
from project88.store.connection import Database
from project88.store.displays import Display
from project88.store.results_page import Row

#: A list so old is made anew, but given at once.
FRESH_SECONDS = 2.0
#: One so old is of a display that nobody looked at for a while.
OLDEST_SECONDS = 30.0
KEPT_LISTS = 64

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: list[Row]
    made_at_seconds: float

    def is_younger_than(self, seconds: float) -> bool:
        return monotonic() - self.made_at_seconds < seconds


class Arrivals:
    """The lists of this process. However many ask at once, each is made once."""

    def __init__(self, db: Database, limit: int) -> None:
        self._db = db
        self._limit = limit
        self._kept: OrderedDict[Display, _Kept] = OrderedDict()
        self._locks: defaultdict[Display, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._renewing: dict[Display, asyncio.Task[None]] = {}

    async def get(self, display: Display) -> list[Row]:
        """Full rows as everybody may see them now; who is among them, and in which order, may be some seconds old."""
        return await displays.still_approaching(self._db, display, await self._found(display))

    async def _found(self, display: Display) -> list[Row]:
        kept = self._kept.get(display)
        if kept is None or not kept.is_younger_than(OLDEST_SECONDS):
            async with self._locks[display]:
                kept = self._young(display) or await self._make(display)
        elif not kept.is_younger_than(FRESH_SECONDS) and display not in self._renewing:
            self._renewing[display] = asyncio.create_task(self._renew(display))
            self._renewing[display].add_done_callback(lambda task: self._renewed(display, task))
        return kept.rows

    def close(self) -> None:
        for task in self._renewing.values():
            task.cancel()

    def _young(self, display: Display) -> _Kept | None:
        kept = self._kept.get(display)
        return kept if kept and kept.is_younger_than(OLDEST_SECONDS) else None

    async def _renew(self, display: Display) -> None:
        await self._make(display)

    def _renewed(self, display: Display, task: asyncio.Task[None]) -> None:
        del self._renewing[display]
        if not task.cancelled() and (error := task.exception()):
            logger.warning("who is expected is not told anew: %s", error, extra={"action": "web_arrivals"})

    async def _make(self, display: Display) -> _Kept:
        rows = await displays.approaching(self._db, display, self._limit)
        kept = self._kept[display] = _Kept(rows, monotonic())
        self._kept.move_to_end(display)
        while len(self._kept) > KEPT_LISTS:
            forgotten, _ = self._kept.popitem(last=False)
            self._locks.pop(forgotten, None)
        return kept
