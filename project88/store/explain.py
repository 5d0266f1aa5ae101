"""Where each field of a result comes from: the source that won, and what the others say. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project88.errors import UsageError
from project88.store.connection import Database
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("explain")

#: Fields of a person: of each the first source that knows it counts, its result before its entry.
PERSON_FIELDS = ("bib_number", "first_name", "last_name", "gender", "age", "city", "state", "country", "division")
#: Fields of a result: they come from one source together, and unknown stays unknown.
RESULT_FIELDS = (
    "result_status",
    "provider_status",
    "chip_time",
    "gun_time",
    "overall_place",
    "gender_place",
    "division_place",
    "begin_time",
    "finish_time",
    "split_times",
)
STATUS_DECISIONS = {"disqualified", "did_not_finish"}
TIMES = {"chip_time", "gun_time"}
PLACES = {"overall_place", "gender_place", "division_place"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one source says of a field. ``part``: its result, or its entry."""

    data_source: str
    value: Any
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFrom:
    """A field as it is shown, whose it is, and what others say. ``source`` None: nobody knows it.

    A field of a result is unknown where the source that counts does not know it, though others do.
    """

    field: str
    value: Any
    source: str | None
    others: Sequence[Claim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One person in one race. ``sources``: each with the reason why its entry is this person."""

    race_id: str
    race_name: str | None
    participant_id: str
    is_settled: bool
    fields: Sequence[FieldFrom]
    sources: Sequence[Mapping[str, Any]]
    decisions: Sequence[Mapping[str, Any]]


async def explain(db: Database, event: StoredEvent, bib: str) -> list[Explained]:
    """Every result with the bib. Raises UsageError where there is none."""
    key = {"timing_partner_id": event.timing_partner_id, "event_id": event.event_id, "bib": bib}
    persons = await db.rows(queries["persons"], key)
    if not persons:
        raise UsageError(f"event {event.event_id} has no result with bib {bib}")
    decisions = await db.rows(queries["decided"], key)
    return [await _explained(db, key, row, decisions) for row in persons]


async def _explained(
    db: Database, key: dict[str, Any], person: dict[str, Any], decisions: Sequence[dict[str, Any]]
) -> Explained:
    person_key = {**key, "race_id": person["race_id"], "participant_id": person["participant_id"]}
    said, shown = await db.rows(queries["said"], person_key), person["shown"]
    return Explained(
        race_id=person["race_id"],
        race_name=person["race_name"],
        participant_id=person["participant_id"],
        is_settled=person["is_settled"],
        fields=[
            *(_person_field(field, shown[field], said, decisions) for field in PERSON_FIELDS),
            *(_result_field(field, shown[field], said, decisions) for field in RESULT_FIELDS),
        ],
        sources=[{"data_source": each["data_source"], "why": each["why"]} for each in said],
        decisions=decisions,
    )


def _person_field(
    field: str, value: object, said: Sequence[dict[str, Any]], decisions: Sequence[dict[str, Any]]
) -> FieldFrom:
    claims = [
        Claim(data_source=each["data_source"], value=row[field], part=part)
        for each in said
        for part, row in (("result", each["result"]), ("entry", each["entry"]))
        if row is not None and row.get(field) is not None
    ]
    by_hand = [each for each in decisions if each["field"] == field]
    if by_hand:
        return FieldFrom(field=field, value=value, source=_by_hand(by_hand[-1]), others=claims)
    source = f"{claims[0].data_source}, {claims[0].part}" if claims else None
    return FieldFrom(field=field, value=value, source=source, others=claims[1:])


def _result_field(
    field: str, value: object, said: Sequence[dict[str, Any]], decisions: Sequence[dict[str, Any]]
) -> FieldFrom:
    claims = [
        Claim(data_source=each["data_source"], value=each["result"][field], part="result")
        for each in said
        if each["result"] is not None
    ]
    others = [each for each in claims[1:] if each.value is not None]
    by_hand = [each for each in decisions if _concerns(each["kind"], field)]
    if by_hand:
        return FieldFrom(field=field, value=value, source=_by_hand(by_hand[-1]), others=claims)
    is_known = any(each.value is not None for each in claims)
    source = claims[0].data_source if is_known else None
    return FieldFrom(field=field, value=value, source=source, others=others)


def _concerns(kind: str, field: str) -> bool:
    if kind in STATUS_DECISIONS:
        return field == "result_status" or field in PLACES
    return kind == "time_adjusted" and field in TIMES


def _by_hand(decision: Mapping[str, Any]) -> str:
    return f"decision {decision['decision_id']} by {decision['decided_by']}"
