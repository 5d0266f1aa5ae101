"""The rows of Haku as they arrive: every scalar may be text, a number, null, empty or missing. Pure.

Field names: section 3.3 of the API facts, all O. A part of a row may be null or empty. Fields we do not read stay in
the raw payload.
"""

from __future__ import annotations

from msgspec import Struct

from project88.providers.raw_rows import Scalar


class EventRow(Struct, frozen=True, gc=False):
    id: Scalar = None
    name: Scalar = None
    description: Scalar = None
    event_date: Scalar = None
    event_end_date: Scalar = None
    location_city: Scalar = None
    location_state: Scalar = None


class TeamRow(Struct, frozen=True, gc=False):
    name: Scalar = None


class ListedRow(Struct, frozen=True, gc=False):
    """A registration as the list of participants shows it."""

    registration_number: Scalar = None
    person_full_name: Scalar = None
    email: Scalar = None
    gender: Scalar = None
    is_cancelled: Scalar = None
    event_category_info: Scalar = None
    team: TeamRow | Scalar = None


class AddressRow(Struct, frozen=True, gc=False):
    city: Scalar = None
    state: Scalar = None
    country: Scalar = None
    zip_code: Scalar = None


class PersonRow(Struct, frozen=True, gc=False):
    first_name: Scalar = None
    last_name: Scalar = None
    email: Scalar = None
    phone: Scalar = None
    dob: Scalar = None
    gender: Scalar = None
    account_number: Scalar = None
    address: AddressRow | str | None = None


class CategoryRow(Struct, frozen=True, gc=False):
    """What a registration is for: a race, with what was given out for it."""

    id: Scalar = None
    name: Scalar = None
    master_name: Scalar = None
    participation_option: Scalar = None
    wave_name: Scalar = None
    corral_name: Scalar = None
    tag_number: Scalar = None
    chip_number: Scalar = None


class RegistrationRow(Struct, frozen=True, gc=False):
    """The detail of one registration."""

    registration_number: Scalar = None
    is_cancelled: Scalar = None
    participant: PersonRow | str | None = None
    event_categories: list[CategoryRow] | str | None = None
    team: TeamRow | Scalar = None
