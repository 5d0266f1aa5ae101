"""What faults do to lists and rows. Pure: a listing or rows in, other ones out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

from project88.sandbox.faults import Fault, FaultKind, Fired, Strikes
from project88.sandbox.service.listings import Chosen, Listing
from project88.sandbox.service.rows import Row

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
TIME_FIELDS = ("results_time", "chip_time", "chipTime")
ID_FIELDS = (
    "results_entry_id",
    "entry_id",
    "registration_id",
    "registration_number",
    "registrationId",
    "result_id",
    "resultId",
    "id",
)


def reshape(listing: Listing, strikes: Strikes) -> Listing:
    """The listing with rows missing or moved."""
    for kind, effect in LIST_EFFECTS.items():
        for fired in strikes.of(kind):
            listing = effect(listing, fired)
    return listing


def page_size(asked: int, strikes: Strikes) -> int:
    return min([asked, *(fired.fault.cap for fired in strikes.of("page_cap"))])


def rows_at(listing: Listing, start: int, size: int, strikes: Strikes) -> list[Row]:
    """``size`` rows from ``start`` on; the first ones for ever while a loop is in force."""
    start = 0 if strikes.of("loop") else start
    return listing.rows(start, start + size)


def total_of(count: int, strikes: Strikes) -> int:
    """The count of rows, as the service is told to state it."""
    return max(0, count + sum(fired.fault.rows for fired in strikes.of("totals")))


def _vanish(listing: Listing, fired: Fired) -> Listing:
    ids = listing.entry_ids()
    return Chosen(listing, [n for n, entry_id in enumerate(ids) if not _is_meant(entry_id, fired.fault)])


def _repeat(listing: Listing, fired: Fired) -> Listing:
    ids = listing.entry_ids()
    return Chosen(listing, [n for n, entry_id in enumerate(ids) for _ in range(1 + _is_meant(entry_id, fired.fault))])


def _is_meant(entry_id: str, fault: Fault) -> bool:
    if not entry_id:
        return False
    return entry_id in fault.entry_ids or crc32(entry_id.encode()) < fault.share * 2**32


def _grow(listing: Listing, fired: Fired) -> Listing:
    hidden = max(0, fired.fault.hidden - fired.before * fired.fault.rows)
    return Chosen(listing, range(max(0, len(listing) - hidden)))


def _reorder(listing: Listing, fired: Fired) -> Listing:
    count = len(listing)
    shift = fired.before * fired.fault.rows % count if count else 0
    return Chosen(listing, [(position - shift) % count for position in range(count)])


LIST_EFFECTS: Mapping[FaultKind, Callable[[Listing, Fired], Listing]] = {
    "vanish": _vanish,
    "repeat": _repeat,
    "grow": _grow,
    "reorder": _reorder,
}


def alter(rows: list[Row], strikes: Strikes) -> list[Row]:
    """The rows of one page with their values spoilt."""
    for kind, effect in ROW_EFFECTS.items():
        for fired in strikes.of(kind):
            rows = effect(rows, fired.fault)
    return rows


def _bad_row(rows: list[Row], fault: Fault) -> list[Row]:
    return [
        _with_values(row, fault.fields or TIME_FIELDS, fault.text) if _is_bad(position, row, fault) else row
        for position, row in enumerate(rows)
    ]


def _is_bad(position: int, row: Row, fault: Fault) -> bool:
    if fault.entry_ids:
        return next((str(row[name]) for name in ID_FIELDS if name in row), "") in fault.entry_ids
    return position < fault.rows


def _with_values(row: Row, names: Iterable[str], value: str) -> Row:
    """The row with those of the names that it has set; ``user.dob`` is a name within a part of the row."""
    for name in names:
        first, _, rest = name.partition(".")
        part = row.get(first)
        if rest and isinstance(part, dict):
            row = {**row, first: _with_values(part, [rest], value)}
        elif first in row and not rest:
            row = {**row, first: value}
    return row


def _blank(rows: list[Row], fault: Fault) -> list[Row]:
    emptied = [_with_values(row, fault.fields, "") for row in rows]
    return show_blanks(emptied, fault.shown_as)


def show_blanks(rows: list[Row], shown_as: str) -> list[Row]:
    """Empty values as they are, as null, or not at all."""
    if shown_as == "null":
        return [{name: None if value == "" else value for name, value in row.items()} for row in rows]
    if shown_as == "missing":
        return [{name: value for name, value in row.items() if value != ""} for row in rows]
    return rows


def _numeric(rows: list[Row], _fault: Fault) -> list[Row]:
    return [{name: _number(value) for name, value in row.items()} for row in rows]


def _number(value: object) -> object:
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


ROW_EFFECTS: Mapping[FaultKind, Callable[[list[Row], Fault], list[Row]]] = {
    "bad_row": _bad_row,
    "blank": _blank,
    "numeric": _numeric,
}
