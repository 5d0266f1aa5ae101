"""One list of a service into the stages, and how it came through. Of a known list only what changed is staged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, cast

from project88.errors import ProviderError
from project88.providers.contract import Page, PagedList
from project88.records.entities import Finish, Problem, Removal
from project88.records.row_digests import NOBODY, RowDigests, owner
from project88.store.lists import KnownList
from project88.store.merging import Stream
from project88.store.staging import Stage
from project88.sync.client import ProviderClient
from project88.sync.comparing import RowComparison
from project88.sync.held_rows import HeldRows
from project88.sync.raw_rows import RawRows
from project88.sync.reading import ListReader
from project88.sync.record_stager import RecordStager
from project88.wire.paging import Completeness, ListReading

log = logging.getLogger(__name__)

#: A list with more unreadable rows than this is counted on, but only so many are kept.
PROBLEMS_KEPT = 1000

LoadRows = Callable[[], Awaitable[RowDigests | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMemory:
    """What is known of a list. ``held`` closes the rows that are held back; it must outlive their staging.

    ``load_rows`` gives the known rows; None means that the rows of this list are not remembered.
    """

    known: KnownList | None
    load_rows: LoadRows | None
    held: ExitStack


@dataclass(slots=True, kw_only=True)
class CollectedList:
    """One list after its reading.

    ``unchanged``: it says what is stored. ``same_pages``: even in the same order. ``changes``: what is new and what is
    gone is known row by row, and nothing of it is staged yet; ``stage_held`` does that.
    """

    wanted: PagedList[Any]
    number: int
    stream: Stream
    reading: ListReading
    unchanged: bool = False
    same_pages: bool = False
    changes: RowComparison | None = None
    held: HeldRows | None = None
    #: What is staged, as it came; None: nobody keeps it.
    raw: RawRows | None = None
    #: The answers about entries that were asked for one by one.
    raw_details: RawRows | None = None
    #: How many rows gave a record.
    usable_rows: int = 0
    problem_rows: int = 0
    #: Rows that say that an entry is none any more.
    removal_rows: int = 0
    #: How many entries are still to be asked for one by one.
    postponed: int = 0
    rows_read: RowDigests | None = None
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

    def remembered(self, stored_rows: int, repeated_rows: int) -> KnownList:
        return KnownList(
            name=self.wanted.name,
            stream=self.stream,
            page_size=self.wanted.page_size,
            row_count=self.rows,
            stored_rows=stored_rows,
            page_digests=tuple(self.reading.digests),
            row_digests=None if repeated_rows else self.rows_read,
        )

    def count(self, given: Sequence[Sequence[Any] | Problem]) -> list[Sequence[Any]]:
        """Note what rows gave when they are decoded first. A row with a problem gives no record."""
        problems = [each for each in given if isinstance(each, Problem)]
        self.problem_rows += len(problems)
        self.problems.extend(islice(problems, PROBLEMS_KEPT - len(self.problems)))
        records = records_by_row(given) if problems else cast(list[Sequence[Any]], given)
        self.removal_rows += sum(1 for row in records if row and type(row[0]) is Removal)
        finishes = (each for each in chain.from_iterable(records) if type(each) is Finish)
        self.races_with_finishes.update(each.race_id for each in finishes)
        return records

    def keep(self, rows: Sequence[Any]) -> None:
        if self.raw is not None:
            self.raw.append(rows)

    def forget_counts(self) -> None:
        """Before rows that were counted are counted again."""
        self.problem_rows = self.removal_rows = 0
        self.problems.clear()


def records_by_row(given: Iterable[Sequence[Any] | Problem]) -> list[Sequence[Any]]:
    return [() if isinstance(each, Problem) else each for each in given]


async def collect(
    client: ProviderClient,
    wanted: PagedList[Any],
    number: int,
    stage: Stage,
    memory: ListMemory | None = None,
    stream: Stream = "results",
) -> CollectedList:
    """Read a list whole and stage its records under ``number``. A failing page is kept as the list's error."""
    reader = ListReader(client, wanted)
    found = CollectedList(wanted=wanted, number=number, stream=stream, reading=reader.reading)
    async with RecordStager(stage, number) as stager:
        collector = _Collector(found, stager, memory)
        try:
            async for page in reader.pages():
                await collector.take(page)
        except ProviderError as error:
            log.warning("reading %s failed: %s", wanted.name, error, extra={"action": "list_failed"})
            found.error = error
        await collector.finish()
    return found


async def stage_held(found: CollectedList, stage: Stage, owners: Set[int] | None) -> None:
    """Stage the held rows of these owners, or all of them. They were counted when they were read."""
    assert found.held is not None
    assert found.changes is not None
    async with RecordStager(stage, found.number) as stager:
        if owners is None:
            pages = found.held.pages()
        else:
            pages = found.held.chosen(bytes(map(owners.__contains__, found.changes.read.owners)))
        for rows in pages:
            found.keep(rows)
            given = await asyncio.to_thread(found.wanted.decode, rows)
            await stager.add(list(chain.from_iterable(records_by_row(given))))


class _Collector:
    """Holds pages back while they equal the known ones, and from the first difference on while rows are compared.

    Where nothing is known of the rows, everything is staged.
    """

    def __init__(self, found: CollectedList, stager: RecordStager, memory: ListMemory | None) -> None:
        self._found = found
        self._stager = stager
        self._load_rows = memory.load_rows if memory is not None else None
        self._known_pages: list[bytes] = []
        self._known_rows = 0
        if memory is not None:
            found.raw = RawRows()
        if memory is not None and memory.known is not None and memory.known.page_size == found.wanted.page_size:
            self._known_pages = list(memory.known.page_digests)
            self._known_rows = memory.known.row_count
            found.held = memory.held.enter_context(HeldRows())
        if self._load_rows is not None:
            found.rows_read = RowDigests()

    async def take(self, page: Page) -> None:
        found = self._found
        if found.held is not None and found.changes is None and self._differs(page):
            await self._compare_from_here()
        if found.held is None:
            await self._stage(page.rows)
        elif page.rows:
            self._hold(page.rows)
            if found.changes is not None and found.changes.are_too_many:
                found.forget_counts()
                await self._release()

    async def finish(self) -> None:
        found = self._found
        if found.held is not None and found.changes is None:
            if found.error is not None:
                await self._release()
            elif len(found.reading.digests) < len(self._known_pages):
                await self._compare_from_here()
            else:
                found.same_pages = found.unchanged = True
        if found.changes is not None:
            self._conclude(found.changes)

    def _differs(self, page: Page) -> bool:
        index = page.facts.number - 1
        return self._known_pages[index : index + 1] != [page.facts.digest]

    async def _compare_from_here(self) -> None:
        assert self._found.held is not None
        known = await self._load_rows() if self._load_rows is not None else None
        if known is None or len(known) != self._known_rows:
            await self._release()
        else:
            self._found.changes = RowComparison(known, self._found.held.rows)

    def _hold(self, rows: Sequence[Any]) -> None:
        def owners_of(places: Sequence[int]) -> list[int]:
            return list(map(_owner, self._found.count(self._found.wanted.decode([rows[place] for place in places]))))

        assert self._found.held is not None
        if self._found.changes is not None:
            self._found.changes.take(self._found.wanted.digests(rows), owners_of)
        self._found.held.append(rows)

    def _conclude(self, changes: RowComparison) -> None:
        changes.conclude()
        self._found.rows_read = changes.read
        self._found.usable_rows = changes.read.owned
        self._found.unchanged = self._found.error is None and not changes.touched

    async def _release(self) -> None:
        """Stage what was held back, and from now on every page at once."""
        held, self._found.held, self._found.changes = self._found.held, None, None
        assert held is not None
        with held:
            for rows in held.pages():
                await self._stage(rows)

    async def _stage(self, rows: Sequence[Any]) -> None:
        self._found.keep(rows)
        # In a thread, so that reads and pages do not wait for a page of rows.
        records = self._found.count(await asyncio.to_thread(self._found.wanted.decode, rows))
        self._found.usable_rows += sum(map(bool, records))
        if self._found.rows_read is not None:
            self._found.rows_read.digests.extend(self._found.wanted.digests(rows))
            self._found.rows_read.owners.extend(map(_owner, records))
        await self._stager.add(list(chain.from_iterable(records)))


def _owner(records: Sequence[Any]) -> int:
    return owner(records[0].race_id, records[0].entry_id) if records else NOBODY
