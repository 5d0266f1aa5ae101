"""One list of a service into the stages, and how it came through. An unchanged list is staged not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from project88.edges.spool import Spool
from project88.errors import ProviderError
from project88.providers.contract import PagedList
from project88.records.entities import Finish, Problem
from project88.store.lists import KnownList
from project88.store.staging import Stage
from project88.sync.client import ProviderClient
from project88.sync.reading import ListReader, ReadPage
from project88.wire.messages import Response
from project88.wire.paging import Completeness, ListReading

log = logging.getLogger(__name__)

#: So many rows go to the database at once, whatever the size of a page.
ROWS_PER_COPY = 4000
#: A list with more unreadable rows than this is counted on, but only so many are kept.
PROBLEMS_KEPT = 1000


@dataclass(slots=True, kw_only=True)
class CollectedList:
    """One list after its reading. ``usable_rows`` counts the records it gave."""

    wanted: PagedList[Any]
    number: int
    reading: ListReading
    unchanged: bool = False
    usable_rows: int = 0
    problem_rows: int = 0
    races_with_finishes: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def rows(self) -> int:
        return self.reading.rows_read

    def completeness(self, repeated_rows: int) -> Completeness:
        """A list with an unreadable row is partial: nobody knows which row it was."""
        if self.error is not None or self.problem_rows:
            return Completeness.PARTIAL
        return self.reading.completeness(self.rows - repeated_rows)

    def remembered(self, stored_rows: int) -> KnownList:
        return KnownList(
            name=self.wanted.name,
            page_size=self.wanted.page_size,
            row_count=self.rows,
            stored_rows=stored_rows,
            page_digests=tuple(self.reading.digests),
        )


async def collect(
    client: ProviderClient, wanted: PagedList[Any], number: int, stage: Stage, known: KnownList | None
) -> CollectedList:
    """Read a list whole and stage its records under ``number``. A failing page is kept as the list's error."""
    reader = ListReader(client, wanted)
    found = CollectedList(wanted=wanted, number=number, reading=reader.reading)
    with Spool() as spool:
        collector = _Collector(found, stage, known, spool)
        try:
            await _read_pages(reader, collector, found)
            await collector.finish()
        except BaseException:
            await collector.give_up()
            raise
    return found


async def _read_pages(reader: ListReader, collector: _Collector, found: CollectedList) -> None:
    try:
        async for read in reader.pages():
            await collector.take(read)
    except ProviderError as error:
        log.warning("reading %s failed: %s", found.wanted.name, error, extra={"action": "list_failed"})
        found.error = error


class _Collector:
    """Holds pages back while they equal the known ones; from the first difference on, stages everything."""

    def __init__(self, found: CollectedList, stage: Stage, known: KnownList | None, spool: Spool) -> None:
        self._found = found
        self._stage = stage
        self._spool = spool
        usable = known is not None and known.page_size == found.wanted.page_size
        self._staging: asyncio.Task[None] | None = None
        self._pending: list[Any] = []
        self._known: Sequence[bytes] | None = list(known.page_digests) if known is not None and usable else None

    async def take(self, read: ReadPage) -> None:
        index = read.page.facts.number - 1
        if self._known is not None and self._known[index : index + 1] != [read.page.facts.digest]:
            await self._release()
        if self._known is None:
            await self._add(read.page.rows)
        elif read.page.rows:
            self._spool.append(read.response.body)

    async def finish(self) -> None:
        await self._hand_over()
        await self._staged()
        same_length = self._known is not None and len(self._found.reading.digests) == len(self._known)
        if same_length and self._found.error is None:
            self._found.unchanged = True
        else:
            await self._release()
            await self._hand_over()
            await self._staged()

    async def give_up(self) -> None:
        """Leave no staging behind after an error or a cancellation."""
        if self._staging is not None:
            self._staging.cancel()
            await asyncio.gather(self._staging, return_exceptions=True)

    async def _staged(self) -> None:
        """Wait until what was handed over is in the database; the next page is decoded meanwhile."""
        if self._staging is not None:
            staging, self._staging = self._staging, None
            await staging

    async def _release(self) -> None:
        """Stage what was held back."""
        if self._known is None:
            return
        self._known = None
        for number, body in enumerate(self._spool.drain(), start=1):
            response = Response(status=200, headers={}, body=body)
            await self._add(self._found.wanted.read(response, number).rows)

    async def _add(self, rows: Sequence[Any]) -> None:
        records: list[Any] = []
        problems: list[Problem] = []
        for record in self._found.wanted.decode(rows):
            (problems if isinstance(record, Problem) else records).append(record)
        self._found.usable_rows += len(records)
        self._found.races_with_finishes.update(each.race_id for each in records if type(each) is Finish)
        self._found.problem_rows += len(problems)
        self._found.problems.extend(islice(problems, PROBLEMS_KEPT - len(self._found.problems)))
        self._pending += records
        if len(self._pending) >= ROWS_PER_COPY:
            await self._hand_over()

    async def _hand_over(self) -> None:
        """Let the database take what is pending while the next pages are decoded."""
        await self._staged()
        if self._pending:
            pending, self._pending = self._pending, []
            self._staging = asyncio.create_task(self._stage.add(self._found.number, pending))
