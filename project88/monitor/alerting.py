"""Tells people of problems by the channels that are configured. What is told and when is notices.py's to say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict

from project88.edges import clock, environment, notify, outage
from project88.edges.identity import host_and_pid
from project88.edges.notify import Channel, Message
from project88.edges.outage import Outage
from project88.errors import ConfigError, HubError
from project88.monitor import notices
from project88.monitor.findings import Finding, Health, Status
from project88.monitor.notices import Notice
from project88.store import alerts
from project88.store.connection import Database

log = logging.getLogger(__name__)

FROM = ("degraded", "unhealthy")


async def alert(db: Database, status: Status) -> list[str]:
    """Tell what is new in a look at the hub; what went wrong with that, a line each."""
    channels = notify.channels()
    if not channels:
        return []
    await _tell_end_of_outage(channels)
    async with db.transaction() as connection:
        if not await alerts.hold(connection):
            return []
        now_wrong = [asdict(each) for each in notices.problems(status.checks, lowest())]
        found = await alerts.note(connection, now_wrong)
        new = {each.problem: notice for each in found if (notice := notices.due(each)) is not None}
        if not new or await alerts.messages_of_the_hour(connection) >= notices.MESSAGES_IN_AN_HOUR:
            return []
        failures = await deliver(channels, list(new.values()), await db.name())
        for channel in channels:
            await alerts.sent(connection, channel.name, len(new), failures.get(channel.name))
        if len(failures) < len(channels):
            await alerts.told(connection, list(new))
    return list(failures.values())


async def alert_of_outage(status: Status) -> list[str]:
    """The same where there is no database that could remember it; a file does."""
    channels = notify.channels()
    known = outage.remembered() or Outage(since=clock.utc_now())
    if not channels or (known.told_at and clock.utc_now() - known.told_at < notices.REMIND_AFTER):
        return []
    kind: notices.Kind = "reminder" if known.told_at else "problem"
    failures = await deliver(channels, [_notice(status.checks[0], kind, known)], "a hub without its database")
    told_at = clock.utc_now() if len(failures) < len(channels) else known.told_at
    outage.remember(Outage(since=known.since, told_at=told_at))
    return list(failures.values())


async def deliver(channels: Sequence[Channel], new: Sequence[Notice], database: str) -> dict[str, str]:
    """Send one message by every channel; why not, for each channel that did not take it."""
    message = notices.message(new, f"{database} on {host_and_pid()[0]}", clock.utc_now())
    failures = {}
    for channel in channels:
        if (failure := await _failure(channel, message)) is not None:
            failures[channel.name] = failure
    return failures


async def send_test(channels: Sequence[Channel]) -> dict[str, str]:
    """Send a message that says it is a test; why not, for each channel that did not take it."""
    finding = Finding(check="test", state="healthy", cause="this is a test, nothing is wrong", remedy="nothing")
    return await deliver(channels, [_notice(finding, "problem", Outage(since=clock.utc_now()))], "a test")


def lowest() -> Health:
    """From which state on people are told. Raises ConfigError for another word."""
    word = environment.variable("PROJECT88_ALERT_FROM") or FROM[0]
    if word not in FROM:
        raise ConfigError(f"PROJECT88_ALERT_FROM is {' or '.join(FROM)}")
    return Health[word]


async def _tell_end_of_outage(channels: Sequence[Channel]) -> None:
    """Nobody is told of the end of an outage whose beginning nobody was told of."""
    known = outage.remembered()
    if known is not None and known.told_at is not None:
        finding = Finding(check="database", state="unhealthy", cause="it did not answer")
        failures = await deliver(channels, [_notice(finding, "over", known)], "a hub with its database back")
        if len(failures) == len(channels):
            return
    outage.forget()


def _notice(finding: Finding, kind: notices.Kind, known: Outage) -> Notice:
    return Notice(
        kind=kind,
        check=finding.check,
        who=finding.who,
        state=finding.state,
        cause=finding.cause,
        remedy=finding.remedy,
        since=known.since,
    )


async def _failure(channel: Channel, message: Message) -> str | None:
    try:
        await notify.send(channel, message)
    except HubError as error:
        log.warning("an alert was not delivered: %s", error, extra={"action": "alert_failed"})
        return str(error)
    return None
