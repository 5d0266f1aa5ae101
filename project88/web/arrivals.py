"""Who is expected at the finish, for each display: it takes a whole race to tell, so it is made behind the readers.

Renders nothing. A display says at once who finished; this list may be some seconds old.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass

from project88.edges.clock import monotonic
from project88.store import displays
from project88.store.connection import Database
from project88.store.displays import Display
from project88.store.results_page import Row
from project88.web.renewals import Renewals

#: A list so old is made anew, but given at once.
FRESH_SECONDS = 2.0
#: Making one takes this part of the time at most: of a large race on a busy machine it is longer in coming.
SHARE = 0.1
#: One so old is of a display that nobody looked at for a while.
OLDEST_SECONDS = 30.0
KEPT_LISTS = 64


@dataclass(frozen=True, slots=True)
class _Kept:
    """``took_seconds``: to make it."""

    rows: list[Row]
    made_at_seconds: float
    took_seconds: float

    @property
    def is_fresh(self) -> bool:
        return self.is_younger_than(max(FRESH_SECONDS, self.took_seconds / SHARE))

    def is_younger_than(self, seconds: float) -> bool:
        return monotonic() - self.made_at_seconds < seconds


class Arrivals:
    """The lists of this process. However many ask at once, each is made once."""

    def __init__(self, db: Database, limit: int) -> None:
        self._db = db
        self._limit = limit
        self._kept: OrderedDict[Display, _Kept] = OrderedDict()
        self._locks: defaultdict[Display, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._renewals = Renewals(self._make, "who is expected is not told anew", "web_arrivals")

    async def get(self, display: Display) -> list[Row]:
        """Full rows as everybody may see them now; who is among them, and in which order, may be some seconds old."""
        return await displays.still_approaching(self._db, display, await self._found(display))

    async def _found(self, display: Display) -> list[Row]:
        kept = self._kept.get(display)
        if kept is None or not kept.is_younger_than(OLDEST_SECONDS):
            async with self._locks[display]:
                kept = self._young(display) or await self._make(display)
        elif not kept.is_fresh:
            self._renewals.begin(display)
        return kept.rows

    def close(self) -> None:
        self._renewals.close()

    def _young(self, display: Display) -> _Kept | None:
        kept = self._kept.get(display)
        return kept if kept and kept.is_younger_than(OLDEST_SECONDS) else None

    async def _make(self, display: Display) -> _Kept:
        began = monotonic()
        rows = await displays.approaching(self._db, display, self._limit)
        kept = self._kept[display] = _Kept(rows, monotonic(), monotonic() - began)
        self._kept.move_to_end(display)
        while len(self._kept) > KEPT_LISTS:
            forgotten, _ = self._kept.popitem(last=False)
            self._locks.pop(forgotten, None)
        return kept
