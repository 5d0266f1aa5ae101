"""Places of posted results: overall, by gender, by division. Orders by chip time; changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from project88.sandbox.registration.entities import Category, Registration, Result
from project88.sandbox.worlds.field import division


class Placed(NamedTuple):
    """A result with its places; without a time it has none and stands after those that have one."""

    result: Result
    overall: int | None
    gender: int | None
    division: int | None


def division_of(registration: Registration) -> str:
    age = registration.age
    return "" if age is None else division(registration.person.gender, age)


class Rankings:
    """The ranked results of categories, kept until they change."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, list[Placed]]] = {}

    def of(self, category: Category) -> list[Placed]:
        version, placed = self._kept.get(category.category_id, (-1, []))
        if version != category.version:
            placed = _ranked(category)
            self._kept[category.category_id] = (category.version, placed)
        return placed


def _ranked(category: Category) -> list[Placed]:
    results = list(category.results.values())
    timed = [result for result in results if result.chip_ms is not None and not result.outcome]
    timed.sort(key=lambda result: (result.chip_ms, result.result_id))
    counted: Counter[str] = Counter()
    placed = [_place(result, number, counted) for number, result in enumerate(timed, start=1)]
    others = [result for result in results if result.chip_ms is None or result.outcome]
    return placed + [Placed(result, None, None, None) for result in others]


def _place(result: Result, overall: int, counted: Counter[str]) -> Placed:
    gender, group = result.registration.person.gender, division_of(result.registration)
    counted.update((gender, group))
    return Placed(result, overall, counted[gender], counted[group] if group else None)
