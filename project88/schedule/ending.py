"""Ending tasks that may swallow a cancellation. Knows nothing of what they do.

A driver whose server is away may answer a cancellation with an error of its own, and the task goes on. A TaskGroup
cancels its tasks once and then waits for them as long as they like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

CANCEL_AGAIN_SECONDS = 0.2


async def broken_off(*tasks: asyncio.Future[None]) -> None:
    """Cancel until they have ended, also when this is cancelled meanwhile."""
    is_cancelled = False
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        try:
            await asyncio.wait(waiting, timeout=CANCEL_AGAIN_SECONDS)
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        raise asyncio.CancelledError


async def all_done(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until all have ended or one has failed, which ends the others. Raises their errors as a group."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await broken_off(*tasks)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    if errors:
        raise BaseExceptionGroup("some of the tasks failed", errors)
