"""Whether all is well with the hub, as a table of checks: state, cause and remedy. Changes nothing."""

from __future__ import annotations

from project88.monitor.findings import Finding, Health, Status
from project88.monitor.run import look, unreachable

__all__ = ["Finding", "Health", "Status", "look", "unreachable"]
