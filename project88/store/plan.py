"""The rows of schedule_plan: what is due when, who runs it, how it went. Computes no due time and runs no poll."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from project88.errors import StoreError
from project88.records.entities import EventId, TimingPartnerId
from project88.store.cadence import Kind
from project88.store.connection import Connection, Database
from project88.store.queries import load

queries = load("plan")

#: The planner is told on this channel that there may be something to do.
CHANNEL = "project88_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanKey:
    """Which row. It leads with the partner, as every key does."""

    timing_partner_id: TimingPartnerId
    schedule_plan_id: int

    def parameters(self) -> dict[str, Any]:
        return {"timing_partner_id": self.timing_partner_id, "schedule_plan_id": self.schedule_plan_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something whose plan must be looked at: an event, a partner's login (no event), or everything (neither)."""

    timing_partner_id: TimingPartnerId | None
    event_id: EventId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The next poll of a row: a regular beat. ``due`` None: nothing more is planned, for the ``reason``."""

    due: datetime | None
    phase: str | None = None
    lane: str | None = None
    every: timedelta | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """What is planned for one row of a partner. Discovery has no event."""

    provider_key: str
    kind: Kind
    event_id: EventId | None
    planned: Planned
    #: The account that asks; empty for the main one.
    account_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePoll:
    """A poll that is to be handed over. ``in_seconds`` are real ones."""

    key: PlanKey
    provider_key: str
    account_name: str
    lane: str
    due: datetime
    in_seconds: float
    #: Names the job of this poll at this due time.
    job_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPoll:
    """A poll that a worker has begun; ``token`` proves that it is still the one."""

    key: PlanKey
    token: UUID
    provider_key: str
    #: Of the account that asks; empty for the main one.
    account_name: str
    kind: Kind
    event_id: EventId | None
    due: datetime
    phase: str | None
    lane: str
    every: timedelta | None
    began_at: datetime
    late_seconds: float
    starts: int
    failures: int
    polls: int
    last_due: datetime | None
    row_counts: Mapping[str, int]
    last_full_calls: int | None
    last_full_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAccount:
    """How a poll ended, for its row. ``next_due`` is later or earlier than the planned beat for a retry."""

    due: datetime
    missed: int
    status: str
    error: str | None
    planned: Planned
    next_due: datetime | None
    #: Whether it was a failure, of which several in a row are tried again at longer distances.
    is_tried_again: bool
    row_counts: Mapping[str, int] | None = None
    full_calls: int | None = None


async def take_changes(connection: Connection, at_most: int) -> list[Change]:
    cursor = await connection.execute(queries["take_changes"], {"at_most": at_most})
    return [Change(timing_partner_id=row[0], event_id=row[1]) for row in await cursor.fetchall()]


async def put(connection: Connection, timing_partner_id: TimingPartnerId, rows: Sequence[PlannedRow]) -> None:
    """Write what is planned of one partner. A poll that runs is left alone: it plans its next one itself."""
    if not rows:
        return
    parameters = {
        "timing_partner_id": timing_partner_id,
        "provider_keys": [row.provider_key for row in rows],
        "kinds": [row.kind for row in rows],
        "event_ids": [row.event_id for row in rows],
        "account_names": [row.account_name for row in rows],
        "dues": [row.planned.due for row in rows],
        "phases": [row.planned.phase for row in rows],
        "lanes": [row.planned.lane for row in rows],
        "everys": [row.planned.every for row in rows],
        "reasons": [row.planned.reason for row in rows],
    }
    await connection.execute(queries["put"], parameters)


async def last_dues(
    connection: Connection, timing_partner_id: TimingPartnerId, event_id: EventId | None, kind: Kind | None = None
) -> dict[tuple[EventId | None, str, str, str | None], datetime | None]:
    """When each poll of a partner's event, or of all, was last due.

    By event, provider key, kind and, for a discovery, the account whose list it reads.
    """
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id, "kind": kind}
    cursor = await connection.execute(queries["last_dues"], parameters)
    return {(row[0], row[1], row[2], row[4]): row[3] for row in await cursor.fetchall()}


async def take_due(connection: Connection, horizon_seconds: float, at_most: int, of_a_login: int) -> list[DuePoll]:
    """The polls that fall due within so many real seconds, in order of their due times; no other planner has them.

    They fill up to ``of_a_login`` polls of each login and lane that are handed over and have not ended.
    """
    cursor = await connection.execute(queries["horizon"], {"seconds": horizon_seconds})
    # As a value: of a computed instant PostgreSQL assumes that a third of the plan lies before it, and reads all of it.
    horizon = (await cursor.fetchone() or (None,))[0]
    parameters = {"horizon": horizon, "at_most": at_most, "of_a_login": of_a_login}
    cursor = await connection.execute(queries["take_due"], parameters)
    return [
        DuePoll(
            key=PlanKey(timing_partner_id=row[0], schedule_plan_id=row[1]),
            provider_key=row[2],
            account_name=row[3],
            lane=row[4],
            due=row[5],
            in_seconds=row[6],
            job_key=row[7],
        )
        for row in await cursor.fetchall()
    ]


async def mark_queued(connection: Connection, keys: Sequence[PlanKey]) -> None:
    parameters = {
        "timing_partner_ids": [key.timing_partner_id for key in keys],
        "schedule_plan_ids": [key.schedule_plan_id for key in keys],
    }
    await connection.execute(queries["mark_queued"], parameters)


async def seconds_to_next(db: Database) -> float | None:
    """Real seconds until the next waiting poll is due; None where none waits."""
    found = await db.value(queries["next_due"], {})
    return None if found is None else float(found)


async def begin(connection: Connection, key: PlanKey, due: datetime, worker: str) -> RunningPoll | None:
    """Begin the poll that was handed over for ``due``; None where it is obsolete. Commit before it runs."""
    parameters = {**key.parameters(), "due": due, "worker": worker}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["begin"], parameters)
        row = await cursor.fetchone()
    return None if row is None else _running(key, row)


def _running(key: PlanKey, row: Mapping[str, Any]) -> RunningPoll:
    same = (
        "token",
        "provider_key",
        "account_name",
        "kind",
        "event_id",
        "phase",
        "lane",
        "every",
        "began_at",
        "late_seconds",
        "starts",
        "failures",
        "polls",
        "last_due",
        "last_full_calls",
        "last_full_seconds",
    )
    return RunningPoll(
        key=key, due=row["next_due"], row_counts=row["row_counts"] or {}, **{name: row[name] for name in same}
    )


async def is_busy(connection: Connection, key: PlanKey) -> bool:
    """Whether another poll of the same event runs. Holds the event for this transaction."""
    await connection.execute(queries["lock_event"], key.parameters())
    cursor = await connection.execute(queries["is_busy"], key.parameters())
    row = await cursor.fetchone()
    return bool(row and row[0])


async def finish(connection: Connection, poll: RunningPoll, account: PollAccount) -> bool:
    """Account for a poll and plan the next one. False: another worker took it over, so nothing may be stored."""
    counts = account.row_counts
    parameters = {
        **poll.key.parameters(),
        **_planned_parameters(account.planned),
        "planned_due": account.planned.due,
        "token": poll.token,
        "due": account.due,
        "missed": account.missed,
        "status": account.status,
        "error": account.error,
        "next_due": account.next_due,
        "is_tried_again": account.is_tried_again,
        "began_at": poll.began_at,
        "late_seconds": poll.late_seconds,
        "row_counts": None if counts is None else json.dumps(dict(counts)),
        "full_calls": account.full_calls,
    }
    return (await connection.execute(queries["finish"], parameters)).rowcount == 1


async def end(db: Database, poll: RunningPoll, reason: str) -> None:
    """End a row that nothing can be asked for any more, without counting a poll."""
    await db.execute(queries["end"], {**poll.key.parameters(), "token": poll.token, "reason": reason})


async def hub_now(connection: Connection) -> datetime:
    """The hub's present as the plan counts it."""
    cursor = await connection.execute(queries["hub_now"])
    row = await cursor.fetchone()
    if row is None:
        raise StoreError("the table hub_clock has lost its row; run: project88 db migrate")
    found: datetime = row[0]
    return found


async def release(db: Database, poll: RunningPoll) -> None:
    """Give an interrupted poll back: due as it was, the start does not count, and its job must wait in the engine."""
    await db.execute(queries["release"], {**poll.key.parameters(), "token": poll.token})


async def park(db: Database, keys: Sequence[PlanKey], error: str | None = None) -> int:
    """Stop polls until a person lets them go on; says how many."""
    return await _each(db, "park", keys, {"error": error})


async def poll_now(db: Database, keys: Sequence[PlanKey]) -> int:
    """Let polls go on, at once; says how many. One that runs is left alone."""
    return await _each(db, "poll_now", keys, {})


async def take_back_lost(db: Database, after_seconds: float) -> int:
    """Let polls wait again whose job is gone from the engine without an end, as after a restored backup."""
    return len(await db.rows(queries["take_back_lost"], {"after_seconds": after_seconds}))


async def listed(
    db: Database,
    *,
    timing_partner_id: int | None = None,
    event_id: str | None = None,
    kind: str | None = None,
    states: Sequence[str] | None = None,
    at_most: int | None = None,
) -> list[dict[str, Any]]:
    """The plan for people: running polls first, then by due time."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "kind": kind,
        "states": None if states is None else list(states),
        "at_most": at_most,
    }
    return await db.rows(queries["listed"], parameters)


async def counts(db: Database) -> list[dict[str, Any]]:
    """How many polls of each partner and provider stand where."""
    return await db.rows(queries["counts"], {})


async def _each(db: Database, name: str, keys: Sequence[PlanKey], extra: Mapping[str, Any]) -> int:
    changed = 0
    async with db.transaction() as connection:
        for key in keys:
            parameters = {**extra, **key.parameters()}
            changed += (await connection.execute(queries[name], parameters)).rowcount
    return changed


def _planned_parameters(planned: Planned) -> dict[str, Any]:
    return {
        "due": planned.due,
        "phase": planned.phase,
        "lane": planned.lane,
        "every": planned.every,
        "reason": planned.reason,
    }
