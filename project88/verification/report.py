"""What a verification found, slot by slot, and the report made of it. Checks nothing itself."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from project88.edges.redaction import redacted
from project88.errors import HubError, StoreError

log = logging.getLogger(__name__)

#: ``failed``: the check was made and its answer is no. ``error``: it could not be made. ``skipped``: it was not tried.
Status = Literal["passed", "failed", "error", "skipped"]


class AccountResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one slot found of one account; the main account of a partner has no name."""

    timing_partner_id: int
    account: str
    status: Status
    reason: str | None


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """``reason`` is null only where the slot passed. ``not_checked`` says what was left out and why."""

    reason: str | None
    facts: list[str]
    warnings: list[str]
    not_checked: list[str]
    accounts: list[AccountResult]


class SlotResult(msgspec.Struct, frozen=True, kw_only=True):
    status: Status
    details: Details


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """``pass_rate`` is passed by total: what was skipped has not passed."""

    total_tests: int
    passed: int
    failed: int
    errors: int
    skipped: int
    pass_rate: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    success: bool
    summary: Summary
    test_results: dict[str, SlotResult]
    timestamp: datetime
    dry_run: bool


@dataclass(slots=True)
class Findings:
    """Grows while a slot runs. Facts are what was found in order; one problem makes the slot fail."""

    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    accounts: list[AccountResult] = field(default_factory=list)

    @property
    def status(self) -> Status:
        if self.problems:
            return "failed"
        if self.errors:
            return "error"
        return "passed" if self.facts else "skipped"

    @property
    def reason(self) -> str | None:
        """Without secrets: services and databases quote what they were sent."""
        told = [*self.problems, *self.errors] or ([] if self.facts else self.not_checked)
        return redacted("; ".join(dict.fromkeys(told))) or None

    def add(self, name: str, timing_partner_id: int, account: str, own: Findings) -> None:
        """What was found of one account, under its name."""
        for mine, theirs in zip(self._lists(), own._lists(), strict=True):
            mine.extend(f"{name}: {text}" for text in theirs)
        result = AccountResult(
            timing_partner_id=timing_partner_id, account=account, status=own.status, reason=own.reason
        )
        self.accounts.append(result)

    def result(self) -> SlotResult:
        details = Details(
            reason=self.reason,
            facts=[redacted(text) for text in self.facts],
            warnings=[redacted(text) for text in self.warnings],
            not_checked=[redacted(text) for text in self.not_checked],
            accounts=self.accounts,
        )
        return SlotResult(status=self.status, details=details)

    def _lists(self) -> tuple[list[str], ...]:
        return self.facts, self.problems, self.errors, self.warnings, self.not_checked


@contextmanager
def recorded(findings: Findings) -> Iterator[None]:
    """A block whose failure is kept as a finding, so that it hides no other slot and no other account."""
    try:
        yield
    except StoreError as error:
        findings.errors.append(str(error))
    except HubError as error:
        findings.problems.append(str(error))
    except Exception as error:
        log.exception("a check failed unexpectedly", extra={"action": "verification_error"})
        findings.errors.append(f"{type(error).__name__}: {error}")


def skipped(reason: str) -> SlotResult:
    return Findings(not_checked=[reason]).result()


def build_report(results: Mapping[str, SlotResult], timestamp: datetime, dry_run: bool) -> Report:
    counts = Counter(result.status for result in results.values())
    summary = Summary(
        total_tests=len(results),
        passed=counts["passed"],
        failed=counts["failed"],
        errors=counts["error"],
        skipped=counts["skipped"],
        pass_rate=round(counts["passed"] / len(results), 4),
    )
    success = not summary.failed and not summary.errors
    return Report(success=success, summary=summary, test_results=dict(results), timestamp=timestamp, dry_run=dry_run)
