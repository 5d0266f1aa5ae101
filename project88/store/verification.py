"""What the verification asks of the database. Whatever it writes is written into a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import errors
from psycopg.errors import Error as DatabaseError

from project88.errors import StoreError
from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId
from project88.store import budget
from project88.store.connection import Connection, Database
from project88.store.queries import load
from project88.store.scope import EventScope, Source
from project88.store.scratch import ScratchDatabase, rolled_back

queries = load("verification")

CHRONOTRACK_LIVE = "chronotrack_live"
#: The account whose budget is tried; no login has this name.
TRIED_ACCOUNT = "verification"


@dataclass(frozen=True, slots=True)
class Key:
    """A unique index that inserts rely on. ``kind`` is what stands behind its columns."""

    table: str
    columns: str
    kind: str = ""

    @property
    def statement(self) -> str:
        """The name of the one that stores the same twice."""
        return f"twice_{self.table.replace('.', '_')}"

    @property
    def remedy(self) -> str:
        return f"make it again: create unique index on {self.table} ({self.columns}){self.kind}"


#: Where two keys are nullable, nulls must not make rows differ. The key of feed_marks is not here: without it no event
#: can be written at all, for a trigger relies on it.
KEYS = (
    Key("timing_partners", "company_name"),
    Key("partner_provider_credentials", "timing_partner_id, provider_id"),
    Key("partner_provider_accounts", "timing_partner_id, provider_id, account_name"),
    Key("ct_events", "timing_partner_id, data_source, provider_event_id"),
    Key("joined_results", "timing_partner_id, event_id, race_id, participant_id"),
    Key("event_sources", "timing_partner_id, provider_id, provider_event_id, event_id"),
    Key("ct_races", "timing_partner_id, event_id, data_source, race_id"),
    Key("ct_participants", "timing_partner_id, event_id, data_source, entry_id"),
    Key(
        "ct_results",
        "timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id",
        " nulls not distinct",
    ),
    Key("entry_readings", "timing_partner_id, event_id, data_source"),
    Key("import_mappings", "timing_partner_id, mapping_name"),
    Key("collected_lists", "timing_partner_id, event_id, data_source, list_name"),
    Key("quarantine", "timing_partner_id, provider_id, provider_event_id, stream, raw_sha256"),
    Key(
        "held_retractions",
        "timing_partner_id, event_id, data_source, stream",
        " where state in ('held', 'dismissed')",
    ),
    Key("schedule_plan", "timing_partner_id, provider_id, kind, event_id, discovery_of", " nulls not distinct"),
    Key("call_budgets", "timing_partner_id, provider_id, account_name"),
    Key("call_log", "timing_partner_id, provider_id, account_name, second"),
    Key("credential_breakers", "timing_partner_id, provider_id, account_name"),
    Key("heartbeats", "component, instance"),
    Key("alerts", "problem"),
    Key("timing.timing_sessions", "timing_partner_id, session_key"),
    Key("timing.timing_links", "timing_partner_id, link_id"),
    Key("timing.timing_locations", "timing_partner_id, timing_session_id, location"),
    Key("timing.timing_reads", "timing_partner_id, timing_session_id, location, sequence_number, content_key"),
    Key("timing.unread_lines", "timing_partner_id, timing_session_id, line_key", " nulls not distinct"),
    Key("timing.spools", "spool_id"),
    Key("timing.courses", "timing_partner_id, event_id, race_id"),
    Key("timing.read_statuses", "timing_partner_id, timing_read_id"),
    Key("timing.scorings", "timing_partner_id, event_id"),
    Key("webhooks", "timing_partner_id, url"),
    Key("project88_users", "email"),
    Key("withheld_names", "timing_partner_id, event_id, bib_number"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCase:
    """One question to the duplicate function about the sample event of the hardware, and the right answer."""

    event_name: str | None
    start_date: datetime | None
    is_duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A row of heartbeats."""

    component: str
    instance: str
    host: str
    seconds_ago: float


async def columns(db: Database, tables: Sequence[str]) -> dict[str, set[str]]:
    """The columns of each table that is there."""
    found: dict[str, set[str]] = {}
    for row in await db.rows(queries["columns"], {"tables": list(tables)}):
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found


async def absent(db: Database, relations: Sequence[str], functions: Sequence[str]) -> list[str]:
    """Which of them the database lacks."""
    parameters = {"relations": list(relations), "functions": list(functions)}
    return [row["name"] for row in await db.rows(queries["absent"], parameters)]


async def has_provider(db: Database) -> bool:
    return bool(await db.value(queries["has_provider"]))


async def broken_keys(db: Database) -> list[str]:
    """What is wrong with the unique indexes, a sentence each. Inserts the same key twice, with the real target."""
    problems = []
    async with _sample(db) as (scratch, partner), scratch.connection() as connection:
        await _sample_event(connection, partner, "verification", CHRONOTRACK_LIVE, "Sample", None)
        for key in KEYS:
            if (problem := await _problem_of(connection, key, partner)) is not None:
                problems.append(problem)
    return problems


async def wrong_answers(
    db: Database, event_name: str, start_date: datetime, cases: Sequence[DuplicateCase]
) -> list[DuplicateCase]:
    """The cases that the duplicate function answers wrongly, given one event of the hardware."""
    wrong = []
    async with _sample(db) as (scratch, partner), scratch.connection() as connection:
        await _sample_event(connection, partner, "verification", "tcp_hardware", event_name, start_date)
        for case in cases:
            asked = {"partner": partner, "event_name": case.event_name, "start_date": case.start_date}
            answers = await (await connection.execute(queries["is_duplicate"], asked)).fetchone()
            if answers is None or set(answers) != {case.is_duplicate}:
                wrong.append(case)
    return wrong


async def duplicates(db: Database) -> list[dict[str, Any]]:
    """Events that both sources brought, as the deployment page asks for them."""
    return await db.rows(queries["duplicates"])


async def refuses_one_call_too_many(db: Database, calls_per_minute: int) -> bool:
    """Whether the budget, once a minute's calls are granted, grants none more within that minute."""
    speed = (await budget.hub_clock(db)).speed
    async with _sample(db) as (scratch, partner):
        source = await _source(scratch, partner)
        await budget.reserve(scratch, source, calls_per_minute, calls_per_minute)
        one_more = {"calls": 1, "calls_per_minute": calls_per_minute, "unused_slot_at": None}
        asked = {**source.parameters(), **one_more, "horizon_seconds": 60 / speed}
        row = await scratch.row(budget.queries["reserve"], asked)
        return row is not None and row["first_slot_at"] is None


async def budget_is_shared(db: Database, calls_per_minute: int) -> bool:
    """Whether two connections, as of two processes, reserve calls from one and the same row."""
    async with _sample(db) as (one, partner), rolled_back(db) as other:
        source = await _source(one, partner)
        await budget.reserve(one, source, 1, calls_per_minute)
        await other.execute(queries["wait_briefly"])
        try:
            await budget.reserve(other, source, 1, calls_per_minute)
        except StoreError as error:
            return isinstance(error.__cause__, errors.LockNotAvailable)
    return False


async def heartbeats(db: Database) -> list[Beat]:
    return [Beat(**row) for row in await db.rows(queries["heartbeats"])]


async def event_for_trial(
    scratch: ScratchDatabase,
    source: Source,
    provider_event_id: ProviderEventId,
    event_name: str | None,
    start_date: datetime | None,
) -> EventScope:
    """The event as a scope to collect into; made where it is not stored."""
    names = {"provider_event_id": provider_event_id, "event_name": event_name, "start_date": start_date}
    parameters: Mapping[str, Any] = {**source.parameters(), **names}
    await scratch.execute(queries["event_for_trial"], parameters)
    event_id = EventId(str(await scratch.value(queries["event_id"], parameters)))
    return EventScope(source=source, event_id=event_id, provider_event_id=provider_event_id)


@asynccontextmanager
async def _sample(db: Database) -> AsyncIterator[tuple[ScratchDatabase, TimingPartnerId]]:
    """A partner that nobody else sees, and that is gone at the end."""
    async with rolled_back(db) as scratch:
        partner = TimingPartnerId(int(await scratch.value(queries["lowest_partner"])))
        company_name = f"verification {partner}"
        await scratch.execute(queries["sample_partner"], {"partner": partner, "company_name": company_name})
        yield scratch, partner


async def _sample_event(
    connection: Connection,
    partner: TimingPartnerId,
    event_id: str,
    data_source: str,
    event_name: str,
    start_date: datetime | None,
) -> None:
    event = {"event_id": event_id, "data_source": data_source, "provider_event_id": event_id}
    facts = {"partner": partner, "event_name": event_name, "start_date": start_date}
    await connection.execute(queries["sample_event"], {**event, **facts})


async def _problem_of(connection: Connection, key: Key, partner: TimingPartnerId) -> str | None:
    try:
        async with connection.transaction():
            inserted = [
                (await connection.execute(queries[key.statement], {"partner": partner, "time": time})).rowcount
                for time in (1, 2)
            ]
    except DatabaseError as error:
        said = error.diag.message_primary or type(error).__name__
        return f"{key.table}: {said}; {key.remedy}"
    if inserted == [1, 0]:
        return None
    return f"{key.table}: the same ({key.columns}) can be stored twice; {key.remedy}"


async def _source(db: Database, partner: TimingPartnerId) -> Source:
    provider = int(await db.value(queries["provider_id"]))
    return Source(
        timing_partner_id=partner,
        provider_id=ProviderId(provider),
        data_source=CHRONOTRACK_LIVE,
        account_name=TRIED_ACCOUNT,
    )
