"""Events, races, participants and results as every source is understood. Pure; no vendor words, no SQL.

Durations are integer milliseconds, instants are aware UTC datetimes, None is unknown. No text is empty or holds a
control character. Records are encoded as arrays, their fields in the order of the stages' columns.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NewType

from msgspec import Struct

TimingPartnerId = NewType("TimingPartnerId", int)
ProviderId = NewType("ProviderId", int)
#: Ours.
EventId = NewType("EventId", str)
#: The provider's; never used as ours.
ProviderEventId = NewType("ProviderEventId", str)


#: What an entry's status can say about its result.
DeclaredStatus = Literal["confirmed", "dnf", "dq"]
#: What a result can say of itself.
ResultStatus = Literal["finished", "dnf", "dns", "dq"]


class Event(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    provider_event_id: ProviderEventId
    name: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str | None = None
    description: str | None = None
    site_uri: str | None = None
    is_published: bool | None = None
    tag: str | None = None
    external_id: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    raw: str | None = None


class Race(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    race_id: str
    name: str | None = None
    tag: str | None = None
    type: str | None = None
    subtype: str | None = None
    distance: float | None = None
    distance_unit: str | None = None
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None
    raw: str | None = None


class Participant(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    entry_id: str
    race_id: str | None = None
    bib: str | None = None
    external_id: str | None = None
    #: The provider's own word.
    status: str | None = None
    #: What that word means for the result; None for a word we do not know.
    declared: DeclaredStatus | None = None
    entry_type: str | None = None
    athlete_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    gender: str | None = None
    age: int | None = None
    date_of_birth: date | None = None
    email: str | None = None
    phone: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    postal_code: str | None = None
    team_name: str | None = None
    division: str | None = None
    wave_name: str | None = None
    registration_choice: str | None = None
    raw: str | None = None
    #: The row of the list that it comes from, where entries are asked for one by one.
    listed_as: str | None = None
    #: Of that row; None until the entry itself was asked for.
    listing_digest: int | None = None


class Removal(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """An entry that the provider says is none any more."""

    entry_id: str
    #: The provider's own word: removed, transferred, deferred, cancelled.
    reason: str | None = None
    #: The entry that took its place, after a transfer.
    successor_entry_id: str | None = None


class Finish(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One entry over the full course of one race."""

    race_id: str
    entry_id: str
    bib: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    gender: str | None = None
    age: int | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    chip_ms: int | None = None
    gun_ms: int | None = None
    bracket: str | None = None
    overall_place: int | None = None
    division: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    #: The source's own word for the result, and what it means; None where the result says nothing of itself.
    status: str | None = None
    declared: ResultStatus | None = None
    raw: str | None = None


class Split(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One entry over one partial interval of a race."""

    race_id: str
    entry_id: str
    #: The provider's interval id, else its name.
    key: str
    bracket: str | None = None
    name: str | None = None
    elapsed_ms: int | None = None
    place: int | None = None
    #: Whether the entry was seen at an end of the interval at all.
    has_crossed: bool = False
    end: datetime | None = None


class Place(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """An entry's place over the full course within one bracket."""

    race_id: str
    entry_id: str
    bracket: str | None = None
    place: int | None = None


class GenderPlace(Place, frozen=True, kw_only=True, array_like=True, gc=False):
    pass


class DivisionPlace(Place, frozen=True, kw_only=True, array_like=True, gc=False):
    pass


class Problem(Struct, frozen=True, kw_only=True):
    """A row that could not be read: a value in the stream, not a lost row."""

    stream: str
    reason: str
    raw: str


ResultRow = Finish | Split | GenderPlace | DivisionPlace
