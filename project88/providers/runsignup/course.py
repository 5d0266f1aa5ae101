"""The races of one edition, the result set that counts for each, and its splits in order. Pure.

Where a race has several sets, such as one by age grade beside the overall one, a single one counts and the others are
left out: each holds the same people again, with places of its own. It is the first of those named in ``result_sets``,
else the one that is shown first. A set that another race shows as well is left to the race it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from project88.errors import Gone
from project88.records.entities import ProviderEventId, Race

#: A set without a place in the order is shown after those with one.
LAST = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOfRace:
    """An event of the service: our race, and the edition it belongs to."""

    edition: str
    race: Race


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSet:
    """``race_id``: of the race it was listed for. ``others``: the races that show it as well."""

    set_id: str
    race_id: str
    name: str | None = None
    order: int | None = None
    others: frozenset[str] = frozenset()

    def is_named(self, names: Collection[str]) -> bool:
        return self.set_id in names or self.name in names


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPoint:
    split_id: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSignUpCourse:
    """What is known of an edition before its results are read. ``splits``: by set, in course order."""

    races: tuple[Race, ...]
    sets: tuple[ResultSet, ...] = ()
    splits: Mapping[str, Sequence[SplitPoint]] = field(default_factory=dict)


def sets_list(race_id: str) -> str:
    """The name of the list of a race's result sets."""
    return f"result sets {race_id}"


def splits_list(set_id: str) -> str:
    return f"splits {set_id}"


def races_of(event: ProviderEventId, events: Iterable[EventOfRace]) -> tuple[Race, ...]:
    """Raises Gone where the race has no event of this edition any more."""
    edition = event.rpartition("-")[2]
    races = tuple(each.race for each in events if each.edition == edition)
    if not races:
        raise Gone(f"the race has no event of the edition {event}")
    return races


def sets_that_count(
    races: Iterable[Race], listed: Mapping[str, Sequence[ResultSet]], names: Collection[str]
) -> list[ResultSet]:
    """One set for each race that has any, ``listed`` by race. No set counts twice."""
    found: dict[str, ResultSet] = {}
    for race in races:
        own = [
            each
            for each in listed.get(race.race_id, ())
            if race.race_id not in each.others and each.set_id not in found
        ]
        named = [each for each in own if each.is_named(names)]
        for chosen in sorted(named or own, key=_order)[:1]:
            found[chosen.set_id] = chosen
    return list(found.values())


def _order(result_set: ResultSet) -> int:
    """Sets of one order stay as they were listed."""
    return LAST if result_set.order is None else result_set.order
