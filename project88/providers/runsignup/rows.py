"""The rows of RunSignUp as they arrive: every scalar may be text, a number, null, empty or missing. Pure.

Field names and their grades: section 1 of the API facts. An empty object may come as an empty list. Fields we do not
read stay in the raw payload.
"""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

from project88.providers.raw_rows import Number, Scalar


class AddressRow(Struct, frozen=True, gc=False):
    city: Scalar = None
    state: Scalar = None
    zipcode: Scalar = None
    country_code: Scalar = None


Address = AddressRow | list[Raw] | None


class EventRow(Struct, frozen=True, gc=False):
    """An event of the service, which is a race of ours."""

    event_id: Scalar = None
    race_event_days_id: Scalar = None
    name: Scalar = None
    start_time: Scalar = None
    end_time: Scalar = None
    event_type: Scalar = None
    distance: Scalar = None


class RaceRow(Struct, frozen=True):
    """A race of the service with the events it shows, of one edition or of several."""

    race_id: Scalar = None
    name: Scalar = None
    description: Scalar = None
    url: Scalar = None
    is_draft_race: Scalar = None
    timezone: Scalar = None
    address: Address = None
    events: list[EventRow] | UnsetType | None = UNSET


class ListedRace(Struct, frozen=True):
    """How a list of races wraps each of them."""

    race: RaceRow | None = None


class EventOfRace(Struct, frozen=True):
    """An event with what its race says for it. Ours: the reader of the race puts them together."""

    event: EventRow
    timezone: Scalar = None


class UserRow(Struct, frozen=True):
    user_id: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    email: Scalar = None
    phone: Scalar = None
    dob: Scalar = None
    gender: Scalar = None
    address: Address = None


class EntryRow(Struct, frozen=True):
    registration_id: Scalar = None
    event_id: Scalar = None
    bib_num: Scalar = None
    age: Number = None
    team_name: Scalar = None
    user: UserRow | list[Raw] | None = None


class RemovedRow(Struct, frozen=True, gc=False):
    registration_id: Scalar = None
    removed_reason: Scalar = None
    new_registration_id: Scalar = None


class ResultSetRow(Struct, frozen=True):
    individual_result_set_id: Scalar = None
    individual_result_set_name: Scalar = None
    sort_order: Scalar = None
    alt_event_ids: list[Scalar] | Scalar = None


class SplitRow(Struct, frozen=True, gc=False):
    split_id: Scalar = None
    split_name: Scalar = None


class ResultRow(Struct, frozen=True, gc=False):
    """The fields of a result that are the same in every set; the others are known by the set's headers."""

    result_id: Scalar = None
    place: Number = None
    bib: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    gender: Scalar = None
    city: Scalar = None
    state: Scalar = None
    country_code: Scalar = None
    clock_time: Scalar = None
    chip_time: Scalar = None
    age: Number = None


class ResultOfSet(Struct, frozen=True):
    """A result with what its set says of it. Ours: the reader of the page puts them together."""

    result: dict[str, object]
    registration_id: Scalar = None
    headers: dict[str, str] = {}
