"""One edition of a race of RunSignUp, which is an event of ours: its id, and which events are of it. Pure.

A race keeps its id for many years and holds the events of all of them (S).
"""

from __future__ import annotations

import re

from project88.errors import BadValue, Permanent
from project88.providers.raw_rows import Scalar, identifier
from project88.providers.runsignup.rows import EventRow
from project88.records.entities import ProviderEventId
from project88.records.units import text, wall_time

EDITION = re.compile(r"(\d+)-\d+", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)


def number(value: Scalar, name: str) -> str:
    """An id of the service. All are numbers (S), and they become parts of addresses, so nothing else is taken."""
    found = identifier(value)
    if found is None:
        raise BadValue(f"{name} is missing")
    if not NUMBER.fullmatch(found):
        raise BadValue(f"{name} is no number: {found[:80]!r}")
    return found


def edition_of(row: EventRow) -> str:
    """What groups the events of an edition; without it the day of the start, by the clock of the race."""
    days = identifier(row.race_event_days_id)
    if days not in {None, "0"}:
        return number(days, "race_event_days_id")
    start = wall_time(text(row.start_time))
    if start is None:
        raise BadValue("the event has neither race_event_days_id nor start_time")
    return f"{start:%Y%m%d}"


def event_id(race_id: str, edition: str) -> ProviderEventId:
    return ProviderEventId(f"{race_id}-{edition}")


def race_id(event: ProviderEventId) -> str:
    found = EDITION.fullmatch(event)
    if found is None:
        raise Permanent(f"{event!r} is no edition of a RunSignUp race, which is written RACE-EDITION")
    return found[1]
