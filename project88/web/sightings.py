"""Notes when screens last asked for a display or followed it: once a minute, beside the answers. Shows none."""

from __future__ import annotations

import logging

from project88.edges.clock import monotonic, sleep
from project88.edges.redaction import redacted
from project88.errors import HubError
from project88.store import displays
from project88.store.connection import Database
from project88.store.reads import at_primary
from project88.web.updates import Updates

LOOK_EVERY_SECONDS = 1.0
NOTE_EVERY_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Sightings:
    """What this process sees of displays, by the hashes of their secrets."""

    def __init__(self, db: Database, updates: Updates) -> None:
        self._db = at_primary(db)
        self._updates = updates
        self._asked: set[bytes] = set()
        #: When each was noted last, by the clock of this machine.
        self._noted: dict[bytes, float] = {}
        self._is_failing = False

    def saw(self, secret_hash: bytes) -> None:
        """Somebody asked for the display. Waits for nothing."""
        self._asked.add(secret_hash)

    async def run(self) -> None:
        """Note until cancelled."""
        while True:
            await sleep(LOOK_EVERY_SECONDS)
            await self.note()

    async def note(self) -> None:
        """Note what was seen and was not noted within the last minute. A failure is logged once, and tried again."""
        self._noted = {each: at for each, at in self._noted.items() if monotonic() - at < NOTE_EVERY_SECONDS}
        due = (self._asked | self._updates.followed) - self._noted.keys()
        self._asked.clear()
        if not due:
            return
        try:
            await displays.note_seen(self._db, due)
            self._is_failing = False
        except HubError as error:
            self._tell(error)
        self._noted.update(dict.fromkeys(due, monotonic()))

    def _tell(self, error: HubError) -> None:
        if not self._is_failing:
            told = redacted(str(error))
            logger.warning("when displays were seen cannot be noted: %s", told, extra={"action": "displays_seen"})
        self._is_failing = True
