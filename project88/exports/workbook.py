"""Rows as an XLSX file: durations and days are cells that a spreadsheet can count with. Says not where it goes."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from project88.exports.cells import csv_cell

#: A spreadsheet knows a duration as a number of days.
DAY = timedelta(days=1)
DURATION_FORMAT = "[h]:mm:ss.000"


async def workbook(columns: Iterable[str], rows: AsyncIterator[Mapping[str, Any]]) -> bytes:
    """A file with one sheet."""
    names = list(columns)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    sheet.freeze_panes = "A2"
    sheet.append(names)
    async for row in rows:
        sheet.append([_cell(sheet, row[name]) for name in names])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _cell(sheet: Any, value: object) -> object:  # noqa: ANN401 - the stubs name no sheet that is only written
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
