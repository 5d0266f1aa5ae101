"""A table as the entries of a start list. Pure: reads no file and no table of a database; a bad row is a Problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from project88.errors import BadValue, UsageError
from project88.imports.columns import Columns
from project88.imports.races import Races
from project88.imports.rows import Reader, calendar_date, entry_id_of, values_of
from project88.imports.tables import Table, TableRow
from project88.records import units
from project88.records.entities import DeclaredStatus, Participant, Problem

DECLARED: Mapping[str, DeclaredStatus] = {
    "confirmed": "confirmed",
    "conf": "confirmed",
    "dnf": "dnf",
    "dq": "dq",
    "dsq": "dq",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartList:
    participants: Sequence[Participant]
    problems: Sequence[Problem]


def read_start_list(table: Table, columns: Columns, races: Races) -> StartList:
    """Raises UsageError for no start list."""
    if "bib" not in columns.fields.values():
        raise UsageError(
            "the file has no column bib: name it in the first line, such as bib,first_name,last_name, or say which it "
            "is by --map 'COLUMN=bib'"
        )
    readers: Mapping[str, Reader] = {"age": units.integer, "date_of_birth": calendar_date(columns.dates)}
    found: dict[str, Participant] = {}
    problems: list[Problem] = []
    for row in table.rows:
        try:
            participant = _participant(row, columns, races, readers)
            if participant.entry_id in found:
                raise BadValue(f"{participant.entry_id} stands in an earlier row too")
            found[participant.entry_id] = participant
        except BadValue as error:
            problems.append(Problem(stream="participants", reason=str(error), raw=row.raw))
    return StartList(participants=list(found.values()), problems=problems)


def _participant(row: TableRow, columns: Columns, races: Races, readers: Mapping[str, Reader]) -> Participant:
    said = values_of(row, columns, readers)
    race_id = races.of(said.pop("race", None))
    entry_id = entry_id_of(said)
    declared = DECLARED.get(said.get("status", "confirmed").lower())
    return Participant(entry_id=entry_id, race_id=race_id, declared=declared, raw=row.raw, **said)
