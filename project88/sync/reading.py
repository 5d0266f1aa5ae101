"""Reading a paged list whole and in order, a few pages ahead. Stores nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from project88.errors import Gone
from project88.providers.contract import Page, PagedList
from project88.records.entities import Problem
from project88.sync.client import ProviderClient
from project88.sync.raw_rows import RawRows
from project88.wire.messages import Response
from project88.wire.paging import ListReading

T = TypeVar("T")


class ListReader:
    """Yields the pages of one list; ``reading`` tells afterwards what came through."""

    def __init__(self, client: ProviderClient, wanted: PagedList[Any]) -> None:
        self._client = client
        self._list = wanted
        self._ahead: deque[asyncio.Task[Response]] = deque()
        self._asked = 0
        self._before: Page | None = None
        self.reading = ListReading()

    async def pages(self) -> AsyncIterator[Page]:
        try:
            while (number := self.reading.next_page) is not None:
                self._ask_ahead()
                response = await self._ahead.popleft()
                page = self._list.read(response, number)
                self.reading.feed(page.facts)
                self._before = page
                self._ask_ahead()
                yield page
        finally:
            await self._drop_ahead()

    def _ask_ahead(self) -> None:
        """Keep as many pages on their way as the credential may ask for at once; the first page goes alone."""
        while len(self._ahead) < self._pages_ahead() and self._asked < self._last_page():
            self._asked += 1
            request = self._list.page(self._asked, self._before, self.reading.rows_read)
            self._ahead.append(asyncio.create_task(self._client.get(request)))

    def _pages_ahead(self) -> int:
        return self._client.concurrent_calls if self.reading.digests else 1

    def _last_page(self) -> int:
        """The highest page number worth asking for; without a page count, or with ``follow``, one page at a time."""
        read = len(self.reading.digests)
        if self.reading.finished:
            return read
        if self._list.follow is not None:
            return read + 1
        return max(self.reading.page_count or 0, read + 1)

    async def _drop_ahead(self) -> None:
        for task in self._ahead:
            task.cancel()
        await asyncio.gather(*self._ahead, return_exceptions=True)


@dataclass(slots=True, kw_only=True)
class ShortList(Generic[T]):
    """A list read into memory whole: its records, the rows that could not be read, its pages' digests, and all rows."""

    records: list[T] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    raw: RawRows = field(default_factory=RawRows)


async def read_all(client: ProviderClient, wanted: PagedList[T]) -> ShortList[T]:
    found: ShortList[T] = ShortList()
    reader = ListReader(client, wanted)
    try:
        await _read_into(found, reader, wanted)
    except Gone:
        if not wanted.may_be_missing:
            raise
    found.digests = reader.reading.digests
    return found


async def _read_into(found: ShortList[T], reader: ListReader, wanted: PagedList[T]) -> None:
    async for page in reader.pages():
        found.raw.append(page.rows)
        for given in wanted.decode(page.rows):
            if isinstance(given, Problem):
                found.problems.append(given)
            else:
                found.records.extend(given)


async def row_count(client: ProviderClient, wanted: PagedList[Any]) -> int | None:
    """How many rows a list has, for the price of one row. None where the service does not say."""
    return wanted.read(await client.get(wanted.probe()), 1).facts.row_count
