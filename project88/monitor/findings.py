"""What a check found, as values. Asks nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec


class Health(IntEnum):
    """The monitor's exit codes."""

    healthy = 0
    degraded = 1
    unhealthy = 2


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check says. ``who``: the hub, or a partner with its provider."""

    check: str
    state: str
    who: str = "hub"
    cause: str = ""
    remedy: str = ""

    @property
    def health(self) -> Health:
        """What was skipped says nothing bad."""
        return Health[self.state] if self.state in Health.__members__ else Health.healthy


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The monitor's answer, as its JSON has it."""

    status: str
    timestamp: str
    metrics: dict[str, Any]
    checks: list[Finding]

    @property
    def exit_code(self) -> int:
        return int(Health[self.status])


def worst(findings: list[Finding]) -> Health:
    return max((each.health for each in findings), default=Health.healthy)
