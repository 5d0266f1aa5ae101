"""What the world of registrations is made of: editions, categories, people, registrations, results. Ranks nothing.

Instants are simulated epoch seconds. Durations are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

Gender = Literal["M", "F", "X"]
Status = Literal["registered", "removed", "cancelled", "transferred", "deferred"]
Outcome = Literal["", "DNF", "DNS", "DQ", "DNQ"]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is registered. ``stated_age`` counts where there is no date of birth."""

    first_name: str
    last_name: str
    gender: Gender
    middle_name: str = ""
    dob: date | None = None
    stated_age: int | None = None
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    team: str = ""

    def age_on(self, day: date) -> int | None:
        if self.dob is None:
            return self.stated_age
        return day.year - self.dob.year - ((day.month, day.day) < (self.dob.month, self.dob.day))


@dataclass(slots=True, eq=False, kw_only=True)
class Registration:
    """One person in one category. A transfer ends it and names its successor."""

    registration_id: str
    account_id: str
    person: Person
    category: Category
    registered_s: int
    modified_s: int
    bib: str | None = None
    chip: str | None = None
    status: Status = "registered"
    reason: str = ""
    successor_id: str | None = None
    also: tuple[Category, ...] = ()

    @property
    def age(self) -> int | None:
        """On the day of the edition."""
        return self.person.age_on(self.category.edition.day)

    @property
    def is_registered(self) -> bool:
        return self.status == "registered"


@dataclass(slots=True, eq=False, kw_only=True)
class Result:
    """What was posted for a registration. An outcome stands in place of the times."""

    result_id: str
    registration: Registration
    modified_s: int
    chip_ms: int | None = None
    gun_ms: int | None = None
    outcome: Outcome = ""
    splits_ms: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    split_id: str
    name: str
    distance_m: float


@dataclass(slots=True, eq=False, kw_only=True)
class Category:
    """One race of an edition. ``version`` rises when a result changes, so that a cached ranking is known as stale."""

    category_id: str
    name: str
    distance: str
    distance_m: float
    start_s: int
    edition: Edition
    splits: tuple[Split, ...] = ()
    registrations: list[Registration] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    result_set_id: str = ""
    results_modified_s: int = 0
    is_preliminary: bool = False
    version: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class Edition:
    """An organiser's event on one date. Editions of one series share ``series_id``."""

    event_id: str
    series_id: str
    organiser_id: str
    name: str
    start_s: int
    zone: str
    created_s: int
    modified_s: int
    city: str = ""
    state: str = ""
    country: str = ""
    is_private: bool = False
    is_draft: bool = False
    categories: list[Category] = field(default_factory=list)

    @property
    def day(self) -> date:
        """The edition date, at the place of the event."""
        return local(self.start_s, self.zone).date()


def local(epoch_s: int, zone: str) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC).astimezone(ZoneInfo(zone))
