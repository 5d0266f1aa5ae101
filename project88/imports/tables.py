"""A file of rows as a table of text: CSV as spreadsheets write it, and XLSX. Opens no file, knows no field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from project88.errors import UsageError
from project88.exports.formulas import as_meant
from project88.imports.workbooks import is_workbook, workbook_lines

if TYPE_CHECKING:
    import _csv

SEPARATORS = ",;\t"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: What Excel wrote until 2003; nothing of it is text.
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class TableRow:
    """``surplus`` are cells behind the last column: the row's cells may stand in other columns than they should."""

    cells: Mapping[str, str]
    surplus: Sequence[str] = ()

    @property
    def raw(self) -> str:
        return msgspec.json.encode({**self.cells, **({"": self.surplus} if self.surplus else {})}).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``other_sheets`` are those of a workbook that were not read."""

    columns: Sequence[str]
    rows: Sequence[TableRow]
    other_sheets: Sequence[str] = field(default=())


def read_table(data: bytes, sheet: str | None = None) -> Table:
    """CSV or XLSX, as the bytes say. Raises UsageError where they are neither."""
    if is_workbook(data):
        lines, others = workbook_lines(data, sheet)
        return table(lines, others)
    if data.startswith(OLD_WORKBOOK):
        raise UsageError("the file is a workbook of Excel 2003 or has a password: save it as XLSX or CSV")
    if sheet is not None:
        raise UsageError("--sheet names a sheet of an XLSX file; this one is none")
    return table(_csv_lines(_text(data)))


def table(lines: Iterable[Sequence[str]], other_sheets: Sequence[str] = ()) -> Table:
    """The first line that is not empty names the columns; empty lines are left out."""
    filled = (cells for line in lines if any(cells := [as_meant(cell.strip()) for cell in line]))
    header = next(filled, None)
    if header is None:
        raise UsageError("the file has no line that names its columns")
    names = _each_once(header)
    rows = [_row(names, cells) for cells in filled]
    used = {name for row in rows for name, cell in row.cells.items() if cell}
    columns = [name for name, said in zip(names, header, strict=True) if said or name in used]
    return Table(columns=columns, rows=rows, other_sheets=other_sheets)


def _each_once(header: Sequence[str]) -> list[str]:
    """A column without a name is called by its number, one whose name stood already by how often it did."""
    names: list[str] = []
    for number, said in enumerate(header, 1):
        name = said or f"column {number}"
        times = 1
        while name in names:
            times += 1
            name = f"{said} ({times})"
        names.append(name)
    return names


def _row(names: Sequence[str], cells: Sequence[str]) -> TableRow:
    surplus = [cell for cell in cells[len(names) :] if cell]
    return TableRow(dict(zip(names, cells, strict=False)), surplus)


def _csv_lines(text: str) -> Iterator[list[str]]:
    reader = _reader(text, max(SEPARATORS, key=lambda each: _width(text, each)))
    try:
        yield from reader
    except csv.Error as error:
        raise UsageError(f"the file is no CSV, as line {reader.line_num} shows: {error}") from None


def _width(text: str, separator: str) -> int:
    """How many columns the first line has by this separator."""
    try:
        return next((len(cells) for cells in _reader(text, separator) if cells), 0)
    except csv.Error:
        return 0


def _reader(text: str, separator: str) -> _csv.Reader:
    # Strict, because a quote that nobody closes would take the rest of the file for one cell.
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _text(data: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else what spreadsheets of Windows write."""
    try:
        return data.decode("utf-16" if data.startswith(UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
