"""Lines of reads in every layout CT01_XY, read and written. No sockets, no clock, no SQL.

X is the separator, Y a sum of bits: 1 CR, 2 LF, 4 NUL, 8 fixed width. What a line really uses counts, not its label:
real senders label lines CT01_13 and separate them by ~.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from project88.errors import BadValue
from project88.wire.ctp01.events import Kind, Observation
from project88.wire.ctp01.times import TimeFormat, read_time, write_time

#: Which of the two numbers around the reader's id is the lap. The vendor's texts contradict each other: samples of the
#: stream have the gator first, samples of files the lap. Grade: unknown, hence a setting of each connection.
Order = Literal["gator_first", "lap_first"]

SEPARATORS = {"0": "", "1": ",", "2": ";", "3": "~", "4": "|", "5": "\t", "6": " "}
#: Those that a line of fields may really use.
USED = ",;~|\t"
LABEL = re.compile(r"CT\d\d_[0-6][1-9A-F]", re.ASCII)
LABEL_WIDTH = 7
#: Format, sequence, location, tag, time, A, reader, B.
WIDTHS = (7, 6, 16, 8, 12, 3, 6, 2)
WIDTH = sum(WIDTHS)
WIDTH_WITH_SEPARATORS = WIDTH + len(WIDTHS) - 1
NUMBER = re.compile(r"\d{1,9}", re.ASCII)
#: The specification says 16, 8 and 6 characters. A longer one is no reason to lose a read; a page of text is.
LONGEST = 64
KINDS: dict[str, Kind] = {"guntime": "guntime", "newlocation": "newlocation"}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a label says."""

    label: str

    @property
    def separator(self) -> str:
        return SEPARATORS[self.label[5]]

    @property
    def bits(self) -> int:
        return int(self.label[6], 16)

    @property
    def is_fixed(self) -> bool:
        return bool(self.bits & 8)

    @property
    def end(self) -> str:
        return ("\r" if self.bits & 1 else "") + ("\n" if self.bits & 2 else "") + ("\0" if self.bits & 4 else "")

    @property
    def width(self) -> int:
        """Of a line of fixed width, without its end."""
        return WIDTH_WITH_SEPARATORS if self.separator else WIDTH


def layout(label: str) -> Layout:
    """Raises BadValue for a label that no layout has: nothing ends a line, or nothing separates its fields."""
    if not LABEL.fullmatch(label):
        raise BadValue(f"{label[:LABEL_WIDTH]!r} is no line format")
    found = Layout(label)
    if not found.is_fixed and found.separator not in tuple(USED):
        raise BadValue(f"{label} has nothing between its fields")
    return found


def is_line(text: str) -> bool:
    """Whether it begins like a line of a read."""
    return LABEL.match(text) is not None


def read_line(text: str, order: Order = "gator_first") -> Observation:
    """A line without its end. Raises BadValue with the reason."""
    if not is_line(text):
        raise BadValue(f"it does not begin with a line format: {text[:LABEL_WIDTH]!r}")
    fields = [field.strip() for field in _fields(text)]
    if len(fields) != len(WIDTHS):
        raise BadValue(f"the line has {len(fields)} fields, not {len(WIDTHS)}")
    _, sequence, location, tag, time, first, reader, second = fields
    for name, value in (("location", location), ("tag", tag), ("reader", reader)):
        if not value or len(value) > LONGEST:
            raise BadValue(f"the {name} is {'empty' if not value else 'too long'}")
    if not NUMBER.fullmatch(sequence):
        raise BadValue(f"the sequence number is {sequence[:20]!r}")
    gator, lap = (first, second) if order == "gator_first" else (second, first)
    return Observation(
        kind=KINDS.get(tag, "read"),
        sequence=int(sequence),
        location=location,
        tag=tag,
        time=read_time(time),
        reader=reader,
        gator=_number(gator),
        lap=_number(lap),
        raw=text,
    )


def write_line(seen: Observation, label: str, form: TimeFormat = "normal", order: Order = "gator_first") -> str:
    """With its end. Raises BadValue for a label and ValueError for what the layout cannot hold."""
    chosen = layout(label)
    numbers = (seen.gator or 0, seen.lap or 0) if order == "gator_first" else (seen.lap or 0, seen.gator or 0)
    first, second = map(str, numbers)
    fields = [
        label,
        str(seen.sequence),
        seen.location,
        seen.tag,
        write_time(seen.time, form),
        first,
        seen.reader,
        second,
    ]
    if chosen.is_fixed:
        fields = [_column(number, field) for number, field in enumerate(fields)]
    if chosen.separator and not chosen.is_fixed and any(chosen.separator in field for field in fields):
        raise ValueError(f"a field holds the separator of {label}")
    return chosen.separator.join(fields) + chosen.end


def _fields(text: str) -> list[str]:
    """By the separator that stands behind the label, else by column."""
    if len(text) > LABEL_WIDTH and text[LABEL_WIDTH] in USED and not _stands_in_columns(text):
        return text.split(text[LABEL_WIDTH])
    gap = {WIDTH: 0, WIDTH_WITH_SEPARATORS: 1}.get(len(text))
    if gap is None:
        raise BadValue(f"the line has neither separators nor {WIDTH} or {WIDTH_WITH_SEPARATORS} columns")
    fields, begin = [], 0
    for width in WIDTHS:
        fields.append(text[begin : begin + width])
        begin += width + gap
    return fields


def _stands_in_columns(text: str) -> bool:
    """A separator may stand inside a location only where columns tell the fields apart."""
    return "8" <= text[LABEL_WIDTH - 1] <= "F" and len(text) == WIDTH_WITH_SEPARATORS


def _column(number: int, field: str) -> str:
    """The label and the location stand at the left of theirs, all else at the right."""
    if len(field) > WIDTHS[number]:
        raise ValueError(f"{field!r} is longer than its column of {WIDTHS[number]}")
    return field.ljust(WIDTHS[number]) if number in (0, 2) else field.rjust(WIDTHS[number])


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) else None
