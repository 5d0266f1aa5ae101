"""The four ways in which CTP01 writes a time, read and written, and what instant they mean. Asks no clock.

Hundredths are what the vendor prints; nought to three decimals are read.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from project88.errors import BadValue
from project88.wire.ctp01.events import DayTime, Instant, ReadTime, WallTime

TimeFormat = Literal["normal", "iso", "unix", "msecs"]

SECOND = 1000
NORMAL = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?", re.ASCII)
ISO = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?", re.ASCII)
UNIX = re.compile(r"(\d{9,11})(?:\.(\d{1,3}))?", re.ASCII)
#: Of a timing day that lasts less than ten of them; an epoch time has more digits.
MSECS = re.compile(r"\d{1,8}", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(text: str) -> ReadTime:
    """Whichever of the four it is: they cannot be taken for each other. Raises BadValue."""
    if found := NORMAL.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in found.groups()[:3])
        whole = (hours * 3600 + minutes * 60 + seconds) * SECOND
        return DayTime(milliseconds=whole + _milliseconds(found[4]))
    if found := ISO.fullmatch(text):
        return WallTime(local=_local(f"{found[1]}T{found[2]}") + timedelta(milliseconds=_milliseconds(found[3])))
    if MSECS.fullmatch(text):
        return DayTime(milliseconds=int(text))
    if found := UNIX.fullmatch(text):
        return Instant(milliseconds=int(found[1]) * SECOND + _milliseconds(found[2]))
    raise BadValue(f"{text[:40]!r} is no time")


def write_time(time: ReadTime, form: TimeFormat) -> str:
    """In hundredths, cut off, as the vendor's program does. Raises ValueError for a form that cannot say it."""
    match time, form:
        case DayTime(milliseconds=ms), "normal":
            seconds, rest = divmod(ms, SECOND)
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest // 10:02}"
        case DayTime(milliseconds=ms), "msecs":
            return str(ms)
        case WallTime(local=local), "iso":
            return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 10_000:02}"
        case Instant(milliseconds=ms), "unix":
            return f"{ms // SECOND}.{ms % SECOND // 10:02}"
    raise ValueError(f"a {type(time).__name__} cannot be written as {form}")


def instant(time: ReadTime, zone: tzinfo, day: date) -> datetime:
    """The instant in UTC. ``zone`` is the location's; ``day`` is the timing day that a DayTime counts from.

    Wall-clock time that a change of the clocks makes ambiguous is the first of the two. Raises BadValue for what lies
    outside the years that a computer can tell.
    """
    try:
        match time:
            case Instant(milliseconds=ms):
                return EPOCH + timedelta(milliseconds=ms)
            case WallTime(local=local):
                return local.replace(tzinfo=zone).astimezone(UTC)
            case DayTime(milliseconds=ms):
                wall = datetime(day.year, day.month, day.day) + timedelta(milliseconds=ms)  # noqa: DTZ001 - wall-clock
                return wall.replace(tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        raise BadValue("the time lies outside the calendar") from None


def _local(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(f"{text!r} is no time") from None


def _milliseconds(decimals: str | None) -> int:
    return int((decimals or "").ljust(3, "0"))
