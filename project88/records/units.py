"""Reading times, instants and numbers from the text that services send. Pure; raises BadValue, never guesses."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from project88.errors import BadValue

CLOCK_TEXT = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.(\d{1,3})\d*)?$", re.ASCII)
ISO_TEXT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
#: ``M/D/YYYY H:MM`` of a 24 h clock, as American services write it.
AMERICAN_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
DISTANCE_TEXT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?([A-Za-z]+)", re.ASCII)
#: A capital M alone is miles to one service and metres to another, so it is no unit here.
DISTANCE_UNITS = {
    **dict.fromkeys(("k", "km", "kms", "kilometer", "kilometers", "kilometre", "kilometres"), "kilometers"),
    **dict.fromkeys(("mi", "mile", "miles"), "miles"),
    **dict.fromkeys(("meter", "meters", "metre", "metres"), "meters"),
    **dict.fromkeys(("yd", "yds", "yard", "yards"), "yards"),
}
#: The rows of a race repeat their values interval by interval, so reading each once saves half the time.
VALUES_REMEMBERED = 1 << 16
CONTROL_CHARACTERS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
#: What comes first in a date; iso: the year, and no other date is read.
DateOrder = Literal["iso", "month-first", "day-first"]
#: So much of a rubbish value is quoted.
SHOWN_CHARACTERS = 80
#: Instants outside 1970 to 2200 are a wrong unit or rubbish.
LATEST_EPOCH_SECONDS = 7_258_118_400


@lru_cache(maxsize=VALUES_REMEMBERED, typed=True)
def text(value: str | int | float | bool | None) -> str | None:
    """Null, missing, empty and blank text all mean unknown. Line breaks and other control characters become spaces."""
    if value is None or value == "":
        return None
    found = str(value).strip()
    return (found if found.isprintable() else _storable(found)) or None


def _storable(value: str) -> str:
    """No database column holds a NUL or half of a surrogate pair."""
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadValue(f"text that cannot be stored: {_shown(value)}")
    return value.translate(CONTROL_CHARACTERS).strip()


@lru_cache(maxsize=VALUES_REMEMBERED, typed=True)
def elapsed_ms(value: str | int | float | None) -> int | None:
    """A duration in milliseconds from ``H:MM:SS``, ``MM:SS`` with 0 to 3 decimals, or from plain seconds."""
    if value is None or value == "":
        return None
    match = CLOCK_TEXT.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return _plain_seconds_ms(value)
    hours, minutes, seconds, fraction = match.groups()
    if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
        raise BadValue(f"not a duration: {_shown(value)}")
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "").ljust(3, "0"))


def _plain_seconds_ms(value: str | int | float) -> int | None:
    seconds = _number(value)
    if seconds is None:
        return None
    if not 0 <= seconds < 1_000_000:
        raise BadValue(f"not a duration: {_shown(value)}")
    return round(seconds * 1000)


def instant(value: str | int | float | None) -> datetime | None:
    """An aware UTC datetime from epoch seconds, which may be text and may carry a fraction. 0 means unknown."""
    if value is None or value == "":
        return None
    seconds = _number(value)
    if not seconds:
        return None
    if not 0 < seconds < LATEST_EPOCH_SECONDS:
        raise BadValue(f"not an instant in epoch seconds: {_shown(value)}")
    return datetime.fromtimestamp(seconds, UTC)


def iso_instant(value: str | None, zone: tzinfo | None) -> datetime | None:
    """An aware UTC datetime from a date with or without time and zone. Without any zone the instant is unknown.

    ``zone`` is that of texts that carry none; a date without time is the midnight it begins with.
    """
    words = (value or "").strip()
    if not words or words.startswith("0000"):
        return None
    if not ISO_TEXT.fullmatch(words):
        raise BadValue(f"not a date: {_shown(value)}")
    try:
        found = datetime.fromisoformat(words)
        if found.tzinfo is None and zone is None:
            return None
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue(f"not a date: {_shown(value)}") from error
    if not 0 < found.timestamp() < LATEST_EPOCH_SECONDS:
        raise BadValue(f"not a date from 1970 to 2200: {_shown(value)}")
    return found


@lru_cache(maxsize=VALUES_REMEMBERED, typed=True)
def integer(value: str | int | float | None) -> int | None:
    if value is None or value == "":
        return None
    number = _number(value)
    if number is None:
        return None
    if number != int(number) or abs(number) > 2_147_483_647:
        raise BadValue(f"not a whole number: {_shown(value)}")
    return int(number)


@lru_cache(maxsize=VALUES_REMEMBERED, typed=True)
def place(value: str | int | float | None) -> int | None:
    """A place from 1. The services send 0 for an unranked bracket, which means unknown."""
    number = integer(value)
    if number is not None and number < 0:
        raise BadValue(f"not a place: {_shown(value)}")
    return number or None


def flag(value: str | int | float | bool | None) -> bool | None:
    if value is None or value == "":
        return None
    word = str(value).strip().lower()
    if not word:
        return None
    if word in {"1", "true", "t"}:
        return True
    if word in {"0", "false", "f"}:
        return False
    raise BadValue(f"not a flag: {_shown(value)}")


def calendar_date(value: str | None) -> date | None:
    """``YYYY-MM-DD``; 0000-00-00 is how some services write unknown."""
    words = (value or "").strip()
    if not words or words.startswith("0000"):
        return None
    try:
        return date.fromisoformat(words[:10])
    except ValueError as error:
        raise BadValue(f"not a date: {_shown(value)}") from error


@lru_cache(maxsize=VALUES_REMEMBERED)
def wall_time(value: str | None) -> datetime | None:
    """The naive date and time of a clock from ``M/D/YYYY H:MM``; give it its zone with ``in_zone``."""
    words = (value or "").strip()
    if not words or words.startswith(("0/0/0000", "00/00/0000")):
        return None
    match = AMERICAN_TIME.fullmatch(words)
    if match is None:
        raise BadValue(f"not a date and time: {_shown(value)}")
    month, day, year, hour, minute, second = (int(part or 0) for part in match.groups())
    if not 1970 <= year < 2200:
        raise BadValue(f"not a date and time: {_shown(value)}")
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError as error:
        raise BadValue(f"not a date and time: {_shown(value)}") from error


@lru_cache(maxsize=VALUES_REMEMBERED)
def time_zone(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadValue(f"not a time zone: {_shown(name)}") from error


def in_zone(wall: datetime | None, zone: ZoneInfo | None) -> datetime | None:
    """The instant at which a clock of the zone shows this. Of an hour that comes twice it is the first one."""
    if wall is None or zone is None:
        return None
    return wall.replace(tzinfo=zone).astimezone(UTC)


def distance(value: str | None) -> tuple[float, str] | None:
    """A distance and its unit from free text such as ``5K``, ``3.1 Miles`` or ``400m``; None where it is not clear."""
    match = DISTANCE_TEXT.fullmatch((value or "").strip())
    if match is None:
        return None
    number, word = match.groups()
    unit = "meters" if word == "m" else DISTANCE_UNITS.get(word.lower())
    return (float(number), unit) if unit else None


def _number(value: str | int | float) -> float | None:
    """None for blank text. An underscore between digits is Python's habit, not a service's."""
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        if isinstance(value, str) and not value.strip():
            return None
        raise BadValue(f"not a number: {_shown(value)}") from error
    if not math.isfinite(number) or (isinstance(value, str) and "_" in value):
        raise BadValue(f"not a number: {_shown(value)}")
    return number


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "..."
