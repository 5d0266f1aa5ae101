"""From rows of Haku to records: a row that cannot be read becomes a Problem. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from project88.errors import BadValue
from project88.providers.haku.rows import (
    AddressRow,
    CategoryRow,
    EventRow,
    ListedRow,
    PersonRow,
    RegistrationRow,
    TeamRow,
)
from project88.providers.haku.settings import BibFrom, Settings
from project88.providers.raw_rows import Decode, RawRow, Scalar, decoder, identifier, needed, one_record, raw_text
from project88.records.entities import DeclaredStatus, Event, Participant, ProviderEventId, Removal
from project88.records.units import calendar_date, flag, iso_instant, text

#: Haku has a flag and no words; this is ours.
CANCELLED = "cancelled"

Part = TypeVar("Part")


def events(settings: Settings) -> Decode[Event]:
    return decoder("events", EventRow, one_record(partial(_event, settings)))


def participants() -> Decode[Participant | Removal]:
    """Rows of the list: who is there, and who cancelled."""
    return decoder("participants", ListedRow, one_record(_listed))


def registrations(settings: Settings) -> Decode[Participant | Removal]:
    """Details: one participant per category of a registration."""
    return decoder("registrations", RegistrationRow, partial(_registration, settings.bib_from))


def _event(settings: Settings, row: EventRow, raw: RawRow) -> Event:
    return Event(
        provider_event_id=ProviderEventId(_addressable(row.id, "id")),
        name=text(row.name),
        start=iso_instant(text(row.event_date), settings.zone()),
        end=iso_instant(_with_time(text(row.event_end_date)), settings.zone()),
        time_zone=settings.time_zone or None,
        description=text(row.description),
        city=text(row.location_city),
        state=text(row.location_state),
        raw=raw_text(raw),
    )


def _with_time(value: str | None) -> str | None:
    """A day alone does not say when in it an event ends; its midnight may lie before the start."""
    return None if calendar_date(value) and len(value or "") == len("YYYY-MM-DD") else value


def _listed(row: ListedRow, raw: RawRow) -> Participant | Removal:
    number = _addressable(row.registration_number, "registration_number")
    cancelled = flag(row.is_cancelled)
    if cancelled:
        return Removal(entry_id=number, reason=CANCELLED)
    first, last = _names(text(row.person_full_name))
    return Participant(
        entry_id=number,
        external_id=number,
        declared=_declared(cancelled),
        first_name=first,
        last_name=last,
        gender=text(row.gender),
        email=text(row.email),
        team_name=_team_name(row.team),
        registration_choice=text(row.event_category_info),
        raw=raw_text(raw),
        listed_as=number,
    )


def _names(full: str | None) -> tuple[str | None, str | None]:
    """First and last name where the whole one is two words in this order; else the detail tells them."""
    words = (full or "").split()
    if len(words) != 2 or "," in words[0]:
        return None, None
    return words[0], words[1]


def _registration(bib_from: BibFrom, row: RegistrationRow, raw: RawRow) -> Sequence[Participant | Removal]:
    number = _addressable(row.registration_number, "registration_number")
    if flag(row.is_cancelled):
        return (Removal(entry_id=number, reason=CANCELLED),)
    categories = _part(row.event_categories, "event_categories") or [CategoryRow()]
    if len(categories) == 1:
        return (_participant(number, bib_from, row, categories[0], raw),)
    ids = [needed(each.id, "id of an event category") for each in categories]
    if len(set(ids)) != len(ids):
        raise BadValue("the registration names an event category twice")
    return [
        _participant(f"{number}/{category_id}", bib_from, row, each, raw)
        for category_id, each in zip(ids, categories, strict=True)
    ]


def _participant(
    entry_id: str, bib_from: BibFrom, row: RegistrationRow, category: CategoryRow, raw: RawRow
) -> Participant:
    number = _addressable(row.registration_number, "registration_number")
    person = _part(row.participant, "participant") or PersonRow()
    address = _part(person.address, "address") or AddressRow()
    return Participant(
        entry_id=entry_id,
        race_id=identifier(category.id),
        bib=_bib(category, bib_from),
        external_id=number,
        declared=_declared(flag(row.is_cancelled)),
        entry_type=text(category.participation_option),
        athlete_id=identifier(person.account_number),
        first_name=text(person.first_name),
        last_name=text(person.last_name),
        gender=text(person.gender),
        date_of_birth=calendar_date(text(person.dob)),
        email=text(person.email),
        phone=identifier(person.phone),
        city=text(address.city),
        state=text(address.state),
        country=text(address.country),
        postal_code=identifier(address.zip_code),
        team_name=_team_name(row.team),
        wave_name=text(category.wave_name) or text(category.corral_name),
        registration_choice=text(category.name) or text(category.master_name),
        raw=raw_text(raw),
        listed_as=number,
    )


def _bib(category: CategoryRow, bib_from: BibFrom) -> str | None:
    """That the tag number is the bib is the assumption of one client (O)."""
    tag = identifier(category.tag_number)
    return tag or (identifier(category.chip_number) if bib_from == "chip_number" else None)


def _declared(cancelled: bool | None) -> DeclaredStatus | None:
    """A registration that is said not to be cancelled stands; one of which nothing is said is unknown."""
    return "confirmed" if cancelled is False else None


def _addressable(value: Scalar, name: str) -> str:
    """An id that stands in an address, where a segment of dots leads elsewhere."""
    found = needed(value, name)
    if not found.strip("."):
        raise BadValue(f"{name} holds nothing but dots")
    return found


def _team_name(team: TeamRow | Scalar) -> str | None:
    return text(team.name if isinstance(team, TeamRow) else team)


def _part(value: Part | str | None, name: str) -> Part | None:
    """A part of a row; null, missing and blank mean that there is none."""
    if isinstance(value, str):
        if value.strip():
            raise BadValue(f"{name} is text")
        return None
    return value
