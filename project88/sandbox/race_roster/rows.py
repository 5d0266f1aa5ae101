"""Events, people and results as the objects of the partner API. Encodes nothing, knows no paging."""

from __future__ import annotations

from datetime import UTC, datetime

from project88.sandbox.entities import TimeStyle
from project88.sandbox.race_roster.settings import RaceRosterSettings
from project88.sandbox.registration.entities import Category, Edition, Registration, local
from project88.sandbox.registration.ranking import Placed
from project88.sandbox.service.rows import Row, clock_text

GENDERS = {"M": 1, "F": 2, "X": 9}
TENTHS = TimeStyle(hour_digits=1, decimals=1)


def instant_text(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat()


def duration(ms: int | None) -> str:
    return "" if ms is None else clock_text(ms, TENTHS)


def event_code(edition: Edition) -> str:
    """The name of an event in the public results."""
    return f"rr{edition.event_id}"


def event_row(edition: Edition) -> Row:
    return {
        "eventId": int(edition.event_id),
        "type": "running",
        "name": edition.name,
        "city": edition.city,
        "region": {"code": edition.state, "name": edition.state},
        "country": {"code": edition.country, "name": edition.country},
        "startDate": local(edition.start_s, edition.zone).isoformat(),
        "timeZone": edition.zone,
        "registrationOpenDate": instant_text(edition.created_s),
        "registrationCloseDate": instant_text(edition.start_s),
        "lastModifiedDate": instant_text(edition.modified_s),
        "url": f"https://raceroster.example.org/events/{edition.event_id}",
        "organizerName": f"Organiser {edition.organiser_id}",
        "organizerEmail": f"organiser{edition.organiser_id}@example.org",
        "organizerPhone": None,
        "organizerDashboardUrl": None,
        "address": None,
        "latitude": None,
        "longitude": None,
        "locale": "en-US",
        "description": None,
        "branding": {},
        "resultsUrl": f"https://results.raceroster.com/v2/en-US/results/{event_code(edition)}/results",
        "subEvents": {"data": [sub_event_row(category) for category in edition.categories]},
    }


def sub_event_row(category: Category) -> Row:
    return {
        "subEventId": int(category.category_id),
        "name": category.name,
        "maxParticipants": None,
        "participantMinAge": None,
        "participantMaxAge": None,
        "subEventDistance": {
            "id": int(category.category_id),
            "type": "run",
            "label": category.distance,
            "value": category.distance_m / 1000,
            "unit": "km",
            "inMeters": category.distance_m,
        },
        "distance": category.distance_m / 1000,
        "distanceType": "km",
        "customSubEventDate": local(category.start_s, category.edition.zone).isoformat(),
    }


def person_row(registration: Registration, settings: RaceRosterSettings) -> Row:
    """The names are the sandbox's own where ``settings.names`` has no other: the service's are not known."""
    person = registration.person
    row: Row = {
        "participantId": int(registration.account_id),
        "registrationId": int(registration.registration_id),
        "subEventId": int(registration.category.category_id),
        "bib": registration.bib,
        "chip": registration.chip,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "gender": GENDERS[person.gender],
        "dateOfBirth": person.dob.isoformat() if person.dob else None,
        "age": registration.age,
        "email": person.email or None,
        "phone": person.phone or None,
        "city": person.city or None,
        "region": person.state or None,
        "country": person.country or None,
        "teamName": person.team or None,
        "status": settings.status_words.get(registration.status, registration.status),
        "registrationDate": instant_text(registration.registered_s),
        "lastModifiedDate": instant_text(registration.modified_s),
    }
    return {settings.names.get(name, name): value for name, value in row.items()}


def result_row(placed: Placed) -> Row:
    result, registration = placed.result, placed.result.registration
    return {
        "resultSetId": int(registration.category.result_set_id),
        "resultId": int(result.result_id),
        "subEventId": int(registration.category.category_id),
        "bib": registration.bib,
        "registrationId": int(registration.registration_id),
        "overallPlace": placed.overall,
        "chipTime": result.outcome or duration(result.chip_ms),
        "gunTime": result.outcome or duration(result.gun_ms),
    }
