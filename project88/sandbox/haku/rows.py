"""Events and registrations as the objects that Haku sends, in short and in full. Encodes nothing, knows no paging."""

from __future__ import annotations

from datetime import UTC, date, datetime

from project88.sandbox.entities import TimeStyle
from project88.sandbox.haku.settings import HakuSettings
from project88.sandbox.registration.entities import Category, Edition, Registration
from project88.sandbox.service.rows import Row, clock_text

AMOUNT = "59.30"
STAMPS = {"space": "%Y-%m-%d %H:%M:%S", "t": "%Y-%m-%dT%H:%M:%S", "z": "%Y-%m-%dT%H:%M:%SZ"}
SECONDS = TimeStyle(decimals=0)


def stamp(epoch_s: int, settings: HakuSettings) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime(STAMPS[settings.stamp_style])


def event_row(edition: Edition, today: date, settings: HakuSettings) -> Row:
    return {
        "id": int(edition.event_id),
        "name": edition.name,
        "description": None,
        "event_date": edition.day.isoformat(),
        "event_end_date": edition.day.isoformat(),
        "location_name": None,
        "location_city": edition.city or None,
        "location_state": edition.state or None,
        "event_type": "running",
        "distance": None,
        "registration_limit": None,
        "registration_open_date": stamp(edition.created_s, settings),
        "registration_close_date": stamp(edition.start_s, settings),
        "base_price": "55.00",
        "currency": "USD",
        "status": "active" if is_active(edition, today) else "inactive",
    }


def is_active(edition: Edition, today: date) -> bool:
    return edition.day >= today


def short_row(registration: Registration, settings: HakuSettings) -> Row:
    """A row of the list: no bib, no date of birth, no address."""
    person = registration.person
    row: Row = {
        "registration_number": registration.registration_id,
        "person_full_name": f"{person.first_name} {person.last_name}",
        "email": person.email or None,
        "age": registration.age,
        "gender": person.gender,
        "registered_at": stamp(registration.registered_s, settings),
        "is_cancelled": not registration.is_registered,
        "transaction_amount": AMOUNT,
        "event_category_info": ", ".join(category.name for category in _categories(registration)),
        "team": {"name": person.team} if person.team else None,
    }
    if settings.rows_have_updated_at:
        row["updated_at"] = stamp(registration.modified_s, settings)
    return row


def full_row(registration: Registration, settings: HakuSettings) -> Row:
    """The detail of one registration with everything that is known of its fields."""
    person, updated = registration.person, stamp(registration.modified_s, settings)
    created = stamp(registration.registered_s, settings)
    return {
        "registration_number": registration.registration_id,
        "is_cancelled": not registration.is_registered,
        "cancelled_at": None if registration.is_registered else updated,
        "created_at": created,
        "updated_at": updated,
        "transaction_amount": AMOUNT,
        "shirt_size_name": "Medium",
        "shirt_size_code": "M",
        "current_pace": None,
        "formatted_submitted_result_time": _result_time(registration),
        "subscription_number": None,
        "wants_sms_communications": False,
        "strava_athlete_identification": None,
        "participant": _participant(registration, created, updated),
        "event_categories": [_category_row(each, registration, settings) for each in _categories(registration)],
        "fundraising_option": None,
        "fundraised_amount": None,
        "fundraiser_goal": None,
        "emergency_contact_name": None,
        "emergency_contact_phone_number": None,
        "emergency_contact_relationship": None,
        "team": {"name": person.team} if person.team else None,
        "entity": None,
        "club": None,
        "partner": None,
        "products": [],
        "additional_questions": [],
        "device": "desktop",
        "browser": None,
        "browser_version": None,
        "os": None,
        "os_version": None,
    }


def _participant(registration: Registration, created: str, updated: str) -> Row:
    person = registration.person
    return {
        "first_name": person.first_name,
        "middle_initial": person.middle_name[:1] or None,
        "last_name": person.last_name,
        "email": person.email or None,
        "phone": person.phone or None,
        "dob": person.dob.isoformat() if person.dob else None,
        "gender": person.gender,
        "account_number": registration.account_id,
        "source_system_identifier": None,
        "created_at": created,
        "updated_at": updated,
        "additional_questions": [],
        "address": {
            "line1": person.street or None,
            "line2": None,
            "city": person.city or None,
            "state": person.state or None,
            "country": person.country or None,
            "zip_code": person.zip_code or None,
        },
    }


def _category_row(category: Category, registration: Registration, settings: HakuSettings) -> Row:
    return {
        "id": int(category.category_id),
        "name": category.name,
        "master_name": category.name,
        "is_active": True,
        "participation_option": "In person",
        "corral_name": None,
        "wave_name": None,
        "wave_code": None,
        "tag_number": registration.bib,
        "chip_number": registration.chip,
        "created_at": stamp(registration.registered_s, settings),
        "updated_at": stamp(registration.modified_s, settings),
    }


def _categories(registration: Registration) -> tuple[Category, ...]:
    return (registration.category, *registration.also)


def _result_time(registration: Registration) -> str | None:
    result = registration.category.results.get(registration.registration_id)
    if result is None or result.chip_ms is None or result.outcome:
        return None
    return clock_text(result.chip_ms, SECONDS)
