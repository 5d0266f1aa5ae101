"""Tells open pages and displays that an event changed: a few looks a second for all of them. Renders nothing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from project88.edges.clock import monotonic, sleep
from project88.errors import StoreError
from project88.store import displays, results_page
from project88.store.connection import Database
from project88.store.reads import at_primary
from project88.store.results_page import Change, EventKey
from project88.web.pictures import BEHIND, Pictures

LOOK_EVERY_SECONDS = 0.25
#: The question for the list of events is the longest one, so it is asked with every so manieth look.
LOOKS_PER_LIST_LOOK = 4
PING_EVERY_SECONDS = 15.0
#: A comment now and then, so that a lost peer is noticed.
PING = b": ping\n\n"
#: How many events, newest first, the list of events watches.
LISTED_EVENTS = 25
GONE = "gone"
CLOSED = None

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream. Only the newest version matters, so its queue holds one message."""

    #: None for the list of events.
    key: EventKey | None
    version: str
    #: Of a display, which may end while it is open.
    secret_hash: bytes | None = None
    is_over: bool = False
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self, message: bytes | None) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(message)

    def offer(self, version: str) -> None:
        if version != self.version and not self.is_over:
            self.version = version
            self.tell(f"id: {version}\nevent: changed\ndata: {version}\n\n".encode())

    def ping(self) -> None:
        if self.queue.empty():
            self.tell(PING)

    def end(self) -> None:
        """Say that the display is gone, once."""
        self.offer(GONE)
        self.is_over = True


class Updates:
    """The listeners of this process and what they know."""

    def __init__(self, db: Database, pictures: Pictures, *, every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        self._db = db
        self._pictures = pictures
        self._every_seconds = every_seconds
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._closed = False
        self._looks = 0
        self._pinged_at = monotonic()

    def hears(self, key: EventKey) -> bool:
        """Whether somebody follows the event already, so that it is known to be there."""
        return any(listener.key == key for listener in self._listeners)

    def screens(self, secret_hash: bytes) -> int:
        """How many screens follow a display here."""
        return sum(listener.secret_hash == secret_hash for listener in self._listeners)

    @property
    def followed(self) -> set[bytes]:
        """The displays that screens follow here."""
        return {each.secret_hash for each in self._listeners if each.secret_hash and not each.is_over}

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
            self._ping()
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

    def _ping(self) -> None:
        if monotonic() - self._pinged_at >= PING_EVERY_SECONDS:
            self._pinged_at = monotonic()
            for listener in self._listeners:
                listener.ping()

    async def _look(self) -> None:
        is_list_look = self._looks % LOOKS_PER_LIST_LOOK == 0
        self._looks += 1
        await self._end_displays()
        keys = {listener.key for listener in self._listeners if listener.key}
        found = await results_page.changes(self._db, keys) if keys else {}
        for key in keys:
            self._offer(key, found[key].version if key in found else GONE)
        if is_list_look and any(listener.key is None for listener in self._listeners):
            version = await list_version(self._db)
            for listener in self._of(None):
                listener.offer(version)

    async def _end_displays(self) -> None:
        open_hashes = self.followed
        still_shown = await displays.still_shown(at_primary(self._db), open_hashes) if open_hashes else set()
        for listener in self._listeners:
            if listener.secret_hash in open_hashes - still_shown:
                listener.end()

    def _offer(self, key: EventKey, version: str) -> None:
        """Pages are told of new rows at once, and again when the figures beside them are there. Displays have none."""
        has_figures = version == GONE or self._pictures.is_current(key, version)
        of_pages = version if has_figures else version + BEHIND
        for listener in self._of(key):
            listener.offer(version if listener.secret_hash else of_pages)
        if not has_figures and any(not listener.secret_hash for listener in self._of(key)):
            self._pictures.renew_soon(key)

    def _of(self, key: EventKey | None) -> list[Listener]:
        return [listener for listener in self._listeners if listener.key == key]


async def list_version(db: Database) -> str:
    """A word that differs whenever the newest events or their number differ."""
    listed = await results_page.events(db, LISTED_EVENTS, 0)
    return version_of(await results_page.event_count(db), (event.change for event in listed))


def version_of(event_count: int, changes: Iterable[Change]) -> str:
    words = ",".join(change.version for change in changes)
    return f"{event_count}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
