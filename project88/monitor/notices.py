"""What people are told of problems, and when: each once, then hourly, and once that it is over. Pure.

A problem is a check and whom it concerns; its words may change without a new notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from project88.edges.notify import Message
from project88.monitor.findings import Finding, Health
from project88.store.alerts import Alert

REMIND_AFTER = timedelta(minutes=60)
#: A problem that comes and goes is told of so often at most.
COOL_DOWN = timedelta(minutes=5)
MESSAGES_IN_AN_HOUR = 10

Kind = Literal["problem", "worse", "reminder", "over"]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a message."""

    kind: Kind
    check: str
    who: str
    state: str
    cause: str
    remedy: str
    since: datetime

    @property
    def line(self) -> str:
        if self.kind == "over":
            return f"OVER {self.check} ({self.who}): it was {self.state} since {self.since:%Y-%m-%d %H:%M} UTC"
        still = {"problem": "", "worse": "worse: ", "reminder": f"still, since {self.since:%Y-%m-%d %H:%M} UTC: "}
        return f"{self.state.upper()} {self.check} ({self.who}): {still[self.kind]}{self.cause}. Do: {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that one check says of one owner, as the worst of it."""

    problem: str
    check_name: str
    who: str
    state: str
    cause: str
    remedy: str


def problems(findings: Iterable[Finding], at_least: Health) -> list[Problem]:
    """What is bad enough to tell."""
    by_owner: dict[str, list[Finding]] = {}
    for each in findings:
        if each.health >= max(at_least, Health.degraded):
            by_owner.setdefault(f"{each.check}, {each.who}", []).append(each)
    return [_problem(name, found) for name, found in by_owner.items()]


def due(alert: Alert) -> Notice | None:
    """What is to be told of a problem now; None where nothing is new."""
    kind = _kind(alert)
    if kind is None:
        return None
    state = alert.told_state if kind == "over" and alert.told_state else alert.state
    return Notice(
        kind=kind,
        check=alert.check_name,
        who=alert.who,
        state=state,
        cause=alert.cause,
        remedy=alert.remedy,
        since=alert.since,
    )


def message(notices: Sequence[Notice], place: str, sent_at: datetime) -> Message:
    """One message for all of them. ``place`` says which hub it comes from."""
    worst = max((Health[each.state] for each in notices if each.kind != "over"), default=Health.healthy)
    more = f" and {len(notices) - 1} more" if len(notices) > 1 else ""
    lines = [each.line for each in notices]
    text = "\n".join([*lines, "", f"From {place}. All checks: project88 monitor"])
    body = {"source": "project88", "place": place, "sent_at": sent_at, "status": worst.name, "text": text}
    return Message(
        # A name may hold a line break, which no header takes.
        subject=" ".join(f"project88 {worst.name}: {notices[0].check} ({notices[0].who}){more}".split()),
        text=text,
        body=msgspec.json.encode({**body, "notices": notices}),
    )


def _problem(name: str, found: Sequence[Finding]) -> Problem:
    worst = max(found, key=lambda each: each.health)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Problem(
        problem=name,
        check_name=worst.check,
        who=worst.who,
        state=worst.state,
        cause=worst.cause + more,
        remedy=worst.remedy,
    )


def _kind(alert: Alert) -> Kind | None:
    if alert.over_at is not None:
        return "over"
    if alert.told_state is None:
        is_cool = alert.told_at is None or alert.now - alert.told_at >= COOL_DOWN
        return "problem" if is_cool else None
    if Health[alert.state] > Health[alert.told_state]:
        return "worse"
    return "reminder" if alert.told_at and alert.now - alert.told_at >= REMIND_AFTER else None
