"""From the spool into the database, in order, through every outage of it. Takes no line from a computer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec

from project88.edges import clock
from project88.edges.identity import host_and_pid
from project88.edges.journal import Journal, Position
from project88.errors import StoreError
from project88.records.timing import TimingRead, TimingRecord
from project88.store.connection import Connection, Database
from project88.store.timing import StoredUpTo, prepare_stages, store_records, stored_up_to

log = logging.getLogger(__name__)

#: Of the spool in one transaction: some ten thousand reads.
BATCH_BYTES = 2 * 1024 * 1024
#: The spool grows without telling while the loop is busy elsewhere.
LOOK_SECONDS = 1.0

decode = msgspec.json.Decoder(TimingRecord).decode


class Drain:
    """``stored`` is up to where the database has all. One at a time works on a spool."""

    def __init__(self, db: Database, journal: Journal, time_zone: str | None) -> None:
        self._db = db
        self._journal = journal
        self._time_zone = time_zone
        self._host, _ = host_and_pid()
        self._is_current = asyncio.Event()
        self.stored: Position | None = None
        #: When the newest stored record came; None before the first.
        self.stored_received_at: datetime | None = None
        #: Since when the database lacks what is on the disk; None while it has all.
        self.behind_since: datetime | None = None
        #: Why the database takes nothing; None while it does.
        self.problem: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set and all is stored. Raises StoreError when the database fails."""
        try:
            await self._begin()
            async with self._db.dedicated() as connection:
                await prepare_stages(connection)
                while not (stop.is_set() and self._has_all()):
                    if not await self._store_next(connection):
                        await self._more_or(stop)
        except StoreError as error:
            self.problem = str(error)
            raise

    async def until_current(self) -> None:
        """Returns once all that was on disk at some moment since the start is stored."""
        await self._is_current.wait()

    @property
    def waiting_bytes(self) -> int:
        return self._journal.depth_bytes(self.stored or self._journal.begin())

    @property
    def lag_seconds(self) -> float:
        """How old the oldest thing is that the database lacks."""
        return 0.0 if self.behind_since is None else (clock.utc_now() - self.behind_since).total_seconds()

    async def _begin(self) -> None:
        """The position in the database counts: what was stored there is not stored again."""
        found = await stored_up_to(self._db, self._journal.journal_id)
        begin = self._journal.begin()
        self.stored = max(begin, Position(*found)) if found else begin
        self.stored = min(self.stored, self._journal.confirmed)

    async def _store_next(self, connection: Connection) -> bool:
        """Whether there was something."""
        assert self.stored is not None
        piece = self._journal.read(self.stored, BATCH_BYTES)
        if piece.end == self.stored:
            self.behind_since = None
            self._is_current.set()
            return False
        self.behind_since = self.behind_since or clock.utc_now()
        records = [decode(line) for line in piece.lines]
        up_to = StoredUpTo(
            spool_id=self._journal.journal_id,
            host=self._host,
            segment=piece.end.segment,
            position=piece.end.offset,
        )
        await store_records(connection, records, self._time_zone, up_to)
        self._note(records, piece.end)
        return True

    def _note(self, records: Sequence[TimingRecord], end: Position) -> None:
        self.problem = None
        self.stored = end
        self._journal.release(end)
        came = [record.received_at for record in records if isinstance(record, TimingRead)]
        if came:
            self.stored_received_at = self.behind_since = came[-1]

    def _has_all(self) -> bool:
        return self.stored == self._journal.confirmed

    async def _more_or(self, stop: asyncio.Event) -> None:
        self._journal.grew.clear()
        if self._has_all() and not stop.is_set():
            waiting = [asyncio.create_task(each.wait()) for each in (self._journal.grew, stop)]
            try:
                await asyncio.wait(waiting, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
