"""When the race of a sandbox starts, as an operator types it. Serves nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.sandbox import SandboxClock

SECONDS_PER_MINUTE = 60
START_EXAMPLE = "write an instant like 2026-04-20T13:17:00Z"


def starting_at(start: str | None, starts_in_minutes: float, clock: SandboxClock) -> datetime:
    from datetime import timedelta

    from project88.sandbox import instant

    if start is None:
        soon = instant(clock) + timedelta(seconds=starts_in_minutes * SECONDS_PER_MINUTE)
        return soon.replace(microsecond=0)
    try:
        given = datetime.fromisoformat(start)
    except ValueError as error:
        raise UsageError(f"--start {start!r} cannot be read; {START_EXAMPLE}") from error
    if given.tzinfo is None:
        raise UsageError(f"--start {start!r} has no time zone; {START_EXAMPLE}")
    return given
