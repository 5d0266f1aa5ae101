"""Events with exactly so many entries and results each, to test paging. Uses no data file."""

from __future__ import annotations

from datetime import datetime

from project88.sandbox.entities import Entry, Event
from project88.sandbox.world import World
from project88.sandbox.worlds.build import FULL_COURSE, Ids, add_brackets, add_race
from project88.sandbox.worlds.field import division
from project88.sandbox.worlds.people import People

FASTEST_MS = 1_800_000
EVENT_LENGTH_MS = 4 * 3_600_000


def list_world(*sizes: int, start: datetime, seed: int = 1) -> World:
    """One event for each size, one race in each, one full-course result for each entry.

    Everybody starts with the gun at ``start`` and the n-th entry finishes n milliseconds after 30 minutes.
    """
    ids, people = Ids(), People(seed)
    return World([_event(ids, people, size, round(start.timestamp() * 1000)) for size in sizes])


def _event(ids: Ids, people: People, size: int, start_ms: int) -> Event:
    event = Event(
        event_id=ids.event(),
        name=f"List of {size}",
        start_ms=start_ms,
        end_ms=start_ms + EVENT_LENGTH_MS,
        zone="UTC",
    )
    race = add_race(ids, event, "10K", start_ms, ((FULL_COURSE, 10_000.0),))
    race.entries = [_entry(ids, people, number) for number in range(1, size + 1)]
    add_brackets(ids, race)
    return event


def _entry(ids: Ids, people: People, number: int) -> Entry:
    sex, age = ("F", "M")[number % 2], 18 + number % 60
    first_name, last_name = people.name(sex)
    entry_id = ids.entry()
    return Entry(
        entry_id=entry_id,
        athlete_id=f"8{entry_id}",
        bib=str(number),
        first_name=first_name,
        last_name=last_name,
        sex=sex,
        age=age,
        division=division(sex, age),
        elapsed_ms=(FASTEST_MS + number,),
        place=number,
    )
