"""Rows as an XLSX file: durations and days are cells that a spreadsheet can count with. Says not where it goes."""

from __future__ import annotations

import asyncio
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
#: Rows that are handed over at once.
PORTION_ROWS = 500

Row = Mapping[str, Any]


async def workbook(columns: Iterable[str], rows: AsyncIterator[Row]) -> bytes:
    """A file with one sheet. The library takes seconds for a marathon, so it works beside the loop."""
    book = _Book(list(columns))
    portion: list[Row] = []
    async for row in rows:
        portion.append(row)
        if len(portion) == PORTION_ROWS:
            await asyncio.to_thread(book.add, portion)
            portion = []
    await asyncio.to_thread(book.add, portion)
    return await asyncio.to_thread(book.data)


class _Book:
    """A workbook that grows; no two threads are in it at once."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = columns
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("Results")
        self._sheet.freeze_panes = "A2"
        self._sheet.append(columns)

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._sheet.append([_cell(self._sheet, row[name]) for name in self._columns])

    def data(self) -> bytes:
        data = io.BytesIO()
        self._book.save(data)
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
