"""Results as an XLSX file on standard output: durations and days are cells that a spreadsheet can count with."""

from __future__ import annotations

import io
import sys
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from project88.cli.results import csv_cell
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.reports import ResultRows

#: A spreadsheet knows a duration as a number of days.
DAY = timedelta(days=1)
DURATION_FORMAT = "[h]:mm:ss.000"


async def write_workbook(found: ResultRows) -> None:
    """Raises UsageError where it would land on a screen."""
    from openpyxl import Workbook

    if sys.stdout.isatty():
        raise UsageError("a workbook is no text: send it to a file, as by > results.xlsx")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    sheet.freeze_panes = "A2"
    sheet.append(found.columns)
    async for row in found.rows:
        sheet.append([_cell(sheet, row[column]) for column in found.columns])
    data = io.BytesIO()
    book.save(data)
    sys.stdout.buffer.write(data.getvalue())


def _cell(sheet: Any, value: object) -> object:  # noqa: ANN401 - the stubs name no sheet that is only written
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, timedelta):
        cell = WriteOnlyCell(sheet, value / DAY)
        cell.number_format = DURATION_FORMAT
        return cell
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    said = csv_cell(value)
    if not isinstance(said, str):
        return said
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", said))
    # Text stays text: the library takes what begins with an equals sign for a formula.
    cell.data_type = "s"
    return cell
