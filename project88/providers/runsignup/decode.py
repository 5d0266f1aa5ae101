"""From rows of RunSignUp to events, races, entries, result sets and splits; results stand beside. Pure.

A row that cannot be read becomes a Problem. Starts are in the time zone of the race (D/S).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from project88.errors import BadValue
from project88.providers.raw_rows import Decode, RawRow, decoder, identifier, one_record, raw_text
from project88.providers.runsignup import rows
from project88.providers.runsignup.course import EventOfRace, ResultSet, SplitPoint
from project88.providers.runsignup.edition import edition_of, event_id, number
from project88.providers.runsignup.rows import AddressRow, UserRow
from project88.records.entities import Event, Participant, Race, Removal
from project88.records.units import (
    calendar_date,
    distance,
    flag,
    in_zone,
    integer,
    text,
    time_zone,
    wall_time,
)


def _events(row: rows.ListedRace, raw: RawRow) -> list[Event]:
    """An event for each edition that the race shows."""
    if row.race is None:
        raise BadValue("the row holds no race")
    if not isinstance(row.race.events, list):
        raise BadValue("the race has no list of events")
    editions: dict[str, list[rows.EventRow]] = {}
    for each in row.race.events:
        editions.setdefault(edition_of(each), []).append(each)
    return [_event(row.race, edition, events, raw) for edition, events in editions.items()]


def _event(race: rows.RaceRow, edition: str, events: Sequence[rows.EventRow], raw: RawRow) -> Event:
    zone_name = text(race.timezone)
    zone = time_zone(zone_name)
    starts = [start for each in events if (start := wall_time(text(each.start_time)))]
    ends = [end for each in events if (end := wall_time(text(each.end_time)))]
    is_draft = flag(race.is_draft_race)
    address = race.address if isinstance(race.address, AddressRow) else AddressRow()
    return Event(
        provider_event_id=event_id(number(race.race_id, "race_id"), edition),
        name=text(race.name),
        start=in_zone(min(starts, default=None), zone),
        end=in_zone(max(ends, default=None), zone),
        time_zone=zone_name,
        description=text(race.description),
        site_uri=text(race.url),
        is_published=None if is_draft is None else not is_draft,
        external_id=identifier(race.race_id),
        city=text(address.city),
        state=text(address.state),
        country=text(address.country_code),
        raw=raw_text(raw),
    )


def _event_of_race(row: rows.EventOfRace, raw: RawRow) -> EventOfRace:
    event = row.event
    zone = time_zone(text(row.timezone))
    length, unit = distance(text(event.distance)) or (None, None)
    race = Race(
        race_id=number(event.event_id, "event_id"),
        name=text(event.name),
        type=text(event.event_type),
        distance=length,
        distance_unit=unit,
        planned_start=in_zone(wall_time(text(event.start_time)), zone),
        planned_end=in_zone(wall_time(text(event.end_time)), zone),
        raw=raw_text(raw),
    )
    return EventOfRace(edition=edition_of(event), race=race)


def _participant(row: rows.EntryRow, raw: RawRow) -> Participant:
    """There is no word for a status: who is in the list is registered (S), and no more is concluded."""
    registration = number(row.registration_id, "registration_id")
    user = row.user if isinstance(row.user, UserRow) else UserRow()
    address = user.address if isinstance(user.address, AddressRow) else AddressRow()
    return Participant(
        entry_id=registration,
        race_id=identifier(row.event_id),
        bib=identifier(row.bib_num),
        external_id=registration,
        athlete_id=identifier(user.user_id),
        first_name=text(user.first_name),
        last_name=text(user.last_name),
        gender=text(user.gender),
        age=integer(row.age),
        date_of_birth=calendar_date(text(user.dob)),
        email=text(user.email),
        phone=text(user.phone),
        city=text(address.city),
        state=text(address.state),
        country=text(address.country_code),
        postal_code=identifier(address.zipcode),
        team_name=text(row.team_name),
        raw=raw_text(raw),
    )


def _removal(row: rows.RemovedRow, raw: RawRow) -> Removal:
    return Removal(
        entry_id=number(row.registration_id, "registration_id"),
        reason=text(row.removed_reason),
        successor_entry_id=identifier(row.new_registration_id),
    )


def _result_set(race_id: str, row: rows.ResultSetRow, raw: RawRow) -> ResultSet:
    order = text(row.sort_order)
    shared = row.alt_event_ids if isinstance(row.alt_event_ids, list) else [row.alt_event_ids]
    return ResultSet(
        set_id=number(row.individual_result_set_id, "individual_result_set_id"),
        race_id=race_id,
        name=text(row.individual_result_set_name),
        order=int(order) if order and order.isascii() and order.isdigit() else None,
        others=frozenset(found for each in shared if (found := identifier(each))),
    )


def _split_point(row: rows.SplitRow, raw: RawRow) -> SplitPoint:
    return SplitPoint(split_id=number(row.split_id, "split_id"), name=text(row.split_name))


events = decoder("events", rows.ListedRace, _events)
races = decoder("races", rows.EventOfRace, one_record(_event_of_race))
participants = decoder("participants", rows.EntryRow, one_record(_participant))
removals = decoder("removed participants", rows.RemovedRow, one_record(_removal))
splits = decoder("splits", rows.SplitRow, one_record(_split_point))


def result_sets(race_id: str) -> Decode[ResultSet]:
    return decoder("result sets", rows.ResultSetRow, one_record(partial(_result_set, race_id)))
