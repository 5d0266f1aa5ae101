"""Reading times, instants and numbers from the text that services send. Pure; raises BadValue, never guesses."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

from project88.errors import BadValue

CLOCK_TEXT = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.(\d{1,3})\d*)?$", re.ASCII)
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
    if word in {"1", "true"}:
        return True
    if word in {"0", "false"}:
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
