"""The table of checks. Each asks one question and says what is wrong and what to do; none changes anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project88.edges import environment
from project88.edges.disk import used_share
from project88.edges.sealing import is_sealed
from project88.edges.unit_check import unit_state
from project88.edges.units import UNIT_NAME
from project88.errors import HubError
from project88.monitor.findings import Finding
from project88.monitor.standby import NotReadable, how_new
from project88.providers.catalogue import CATALOGUE, provider
from project88.store import alerts, migrate, monitor, plan
from project88.store.budget import standings
from project88.store.connection import Database
from project88.store.partners import Credential
from project88.store.replica import replica_conninfo

#: A program that has said nothing for so long is taken for dead.
SILENT_SECONDS = 60.0
LATE_SECONDS, VERY_LATE_SECONDS = 60.0, 120.0
#: Of the attempts of a day.
FAILED_SHARE, MOSTLY_FAILED_SHARE = 0.2, 0.5
FEWEST_ATTEMPTS = 5
DISK_SHARE, DISK_FULL_SHARE = 0.8, 0.9
#: Nothing has come for so long though it was asked for several times.
FRUITLESS_MINUTES, LONG_FRUITLESS_MINUTES = 5.0, 30.0
#: Backups are nightly.
BACKUP_HOURS = 26

Found = AsyncIterator[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What every check may ask."""

    db: Database
    logins: Sequence[Credential]

    @property
    def collects(self) -> bool:
        return any(each.provider_key in CATALOGUE for each in self.logins)


@dataclass(frozen=True, slots=True)
class Check:
    """``ask`` gives what is to be said; where it gives nothing, all is well."""

    name: str
    ask: Callable[[Hub, str], Found]


async def schema(hub: Hub, check: str) -> Found:
    pending = [each.name for each in await migrate.status(hub.db) if each.is_missing]
    if pending:
        yield _unhealthy(check, f"the database lacks {', '.join(pending)}", "project88 db migrate")
        return
    for row in await monitor.schema_problems(hub.db):
        yield _unhealthy(check, f"{row['object']}: {row['problem']}", row["remedy"])


async def logins(hub: Hub, check: str) -> Found:
    if not hub.collects:
        yield _degraded(check, "no login is stored that can be collected with", "project88 credentials set")
    plain = [each for each in hub.logins if each.provider_key in CATALOGUE and not is_sealed(each.secret)]
    if plain:
        cause = f"{len(plain)} of {len(hub.logins)} secrets are stored in plain"
        yield Finding(check=check, state="healthy", cause=cause, remedy="project88 credentials seal")


async def refusals(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "left_alone"):
        remedy = "project88 credentials test, then credentials set" if row["kind"] == "login" else "see the provider"
        cause = f"{row['reason']}, {row['failures']} failures in a row"
        say = _unhealthy if row["kind"] == "login" else _degraded
        yield say(check, cause, remedy, _owner(row))


async def programs(hub: Hub, check: str) -> Found:
    if not hub.collects:
        yield Finding(check=check, state="skipped", cause="there is nothing to collect")
        return
    beats = await monitor.asked(hub.db, "heartbeats")
    for component in ("planner", "worker"):
        silent = [row["silent_seconds"] for row in beats if row["component"] == component]
        if not silent:
            yield _unhealthy(check, f"no {component} is running", f"systemctl start {UNIT_NAME}")
        elif min(silent) > SILENT_SECONDS:
            cause = f"the {component} has been silent for {min(silent):.0f} s"
            yield _unhealthy(check, cause, f"systemctl restart {UNIT_NAME}; its log says why it ended")


async def timing_computers(hub: Hub, check: str) -> Found:
    """Quiet where no race is timed: a listener that ended in order has no heartbeat."""
    beats = [row for row in await monitor.asked(hub.db, "heartbeats") if row["component"] == "listener"]
    links = await monitor.asked(hub.db, "timing_links")
    if not beats and not links:
        yield Finding(check=check, state="skipped", cause="no listener runs and no timing computer is connected")
        return
    if beats and min(row["silent_seconds"] for row in beats) > SILENT_SECONDS:
        silent = min(row["silent_seconds"] for row in beats)
        cause = f"the listener has been silent for {silent:.0f} s; the timing computers keep their reads"
        yield _unhealthy(check, cause, "project88 listen; it stores what its spool holds and asks for the rest")
    for row in links:
        if row["missing"]:
            cause = f"{row['session']} lacks {row['missing']} reads of {row['location']}"
            yield _degraded(
                check, cause, "project88 timing show, then import reads with the controller's file", _who(row)
            )
    for row in await monitor.asked(hub.db, "unscored"):
        yield _degraded(check, f"{row['event_name']} is not scored: {row['problem']}", "see the cause", _who(row))


async def polls_on_time(hub: Hub, check: str) -> Found:
    late: dict[str, float] = {}
    for row in await plan.counts(hub.db):
        late[_owner(row)] = max(late.get(_owner(row), 0.0), row["late_seconds"])
    for who, seconds in late.items():
        if seconds > LATE_SECONDS:
            say = _unhealthy if seconds > VERY_LATE_SECONDS else _degraded
            yield say(check, f"a poll has been due for {seconds:.0f} s", "project88 jobs --state waiting", who)


async def failing_polls(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "failing_polls"):
        what = f"{row['kind']} of {row['event_name'] or row['event_id'] or 'the account'}"
        if row["state"] == "parked":
            cause = f"{what} is given up: {row['last_error'] or row['reason'] or 'nobody noted why'}"
            yield _unhealthy(check, cause, "project88 jobs retry, once the reason is mended", _owner(row))
        else:
            cause = f"{what} failed {row['failures']} times in a row: {row['last_error']}"
            yield _degraded(check, cause, "read the reason; it is tried again by itself", _owner(row))


async def failure_rate(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "attempts"):
        share = row["failed"] / row["attempts"]
        if row["attempts"] >= FEWEST_ATTEMPTS and share > FAILED_SHARE:
            say = _unhealthy if share > MOSTLY_FAILED_SHARE else _degraded
            cause = f"{row['failed']} of {row['attempts']} attempts of 24 h failed; the last one: {row['last_error']}"
            yield say(check, cause, "project88 jobs says why the attempts failed", _owner(row))


async def duplicates(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "duplicates"):
        pair = f"{row['hardware_event_id']} and {row['live_event_id']}"
        name = (row["event_name"] or "").strip() or "an event without a name"
        remedy = f"project88 duplicates show {row['live_event_id']}, then merge or keep-both"
        if row["is_twice"]:
            yield _unhealthy(check, f"{name} is there twice: {pair}", remedy, row["company_name"])
        else:
            yield _degraded(check, f"{name} may be one event: {pair}", remedy, row["company_name"])


async def call_budget(hub: Hub, check: str) -> Found:
    allowed = {(each.timing_partner_id, each.provider_key, each.account_name): _allowed(each) for each in hub.logins}
    for each in await standings(hub.db):
        limit = allowed.get((each.timing_partner_id, each.provider_key, each.account_name))
        if limit is not None and each.used_last_minute > limit:
            cause = f"{each.used_last_minute} calls in 60 s, allowed are {limit:.0f}"
            yield _unhealthy(check, cause, "project88 budget", f"{each.company_name}, {each.provider_key}")


async def implausible_zero(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "without_results"):
        cause = f"{row['event_name']} began over an hour ago and has no result"
        yield _degraded(
            check, cause, f"look at the provider's own page of event {row['event_id']}", row["company_name"]
        )


async def decisions(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "waiting_for_a_person"):
        if row["what"] == "held":
            cause = f"{row['rows']} mass retractions are held"
            yield _degraded(check, cause, "project88 retractions list", row["company_name"])
        else:
            cause = f"{row['rows']} rows of 24 h could not be read"
            yield _degraded(check, cause, "look into the table quarantine", row["company_name"])


async def disk(hub: Hub, check: str) -> Found:
    share = used_share(environment.home())
    if share > DISK_SHARE:
        say = _unhealthy if share > DISK_FULL_SHARE else _degraded
        yield say(check, f"the disk of {environment.home()} is {share:.0%} full", "free space or make it larger")


async def backups(hub: Hub, check: str) -> Found:
    found = await monitor.last_backups(hub.db)
    seconds = found["verified_seconds_ago"]
    if found["last_status"] == "failed":
        yield _unhealthy(check, f"the last backup failed: {found['last_error']}", "project88 backup")
    elif seconds is None:
        yield Finding(check=check, state="healthy", cause="no backup was ever made", remedy="project88 backup, nightly")
    elif seconds > BACKUP_HOURS * 3600:
        yield _degraded(check, f"the newest backup is {seconds / 3600:.0f} h old", "project88 backup, nightly")


async def standby(hub: Hub, check: str) -> Found:
    url, most_seconds = environment.replica_url(), environment.replica_max_lag_seconds()
    if url is None:
        yield Finding(check=check, state="skipped", cause="DATABASE_REPLICA_URL names none")
        return
    try:
        found = await how_new(hub.db, replica_conninfo(url, hub.db), most_seconds)
    except NotReadable as error:
        yield _degraded(check, f"reads go to the primary; the standby: {error}", "docs/howto/read-from-a-standby.md")
        return
    yield Finding(check=check, state="healthy", cause=f"reads go to the standby, {found}")


async def last_success(hub: Hub, check: str) -> Found:
    for row in await monitor.asked(hub.db, "fruitless"):
        minutes = row["fruitless_seconds"] / 60
        if minutes < FRUITLESS_MINUTES:
            continue
        last = row["last_success"]
        since = f"the last ones came {last:%Y-%m-%d %H:%M} UTC" if last else "none came within a week"
        cause = f"no {row['sync_type']} for {minutes:.0f} min in {row['attempts']} attempts; {since}"
        say = _unhealthy if minutes >= LONG_FRUITLESS_MINUTES else _degraded
        yield say(check, cause, "project88 jobs says why the attempts failed", _owner(row))


async def alert_channels(hub: Hub, check: str) -> Found:
    for row in await alerts.failing_channels(hub.db):
        yield _degraded(check, row["error_message"], "project88 monitor --test-alert, after mending the channel")


async def unit(hub: Hub, check: str) -> Found:
    state = await unit_state()
    if state is None:
        yield Finding(check=check, state="skipped", cause=f"{UNIT_NAME} is not installed, or systemd does not run")
    elif state != "active":
        yield _unhealthy(check, f"{UNIT_NAME} is {state}", f"systemctl start {UNIT_NAME}")


CHECKS = (
    Check("schema", schema),
    Check("logins", logins),
    Check("logins refused", refusals),
    Check("programs", programs),
    Check("timing computers", timing_computers),
    Check("last success", last_success),
    Check("polls on time", polls_on_time),
    Check("failing polls", failing_polls),
    Check("failures in 24 h", failure_rate),
    Check("duplicates", duplicates),
    Check("call budget", call_budget),
    Check("implausible zero", implausible_zero),
    Check("decisions", decisions),
    Check("disk", disk),
    Check("backups", backups),
    Check("standby", standby),
    Check("unit", unit),
    Check("alerts", alert_channels),
)


def _who(row: Mapping[str, Any]) -> str:
    return str(row["company_name"])


def _unhealthy(check: str, cause: str, remedy: str, who: str = "hub") -> Finding:
    return Finding(check=check, state="unhealthy", who=who, cause=cause, remedy=remedy)


def _degraded(check: str, cause: str, remedy: str, who: str = "hub") -> Finding:
    return Finding(check=check, state="degraded", who=who, cause=cause, remedy=remedy)


def _owner(row: dict[str, Any]) -> str:
    account = row.get("account_name")
    return f"{row['company_name']}, {row['provider_key']}" + (f", {account}" if account else "")


def _allowed(login: Credential) -> float | None:
    """Calls per minute; None where the settings cannot be read, which another check says."""
    if login.provider_key not in CATALOGUE:
        return None
    try:
        opened = provider(login.provider_key, login.principal, login.secret, login.additional_config)
    except HubError:
        return None
    return opened.limits.calls_per_minute
