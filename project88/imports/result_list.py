"""A table as results: times, places, statuses, splits. Pure: reads no file and no database; a bad row is a Problem."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project88.errors import BadValue, UsageError
from project88.imports.columns import Columns, plain
from project88.imports.races import Races
from project88.imports.rows import Reader, entry_id_of, values_of
from project88.imports.tables import Table, TableRow
from project88.records import units
from project88.records.entities import DivisionPlace, Finish, GenderPlace, Problem, ResultRow, ResultStatus, Split

STATUSES: Mapping[str, ResultStatus] = {
    **dict.fromkeys(("finished", "finish", "finisher", "fin", "ok", "official"), "finished"),
    **dict.fromkeys(("dnf", "didnotfinish"), "dnf"),
    **dict.fromkeys(("dns", "didnotstart", "noshow"), "dns"),
    **dict.fromkeys(("dq", "dsq", "disq", "disqualified"), "dq"),
}
#: The fields in whose columns a word may stand in place of a value.
TIMES = ("chip_time", "gun_time")
PLACES = ("overall_place", "gender_place", "division_place")
#: A clock's time whose fraction stands behind a comma, as in a German spreadsheet.
DECIMAL_COMMA = re.compile(r"([0-9:]+:[0-9]{2}),([0-9]+)", re.ASCII)
NOTHING = re.compile(r"[-–—.:\s]*")
#: No race is run in less. A spreadsheet whose column is no time shows one as a part of a day, which would be less.
SHORTEST_MS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultList:
    """``records`` hold the finishes, and the splits and places that belong to them."""

    finishes: Sequence[Finish]
    records: Sequence[ResultRow]
    problems: Sequence[Problem]


def read_results(table: Table, columns: Columns, races: Races) -> ResultList:
    """Raises UsageError for a table that holds no results."""
    fields = set(columns.fields.values())
    if not fields & {"bib", "entry_id"}:
        raise UsageError("the file has no column bib: say which it is by --map 'COLUMN=bib'")
    if not fields & {*TIMES, "status"} and not columns.splits:
        raise UsageError("the file has neither times nor statuses: say which they are, as by --map 'COLUMN=chip time'")
    found: dict[tuple[str, str], list[ResultRow]] = {}
    problems: list[Problem] = []
    for row in table.rows:
        try:
            finish, others = _records(row, columns, races)
            key = (finish.race_id, finish.entry_id)
            if key in found:
                raise BadValue(f"{finish.entry_id} stands in an earlier row of the race too")
            found[key] = [finish, *others]
        except BadValue as error:
            problems.append(Problem(stream="results", reason=str(error), raw=row.raw))
    records = [record for each in found.values() for record in each]
    return ResultList(
        finishes=[record for record in records if isinstance(record, Finish)], records=records, problems=problems
    )


def elapsed_or_status(text: str) -> int | ResultStatus | None:
    """``H:MM:SS(.f)``, ``MM:SS`` or seconds in milliseconds, a status in their place, None for a dash."""
    if status := STATUSES.get(plain(text)):
        return status
    if NOTHING.fullmatch(text):
        return None
    found = units.elapsed_ms(DECIMAL_COMMA.sub(r"\1.\2", text))
    if found is not None and found < SHORTEST_MS:
        raise BadValue(f"{text!r} is no time of a race: in a spreadsheet, give the column a format such as h:mm:ss")
    return found


def place_or_status(text: str) -> int | ResultStatus | None:
    """A place with or without a full stop behind it."""
    if status := STATUSES.get(plain(text)):
        return status
    return None if NOTHING.fullmatch(text) else units.place(text.removesuffix("."))


def _status(text: str) -> ResultStatus:
    found = STATUSES.get(plain(text))
    if found is None:
        raise BadValue(f"{text!r} is no status; there are finished, DNF, DNS and DQ")
    return found


READERS: Mapping[str, Reader] = {
    "age": units.integer,
    **dict.fromkeys(TIMES, elapsed_or_status),
    **dict.fromkeys(PLACES, place_or_status),
}


def _records(row: TableRow, columns: Columns, races: Races) -> tuple[Finish, list[ResultRow]]:
    """The finish, and what belongs to it."""
    said = values_of(row, columns, READERS)
    race_id = races.of(said.pop("race", None))
    if race_id is None:
        raise BadValue("the row names no race: name the race of such rows by --race")
    entry_id = entry_id_of(said)
    word = said.pop("status", None)
    declared = _declared(said, word)
    splits = _splits(row, columns, race_id, entry_id)
    places = [said.pop(field, None) for field in PLACES]
    times = [said.pop(field, None) for field in TIMES]
    if declared is None and not splits and all(each is None for each in times):
        raise BadValue("the row has neither a time nor a status")
    overall, gender, division = places
    finish = Finish(
        race_id=race_id,
        entry_id=entry_id,
        chip_ms=times[0],
        gun_ms=times[1],
        overall_place=overall,
        status=word,
        declared=declared,
        raw=row.raw,
        **said,
    )
    in_gender = GenderPlace(race_id=race_id, entry_id=entry_id, bracket=finish.gender, place=gender)
    in_division = DivisionPlace(race_id=race_id, entry_id=entry_id, bracket=finish.division, place=division)
    return finish, [*(each for each in (in_gender, in_division) if each.place is not None), *splits]


def _declared(said: dict[str, Any], word: str | None) -> ResultStatus | None:
    """The one status of the row, which may stand in the columns of times and places; those are taken out there."""
    found = {_status(word)} if word is not None else set()
    for field in (*TIMES, *PLACES):
        if isinstance(said.get(field), str):
            found.add(said.pop(field))
    if len(found) > 1:
        raise BadValue(f"the row says {' and '.join(sorted(found))}")
    return found.pop() if found else None


def _splits(row: TableRow, columns: Columns, race_id: str, entry_id: str) -> list[Split]:
    """In the order of the columns, which is that of the course: the number in the key keeps it."""
    found = []
    for number, (column, name) in enumerate(columns.splits.items(), 1):
        try:
            elapsed = elapsed_or_status(row.cells.get(column, ""))
        except BadValue as error:
            raise BadValue(f"{column}: {error}") from None
        if isinstance(elapsed, int):
            key = f"{number:02} {name}"
            found.append(
                Split(race_id=race_id, entry_id=entry_id, key=key, name=name, elapsed_ms=elapsed, has_crossed=True)
            )
    return found
