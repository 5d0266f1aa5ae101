"""From the rows of a result set to finishes, splits and places. Pure.

A time that is a word such as DNF is documented for posting and expected for reading (I).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from project88.errors import BadValue
from project88.providers.raw_rows import Decode, RawRow, Scalar, decoder, identifier, raw_text
from project88.providers.runsignup import rows
from project88.providers.runsignup.course import SplitPoint
from project88.providers.runsignup.edition import number
from project88.records import entities
from project88.records.entities import DivisionPlace, Finish, GenderPlace, Split
from project88.records.units import elapsed_ms, integer, place, text

NO_FINISH = frozenset({"DNF", "DNS", "DQ", "DNQ"})
#: What the words mean; DNQ is kept and means nothing to us.
DECLARED: Mapping[str, entities.ResultStatus] = {"DNF": "dnf", "DNS": "dns", "DQ": "dq"}
SPLIT = "split-"
DIVISION = "division-"
RANK_WORDS = re.compile(r"plac|rank")
GENDER_WORDS = re.compile(r"gender|\bsex\b")
DIVISION_WORDS = re.compile(r"division|age group")
#: A set decides over this many splits at least, also where it has fewer, so that one that is gone goes.
SPLITS_DECIDED = 99


def results(race_id: str, points: Sequence[SplitPoint]) -> Decode[entities.ResultRow]:
    keys = {point.split_id: (split_key(race_id, at), point.name) for at, point in enumerate(points, start=1)}
    return decoder("results", rows.ResultOfSet, partial(_records, race_id, keys))


def split_key(race_id: str, position: int) -> str:
    """Splits without an instant are put in order by their key, so it says where on the course of the race one is."""
    return f"{race_id}-{position:03d}"


def split_keys(race_id: str, count: int) -> frozenset[str]:
    return frozenset(split_key(race_id, position) for position in range(1, max(count, SPLITS_DECIDED) + 1))


def _records(
    race_id: str, keys: Mapping[str, tuple[str, str | None]], line: rows.ResultOfSet, raw: RawRow
) -> list[entities.ResultRow]:
    row = msgspec.convert(line.result, rows.ResultRow)
    entry_id = _entry_id(line.registration_id, row)
    division = next(_division_places(race_id, entry_id, line), None)
    return [
        _finish(race_id, entry_id, row, _division_name(division, line), raw),
        *_splits(race_id, entry_id, keys, line),
        *([division] if division else ()),
        *_gender_places(race_id, entry_id, line),
    ]


def _entry_id(registration_id: Scalar, row: rows.ResultRow) -> str:
    """A result that belongs to no registration is known by its own number."""
    found = identifier(registration_id)
    if found not in {None, "0"}:
        return number(found, "registration_id")
    return f"result-{number(row.result_id, 'result_id')}"


def _finish(race_id: str, entry_id: str, row: rows.ResultRow, division: str | None, raw: RawRow) -> Finish:
    words = [text(value) for value in (row.chip_time, row.clock_time, row.place) if _is_word(value)]
    has_no_finish, word = bool(words), next((each.upper() for each in words if each), None)
    return Finish(
        race_id=race_id,
        entry_id=entry_id,
        bib=identifier(row.bib),
        first_name=text(row.first_name),
        last_name=text(row.last_name),
        gender=text(row.gender),
        age=integer(row.age),
        city=text(row.city),
        state=text(row.state),
        country=text(row.country_code),
        chip_ms=None if has_no_finish else _time(row.chip_time) or None,
        gun_ms=None if has_no_finish else _time(row.clock_time) or None,
        overall_place=None if has_no_finish else place(row.place),
        division=division,
        status=word,
        declared=DECLARED.get(word or ""),
        raw=raw_text(raw),
    )


def _splits(
    race_id: str, entry_id: str, keys: Mapping[str, tuple[str, str | None]], line: rows.ResultOfSet
) -> Iterator[Split]:
    """One for each that was crossed. A split that the set does not list stands behind the others."""
    for column, value in line.result.items():
        if not column.startswith(SPLIT):
            continue
        scalar = _scalar(column, value)
        elapsed = None if _is_word(scalar) else _time(scalar)
        if elapsed:
            split_id = column.removeprefix(SPLIT)
            unlisted = (f"{race_id}-{column}", text(line.headers.get(column)))
            key, name = keys.get(split_id, unlisted)
            yield Split(race_id=race_id, entry_id=entry_id, key=key, name=name, elapsed_ms=elapsed, has_crossed=True)


def _division_places(race_id: str, entry_id: str, line: rows.ResultOfSet) -> Iterator[DivisionPlace]:
    """An athlete may have places in several divisions; the first one that is shown is taken for the own one (U)."""
    for column, words in _columns(line):
        is_place = column.startswith(DIVISION) or (DIVISION_WORDS.search(words) and RANK_WORDS.search(words))
        if is_place and not GENDER_WORDS.search(words):
            found = _rank(_scalar(column, line.result[column]))
            if found:
                label = text(line.headers.get(column))
                yield DivisionPlace(race_id=race_id, entry_id=entry_id, bracket=label or column, place=found)


def _gender_places(race_id: str, entry_id: str, line: rows.ResultOfSet) -> Iterator[GenderPlace]:
    for column, words in _columns(line):
        if GENDER_WORDS.search(words) and RANK_WORDS.search(words):
            found = _rank(_scalar(column, line.result[column]))
            if found:
                label = text(line.headers.get(column))
                yield GenderPlace(race_id=race_id, entry_id=entry_id, bracket=label or column, place=found)


def _division_name(division: DivisionPlace | None, line: rows.ResultOfSet) -> str | None:
    """A header such as Division Place names no division."""
    name = division.bracket if division else None
    return None if name is None or name in line.result or RANK_WORDS.search(name.lower()) else name


def _columns(line: rows.ResultOfSet) -> Iterator[tuple[str, str]]:
    """The columns of the row with a header, and what name and header say together."""
    return ((name, f"{name} {label}".lower()) for name, label in line.headers.items() if name in line.result)


def _rank(value: Scalar) -> int | None:
    """None for a text: what else such a column may hold is unknown (U)."""
    found = identifier(value)
    return place(found) if found and found.isascii() and found.isdigit() else None


def _scalar(column: str, value: object) -> Scalar:
    if value is None or isinstance(value, str | int | float):
        return value
    raise BadValue(f"{column} is no single value")


def _is_word(value: Scalar) -> bool:
    return isinstance(value, str) and value.strip().upper() in NO_FINISH


def _time(value: Scalar) -> int | None:
    """``MM:SS`` or ``H:MM:SS``; a number without a colon may be of any unit."""
    found = text(value)
    if found is not None and ":" not in found:
        raise BadValue(f"not a time: {found[:80]!r}")
    return elapsed_ms(found)
