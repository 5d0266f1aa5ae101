"""Ending tasks whose driver answers a cancellation with an error of its own."""

from __future__ import annotations

import asyncio

import pytest

from project88.schedule.ending import all_done, broken_off


class Stubborn:
    """A task that swallows so many cancellations."""

    def __init__(self, swallows: int = 1) -> None:
        self._swallows = swallows
        self.cancelled = 0
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if self.cancelled > self._swallows:
                    raise


async def test_a_task_that_swallows_the_first_cancellation_is_broken_off_all_the_same():
    stubborn = Stubborn()
    await asyncio.sleep(0)
    await broken_off(stubborn.task)

    assert stubborn.task.cancelled()
    assert stubborn.cancelled == 2


async def test_who_breaks_off_may_be_cancelled_and_sees_it_through():
    stubborn = Stubborn(swallows=2)
    await asyncio.sleep(0)
    breaking = asyncio.create_task(broken_off(stubborn.task))
    await asyncio.sleep(0)
    breaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await breaking

    assert stubborn.task.cancelled()


async def test_one_that_fails_ends_the_others_however_stubborn_they_are():
    async def fails() -> None:
        raise ValueError("this one")

    stubborn = Stubborn()
    with pytest.raises(BaseExceptionGroup) as raised:
        await all_done([stubborn.task, asyncio.create_task(fails())])

    assert [str(error) for error in raised.value.exceptions] == ["this one"]
    assert stubborn.task.cancelled()


async def test_a_cancellation_from_outside_ends_the_stubborn_ones_too():
    stubborn = Stubborn()
    waiting = asyncio.create_task(all_done([stubborn.task]))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert stubborn.task.cancelled()


async def test_all_that_end_by_themselves_are_waited_for():
    ended = []

    async def ends(number: int) -> None:
        await asyncio.sleep(0)
        ended.append(number)

    await all_done([asyncio.create_task(ends(number)) for number in range(3)])
    assert ended == [0, 1, 2]
