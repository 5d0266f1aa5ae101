"""A season of smaller events before the big race, made of slices of its field. People, towns and dates are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from project88.sandbox.entities import Entry, Event, Race, TimeStyle
from project88.sandbox.worlds.build import FULL_COURSE, Ids, add_brackets, add_race, milliseconds
from project88.sandbox.worlds.field import DISTANCES_M, Finisher, division, finishers, spread
from project88.sandbox.worlds.people import People

DAYS = 365
SMALLEST, LARGEST = 20, 600
EVENT_LENGTH_MS = 6 * 3_600_000
ZONES = (
    ("America/New_York", "US"),
    ("America/Chicago", "US"),
    ("Europe/London", "GB"),
    ("America/Denver", "US"),
    ("Europe/Warsaw", "PL"),
    ("America/Los_Angeles", "US"),
)
STYLES = (TimeStyle(), TimeStyle(hour_digits=1, decimals=1), TimeStyle(decimals=0))
KINDS = ("Run", "Classic", "Road Race", "Winter Race", "River Run", "Night Run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A race's name and the columns of the big race's splits that serve as its intervals."""

    name: str
    splits: tuple[int, ...]
    interval_names: tuple[str, ...]

    def legs(self) -> tuple[tuple[str, float], ...]:
        distances = (DISTANCES_M[column] for column in self.splits)
        return tuple(zip(self.interval_names, distances, strict=True))


FIVE = Course(name="5K", splits=(0,), interval_names=(FULL_COURSE,))
TEN = Course(name="10K", splits=(0, 1), interval_names=("5K", FULL_COURSE))
# The stray space is what the service's own data shows.
HALF = Course(name="Half Marathon", splits=(1, 2, 3), interval_names=("10K ", "20K", FULL_COURSE))
PROGRAMMES = ((FIVE,), (TEN, FIVE), (TEN,), (HALF,), (HALF, TEN))


def season_events(ids: Ids, before: datetime, count: int, seed: int, with_unfinished: bool) -> list[Event]:
    """``count`` events spread evenly over the 365 days before ``before``, the oldest first."""
    maker = _SeasonMaker(ids, seed, with_unfinished)
    days = [DAYS * (count - number - 0.5) / count for number in range(count)]
    return [maker.event(number, before - timedelta(days=ago)) for number, ago in enumerate(days)]


class _SeasonMaker:
    def __init__(self, ids: Ids, seed: int, with_unfinished: bool) -> None:
        self._ids = ids
        self._random = random.Random(seed)
        self._people = People(seed + 1)
        self._with_unfinished = with_unfinished
        self._runners = [one for one in finishers() if not one.is_wheelchair]

    def event(self, number: int, around: datetime) -> Event:
        zone, country = ZONES[number % len(ZONES)]
        local = around.astimezone(ZoneInfo(zone)).replace(hour=8, minute=30, second=0, microsecond=0)
        start_ms = round(local.timestamp() * 1000)
        town = self._people.town()
        event = Event(
            event_id=self._ids.event(),
            name=f"{town} {self._random.choice(KINDS)} {local.year}",
            start_ms=start_ms,
            end_ms=start_ms + EVENT_LENGTH_MS,
            zone=zone,
            city=town,
            country=country,
            style=STYLES[number % len(STYLES)],
        )
        programme = PROGRAMMES[number % len(PROGRAMMES)]
        size = round(SMALLEST * (LARGEST / SMALLEST) ** self._random.random())
        for order, course in enumerate(programme):
            gun_ms = start_ms + (30 + 20 * order) * 60_000
            self._race(event, course, gun_ms, max(2, size // len(programme)))
        return event

    def _race(self, event: Event, course: Course, gun_ms: int, size: int) -> None:
        race = add_race(self._ids, event, course.name, gun_ms, course.legs())
        race.has_start_mat = self._random.random() > 0.15
        # Bibs begin at 1 in every race: a bib may repeat across the races of an event.
        for bib, model in enumerate(self._slice(course, size), start=1):
            race.entries.append(self._entry(race, course, str(bib), model))
        if self._with_unfinished:
            race.entries[-1].elapsed_ms = (None,) * len(race.intervals)
        add_brackets(self._ids, race)

    def _slice(self, course: Course, size: int) -> list[Finisher]:
        first = int(self._random.random() * (len(self._runners) - 4 * size - 4))
        part = self._runners[first : first + 4 * size + 4]
        finished = [model for model in part if model.splits_s[course.splits[-1]] is not None]
        return spread(finished, size + 1 if self._with_unfinished else size)

    def _entry(self, race: Race, course: Course, bib: str, model: Finisher) -> Entry:
        first_name, last_name = self._people.name(model.sex)
        entry_id = self._ids.entry()
        tick_ms = 10 ** (3 - race.event.style.decimals)
        delay_ms = int(self._random.random() * 45_000) // tick_ms * tick_ms if race.has_start_mat else 0
        return Entry(
            entry_id=entry_id,
            athlete_id=f"8{entry_id}",
            bib=bib,
            first_name=first_name,
            last_name=last_name,
            sex=model.sex,
            age=model.age,
            division=division(model.sex, model.age),
            elapsed_ms=milliseconds(model.splits_s[column] for column in course.splits),
            delay_ms=delay_ms,
            place=model.overall_place,
            city=race.event.city,
            region=model.state,
            country=model.country,
        )
