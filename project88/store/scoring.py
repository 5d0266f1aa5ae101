"""What scoring needs from the database and what it writes there. Scores nothing.

Rows go in and out as plain values: the caller knows what a score is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from project88.errors import UsageError
from project88.records.entities import EventId, ProviderEventId, TimingPartnerId
from project88.store.connection import Connection, Database, number_of
from project88.store.events import StoredEvent
from project88.store.merging import because
from project88.store.partners import provider_id
from project88.store.queries import load
from project88.store.scope import EventScope, Source

queries = load("scoring")

HARDWARE_PROVIDER = "chronotrack_tcp"
#: What the history of changes says of results that follow from reads.
SCORING = "scoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredEvent:
    """An event that reads belong to.

    ``start_list`` changes with its entries, ``decided`` with what people decide, ``stamp`` with all else but reads.
    """

    timing_partner_id: TimingPartnerId
    event_id: EventId
    hub_now: datetime
    #: None before the first scoring.
    scoring_id: int | None
    stamp: str
    start_list: str
    decided: str

    @property
    def key(self) -> dict[str, Any]:
        return {
            "timing_partner_id": self.timing_partner_id,
            "event_id": self.event_id,
            "scoring_id": self.scoring_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Rows as they are stored: courses as JSON's values, entries and decisions as dictionaries."""

    courses: Sequence[Any]
    entries: Sequence[dict[str, Any]]
    decisions: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many rows of results changed."""

    results: int
    retracted: int


async def scored_events(
    db: Database, event_id: EventId | None = None, timing_partner_id: TimingPartnerId | None = None
) -> list[ScoredEvent]:
    parameters = {"event_id": event_id, "timing_partner_id": timing_partner_id}
    return [ScoredEvent(**row) for row in await db.rows(queries["scored_events"], parameters)]


async def begin_scoring(db: Database, event: ScoredEvent) -> ScoredEvent:
    """The event with the stamp that it has now that its scoring has a row. Ask before anything that it speaks of."""
    await db.execute(queries["begin_scoring"], event.key)
    found = await scored_events(db, event.event_id, event.timing_partner_id)
    return found[0] if found else event


async def take_event(connection: Connection, event: ScoredEvent) -> bool:
    """Whether the event is ours to score, until ``leave_event`` or the end of the connection."""
    row = await (await connection.execute(queries["take_event"], event.key)).fetchone()
    return bool(row and row[0])


async def leave_event(connection: Connection, event: ScoredEvent) -> None:
    await connection.execute(queries["leave_event"], event.key)


async def inputs(db: Database, event: ScoredEvent) -> Inputs:
    return Inputs(
        courses=[row["course"] for row in await db.rows(queries["courses"], event.key)],
        entries=await entries(db, event),
        decisions=await decisions(db, event),
    )


async def decisions(db: Database, event: ScoredEvent) -> list[dict[str, Any]]:
    """Those that nobody undid, the newest last."""
    return await db.rows(queries["decisions"], event.key)


async def entries(db: Database, event: ScoredEvent) -> list[dict[str, Any]]:
    return await db.rows(queries["entries"], event.key)


async def newest_read(connection: Connection, event: ScoredEvent) -> int:
    """Ask before the reads: what is stored meanwhile has a higher number."""
    row = await (await connection.execute(queries["newest_read"], event.key)).fetchone()
    assert row is not None
    return int(row[0])


async def reads(connection: Connection, event: ScoredEvent, after: int, up_to: int) -> list[tuple[Any, ...]]:
    """Number, kind, location, sequence, reader, tag, epoch milliseconds."""
    cursor = await connection.execute(queries["reads"], {**event.key, "after": after, "up_to": up_to})
    return await cursor.fetchall()


async def prepare_stages(connection: Connection) -> None:
    await connection.execute(queries["create_stages"])


async def write(
    connection: Connection,
    event: ScoredEvent,
    scores: Iterable[Sequence[Any]],
    judgements: Iterable[Sequence[Any]],
    gone: Sequence[str],
    up_to: int,
    *,
    is_whole: bool,
    is_all: bool,
) -> Written:
    """Results and judgements in one transaction. ``is_whole``: what is not among the scores is no result any more.

    ``is_all``: nothing waits to be written, so that the event is not stale any more.
    """
    async with connection.transaction():
        await because(connection, SCORING)
        await connection.execute(queries["empty_stages"])
        await _copy(connection, "copy_scores", scores)
        await _copy(connection, "copy_judgements", judgements)
        if is_whole:
            await connection.execute(queries["plan_for_sets"])
        results = await number_of(connection, queries["write_scores"], event.key)
        retracted = 0
        if is_whole:
            retracted = await number_of(connection, queries["retract_others"], event.key)
        elif gone:
            retracted = await number_of(connection, queries["retract_scores"], {**event.key, "entry_ids": list(gone)})
        if results or retracted:
            # While reads come in, their places note the change, once a second at most.
            await connection.execute(queries["note_change" if is_whole else "open_again"], event.key)
        await connection.execute(queries["write_judgements"], event.key)
        noted = event.key if is_all else {**event.key, "scoring_id": None}
        await connection.execute(queries["note_scored"], {**noted, "timing_read_id": up_to, "problem": None})
    return Written(results=results, retracted=retracted)


async def write_places(connection: Connection, event: ScoredEvent, places: Iterable[Sequence[Any]]) -> int:
    async with connection.transaction():
        await because(connection, SCORING)
        await connection.execute(queries["empty_stages"])
        await _copy(connection, "copy_places", places)
        moved = await number_of(connection, queries["write_places"], event.key)
        await connection.execute(queries["note_change"], event.key)
    return moved


async def note_problem(connection: Connection, event: ScoredEvent, problem: str) -> None:
    """Say why an event is not scored."""
    await connection.execute(queries["note_scored"], {**event.key, "timing_read_id": 0, "problem": problem})


async def set_course(
    db: Database,
    timing_partner_id: TimingPartnerId,
    event_id: EventId,
    race_id: str,
    name: str,
    distance_m: float | None,
    course: object,
) -> bool:
    """False where it was so already."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "race_id": race_id,
        "race_name": name,
        "distance_m": distance_m,
        "course": json.dumps(course),
    }
    async with db.transaction() as connection:
        changed = bool((await connection.execute(queries["set_course"], parameters)).rowcount)
        if changed:
            await score_again(connection, timing_partner_id, event_id)
    return changed


async def courses(db: Database, timing_partner_id: TimingPartnerId, event_id: EventId) -> list[Any]:
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id}
    return [row["course"] for row in await db.rows(queries["courses"], parameters)]


async def add_event(
    db: Database,
    timing_partner_id: TimingPartnerId,
    name: str,
    start: datetime,
    time_zone: str,
    *,
    is_only: bool = False,
) -> EventId:
    """Raises UsageError where it shall be the only hardware event of its name and start, and is not."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_name": name,
        "start_date": start,
        "time_zone": time_zone,
    }
    async with db.transaction() as connection:
        if is_only:
            await _require_only(connection, parameters)
        row = await (await connection.execute(queries["add_event"], parameters)).fetchone()
        assert row is not None
        return EventId(row[0])


async def _require_only(connection: Connection, event: dict[str, Any]) -> None:
    await connection.execute(queries["lock_new_event"], event)
    known = await (await connection.execute(queries["same_event"], event)).fetchone()
    if known is not None:
        raise UsageError(f"event {known[0]} of the hardware has this name and this start already")


async def reads_of_event(
    db: Database, timing_partner_id: TimingPartnerId, event_id: EventId, bib: str | None, status: str | None, most: int
) -> list[dict[str, Any]]:
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "bib_number": bib,
        "status": status,
        "most": most,
    }
    return await db.rows(queries["reads_of_event"], parameters)


async def score_anew(db: Database, timing_partner_id: TimingPartnerId, event_id: EventId) -> None:
    """Let whoever scores the event begin at its first read."""
    async with db.connection() as connection:
        await score_again(connection, timing_partner_id, event_id)


async def score_again(connection: Connection, timing_partner_id: TimingPartnerId, event_id: EventId) -> None:
    """The same in the transaction of what makes it necessary, so that neither is without the other."""
    await _score_again(connection, timing_partner_id, event_id, is_anew=True)


async def score_decided(connection: Connection, timing_partner_id: TimingPartnerId, event_id: EventId) -> None:
    """Let whoever scores the event carry out what was decided, in the transaction in which it is."""
    await _score_again(connection, timing_partner_id, event_id, is_anew=False)


async def _score_again(
    connection: Connection, timing_partner_id: TimingPartnerId, event_id: EventId, *, is_anew: bool
) -> None:
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id, "is_anew": is_anew}
    await connection.execute(queries["score_again"], parameters)


async def problem_of(db: Database, timing_partner_id: TimingPartnerId, event_id: EventId) -> str | None:
    """Why an event is not scored; None where it is."""
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id}
    row = await db.row(queries["problem"], parameters)
    return "it was never scored" if row is None else row["problem"]


async def hardware_scope(db: Database, event: StoredEvent) -> EventScope:
    """The event as one of the hardware, whose rows have no id of a provider."""
    source = Source(
        timing_partner_id=event.timing_partner_id,
        provider_id=await provider_id(db, HARDWARE_PROVIDER),
        data_source=event.data_source,
    )
    return EventScope(source=source, event_id=event.event_id, provider_event_id=ProviderEventId(event.event_id))


async def _copy(connection: Connection, name: str, rows: Iterable[Sequence[Any]]) -> None:
    async with connection.cursor().copy(queries[name]) as copy:
        for row in rows:
            await copy.write_row(row)
