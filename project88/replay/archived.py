"""The archived readings of one source staged and merged once more. Asks no service; the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from project88.errors import HubError
from project88.providers.contract import Course, Details, EntryList, PagedList, Provider, ResultList
from project88.records.entities import Participant, ProviderEventId, Removal
from project88.store import archive, merging
from project88.store.archive import RawList, RawReading
from project88.store.connection import Connection
from project88.store.entries import known_listing
from project88.store.events import import_races
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.archiving import DETAILS
from project88.sync.collecting import records_by_row
from project88.sync.entries import Listing, stage_listing
from project88.sync.raw_rows import rows_of

#: Any instant: lists of changes are named and read alike whatever they are asked since.
SOME_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


async def merge_again(connection: Connection, scope: EventScope, provider: Provider, reading: RawReading) -> int:
    """Merge a reading as it was merged; how many rows it has. Raises HubError for a list that no one knows any more."""
    stage = Stage(connection)
    await stage.prepare()
    found = await archive.lists(connection, scope, reading)
    course = _course(provider, scope.provider_event_id, [each for each in found if each.stream == "course"])
    await stage.add(0, course.races)
    staging = _Staging(stage, scope, provider, course)
    for each in found:
        if each.stream != "course" and each.list_no < DETAILS:
            await staging.stage(each, [other for other in found if other.list_no == each.list_no + DETAILS])
    await import_races(connection, scope)
    await merging.merge_staged(connection, scope, reading.merges)
    return sum(each.row_count for each in found)


def _course(provider: Provider, event: ProviderEventId, found: list[RawList]) -> Course:
    """In the stages in which the provider asked for its lists."""
    raw = {each.list_name: each for each in found}
    read: dict[str, list[Any]] = {}
    while wanted := {
        name: each for name, each in provider.course_lists(event, read, results=True).items() if name in raw
    }:
        for name, each in wanted.items():
            rows = chain.from_iterable(rows_of(raw[name].chunks))
            read[name] = list(chain.from_iterable(records_by_row(each.decode(list(rows)))))
    return provider.course(event, read)


class _Staging:
    """Lists of a reading decoded by what the provider knows of them today."""

    def __init__(self, stage: Stage, scope: EventScope, provider: Provider, course: Course) -> None:
        self._stage = stage
        self._scope = scope
        event = scope.provider_event_id
        entries = [
            *provider.participants(event, course, SOME_INSTANT),
            *provider.participants(event, course, None),
        ]
        self._entries: Mapping[str, EntryList] = {each.rows.name: each for each in entries}
        lists: list[PagedList[Any]] = [each.rows for each in entries]
        lists += [each.rows for each in _results(provider, event, course)]
        self._lists: Mapping[str, PagedList[Any]] = {each.name: each for each in lists}

    async def stage(self, found: RawList, told: Sequence[RawList]) -> None:
        """``told``: the answers about the entries of the list, where they were asked for one by one."""
        wanted = self._lists.get(found.list_name)
        if wanted is None:
            raise HubError(f"the archive has a list {found.list_name!r}, which this version does not read")
        entries = self._entries.get(found.list_name)
        if entries is not None and entries.details is not None:
            await self._stage_one_by_one(found, told, entries.rows, entries.details)
            return
        for rows in rows_of(found.chunks):
            records = records_by_row(wanted.decode(rows))
            await self._stage.add(found.list_no, list(chain.from_iterable(records)))

    async def _stage_one_by_one(
        self, found: RawList, told: Sequence[RawList], wanted: PagedList[Participant | Removal], details: Details
    ) -> None:
        listing = Listing()
        for rows in rows_of(found.chunks):
            listing.take(wanted.decode(rows), wanted.digests(rows))
        answers: dict[str, list[Participant | Removal]] = defaultdict(list)
        for rows in chain.from_iterable(rows_of(each.chunks) for each in told):
            for record in chain.from_iterable(records_by_row(details.decode(rows))):
                key = record.entry_id if isinstance(record, Removal) else record.listed_as
                answers[key or record.entry_id].append(record)
        known = await known_listing(self._stage.connection, self._scope)
        await stage_listing(self._stage, self._scope, found.list_no, listing, answers, known)


def _results(provider: Provider, event: ProviderEventId, course: Course) -> Iterable[ResultList]:
    """Every list of results that a reading of the event may have."""
    lists = [*provider.results(event, course)]
    lists += [each for watched in provider.watched_results(event, course) for each in watched.lists]
    return [*lists, *(fallback for each in lists for fallback in each.fallback)]
