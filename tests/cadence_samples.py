"""The users' cadence written a second time: the plan's tests run on it, and the seeded rows must equal it."""

from __future__ import annotations

from datetime import time, timedelta

from project88.store.cadence import CadenceRule

YEAR = timedelta(days=365)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def rule(
    provider_key: str, kind: str, phase: str, anchor: str, begins=None, ends=None, every=None, **more
) -> CadenceRule:
    more.setdefault("reason", "poll {number} of {count}: every {every} from {begins} to {ends} after {start}")
    return CadenceRule(
        provider_key=provider_key, kind=kind, phase=phase, anchor=anchor, begins=begins, ends=ends, every=every, **more
    )


def live(*arguments, **more) -> CadenceRule:
    return rule("chronotrack_live", *arguments, **more)


CHRONOTRACK_LIVE = [
    live("results", "intensive", "start", minutes(5), hours(5), minutes(1.5), lane="live"),
    live("results", "standard", "start", hours(6), hours(72), hours(1), closed=True),
    live("results", "tail_daily", "start", days(4), days(14), days(1), closed=True, lane="backfill"),
    live("results", "tail_weekly", "start", days(21), days(90), days(7), closed=True, lane="backfill"),
    live("participants", "before", "start", -YEAR, days(0), days(1)),
    live("participants", "gun", "start", minutes(-15)),
    live("participants", "during", "start", days(0), hours(1), hours(6), ends_anchor="end"),
    live("participants", "last", "end", hours(1)),
    live("discovery", "regular", "clock", every=hours(6)),
]


def registration(provider_key: str) -> list[CadenceRule]:
    return [
        rule(provider_key, "participants", "far", "start", -YEAR, hours(-24), minutes(240)),
        rule(provider_key, "participants", "near", "start", hours(-24), hours(-4), minutes(15)),
        rule(provider_key, "participants", "gun", "start", hours(-4), hours(1), minutes(1), closed=True),
        rule(provider_key, "discovery", "regular", "clock", at_times=[time(6), time(18)]),
    ]


def run_sign_up_results(phase: str, anchor: str, begins: timedelta, ends: timedelta, **more) -> CadenceRule:
    return rule("runsignup", "results", phase, anchor, begins, ends, closed=True, **more)


RUNSIGNUP = [
    *registration("runsignup"),
    run_sign_up_results("fresh", "start", hours(2), days(2), every=hours(2)),
    run_sign_up_results("week", "start", days(2.5), days(7), every=hours(12)),
    run_sign_up_results("older", "clock", days(7), days(90), at_times=[time(3)]),
    run_sign_up_results(
        "weekend", "clock", days(2), days(90), at_times=[time(hour) for hour in range(0, 24, 2)], weekdays=[5, 6, 7]
    ),
]

EVERY_RULE = [*CHRONOTRACK_LIVE, *RUNSIGNUP, *registration("haku"), *registration("race_roster")]
