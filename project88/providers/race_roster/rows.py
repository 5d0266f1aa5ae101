"""The rows of Race Roster as they arrive: every scalar may be text, a number, null, empty or missing. Pure.

Field names and their grades: sections 2.4 and 2.7 of the API facts. Fields we do not read stay in the raw payload.
Rows of participants are of unknown shape (U); ``entries`` reads them by settings.
"""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

from project88.providers.raw_rows import Number, Scalar


class Named(Struct, frozen=True, gc=False):
    """A region or a country."""

    code: Scalar = None
    name: Scalar = None


class EventRow(Struct, frozen=True):
    eventId: Scalar = None
    name: Scalar = None
    startDate: Scalar = None
    timeZone: Scalar = None
    description: Scalar = None
    url: Scalar = None
    organizerName: Scalar = None
    city: Scalar = None
    region: Named | Scalar = None
    country: Named | Scalar = None


class CourseRow(Struct, frozen=True):
    """Where the results are, or a sub-event."""

    resultsUrl: Scalar = None
    subEvent: Raw | UnsetType = UNSET


class Distance(Struct, frozen=True, gc=False):
    unit: Scalar = None
    inMeters: Scalar = None


class SubEventRow(Struct, frozen=True):
    subEventId: Scalar = None
    name: Scalar = None
    subEventDistance: Distance | None = None
    distanceType: Scalar = None


class PublicCourseRow(Struct, frozen=True):
    """The id under which results are kept, or a sub-event of the public results service."""

    resultEventId: Scalar = None
    subEvent: Raw | UnsetType = UNSET


class PublicSubEventRow(Struct, frozen=True, gc=False):
    """Its id stands under one of two names, by the call that shows it (O)."""

    resultSubEventId: Scalar = None
    id: Scalar = None
    name: Scalar = None
    isPublic: Scalar = None


class ResultRow(Struct, frozen=True, gc=False):
    id: Scalar = None
    bib: Scalar = None
    name: Scalar = None
    firstName: Scalar = None
    lastName: Scalar = None
    genderSexId: Scalar = None
    gender: Scalar = None
    age: Number = None
    fromCity: Scalar = None
    fromProvState: Scalar = None
    fromCountry: Scalar = None
    division: Scalar = None
    overallPlace: Number = None
    genderPlace: Number = None
    divisionPlace: Number = None
    chipTime: Number = None
    gunTime: Number = None
