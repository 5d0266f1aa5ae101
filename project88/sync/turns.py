"""When a credential's next call may go out: a place in this process, then a slot of the budget that all share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from project88.edges import clock
from project88.providers.contract import Limits
from project88.store import budget
from project88.store.budget import AskAgain, Priority, Slots
from project88.store.connection import Database
from project88.store.scope import Source
from project88.sync.places import Places
from project88.sync.service_places import ServicePlaces

#: A call that goes out later after its slot than this share of the unused budget takes a new slot, because the
#: service counts by arrival. The budget leaves 2 % of the rate unused: 1.2 s of every 60. The view call_windows relies
#: on the 0.5 s that come of it.
LATE_SHARE = 0.02 * 0.4
#: However fast the hub's clock runs, the answer of the database may take so long.
LATE_AT_LEAST_SECONDS = 0.1
#: A call that waited longer for its slot looks whether the credential was paused meanwhile.
LONG_WAIT_SECONDS = 0.25
#: A call that was sent away for so long queues like a live one, so that nobody waits for ever.
PATIENCE_SECONDS = 60.0
#: Between two questions for a slot: a pause may be lifted by hand, and rates may be beyond any timer.
ASK_AGAIN_SECONDS = (0.005, 5.0)


class Turns:
    """The calls of one credential in this process."""

    def __init__(self, db: Database, source: Source, limits: Limits) -> None:
        self._db = db
        self._source = source
        self._rate = limits.calls_per_minute
        self._places = Places(limits.concurrent_calls)
        self._service = ServicePlaces(db, source.data_source, limits.concurrent_calls_of_all)
        #: Of each priority one caller asks for a slot and the others wait behind it.
        self._lines = {priority: asyncio.Lock() for priority in Priority}

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        """A block that makes one call; it begins at the call's slot, or when the service has room for it."""
        await self._come(priority)
        try:
            async with self._service.place():
                yield
        finally:
            self._places.give_back()

    async def _come(self, priority: Priority) -> None:
        unused: datetime | None = None
        while True:
            async with self._lines[priority]:
                asked, slot = await self._granted(priority, unused)
            try:
                is_in_time = await self._waited(asked, slot)
            except BaseException:
                self._places.give_back()
                raise
            if is_in_time:
                return
            self._places.give_back()
            unused = slot.first_slot_at

    async def _granted(self, priority: Priority, unused: datetime | None) -> tuple[float, Slots]:
        """A slot, a place kept for it, and when it was asked for. A caller that is sent away holds no place."""
        began = clock.monotonic()
        while True:
            await self._places.take(priority)
            asked = clock.monotonic()
            urgency = priority if asked - began < PATIENCE_SECONDS else Priority.LIVE
            try:
                answer = await budget.reserve(self._db, self._source, 1, self._rate, urgency, unused)
            except BaseException:
                self._places.give_back()
                raise
            if isinstance(answer, Slots):
                return asked, answer
            self._places.give_back()
            unused = None
            await clock.sleep(_bounded(answer))

    async def _waited(self, asked: float, slot: Slots) -> bool:
        """Wait for a slot; whether the call may go out in it."""
        if slot.wait_seconds > 0:
            await clock.sleep(slot.wait_seconds)
        if slot.wait_seconds > LONG_WAIT_SECONDS and not await budget.is_free_of_pause(
            self._db, self._source, slot.first_slot_at
        ):
            return False
        # The wait was measured after the question and before the answer: counted from the question, it may only seem
        # too long, never too short.
        late = clock.monotonic() - (asked + slot.wait_seconds)
        return late < max(slot.spacing_seconds * self._rate * LATE_SHARE, LATE_AT_LEAST_SECONDS)


def _bounded(answer: AskAgain) -> float:
    shortest, longest = ASK_AGAIN_SECONDS
    return min(max(answer.wait_seconds, shortest), longest)
