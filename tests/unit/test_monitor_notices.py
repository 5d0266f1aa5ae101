"""When people are told of a problem: once, when it gets worse, hourly, and that it is over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from project88.monitor.findings import Finding, Health
from project88.monitor.notices import due, message, problems
from project88.store.alerts import Alert

NOW = datetime(2026, 6, 7, 12, 0, tzinfo=UTC)


def alert(**changes) -> Alert:
    untold = Alert(
        problem="programs, hub", check_name="programs", who="hub", state="degraded", cause="silent", remedy="restart",
        since=NOW - timedelta(minutes=30), over_at=None, told_at=None, told_state=None, now=NOW,
    )  # fmt: skip
    return replace(untold, **changes)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (alert(), "problem"),
        (alert(told_at=ago(1), told_state="degraded"), None),
        (alert(told_at=ago(59), told_state="degraded"), None),
        (alert(told_at=ago(60), told_state="degraded"), "reminder"),
        (alert(told_at=ago(1), told_state="degraded", state="unhealthy"), "worse"),
        (alert(told_at=ago(1), told_state="unhealthy", state="degraded"), None),
        (alert(told_at=ago(20), told_state="degraded", over_at=ago(1)), "over"),
        # It came back: told_state is null since its end was told.
        (alert(told_at=ago(4)), None),
        (alert(told_at=ago(5)), "problem"),
    ],
)
def test_when_something_is_told(found: Alert, kind: str | None):
    notice = due(found)

    assert (notice and notice.kind) == kind


def finding(state: str, check: str = "disk", who: str = "hub", cause: str = "c") -> Finding:
    return Finding(check=check, state=state, who=who, cause=cause, remedy="r")


def test_all_that_a_check_says_of_one_owner_is_one_problem_as_bad_as_the_worst_of_it():
    found = problems(
        [finding("degraded", cause="a"), finding("unhealthy", cause="b"), finding("degraded", who="Peak"),
         finding("healthy", check="schema"), finding("skipped", check="unit")],
        Health.degraded,
    )  # fmt: skip

    assert [(each.problem, each.state, each.cause) for each in found] == [
        ("disk, hub", "unhealthy", "b (and 1 more)"),
        ("disk, Peak", "degraded", "c"),
    ]
    assert [each.problem for each in problems([finding("degraded"), finding("skipped")], Health.unhealthy)] == []


def test_a_message_says_what_is_wrong_since_when_and_what_to_do():
    over = due(alert(told_at=ago(20), told_state="unhealthy", over_at=ago(1)))
    new = due(alert(problem="disk, hub", check_name="disk", cause="the disk is full", remedy="free space"))
    assert over is not None
    assert new is not None
    made = message([new, over], "timing on host", NOW)

    assert made.subject == "project88 degraded: disk (hub) and 1 more"
    assert made.text.splitlines()[:2] == [
        "DEGRADED disk (hub): the disk is full. Do: free space",
        "OVER programs (hub): it was unhealthy since 2026-06-07 11:30 UTC",
    ]
    body = json.loads(made.body)
    assert (body["status"], [each["kind"] for each in body["notices"]]) == ("degraded", ["problem", "over"])
