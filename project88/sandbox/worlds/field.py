"""The published 2014 Boston field as rows of whole seconds. Reads the packaged file; invents nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

SPLITS = ("5K", "10K", "20K", "Half", "25K", "30K", "35K", "40K", "Full Course")
DISTANCES_M = (5_000.0, 10_000.0, 20_000.0, 21_097.5, 25_000.0, 30_000.0, 35_000.0, 40_000.0, 42_195.0)
RARE_KINDS = ("W", "F")
DATA_FILE = "data/boston_2014.csv.gz"


class Finisher(NamedTuple):
    """One published finisher. ``splits_s`` follows SPLITS, None where the mat missed the chip."""

    bib: str
    sex: str
    age: int
    state: str
    country: str
    splits_s: tuple[int | None, ...]
    overall_place: int
    gender_place: int
    division_place: int

    @property
    def official_s(self) -> int:
        finish = self.splits_s[-1]
        assert finish is not None
        return finish

    @property
    def is_wheelchair(self) -> bool:
        return self.bib.startswith("W")

    @property
    def is_elite_woman(self) -> bool:
        return self.bib.startswith("F")


@cache
def finishers() -> tuple[Finisher, ...]:
    """All 31,984 finishers in the order of the file."""
    raw = resources.files("project88.sandbox").joinpath(DATA_FILE).read_bytes()
    with gzip.open(io.BytesIO(raw), "rt", encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return tuple(_finisher(row) for row in rows)


def _finisher(row: list[str]) -> Finisher:
    bib, sex, age, state, country = row[:5]
    splits = tuple(int(text) if text else None for text in row[5:14])
    return Finisher(bib, sex, int(age), state, country, splits, int(row[14]), int(row[15]), int(row[16]))


def sample(count: int | None) -> list[Finisher]:
    """``count`` finishers spread evenly over the field, some of every kind; everybody for None."""
    everybody = finishers()
    if count is None or count >= len(everybody):
        return list(everybody)
    chosen: list[Finisher] = []
    for letter in RARE_KINDS:
        kind = [finisher for finisher in everybody if finisher.bib.startswith(letter)]
        chosen += spread(kind, max(min(2, count // 3), round(count * len(kind) / len(everybody))))
    others = [finisher for finisher in everybody if finisher.bib.isdigit()]
    return chosen + spread(others, count - len(chosen))


def spread(finishers: Sequence[Finisher], count: int) -> list[Finisher]:
    """``count`` of them at even distances."""
    return [finishers[position * len(finishers) // count] for position in range(min(count, len(finishers)))]


def division(sex: str, age: int) -> str:
    """The division the organiser placed runners in: 18-39, then five-year groups, then 80 and over."""
    if age < 40:
        return f"{sex}18-39"
    if age >= 80:
        return f"{sex}80+"
    lowest = age // 5 * 5
    return f"{sex}{lowest}-{lowest + 4}"


@cache
def wheelchair_divisions() -> dict[str, str]:
    """Bib to division for the wheelchairs, read from the published places.

    The organiser did not group wheelchairs by age. Whoever breaks the count of a sex's division places
    belongs to the other class, the quads.
    """
    divisions = {}
    for sex in ("M", "F"):
        place = 0
        racers = [racer for racer in finishers() if racer.is_wheelchair and racer.sex == sex]
        for racer in sorted(racers, key=lambda racer: racer.gender_place):
            is_next = racer.division_place == place + 1
            place += is_next
            divisions[racer.bib] = f"Wheelchair {sex}" if is_next else f"Quad {sex}"
    return divisions
