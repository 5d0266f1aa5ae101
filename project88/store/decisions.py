"""What persons decided of an event's results: added, undone, listed. Scores nothing and joins nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from project88.errors import UsageError
from project88.records.entities import EventId, TimingPartnerId
from project88.store.connection import Database, number_of
from project88.store.queries import load
from project88.store.scoring import score_decided

queries = load("decisions")

DecisionKind = Literal["disqualified", "did_not_finish", "time_adjusted", "read_ignored", "field_set", "kept_apart"]
#: Decisions that no scoring follows from: joining carries them out.
JOINED_KINDS: frozenset[DecisionKind] = frozenset({"field_set", "kept_apart"})


async def decide(
    db: Database,
    timing_partner_id: TimingPartnerId,
    event_id: EventId,
    kind: DecisionKind,
    *,
    bib: str | None,
    read: int | None,
    adjustment: timedelta | None,
    reason: str,
    decided_by: str,
    field: str | None = None,
    value: str | None = None,
) -> int:
    """The number of the decision. Raises UsageError for a bib or a read that the event does not have."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "kind": kind,
        "bib_number": bib,
        "timing_read_id": read,
        "adjustment": adjustment,
        "field": field,
        "value": value,
        "reason": reason,
        "decided_by": decided_by,
    }
    if read is not None and not await db.value(queries["read_belongs"], parameters):
        raise UsageError(f"read {read} is not one of event {event_id}: see project88 timing reads {event_id}")
    if bib is not None and not await db.value(queries["bib_is_known"], parameters):
        raise UsageError(f"nobody of event {event_id} has bib {bib}")
    async with db.transaction() as connection:
        number = await number_of(connection, queries["add"], parameters)
        if kind not in JOINED_KINDS:
            await score_decided(connection, timing_partner_id, event_id)
    return number


async def undo_decision(
    db: Database, timing_partner_id: TimingPartnerId, event_id: EventId, decision_id: int, undone_by: str
) -> None:
    """Raises UsageError where there is no such decision, or where it is undone already."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "event_id": event_id,
        "decision_id": decision_id,
        "undone_by": undone_by,
    }
    async with db.transaction() as connection:
        if not (await connection.execute(queries["undo"], parameters)).rowcount:
            raise UsageError(f"event {event_id} has no decision {decision_id} that stands")
        await score_decided(connection, timing_partner_id, event_id)


async def decisions(db: Database, timing_partner_id: TimingPartnerId, event_id: EventId) -> list[dict[str, Any]]:
    parameters = {"timing_partner_id": timing_partner_id, "event_id": event_id}
    return await db.rows(queries["all"], parameters)
