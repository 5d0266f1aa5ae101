"""The short lists of an event by which its rows are understood. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from project88.providers.contract import Course
from project88.records.entities import ProviderEventId
from project88.sync.accounts import Account
from project88.sync.reading import ShortList, read_all


async def read_course(
    account: Account, event: ProviderEventId, *, results: bool
) -> tuple[Course, dict[str, ShortList[Any]]]:
    """What the provider wants to know of an event, with ``results`` before its results too, and the lists by name.

    A row that cannot be read costs only itself.
    """
    provider = account.provider
    lists: dict[str, ShortList[Any]] = {}
    while wanted := provider.course_lists(event, _records(lists), results=results):
        for name, each in wanted.items():
            lists[name] = await read_all(account.client, each)
    return provider.course(event, _records(lists)), lists


def _records(lists: Mapping[str, ShortList[Any]]) -> dict[str, list[Any]]:
    return {name: each.records for name, each in lists.items()}
