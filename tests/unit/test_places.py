"""The places of a credential's calls in one process."""

from __future__ import annotations

import asyncio

import pytest

from project88.store.budget import Priority
from project88.sync.places import Places


async def waiting(places: Places, *priorities: Priority) -> list[asyncio.Task[None]]:
    """A taker of each priority, begun in this order."""
    tasks = [asyncio.create_task(places.take(priority)) for priority in priorities]
    await asyncio.sleep(0)
    return tasks


async def has_place(tasks: list[asyncio.Task[None]]) -> list[bool]:
    await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_free_place_goes_to_the_most_urgent_and_then_to_who_came_first() -> None:
    places = Places(1)
    await places.take(Priority.LIVE)
    tasks = await waiting(places, Priority.BACKFILL, Priority.ROUTINE, Priority.LIVE, Priority.LIVE)
    served = []
    for _ in tasks:
        places.give_back()
        served.append(await has_place(tasks))

    assert served == [
        [False, False, True, False],
        [False, False, True, True],
        [False, True, True, True],
        [True, True, True, True],
    ]


async def test_the_last_of_several_places_is_left_to_live_calls() -> None:
    places = Places(3)
    backfills = await waiting(places, *[Priority.BACKFILL] * 3)
    live = await waiting(places, Priority.LIVE)

    assert [True, True, False] == await has_place(backfills)
    assert [True] == await has_place(live)
    await end(backfills)


@pytest.mark.parametrize("is_given", [False, True])
async def test_a_cancelled_taker_loses_no_place(is_given: bool) -> None:
    places = Places(1)
    await places.take(Priority.LIVE)
    cancelled, other = await waiting(places, Priority.LIVE, Priority.LIVE)
    if is_given:
        places.give_back()
        cancelled.cancel()
    else:
        cancelled.cancel()
        places.give_back()

    await asyncio.gather(cancelled, return_exceptions=True)
    assert [True, True] == await has_place([cancelled, other])
    assert cancelled.cancelled()
