"""From rows of Race Roster to records: a row that cannot be read becomes a Problem. Pure; participants stand apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

import msgspec
from msgspec import UnsetType

from project88.errors import BadValue
from project88.providers.race_roster.course import PublicEvent, PublicSubEvent, ResultsCode
from project88.providers.race_roster.rows import (
    CourseRow,
    EventRow,
    Named,
    PublicCourseRow,
    PublicSubEventRow,
    ResultRow,
    SubEventRow,
)
from project88.providers.raw_rows import (
    Decode,
    Number,
    RawRow,
    Scalar,
    decoder,
    identifier,
    needed,
    one_record,
    raw_text,
)
from project88.records import entities
from project88.records.entities import DivisionPlace, Event, Finish, GenderPlace, Race
from project88.records.units import elapsed_ms, flag, integer, iso_instant, place, text

#: Gender as a number (D) and as a word (S). 0 is not disclosed and 8 a mixed team: neither is a gender.
GENDERS: Mapping[str, str] = {
    **dict.fromkeys(("1", "m", "male"), "M"),
    **dict.fromkeys(("2", "f", "female"), "F"),
    **dict.fromkeys(("9", "x", "non-binary", "nonbinary"), "X"),
}
#: Words in place of a time, for an athlete without one (I).
NO_FINISH = frozenset({"DNF", "DNS", "DQ", "DSQ", "DNQ"})
#: What the words mean; DNQ is kept and means nothing to us.
DECLARED: Mapping[str, entities.ResultStatus] = {"DNF": "dnf", "DNS": "dns", "DQ": "dq", "DSQ": "dq"}
DISTANCE = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
#: An address of the public results page names the event behind one of these words (S).
RESULTS_CODE = re.compile(r"/(?:results|events)/([A-Za-z0-9_-]{1,64})(?:/|$)")
RESULTS_HOST = "results.raceroster.com"

_sub_event = msgspec.json.Decoder(SubEventRow)
_public_sub_event = msgspec.json.Decoder(PublicSubEventRow)


def gender(value: Scalar) -> str | None:
    """One of our letters; None for what is none, which the raw row keeps."""
    return GENDERS.get((identifier(value) or "").lower())


def _event(row: EventRow, raw: RawRow) -> Event:
    return Event(
        provider_event_id=entities.ProviderEventId(needed(row.eventId, "eventId")),
        name=text(row.name),
        start=iso_instant(text(row.startDate), None),
        time_zone=text(row.timeZone),
        description=text(row.description),
        site_uri=text(row.url),
        organization_name=text(row.organizerName),
        city=text(row.city),
        state=_code(row.region),
        country=_code(row.country),
        raw=raw_text(raw),
    )


def _code(place: Named | Scalar) -> str | None:
    if isinstance(place, Named):
        return text(place.code) or text(place.name)
    return text(place)


events = decoder("events", EventRow, one_record(_event))


def event_course(results_url: str) -> Decode[Race | ResultsCode]:
    """Rows of one event. ``results_url`` is the setting: results that lie on its host are ours to read."""
    hosts = frozenset({RESULTS_HOST, urlsplit(results_url).hostname})
    return decoder("event", CourseRow, partial(_of_event, hosts))


def _of_event(hosts: frozenset[str | None], row: CourseRow, raw: RawRow) -> tuple[Race | ResultsCode, ...]:
    if not isinstance(row.subEvent, UnsetType):
        return (_race(_sub_event.decode(row.subEvent), row.subEvent),)
    code = _results_code(text(row.resultsUrl), hosts)
    return (ResultsCode(code=code),) if code else ()


def _results_code(address: str | None, hosts: frozenset[str | None]) -> str | None:
    """None where there are no results, or where they lie with another service."""
    try:
        parts = urlsplit(address or "")
        host = parts.hostname
    except ValueError as error:
        raise BadValue("resultsUrl is not an address") from error
    if address is None or (host is not None and host not in hosts):
        return None
    found = RESULTS_CODE.search(parts.path)
    if host is None or found is None:
        raise BadValue("resultsUrl names no event of the public results service: its results are not read")
    return found[1]


def _race(row: SubEventRow, raw: RawRow) -> Race:
    measured = row.subEventDistance
    meters = text(measured.inMeters) if measured else None
    return Race(
        race_id=needed(row.subEventId, "subEventId"),
        name=text(row.name),
        type=text(row.distanceType),
        distance=float(meters) if meters and DISTANCE.fullmatch(meters) else None,
        distance_unit=text(measured.unit) if measured else None,
        raw=raw_text(raw),
    )


def _of_public_event(row: PublicCourseRow, raw: RawRow) -> tuple[PublicEvent | PublicSubEvent]:
    if isinstance(row.subEvent, UnsetType):
        return (PublicEvent(result_event_id=needed(row.resultEventId, "resultEventId")),)
    shown = _public_sub_event.decode(row.subEvent)
    sub_event_id = identifier(shown.resultSubEventId) or needed(shown.id, "resultSubEventId")
    race = Race(race_id=sub_event_id, name=text(shown.name), raw=raw_text(row.subEvent))
    return (PublicSubEvent(is_public=flag(shown.isPublic) is not False, as_race=race),)


public_course = decoder("public event", PublicCourseRow, _of_public_event)


def results(race_id: str) -> Decode[entities.ResultRow]:
    """Rows of the public results of one sub-event, which name no race themselves."""
    return decoder("results", ResultRow, partial(_result, race_id))


def _result(race_id: str, row: ResultRow, raw: RawRow) -> tuple[entities.ResultRow, ...]:
    found: list[entities.ResultRow] = [_finish(race_id, row, raw)]
    entry_id, letter, division = _entry_id(row), _gender_of(row), text(row.division)
    if by_gender := _place(row.genderPlace):
        found.append(GenderPlace(race_id=race_id, entry_id=entry_id, bracket=letter, place=by_gender))
    if by_division := _place(row.divisionPlace):
        found.append(DivisionPlace(race_id=race_id, entry_id=entry_id, bracket=division, place=by_division))
    return tuple(found)


def _finish(race_id: str, row: ResultRow, raw: RawRow) -> Finish:
    first, last = text(row.firstName), text(row.lastName)
    said = (text(value) for value in (row.chipTime, row.gunTime))
    word = next((each.upper() for each in said if each and each.upper() in NO_FINISH), None)
    return Finish(
        race_id=race_id,
        entry_id=_entry_id(row),
        bib=identifier(row.bib),
        first_name=first,
        last_name=last if first or last else text(row.name),
        gender=_gender_of(row),
        age=integer(row.age),
        city=text(row.fromCity),
        state=text(row.fromProvState),
        country=text(row.fromCountry),
        chip_ms=_time(row.chipTime),
        gun_ms=_time(row.gunTime),
        overall_place=_place(row.overallPlace),
        division=text(row.division),
        status=word,
        declared=DECLARED.get(word or ""),
        raw=raw_text(raw),
    )


def _entry_id(row: ResultRow) -> str:
    """The public results name no entry of the partner API, so a result is an entry of its own."""
    return f"result-{needed(row.id, 'id')}"


def _gender_of(row: ResultRow) -> str | None:
    return gender(row.genderSexId) or gender(row.gender)


def _time(value: Number) -> int | None:
    """Minutes and seconds at least: a bare number may be of any unit."""
    said = text(value)
    if said is None or said.upper() in NO_FINISH:
        return None
    if ":" not in said:
        raise BadValue(f"not a time: {said[:20]!r}")
    return elapsed_ms(said) or None


def _place(value: Number) -> int | None:
    """A number, or ``3 / 250`` as some events show it (O)."""
    return place(value.partition("/")[0].strip() if isinstance(value, str) else value)
