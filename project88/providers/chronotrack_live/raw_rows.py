"""A page of raw JSON rows to records, row by row where one does not fit. Knows no field of any row. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from project88.errors import BadValue
from project88.providers.chronotrack_live.rows import Scalar
from project88.records.entities import Problem
from project88.records.units import text

Row = TypeVar("Row")
Record = TypeVar("Record")
Raws = Sequence[msgspec.Raw]
Unreadable = msgspec.MsgspecError | UnicodeDecodeError

CONTROL_AS_SPACE = bytes(max(code, 0x20) for code in range(256))
#: What the decoder raises for a row: another shape, or text that is not UTF-8.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


def decoder(
    stream: str, row_type: type[Row], build: Callable[[Row, msgspec.Raw], Iterable[Record]]
) -> Callable[[Raws], list[Record | Problem]]:
    """A function from the raw rows of a page to records and problems."""
    whole_page = msgspec.json.Decoder(list[row_type])  # type: ignore[valid-type]
    one_row = msgspec.json.Decoder(row_type)

    def decode(raws: Raws) -> list[Record | Problem]:
        found: list[Record | Problem] = []
        for raw, row in zip(raws, _typed_rows(whole_page, one_row, raws), strict=True):
            try:
                if isinstance(row, UNREADABLE):
                    raise BadValue(str(row)) from row
                found.extend(build(row, raw))
            except BadValue as error:
                found.append(Problem(stream=stream, reason=str(error), raw=raw_text(raw)))
        return found

    return decode


def _typed_rows(
    whole_page: msgspec.json.Decoder[list[Row]], one_row: msgspec.json.Decoder[Any], raws: Raws
) -> Sequence[Row | Unreadable]:
    """All rows at once; one by one only where some row does not fit, so that it costs nobody else."""
    try:
        return whole_page.decode(b"[" + b",".join(raws) + b"]")
    except UNREADABLE:
        return _one_by_one(one_row, raws)


def _one_by_one(one_row: msgspec.json.Decoder[Any], raws: Raws) -> list[Any]:
    rows: list[Any] = []
    for raw in raws:
        try:
            rows.append(one_row.decode(raw))
        except UNREADABLE as error:
            rows.append(error)
    return rows


def raw_text(raw: msgspec.Raw) -> str:
    """The row as it came. Control characters outside the strings are mere spacing, inside they are not JSON."""
    return bytes(raw).translate(CONTROL_AS_SPACE).decode("utf-8", "replace")


def identifier(value: Scalar) -> str | None:
    """An id as text: 12, 12.0 and "12" are one id."""
    if isinstance(value, str) and value.isalnum():
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text(value)


def needed(value: Scalar, name: str) -> str:
    found = identifier(value)
    if found is None:
        raise BadValue(f"{name} is missing")
    return found
