"""A row of a table as values of fields, for start lists and results alike. Pure; raises BadValue for what is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from project88.errors import BadValue
from project88.imports.columns import Columns, plain
from project88.imports.tables import TableRow
from project88.records import units

GENDERS: Mapping[str, str] = {
    **dict.fromkeys(("male", "man", "m"), "M"),
    **dict.fromkeys(("female", "woman", "f", "w"), "F"),
    **dict.fromkeys(("nonbinary", "x"), "X"),
}
#: What a spreadsheet shows where a formula failed.
SHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
DATE_WITH_NAMED_ORDER = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})", re.ASCII)

Reader = Callable[[str], Any]


def values_of(row: TableRow, columns: Columns, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """What the row says of each field; of two columns of one field the first that says something counts."""
    if row.surplus:
        raise BadValue(f"the row has {len(row.surplus)} cells more than there are columns: {', '.join(row.surplus)}")
    said: dict[str, Any] = {}
    for column, field in columns.fields.items():
        cell = row.cells.get(column, "")
        if cell in SHEET_ERRORS:
            raise BadValue(f"{column} is {cell}, an error of the spreadsheet")
        if cell and field not in said:
            said[field] = _value(cell, column, readers.get(field, units.text))
    _take_name_apart(said)
    if said.get("gender"):
        said["gender"] = GENDERS.get(plain(said["gender"]), said["gender"])
    return {field: value for field, value in said.items() if value is not None}


def entry_id_of(said: dict[str, Any]) -> str:
    """Takes the id out of the values; an entry without one is known by its bib."""
    found = said.pop("entry_id", None) or (f"bib {said['bib']}" if said.get("bib") else None)
    if found is None:
        raise BadValue("the row has neither a bib nor an entry id")
    return str(found)


def calendar_date(order: units.DateOrder) -> Callable[[str], date | None]:
    """``YYYY-MM-DD`` always; a date that begins otherwise only where it is said what comes first."""

    def read(text: str) -> date | None:
        match = DATE_WITH_NAMED_ORDER.fullmatch(text)
        if match is None:
            return units.calendar_date(text)
        if order == "iso":
            raise BadValue(f"the date {text!r} may be two days: say --dates month-first or --dates day-first")
        first, second, year = map(int, match.groups())
        month, day = (first, second) if order == "month-first" else (second, first)
        return units.calendar_date(f"{year:04}-{month:02}-{day:02}")

    return read


def _value(cell: str, column: str, reader: Reader) -> Any:  # noqa: ANN401
    try:
        return reader(cell)
    except BadValue as error:
        raise BadValue(f"{column}: {error}") from None


def _take_name_apart(said: dict[str, Any]) -> None:
    """A whole name where its parts are not known: ``Last, First``, else the last word is the last name."""
    name = said.pop("name", None)
    if not name or said.get("first_name") or said.get("last_name"):
        return
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.rpartition(" ")
    said["first_name"], said["last_name"] = units.text(first), units.text(last)
