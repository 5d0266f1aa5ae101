"""What the API answers, as types. Units stand in the names; unknown is null. Reads no database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

import msgspec

from project88.store.api_reading import Row
from project88.store.results_page import Change as Parts

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list. ``changed_at``: when what the list is made from last changed; null where that is unknown."""

    data: list[T]
    #: Gives the next page; null on the last one.
    next_cursor: str | None = None
    changed_at: datetime | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event. ``is_settled``: its results are final as far as the source says."""

    timing_partner_id: int
    event_id: str
    name: str | None
    date: date | None
    start_time: datetime | None
    end_time: datetime | None
    time_zone: str
    city: str | None
    state: str | None
    country: str | None
    source: str
    is_settled: bool
    changed_at: datetime


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """A race of an event."""

    race_id: str
    name: str | None
    planned_start_time: datetime | None
    actual_start_time: datetime | None
    results: int


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the course. ``cumulative_ms`` is the time from the start to its end."""

    name: str | None = None
    elapsed_ms: int | None = None
    cumulative_ms: int | None = None
    at: str | None = None
    rank: int | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One runner's result in one race."""

    event_id: str
    race_id: str
    race_name: str | None
    participant_id: str
    bib: str | None
    first_name: str | None
    last_name: str | None
    gender: str | None
    age_years: int | None
    city: str | None
    state: str | None
    country: str | None
    chip_time_ms: int | None
    gun_time_ms: int | None
    overall_place: int | None
    gender_place: int | None
    division: str | None
    division_place: int | None
    status: str | None
    provider_status: str | None
    begin_time: datetime | None
    finish_time: datetime | None
    source: str
    is_settled: bool
    changed_at: datetime


class ResultWithSplits(Result, frozen=True, kw_only=True):
    """One runner's result in one race, with the parts of the course in their order."""

    splits: list[Split]


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in an event."""

    event_id: str
    race_id: str | None
    participant_id: str
    external_id: str | None
    bib: str | None
    first_name: str | None
    last_name: str | None
    gender: str | None
    age_years: int | None
    email: str | None
    city: str | None
    state: str | None
    country: str | None
    division: str | None
    team_name: str | None
    entry_status: str | None
    source: str
    changed_at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a result that is new, changed or deleted. Of a deleted event every result is gone with it."""

    type: Literal["event", "result"]
    deleted: bool
    timing_partner_id: int
    event_id: str
    race_id: str | None
    participant_id: str | None
    changed_at: datetime
    event: Event | None
    result: Result | None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the feed. ``cursor`` always leads on, also where there is nothing new yet."""

    data: list[Change]
    cursor: str
    has_more: bool


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook's request. A receiver that has seen ``delivery_id`` already has what this one says."""

    delivery_id: str
    webhook_id: int
    timing_partner_id: int
    data: list[Change]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A source of data: how far the hub is with it, and the partner's accounts there."""

    key: str
    name: str
    kinds: list[str]
    capabilities: list[str]
    status: str
    tried_with: str
    accounts: int
    last_success_at: datetime | None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor says of one matter, the worst state that it found."""

    check: str
    state: Literal["healthy", "degraded", "unhealthy"]


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole hub stands."""

    status: Literal["healthy", "degraded", "unhealthy"]
    checks: list[Check]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. ``type`` stays the same for the same mistake; ``parameter`` names what was wrong of a 400."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = None


class EventPage(Page[Event], frozen=True, kw_only=True):
    """One page of events."""


class RacePage(Page[Race], frozen=True, kw_only=True):
    """The races of an event."""


class ResultPage(Page[Result], frozen=True, kw_only=True):
    """One page of results. ``as_of`` is the instant whose results these are; null: the newest."""

    is_settled: bool
    source: str
    as_of: datetime | None = None


class ParticipantPage(Page[Participant], frozen=True, kw_only=True):
    """One page of participants."""


class ProviderPage(Page[Provider], frozen=True, kw_only=True):
    """All providers."""


def event(row: Row) -> Event:
    parts = [row.get(name) for name in ("changed_at", *Parts._fields)]
    return Event(
        timing_partner_id=row["timing_partner_id"],
        event_id=row["event_id"],
        name=row["event_name"],
        date=row["event_date"],
        start_time=row["start_date"],
        end_time=row["end_date"],
        time_zone=row["time_zone"],
        city=row["city"],
        state=row["state"],
        country=row["country"],
        source=row["source_provider"],
        is_settled=row["is_settled"],
        changed_at=max(at for at in parts if at),
    )


def race(row: Row) -> Race:
    return Race(
        race_id=row["race_id"],
        name=row["race_name"],
        planned_start_time=row["planned_start"],
        actual_start_time=row["actual_start"],
        results=row["results"],
    )


def result(row: Row) -> Result:
    return Result(**_result_fields(row))


def result_with_splits(row: Row) -> ResultWithSplits:
    splits = [_split(part) for part in row["split_times"] or [] if isinstance(part, dict)]
    return ResultWithSplits(**_result_fields(row), splits=splits)


def participant(row: Row) -> Participant:
    same = (
        "event_id",
        "race_id",
        "participant_id",
        "external_id",
        "first_name",
        "last_name",
        "gender",
        "email",
        "city",
    )
    also = ("state", "country", "division", "team_name", "entry_status")
    return Participant(
        **{name: row[name] for name in same + also},
        bib=row["bib_number"],
        age_years=row["age"],
        source=row["source_provider"],
        changed_at=row["updated_at"],
    )


def _result_fields(row: Row) -> dict[str, Any]:
    same = ("event_id", "race_id", "race_name", "participant_id", "first_name", "last_name", "gender", "city", "state")
    also = ("country", "overall_place", "gender_place", "division", "division_place", "provider_status", "begin_time")
    return {name: row[name] for name in (*same, *also, "finish_time", "is_settled")} | {
        "bib": row["bib_number"],
        "age_years": row["age"],
        "chip_time_ms": _milliseconds(row["chip_time"]),
        "gun_time_ms": _milliseconds(row["gun_time"]),
        "status": row["result_status"],
        "source": row["source_provider"],
        "changed_at": row["updated_at"],
    }


def _milliseconds(value: timedelta | None) -> int | None:
    return None if value is None else value // timedelta(milliseconds=1)


def _split(part: dict[str, Any]) -> Split:
    """A row written by hand may hold any JSON; what is not of its type is unknown."""
    return Split(
        name=_of_type(part.get("name"), str),
        elapsed_ms=_of_type(part.get("elapsed_ms"), int),
        cumulative_ms=_of_type(part.get("cumulative_ms"), int),
        at=_of_type(part.get("at"), str),
        rank=_of_type(part.get("rank"), int),
    )


def _of_type(value: object, wanted: type[T]) -> T | None:
    return value if isinstance(value, wanted) else None
