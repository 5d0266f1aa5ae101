"""A page of raw JSON rows to records, row by row where one does not fit. Knows no field of any row. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from project88.errors import BadValue
from project88.records.entities import Problem
from project88.records.row_digests import row_digests
from project88.records.units import text

#: A value of a row as it may arrive, whatever the service calls its type.
Scalar = str | int | float | bool | None
#: For fields read as a number: true is no time and no place.
Number = str | int | float | None
Row = TypeVar("Row")
Record = TypeVar("Record")
#: A row as it stands in its page, or a copy of its bytes.
RawRow = msgspec.Raw | bytes
Raws = Sequence[RawRow]
#: From raw rows to what each of them gives, in their order: its records, or the problem with it.
Decode = Callable[[Raws], list[Sequence[Record] | Problem]]

CONTROL_AS_SPACE = bytes(max(code, 0x20) for code in range(256))
#: What the decoder raises for a row: another shape, or text that is not UTF-8.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


def decoder(stream: str, row_type: type[Row], build: Callable[[Row, RawRow], Sequence[Record]]) -> Decode[Record]:
    all_rows = msgspec.json.Decoder(list[row_type])  # type: ignore[valid-type]
    one_row = msgspec.json.Decoder(row_type)

    def decode(raws: Raws) -> list[Sequence[Record] | Problem]:
        """All rows at once; one by one only where some row cannot be read, so that it costs nobody else."""
        try:
            return list(map(build, all_rows.decode(b"[" + b",".join(raws) + b"]"), raws))
        except (*UNREADABLE, BadValue):
            return [decode_one(raw) for raw in raws]

    def decode_one(raw: RawRow) -> Sequence[Record] | Problem:
        try:
            return build(one_row.decode(raw), raw)
        except (*UNREADABLE, BadValue) as error:
            return Problem(stream=stream, reason=str(error), raw=raw_text(raw))

    return decode


def one_record(build: Callable[[Row, RawRow], Record]) -> Callable[[Row, RawRow], tuple[Record]]:
    """For rows that give one record each."""
    return lambda row, raw: (build(row, raw),)


def digests_without(name: bytes) -> Callable[[Raws], list[int]]:
    """Digests of rows without the value of a field that says nothing of the row itself and holds no comma.

    Inside a string the name's quotes would be escaped, so it is found as a name only. It is looked for from the end
    because it stands there.
    """
    key = b'"%b":' % name

    def digests(raws: Raws) -> list[int]:
        cut = (bytes(raw).rpartition(key) for raw in raws)
        return row_digests([head + rest[rest.find(b",") :] if found else rest for head, found, rest in cut])

    return digests


def raw_text(raw: RawRow) -> str:
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
