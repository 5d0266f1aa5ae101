"""Breaking off a task whose driver answers the first cancellation with an error of its own."""

from __future__ import annotations

import asyncio

from project88.schedule.heartbeat import broken_off


async def test_a_task_that_swallows_the_first_cancellation_is_broken_off_all_the_same():
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await broken_off(task)

    assert task.cancelled()
    assert swallowed == 2
