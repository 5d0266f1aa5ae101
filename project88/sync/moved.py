"""A cheap poll: ask each interval how many rows it has and read only those that moved. Keeps nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from project88.providers.contract import Course, Provider, ResultList
from project88.store.scope import EventScope
from project88.sync.client import ProviderClient
from project88.sync.event import Wanted
from project88.sync.reading import row_count


class MovedResults:
    """A choice for ``sync_event``. A row count shows new rows only, so a full reading must follow now and then.

    ``counts``: the rows of each interval when it was last stored. ``asked`` holds what they are now.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self.asked: Mapping[str, int] = {}

    async def __call__(self, client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
        watched = provider.watched_results(scope.provider_event_id, course)
        counts = await asyncio.gather(*(row_count(client, each.lists[0].rows) for each in watched))
        moved: list[ResultList] = []
        for each, count in zip(watched, counts, strict=True):
            if count is None or count != self._counts.get(each.name, 0):
                moved.extend(each.lists)
        self.asked = {each.name: count for each, count in zip(watched, counts, strict=True) if count is not None}
        return Wanted(participants=False, results=moved, whole=False)
