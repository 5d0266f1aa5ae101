"""The eleven slots that say whether the whole integration works. Judges and reports; keeps no collected row."""

from __future__ import annotations

from project88.verification.report import Report, SlotResult
from project88.verification.run import unreachable, verify
from project88.verification.work import Options

__all__ = ["Options", "Report", "SlotResult", "unreachable", "verify"]
