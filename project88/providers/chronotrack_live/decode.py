"""From rows of ChronoTrack Live to records: a row that cannot be read becomes a Problem. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from project88.providers.chronotrack_live.course import (
    BRACKET_KINDS,
    Bracket,
    BracketKind,
    Interval,
    Leg,
    LiveCourse,
)
from project88.providers.chronotrack_live.rows import (
    BracketRow,
    EntryRow,
    EventRow,
    IntervalRow,
    RaceRow,
    ResultRow,
)
from project88.providers.raw_rows import (
    Decode,
    RawRow,
    Scalar,
    decoder,
    digests_without,
    identifier,
    needed,
    one_record,
    raw_text,
)
from project88.records import entities
from project88.records.entities import (
    DivisionPlace,
    Event,
    Finish,
    GenderPlace,
    Participant,
    Race,
    Split,
)
from project88.records.units import calendar_date, elapsed_ms, flag, instant, integer, place, text

DISTANCE = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
#: CONF is a confirmed entry, also after finishing (S); DNF and DQ (1). Any other word means nothing to us.
DECLARED: Mapping[str, entities.DeclaredStatus] = {"CONF": "confirmed", "DNF": "dnf", "DQ": "dq"}


def _event(row: EventRow, raw: RawRow) -> Event:
    return Event(
        provider_event_id=entities.ProviderEventId(needed(row.event_id, "event_id")),
        name=text(row.event_name),
        start=instant(row.event_start_time),
        end=instant(row.event_end_time),
        time_zone=text(row.location_time_zone),
        description=text(row.event_description),
        site_uri=text(row.event_site_uri),
        is_published=flag(row.event_is_published),
        tag=text(row.event_tag),
        external_id=identifier(row.event_external_id),
        organization_id=identifier(row.organization_id),
        organization_name=text(row.organization_name),
        city=text(row.location_city),
        state=text(row.location_region),
        country=text(row.location_country),
        raw=raw_text(raw),
    )


def _race(row: RaceRow, raw: RawRow) -> Race:
    distance = text(row.race_course_distance)
    return Race(
        race_id=needed(row.race_id, "race_id"),
        name=text(row.race_name),
        tag=text(row.race_tag),
        type=text(row.race_type),
        subtype=text(row.race_subtype),
        distance=float(distance) if distance and DISTANCE.fullmatch(distance) else None,
        distance_unit=text(row.race_pref_distance_unit),
        planned_start=instant(row.race_planned_start_time),
        planned_end=instant(row.race_planned_end_time),
        actual_start=instant(row.race_actual_start_time),
        actual_end=instant(row.race_actual_end_time),
        raw=raw_text(raw),
    )


def _interval(row: IntervalRow, raw: RawRow) -> Interval:
    name = text(row.interval_name)
    full = flag(row.interval_is_full)
    return Interval(
        interval_id=needed(row.interval_id, "interval_id"),
        race_id=needed(row.race_id, "race_id"),
        name=name,
        is_full=(name or "").lower() == "full course" if full is None else full,
    )


def _bracket(row: BracketRow, raw: RawRow) -> Bracket:
    return Bracket(
        bracket_id=needed(row.bracket_id, "bracket_id"),
        race_id=identifier(row.race_id),
        name=needed(row.bracket_name, "bracket_name"),
        kind=BRACKET_KINDS.get((text(row.bracket_type) or "").upper(), "other"),
    )


def _participant(course: LiveCourse, row: EntryRow, raw: RawRow) -> Participant:
    first, last = text(row.athlete_first_name), text(row.athlete_last_name)
    return Participant(
        entry_id=needed(row.entry_id, "entry_id"),
        race_id=identifier(row.race_id) or _only_race_named(course, text(row.race_name)),
        bib=identifier(row.entry_bib),
        external_id=identifier(row.entry_external_id),
        status=(status := text(row.entry_status)),
        declared=DECLARED.get((status or "").upper()),
        entry_type=text(row.entry_type),
        athlete_id=identifier(row.athlete_id),
        first_name=first,
        last_name=last if first or last else text(row.entry_name),
        gender=text(row.athlete_sex),
        age=integer(row.entry_race_age),
        date_of_birth=calendar_date(text(row.athlete_birthdate)),
        email=text(row.athlete_email),
        phone=text(row.athlete_mobile_phone) or text(row.athlete_home_phone),
        city=text(row.location_city),
        state=text(row.location_region),
        country=text(row.location_country),
        postal_code=identifier(row.location_postal_code),
        team_name=text(row.team_name),
        division=text(row.bracket_name),
        wave_name=text(row.wave_name),
        registration_choice=text(row.reg_choice_name),
        raw=raw_text(raw),
    )


def _only_race_named(course: LiveCourse, name: str | None) -> str | None:
    named = [race.race_id for race in course.races if name is not None and race.name == name]
    return named[0] if len(named) == 1 else None


events = decoder("events", EventRow, one_record(_event))
races = decoder("races", RaceRow, one_record(_race))
intervals = decoder("intervals", IntervalRow, one_record(_interval))
brackets = decoder("brackets", BracketRow, one_record(_bracket))


def participants(course: LiveCourse) -> Decode[Participant]:
    return decoder("participants", EntryRow, one_record(partial(_participant, course)))


#: Every scoring run writes its instant into all rows, whether they changed or not.
row_digests = digests_without(b"result_generation_gen_time")


def results(course: LiveCourse, interval: Interval | None = None) -> Decode[entities.ResultRow]:
    """Rows of a results list that was asked for without a bracket, of one interval or of all."""
    return decoder("results", ResultRow, _ResultBuilder(course, interval).all_records)


def places(course: LiveCourse, interval: Interval | None, kind: BracketKind) -> Decode[entities.ResultRow]:
    """Rows of a results list that was asked for by bracket: only the places within such brackets."""
    return decoder("results", ResultRow, partial(_ResultBuilder(course, interval).place_records, kind))


class _ResultBuilder:
    """Turns result rows into records; remembers which leg each combination of names is about.

    A row that names no interval is about the one the list was asked for.
    """

    def __init__(self, course: LiveCourse, asked: Interval | None) -> None:
        self._course = course
        self._asked_id = asked.interval_id if asked else None
        self._legs: dict[tuple[Scalar, ...], Leg] = {}

    def all_records(self, row: ResultRow, raw: RawRow) -> tuple[entities.ResultRow, ...]:
        leg = self._leg(row)
        if not leg.is_full:
            return (_split(row, leg),)
        kind = self._course.bracket_kind(leg.race_id, text(row.results_bracket_name))
        return (_finish(row, leg, raw, ranked=kind in {None, "open"}), *_place(row, leg, kind))

    def place_records(self, kind: BracketKind, row: ResultRow, raw: RawRow) -> tuple[entities.ResultRow, ...]:
        leg = self._leg(row)
        found = self._course.bracket_kind(leg.race_id, text(row.results_bracket_name))
        return _place(row, leg, kind) if leg.is_full and found == kind else ()

    def _leg(self, row: ResultRow) -> Leg:
        key = (
            row.results_race_id,
            row.results_race_name,
            row.results_interval_id,
            row.results_interval_name,
            row.results_interval_full,
        )
        leg = self._legs.get(key)
        if leg is None:
            race_id, race_name, interval_id, interval_name, full = key
            leg = self._legs[key] = self._course.leg(
                identifier(race_id),
                text(race_name),
                identifier(interval_id) or self._asked_id,
                text(interval_name),
                flag(full),
            )
        return leg


def _split(row: ResultRow, leg: Leg) -> Split:
    elapsed = elapsed_ms(row.results_time)
    end = instant(row.results_end_chip_time)
    return Split(
        race_id=leg.race_id,
        entry_id=needed(row.results_entry_id, "results_entry_id"),
        key=leg.key,
        bracket=text(row.results_bracket_name),
        name=leg.name,
        elapsed_ms=elapsed,
        place=place(row.results_rank),
        has_crossed=elapsed is not None or end is not None or text(row.results_begin_chip_time) is not None,
        end=end,
    )


def _finish(row: ResultRow, leg: Leg, raw: RawRow, *, ranked: bool) -> Finish:
    return Finish(
        race_id=leg.race_id,
        entry_id=needed(row.results_entry_id, "results_entry_id"),
        bib=identifier(row.results_bib),
        first_name=text(row.results_first_name),
        last_name=text(row.results_last_name),
        gender=text(row.results_sex),
        age=integer(row.results_age),
        city=_city(text(row.results_hometown)),
        state=text(row.results_state_code),
        country=text(row.results_country_code),
        chip_ms=elapsed_ms(row.results_time) or None,
        gun_ms=elapsed_ms(row.results_gun_time) or None,
        bracket=text(row.results_bracket_name),
        overall_place=place(row.results_rank) if ranked else None,
        division=text(row.results_primary_bracket_name),
        begin=instant(row.results_begin_chip_time),
        end=instant(row.results_end_chip_time),
        raw=raw_text(raw),
    )


def _city(hometown: str | None) -> str | None:
    """``City`` or ``City, Region, Country`` (S)."""
    return text(hometown.split(",")[0]) if hometown else None


def _place(row: ResultRow, leg: Leg, kind: BracketKind | None) -> tuple[entities.ResultRow, ...]:
    """The place in a gender bracket, or in the division that is the athlete's own."""
    entry_id = needed(row.results_entry_id, "results_entry_id")
    rank, bracket = place(row.results_rank), text(row.results_bracket_name)
    own_division = text(row.results_primary_bracket_name)
    if kind == "gender":
        return (GenderPlace(race_id=leg.race_id, entry_id=entry_id, bracket=bracket, place=rank),)
    if kind == "division" and own_division in {None, bracket}:
        return (DivisionPlace(race_id=leg.race_id, entry_id=entry_id, bracket=bracket, place=rank),)
    return ()


def course_of(rows: dict[str, Sequence[Any]]) -> LiveCourse:
    return LiveCourse(tuple(rows["races"]), tuple(rows["intervals"]), tuple(rows["brackets"]))
