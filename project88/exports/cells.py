"""Values of a row as text that other programs read back, and CSV and JSON of them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from project88.exports.formulas import neutralised

MILLISECOND = timedelta(milliseconds=1)

Row = Mapping[str, Any]


async def csv_lines(columns: Iterable[str], rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    """The head, then one line a row as the rows arrive."""
    names = list(columns)
    yield _csv_line(names)
    async for row in rows:
        yield _csv_line([csv_cell(row[name]) for name in names])


async def json_lines(rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    """One array, one row a line, as the rows arrive."""
    encode = msgspec.json.Encoder().encode
    before = "[\n"
    async for row in rows:
        yield before + encode(json_row(row)).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def json_row(row: Row) -> dict[str, Any]:
    return {name: clock_text(value) if isinstance(value, timedelta) else value for name, value in row.items()}


def csv_cell(value: object) -> object:
    """Unknown is an empty cell; lists are JSON text. No text is a formula to a spreadsheet."""
    if isinstance(value, timedelta):
        return clock_text(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return neutralised(value) if isinstance(value, str) else value


def clock_text(elapsed: timedelta) -> str:
    """``H:MM:SS.mmm``; the hours go on counting after a day."""
    seconds, milliseconds = divmod(round(elapsed / MILLISECOND), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}.{milliseconds:03}"


def _csv_line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
