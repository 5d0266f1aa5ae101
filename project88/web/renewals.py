"""What is made anew behind the readers: one task for each thing at most, told where it fails, cancelled at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")

logger = logging.getLogger(__name__)


class Renewals(Generic[Key]):
    """``failed`` and ``action``: what the log says of a renewal that failed."""

    def __init__(self, renew: Callable[[Key], Coroutine[Any, Any, object]], failed: str, action: str) -> None:
        self._renew = renew
        self._failed = failed
        self._action = action
        self._tasks: dict[Key, asyncio.Task[object]] = {}

    def begin(self, key: Key) -> None:
        """Nothing where it is under way."""
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._renew(key))
            self._tasks[key].add_done_callback(lambda task: self._over(key, task))

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _over(self, key: Key, task: asyncio.Task[object]) -> None:
        del self._tasks[key]
        if not task.cancelled() and (error := task.exception()):
            logger.warning("%s: %s", self._failed, error, extra={"action": self._action})
