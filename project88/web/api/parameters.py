"""What a caller may ask by the address, as types, and the strict reading of it. Asks no database."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta
from starlette.datastructures import QueryParams

from project88.web.api.problems import Refused

MOST_ROWS = 1000
LARGEST_ID = 2**31 - 1
FIELD = re.compile(r"\$\.(\w+)")

T = TypeVar("T")

PartnerId = Annotated[int, Meta(ge=1, le=LARGEST_ID, description="The timing partner's number.")]
EventId = Annotated[str, Meta(min_length=1, max_length=200, description="The event's id with its timing partner.")]
RaceId = Annotated[str, Meta(min_length=1, max_length=200, description="The race's id.")]
ParticipantId = Annotated[str, Meta(min_length=1, max_length=200, description="The participant's id.")]
Limit = Annotated[int, Meta(ge=1, le=MOST_ROWS, description="Rows of one page at most.")]
Cursor = Annotated[
    str, Meta(min_length=1, max_length=1000, description="From the page before; the other parameters stay the same.")
]
Bib = Annotated[str, Meta(min_length=1, max_length=50, description="Exactly this bib, in capitals or not.")]


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameter."""


class ListEvents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first; events without a start come last."""

    q: Annotated[str, Meta(min_length=1, max_length=100, description="A part of the name.")] | None = None
    timing_partner_id: PartnerId | None = None
    from_date: Annotated[date, Meta(description="This day or later, in the event's zone.")] | None = None
    to_date: Annotated[date, Meta(description="This day or earlier, in the event's zone.")] | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class OneEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which event."""

    timing_partner_id: PartnerId
    event_id: EventId


class ListResults(OneEvent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Race by race, by place; those without a place come last."""

    race_id: RaceId | None = None
    gender: Annotated[str, Meta(min_length=1, max_length=20, description="M, F or as the source has it.")] | None = None
    division: Annotated[str, Meta(min_length=1, max_length=200, description="Exactly this division.")] | None = None
    bib: Bib | None = None
    as_of: Annotated[datetime, Meta(tz=True, description="What the results said at this instant.")] | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class OneResult(OneEvent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runner in which race."""

    race_id: RaceId
    participant_id: ParticipantId
    as_of: Annotated[datetime, Meta(tz=True, description="What the result said at this instant.")] | None = None


class ListParticipants(OneEvent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By participant."""

    race_id: RaceId | None = None
    bib: Bib | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class FollowChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a cursor from the oldest change that is kept."""

    cursor: Cursor | None = None
    start: Annotated[Literal["now"], Meta(description="Without a cursor: only what changes from now on.")] | None = None
    limit: Limit = 100


class FollowEvent(FollowChanges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The changes of one event. Without a cursor from the oldest change that is kept."""

    timing_partner_id: PartnerId
    event_id: EventId


def read(wanted: type[T], query: QueryParams, path: Mapping[str, str]) -> T:
    """Raises Refused, which names the parameter."""
    for name, value in query.multi_items():
        if name in path or name not in _fields(wanted):
            raise Refused("unknown-parameter", f"There is no parameter {name[:100]!r} here.", parameter=name[:100])
        if len(query.getlist(name)) > 1:
            raise Refused("unreadable-parameter", f"The parameter {name} was given more than once.", parameter=name)
        if "\0" in value:
            raise Refused("unreadable-parameter", f"The parameter {name} holds a NUL.", parameter=name)
    if any("\0" in value for value in path.values()):
        raise Refused("not-found", "No id holds a NUL.")
    given = {**dict(query), **path}
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error, path) from None


def pack(values: object) -> str:
    """A cursor: where a page ended, not meant to be read by callers."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def unpack(text: str, wanted: type[T]) -> T:
    """Raises Refused for what this list never gave."""
    try:
        packed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(packed, type=wanted)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise Refused("unreadable-cursor", "Begin without a cursor.", parameter="cursor") from None
    if b"\\u0000" in packed:
        raise Refused("unreadable-cursor", "Begin without a cursor.", parameter="cursor")
    return found


def _fields(wanted: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(wanted))


def _refused(error: msgspec.ValidationError, path: Mapping[str, str]) -> Refused:
    found = FIELD.search(str(error))
    name = found[1] if found else None
    if name in path:
        return Refused("not-found", f"No {name} is like this.")
    said = str(error).partition(" - at ")[0]
    return Refused("unreadable-parameter", f"The parameter {name} cannot be read: {said}.", parameter=name)
