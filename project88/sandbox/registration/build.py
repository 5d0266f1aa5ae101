"""Worlds of registrations that are the same for the same seed: of so many invented people, or of a race's field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from project88.sandbox.clock import Clock, SandboxClock, SteppingClock, instant
from project88.sandbox.entities import Entry, Event, Race
from project88.sandbox.registration.edits import AddEvent, NewCategory, Register
from project88.sandbox.registration.entities import Edition, Gender, Person, local
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.worlds.people import People

OUR_ORGANISER, OTHER_ORGANISER = "1", "2"
ZONE = "America/New_York"
DAYS_PER_YEAR = 365.25
DAYS_OPEN = 60
DAYS_REGISTERING = 50
STRANGERS = 5
GENDERS: tuple[Gender, ...] = ("F", "M", "F", "M", "F", "M", "F", "M", "F", "X")
STATES = ("MA", "NY", "VT", "NH", "ME")
CATEGORIES = (
    NewCategory(name="10K", distance_m=10_000, splits={"5K": 5_000}),
    NewCategory(name="5K", distance_m=5_000, starts_after_seconds=1_800),
)


def registration_world(
    count: int, *, start: datetime, seed: int = 1, zone: str = ZONE, clock: Clock | None = None
) -> RegistrationWorld:
    """An edition at ``start`` with ``count`` registrations, its empty edition of the year before, a stranger's event.

    The edition's registrations are spread over its two categories in turn; four of five have a bib and a chip.
    They came in over 50 days that ended 10 days before the start.
    """
    stepping = SteppingClock(start - timedelta(days=DAYS_OPEN))
    world, people = RegistrationWorld(stepping), People(seed)
    town = people.town()
    earlier = _event(f"{town} Road Race", start - timedelta(days=364), zone, town)
    before = world.editions[world.apply(earlier)[0]]
    current = _event(f"{town} Road Race", start, zone, town, before.series_id)
    edition = world.editions[world.apply(current)[0]]
    _fill(world, stepping, edition, _invented(people, edition, count))
    other = people.town()
    foreign = world.apply(_event(f"{other} Classic", start, zone, other, organiser_id=OTHER_ORGANISER))[0]
    strangers = world.editions[foreign]
    _fill(world, stepping, strangers, _invented(people, strangers, STRANGERS))
    world.clock = clock or SandboxClock()
    return world


def start_list_world(event: Event, *, seed: int = 1, clock: Clock | None = None) -> RegistrationWorld:
    """The start list of a ChronoTrack Live event: its races are the categories, with the same bibs and names.

    The chip is the bib, as the timing computers of the rig send it.
    """
    start = local(event.start_ms // 1000, event.zone)
    stepping = SteppingClock(start - timedelta(days=DAYS_OPEN))
    world = RegistrationWorld(stepping)
    added = AddEvent(
        name=event.name,
        starts=start,
        zone=event.zone,
        categories=tuple(_category_of(event, race) for race in event.races),
        organiser_id=OUR_ORGANISER,
        city=event.city,
        country=event.country,
    )
    edition = world.editions[world.apply(added)[0]]
    towns = People(seed)
    people = [
        (number, _person_of(entry, edition, towns.town()), entry.bib or None, entry.bib or None)
        for number, race in enumerate(event.races)
        for entry in race.entries
        if not entry.is_removed and not entry.is_test
    ]
    _fill(world, stepping, edition, people)
    world.clock = clock or SandboxClock()
    return world


#: The number of the category, the person, bib and chip.
Registering = tuple[int, Person, str | None, str | None]


def _fill(world: RegistrationWorld, clock: SteppingClock, edition: Edition, people: list[Registering]) -> None:
    """Register the people one after the other, at equal distances in time."""
    opened = instant(clock)
    for position, (number, person, bib, chip) in enumerate(people, start=1):
        clock.set(opened + position * timedelta(days=DAYS_REGISTERING) / len(people))
        category_id = edition.categories[number].category_id
        world.apply(Register(category_id=category_id, person=person, bib=bib, chip=chip))
    clock.set(opened)


def _event(
    name: str,
    start: datetime,
    zone: str,
    town: str,
    series_id: str | None = None,
    organiser_id: str = OUR_ORGANISER,
) -> AddEvent:
    return AddEvent(
        name=f"{name} {start.year}",
        starts=start,
        zone=zone,
        categories=CATEGORIES,
        organiser_id=organiser_id,
        series_id=series_id,
        city=town,
        state="MA",
        country="US",
    )


def _invented(people: People, edition: Edition, count: int) -> list[Registering]:
    return list(_invent(people, edition, count))


def _invent(people: People, edition: Edition, count: int) -> Iterator[Registering]:
    for number in range(1, count + 1):
        gender = GENDERS[number % len(GENDERS)]
        first_name, last_name = people.name("F" if gender == "F" else "M")
        person = Person(
            first_name=first_name,
            last_name=last_name,
            gender=gender,
            dob=birthday(edition.day, 18 + number % 60, number),
            email=f"runner{number}@example.org",
            phone=f"555-01{number % 100:02d}",
            street=f"{number} Example Street",
            city=people.town(),
            state=STATES[number % len(STATES)],
            zip_code=f"{1_000 + number % 1_000:05d}",
            country="US",
            team=f"Team {number % 7}" if number % 7 < 2 else "",
        )
        bib = None if number % 5 == 0 else str(100 + number)
        yield number % len(edition.categories), person, bib, f"C{bib}" if bib else None


def birthday(day: date, age: int, number: int) -> date:
    """An invented birthday that gives the age on that day."""
    return day - timedelta(days=int(age * DAYS_PER_YEAR) + 1 + number % 360)


def _category_of(event: Event, race: Race) -> NewCategory:
    return NewCategory(
        name=race.name,
        distance_m=race.distance_m,
        starts_after_seconds=(race.gun_ms - event.start_ms) // 1000,
        splits={interval.name: interval.distance_m for interval in race.intervals if not interval.is_full},
    )


def _person_of(entry: Entry, edition: Edition, town: str) -> Person:
    return Person(
        first_name=entry.first_name,
        last_name=entry.last_name,
        gender="F" if entry.sex == "F" else "M",
        dob=birthday(edition.day, entry.age, int(entry.entry_id)),
        email=f"entry{entry.entry_id}@example.org",
        city=entry.city or town,
        state=entry.region,
        country=entry.country,
    )
