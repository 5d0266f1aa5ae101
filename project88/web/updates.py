"""Tells open pages and displays that an event changed: a few looks a second for all of them. Renders nothing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from project88.edges.clock import sleep
from project88.errors import StoreError
from project88.store import displays, results_page
from project88.store.connection import Database
from project88.store.results_page import Change, EventKey

LOOK_EVERY_SECONDS = 0.25
#: Displays hear of every look; pages, of which there may be thousands, of every so manieth.
LOOKS_PER_PAGE_LOOK = 4
PING_EVERY_SECONDS = 15.0
#: How long a browser waits before it opens a lost stream again.
RECONNECT_MS = 2000
#: How many events, newest first, the list of events watches.
LISTED_EVENTS = 25
GONE = "gone"
CLOSED = None

logger = logging.getLogger(__name__)

Prepare = Callable[[EventKey], Awaitable[object]]


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream. Only the newest version matters, so its queue holds one."""

    #: None for the list of events.
    key: EventKey | None
    version: str
    #: Of a display, which may end while it is open.
    secret_hash: bytes | None = None
    is_over: bool = False
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self, version: str | None) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(version)

    def offer(self, version: str) -> None:
        if version != self.version and not self.is_over:
            self.version = version
            self.tell(version)

    def end(self) -> None:
        """Say that the display is gone, once."""
        self.offer(GONE)
        self.is_over = True


class Updates:
    """The listeners of this process and what they know."""

    def __init__(self, db: Database, *, prepare: Prepare, every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        self._db = db
        self._prepare = prepare
        self._every_seconds = every_seconds
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._closed = False
        self._looks = 0

    def hears(self, key: EventKey) -> bool:
        """Whether somebody follows the event already, so that it is known to be there."""
        return any(listener.key == key for listener in self._listeners)

    def screens(self, secret_hash: bytes) -> int:
        """How many screens follow a display here."""
        return sum(listener.secret_hash == secret_hash for listener in self._listeners)

    @contextmanager
    def listen(self, key: EventKey | None, version: str, secret_hash: bytes | None = None) -> Iterator[Listener]:
        """Hear of versions of an event (None: of the list of events) that differ from ``version``."""
        listener = Listener(key=key, version=version, secret_hash=secret_hash)
        self._listeners.add(listener)
        self._wanted.set()
        if self._closed:
            listener.tell(CLOSED)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def run(self) -> None:
        """Look until cancelled; while nobody listens, nothing is asked."""
        while True:
            await self._wanted.wait()
            try:
                await self._look()
            except StoreError as error:
                logger.warning("open results pages wait for the database: %s", error, extra={"action": "web_updates"})
            if not self._listeners:
                self._wanted.clear()
            await sleep(self._every_seconds)

    def close(self) -> None:
        """End every stream, now and later."""
        self._closed = True
        for listener in self._listeners:
            listener.tell(CLOSED)

    async def _look(self) -> None:
        is_page_look = self._looks % LOOKS_PER_PAGE_LOOK == 0
        self._looks += 1
        await self._end_displays()
        told = [each for each in self._listeners if is_page_look or each.secret_hash]
        keys = {listener.key for listener in told if listener.key}
        found = await results_page.changes(self._db, keys) if keys else {}
        for key in keys:
            await self._offer(told, key, found[key].version if key in found else GONE)
        if any(listener.key is None for listener in told):
            self._offer_list(await list_version(self._db))

    async def _end_displays(self) -> None:
        open_hashes = {each.secret_hash for each in self._listeners if each.secret_hash and not each.is_over}
        still_shown = await displays.still_shown(self._db, open_hashes) if open_hashes else set()
        for listener in self._listeners:
            if listener.secret_hash in open_hashes - still_shown:
                listener.end()

    async def _offer(self, told: list[Listener], key: EventKey, version: str) -> None:
        """Displays first: their figures need no preparation."""
        waiting = [listener for listener in told if listener.key == key and listener.version != version]
        for listener in waiting:
            if listener.secret_hash:
                listener.offer(version)
        pages = [listener for listener in waiting if not listener.secret_hash]
        if pages and version != GONE:
            await self._prepare(key)
        for listener in pages:
            listener.offer(version)

    def _offer_list(self, version: str) -> None:
        for listener in self._listeners:
            if listener.key is None:
                listener.offer(version)


async def list_version(db: Database) -> str:
    """A word that differs whenever the newest events or their number differ."""
    listed = await results_page.events(db, LISTED_EVENTS, 0)
    return version_of(await results_page.event_count(db), (event.change for event in listed))


def version_of(event_count: int, changes: Iterable[Change]) -> str:
    words = ",".join(change.version for change in changes)
    return f"{event_count}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


async def stream(
    updates: Updates, key: EventKey | None, version: str, secret_hash: bytes | None = None
) -> AsyncIterator[str]:
    """Server-sent events: one per change, and a comment now and then so that a lost peer is noticed."""
    with updates.listen(key, version, secret_hash) as listener:
        yield f"retry: {RECONNECT_MS}\n: listening\n\n"
        while True:
            try:
                async with asyncio.timeout(PING_EVERY_SECONDS):
                    changed = await listener.queue.get()
            except TimeoutError:
                yield ": ping\n\n"
                continue
            if changed is CLOSED:
                return
            yield f"id: {changed}\nevent: changed\ndata: {changed}\n\n"
