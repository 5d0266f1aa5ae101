"""The rehearsal: the hub against the sandbox, on the real cadence, faster than real time."""

from __future__ import annotations

from project88.cli.rehearsal.run import RehearsalOptions, rehearse

__all__ = ["RehearsalOptions", "rehearse"]
