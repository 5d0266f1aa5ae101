"""The sandbox's clock: simulated time as a linear function of real time, or stepped by hand. Waits for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from project88.edges.clock import epoch_ms


class Clock(Protocol):
    """Anything that tells the simulated time."""

    def now_seconds(self) -> float:
        """Simulated epoch seconds."""
        ...


class SandboxClock:
    """Simulated epoch seconds = real epoch seconds * speed + offset.

    Two processes that agree on speed and offset agree on the simulated time.
    """

    def __init__(
        self,
        speed: float = 1.0,
        offset_seconds: float = 0.0,
        real_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        self.speed = speed
        self.offset_seconds = offset_seconds
        self._real_ms = real_ms

    @classmethod
    def starting_now(cls, speed: float) -> SandboxClock:
        """A clock that shows the real time now and runs ``speed`` times as fast from here on."""
        return cls(speed, epoch_ms() / 1000 * (1 - speed))

    def now_seconds(self) -> float:
        return self._real_ms() / 1000 * self.speed + self.offset_seconds


class SteppingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self._now_seconds = now.timestamp()

    def now_seconds(self) -> float:
        return self._now_seconds

    def advance(self, seconds: float) -> None:
        self._now_seconds += seconds

    def set(self, now: datetime) -> None:
        self._now_seconds = now.timestamp()


def instant(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.now_seconds(), UTC)
