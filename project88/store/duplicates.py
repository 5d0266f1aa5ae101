"""Events that reach us from several sources: which may be one, and a person's decision on them. Calls no service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from psycopg.errors import LockNotAvailable
from psycopg.rows import dict_row

from project88.errors import UsageError
from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId
from project88.store import statistics
from project88.store.connection import Connection, Database
from project88.store.event_moves import Moved, bring_hidden, put_back, put_under_hardware
from project88.store.events import import_events
from project88.store.merging import because
from project88.store.partners import provider_id
from project88.store.queries import load
from project88.store.scope import EventScope, Source
from project88.store.staging import Stage

queries = load("duplicates")

Decision = Literal["review", "skipped", "merged", "kept_both"]
Likeness = Literal["same_id", "same_name", "no_date", "similar_name", "no_name"]
CERTAIN: frozenset[Likeness] = frozenset({"same_id", "same_name"})
#: Why two events look alike, for people.
LIKENESS: Mapping[Likeness, str] = {
    "same_id": "the hardware event has the provider's id as its own: certain",
    "same_name": "same name but for case and spacing, starts less than 24 h apart: certain",
    "no_date": "the names are alike and a start is unknown",
    "similar_name": "the names are alike but for accents, punctuation, a year or spelling, starts less than 24 h apart",
    "no_name": "a name is unknown, starts less than 24 h apart or unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An event of a provider and the hardware event that it may be. ``live_event_id``: ours, where it is stored."""

    timing_partner_id: TimingPartnerId
    company_name: str
    event_source_id: int
    provider_key: str
    provider_event_id: ProviderEventId
    event_name: str | None
    start_date: datetime | None
    event_id: EventId
    hardware_event_name: str | None
    hardware_start_date: datetime | None
    likeness: Likeness
    decision: Decision
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    found_at: datetime
    live_event_id: EventId | None
    is_listed: bool
    #: Earlier decisions as they were kept: decision, by, at, reason, undone_by, undone_at.
    earlier: list[dict[str, Any]]
    #: Pairs of the same event with other events of the hardware: event_id, decision, by, is_older.
    others: list[dict[str, Any]]

    @property
    def key(self) -> dict[str, Any]:
        return {"timing_partner_id": self.timing_partner_id, "event_source_id": self.event_source_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an event has from one source. ``same_bib``: entries whose bib the hardware's start list has too."""

    entries: int
    same_bib: int
    results: int


async def pairs(
    db: Database,
    timing_partner_id: TimingPartnerId | None = None,
    event: str | None = None,
    hardware: str | None = None,
    *,
    decided_too: bool = False,
) -> list[Pair]:
    """Those that nobody decided, unless ``decided_too``; what waits comes first. ``hardware``: only with that event."""
    parameters = _asked(timing_partner_id, event, hardware) | {"decided_too": decided_too}
    return [Pair(**row) for row in await db.rows(queries["list"], parameters)]


async def find_pair(
    db: Database, event: str, timing_partner_id: TimingPartnerId | None = None, hardware: str | None = None
) -> Pair:
    """EVENT is an id of either event, ours or the provider's. Two matches are an error that lists them."""
    return _the_one(await pairs(db, timing_partner_id, event, hardware, decided_too=True), event)


async def find_pairs(
    db: Database, event: str, timing_partner_id: TimingPartnerId | None = None, hardware: str | None = None
) -> list[Pair]:
    """Every pair of EVENT, at least one."""
    found = await pairs(db, timing_partner_id, event, hardware, decided_too=True)
    return found or [_the_one(found, event)]


async def holdings(db: Database, pair: Pair) -> tuple[Holding, Holding]:
    """Of the provider's source and of the hardware's."""
    own = await holding(db, pair, pair.live_event_id or pair.event_id, pair.provider_key)
    return own, await holding(db, pair, pair.event_id, "tcp_hardware")


async def holding(db: Database, pair: Pair, event_id: EventId, data_source: str) -> Holding:
    parameters = {
        "timing_partner_id": pair.timing_partner_id,
        "event_id": event_id,
        "hardware_event_id": pair.event_id,
        "data_source": data_source,
    }
    row = await db.row(queries["what_it_holds"], parameters)
    assert row is not None
    return Holding(**row)


async def merge(db: Database, pair: Pair, decided_by: str, reason: str | None) -> Moved:
    """Let the provider's rows stand under the hardware event from now on; those that are stored move there."""
    return await _merge(db, pair, decided_by, reason)


async def merge_certain(db: Database, scope: EventScope) -> EventScope:
    """Merge a registration's event that certainly is one that is timed; where the event is collected from now on."""
    row = await db.row(queries["certain"], scope.parameters())
    if row is None:
        return scope
    found = await pairs(db, scope.source.timing_partner_id, scope.provider_event_id)
    [pair] = [each for each in found if each.event_source_id == row["event_source_id"]]
    await _merge(db, pair, None, "same name and day")
    event_id = await db.value(queries["collected_under"], scope.parameters())
    return replace(scope, event_id=EventId(event_id))


async def _merge(db: Database, pair: Pair, decided_by: str | None, reason: str | None) -> Moved:
    source = await _source(db, pair)
    async with _deciding(db, pair) as (connection, found):
        if found.decision == "merged":
            raise UsageError(f"{_named(found)} is merged already")
        _require_unmerged(found)
        moved = await put_under_hardware(connection, source, found)
        await _decide(connection, found, "merged", decided_by, reason)
        await connection.execute(queries["score_again"], found.key | {"event_id": found.event_id})
    await statistics.refresh(db)
    return moved


async def keep_both(db: Database, pair: Pair, decided_by: str, reason: str | None) -> None:
    """Two events. One that was held back is imported as it was listed, without a call."""
    source = await _source(db, pair)
    async with _deciding(db, pair) as (connection, found):
        if found.decision == "merged":
            raise UsageError(f"{_named(found)} is merged: undo that first, with project88 duplicates undo")
        if found.decision == "kept_both":
            raise UsageError(f"{_named(found)} is kept already")
        await _decide(connection, found, "kept_both", decided_by, reason)
        if found.live_event_id is None and found.is_listed:
            await connection.execute(queries["stage_listed"], found.key)
            await import_events(connection, source)
            await bring_hidden(connection, source, found)


async def undo(db: Database, pair: Pair, undone_by: str) -> Moved:
    """Take the last decision back. What a merge moved moves back; what came by it since is hidden."""
    source = await _source(db, pair)
    async with _deciding(db, pair) as (connection, found):
        if found.decision not in ("merged", "kept_both"):
            raise UsageError(f"nobody has decided on {_named(found)}")
        moved, is_stored = Moved(), found.live_event_id is not None
        if found.decision == "merged":
            moved, is_stored = await put_back(connection, source, found)
        before = _before(found, is_stored=is_stored)
        await connection.execute(queries["undo"], {**found.key, "decision": before, "decided_by": undone_by})
        await _let_one_count(connection, found)
        await connection.execute(queries["score_again"], found.key | {"event_id": found.event_id})
    return moved


async def set_rule(db: Database, timing_partner_id: TimingPartnerId, decision: Decision) -> None:
    """What becomes of certain duplicates of the partner that nobody decided on, from the next list of events on."""
    parameters = {"timing_partner_id": timing_partner_id, "decision": decision}
    if not await db.execute(queries["set_rule"], parameters):
        raise UsageError(f"timing partner {timing_partner_id} does not exist: see project88 partner list")


@asynccontextmanager
async def _deciding(db: Database, pair: Pair) -> AsyncIterator[tuple[Connection, Pair]]:
    """A transaction in which nobody else imports, collects or decides on the pair, and the pair as it is now."""
    async with db.dedicated() as connection:
        await Stage(connection).prepare()
        async with connection.transaction():
            await because(connection, "duplicates")
            await connection.execute(queries["patience"])
            await connection.execute(queries["lock_pair"], pair.key)
            found = _the_one(await _again(connection, pair), pair.provider_event_id)
            event_ids = [each for each in (found.live_event_id, found.event_id) if each is not None]
            try:
                await connection.execute(queries["lock_collecting"], {**found.key, "event_ids": event_ids})
            except LockNotAvailable:
                raise UsageError(f"{_named(found)} is being collected: try again when that is done") from None
            yield connection, found


async def _again(connection: Connection, pair: Pair) -> list[Pair]:
    parameters = _asked(pair.timing_partner_id, pair.provider_event_id, pair.event_id) | {"decided_too": True}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["list"], parameters)
        found = [Pair(**row) for row in await cursor.fetchall()]
    return [each for each in found if each.event_source_id == pair.event_source_id]


def _the_one(found: Sequence[Pair], event: str) -> Pair:
    if not found:
        raise UsageError(f"event {event} is not held to be a duplicate: see project88 duplicates list --all")
    if len(found) > 1:
        listed = "\n".join(
            f"  {each.provider_event_id} --hardware {each.event_id} --timing-partner-id {each.timing_partner_id}"
            f"  {each.provider_key}, {each.decision}, {each.event_name or '-'}"
            for each in found
        )
        raise UsageError(f"event {event} is in several pairs, of which each is named like this:\n{listed}")
    return found[0]


def _require_unmerged(pair: Pair) -> None:
    """Rows of an event stand in one place."""
    for other in pair.others:
        if other["decision"] == "merged":
            command = f"project88 duplicates {{}} {pair.provider_event_id} --hardware {{}}".format
            raise UsageError(
                f"{_named(pair)} is merged into event {other['event_id']} already, and two events of the hardware "
                f"cannot be merged: keep event {pair.event_id} apart with {command('keep-both', pair.event_id)}, or "
                f"first undo that merge with {command('undo', other['event_id'])}"
            )


def _before(pair: Pair, *, is_stored: bool) -> Decision:
    """What stood before a person decided. A pair that was found beside an older one has always waited."""
    is_first = not any(other["is_older"] for other in pair.others)
    return "skipped" if pair.likeness in CERTAIN and is_first and not is_stored else "review"


def _asked(timing_partner_id: TimingPartnerId | None, event: str | None, hardware: str | None) -> dict[str, Any]:
    return {"timing_partner_id": timing_partner_id, "event": event, "hardware": hardware}


async def _source(db: Database, pair: Pair) -> Source:
    return Source(
        timing_partner_id=pair.timing_partner_id,
        provider_id=ProviderId(await provider_id(db, pair.provider_key)),
        data_source=pair.provider_key,
    )


async def _decide(
    connection: Connection, pair: Pair, decision: Decision, decided_by: str | None, reason: str | None
) -> None:
    parameters = {**pair.key, "decision": decision, "decided_by": decided_by, "reason": reason}
    await connection.execute(queries["decide"], parameters)
    await _let_one_count(connection, pair)


async def _let_one_count(connection: Connection, pair: Pair) -> None:
    """Of the pairs of an event the merged one says what becomes of it, else the oldest."""
    parameters = pair.key | {"provider_key": pair.provider_key, "provider_event_id": pair.provider_event_id}
    for name in ("let_others_wait", "let_one_count"):
        await connection.execute(queries[name], parameters)


def _named(pair: Pair) -> str:
    return f"event {pair.provider_event_id} of {pair.provider_key}"
