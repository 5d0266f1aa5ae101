"""A sheet of an XLSX file as lines of text, each cell as the sheet shows it. Opens no file, follows no link."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from project88.errors import UsageError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

ZIP = b"PK\x03\x04"
#: A start list of 100,000 people unpacks to less than a tenth of it.
UNPACKED_BYTES_AT_MOST = 512 * 1024 * 1024
#: Day 0 of a spreadsheet. It knows durations as days, so a time of more than a day looks like a date of this year.
DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001 - a spreadsheet's time has no zone
LAST_DURATION = datetime(1900, 2, 28)  # noqa: DTZ001
MILLISECOND = timedelta(milliseconds=1)
#: What a damaged workbook raises in the library.
DAMAGED = (zipfile.BadZipFile, zlib.error, ParseError, EOFError, LookupError, ValueError, TypeError, AttributeError)


def is_workbook(data: bytes) -> bool:
    return data.startswith(ZIP)


def workbook_lines(data: bytes, sheet: str | None) -> tuple[list[list[str]], Sequence[str]]:
    """The lines of one sheet, the first where none is named, and the names of the others."""
    try:
        with warnings.catch_warnings():
            # It warns of styles and of validation rules that it does not keep.
            warnings.simplefilter("ignore")
            book = _open(data)
            chosen = _sheet(book, sheet)
            lines = list(_lines(book[chosen]))
    except DAMAGED as error:
        raise UsageError(f"the XLSX file cannot be read ({type(error).__name__}): save it anew, or as CSV") from None
    return lines, [each.title for each in book.worksheets if each.title != chosen]


def _open(data: bytes) -> Workbook:
    from openpyxl import load_workbook  # noqa: PLC0415 - it takes 0.2 s, and most commands need none

    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if sum(part.file_size for part in parts.infolist()) > UNPACKED_BYTES_AT_MOST:
            raise UsageError(f"the XLSX file unpacks to more than {UNPACKED_BYTES_AT_MOST} bytes: save it as CSV")
    return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)


def _sheet(book: Workbook, sheet: str | None) -> str:
    names = [each.title for each in book.worksheets]
    if not names:
        raise UsageError("the XLSX file has no sheet with cells")
    if sheet is None:
        return names[0]
    if sheet not in names:
        raise UsageError(f"the XLSX file has no sheet {sheet!r}; it has {', '.join(names)}")
    return sheet


def _lines(sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401 - the stubs do not know sheets that are only read
    # Some programs write a wrong size, by which rows would be left out.
    sheet.reset_dimensions()
    for cells in sheet.iter_rows():
        yield ["" if cell.value is None else cell_text(cell.value, cell.number_format) for cell in cells]


def cell_text(value: object, number_format: str = "General") -> str:
    """A duration without seconds is text as it is shown, so that 40:05 means the same as in a CSV file."""
    if isinstance(value, time):
        value = datetime.combine(DAY_ZERO, value)
    if isinstance(value, datetime) and value <= LAST_DURATION:
        value = value - DAY_ZERO
    if isinstance(value, timedelta):
        return _clock(value, number_format)
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _clock(elapsed: timedelta, number_format: str) -> str:
    seconds, milliseconds = divmod(round(elapsed / MILLISECOND), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if "s" not in number_format.lower():
        return f"{hours}:{minutes:02}"
    return f"{hours}:{minutes:02}:{seconds:02}" + (f".{milliseconds:03}" if milliseconds else "")
