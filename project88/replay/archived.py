"""The archived readings of one source staged and merged once more. Asks no service; the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from project88.errors import HubError
from project88.providers.contract import Course, PagedList, Provider, ResultList
from project88.records.entities import ProviderEventId
from project88.store import archive, merging
from project88.store.archive import RawList, RawReading
from project88.store.connection import Connection
from project88.store.events import import_races
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.collecting import records_by_row
from project88.sync.raw_rows import rows_of


async def merge_again(connection: Connection, scope: EventScope, provider: Provider, reading: RawReading) -> int:
    """Merge a reading as it was merged; how many rows it has. Raises HubError for a list that no one knows any more."""
    stage = Stage(connection)
    await stage.prepare()
    found = await archive.lists(connection, scope, reading)
    course = _course(provider, scope.provider_event_id, [each for each in found if each.stream == "course"])
    known = _lists(provider, scope.provider_event_id, course)
    await stage.add(0, course.races)
    for each in found:
        if each.stream == "course":
            continue
        if each.list_name not in known:
            raise HubError(f"the archive has a list {each.list_name!r}, which this version does not read")
        for rows in rows_of(each.chunks):
            records = records_by_row(known[each.list_name].decode(rows))
            await stage.add(each.list_no, list(chain.from_iterable(records)))
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


def _lists(provider: Provider, event: ProviderEventId, course: Course) -> Mapping[str, PagedList[Any]]:
    """Every list that a reading of the event may have, by name."""
    results: list[ResultList] = [*provider.results(event, course)]
    results += [each for watched in provider.watched_results(event, course) for each in watched.lists]
    results += [fallback for each in results for fallback in each.fallback]
    lists: list[PagedList[Any]] = [each.rows for each in provider.participants(event, course, None)]
    lists += [each.rows for each in results]
    return {each.name: each for each in lists}
