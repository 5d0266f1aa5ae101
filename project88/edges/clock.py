"""The clock. The only module that reads it or waits on it; takes no decision."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def epoch_ms() -> int:
    """Milliseconds since 1970, of the wall clock."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds of a clock that never steps back; only differences mean something."""
    return time.monotonic()


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)
