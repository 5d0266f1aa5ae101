"""Values as RunSignUp writes them: US Eastern stamps, "T" and "F", dollars, durations. Looks nothing up."""

from __future__ import annotations

from datetime import date, datetime

from project88.sandbox.entities import TimeStyle
from project88.sandbox.registration.entities import local
from project88.sandbox.service.rows import clock_text

EASTERN = "America/New_York"
TENTHS = TimeStyle(hour_digits=1, decimals=1)


def flag(value: bool) -> str:
    return "T" if value else "F"


def money(cents: int) -> str:
    return f"${cents / 100:.2f}"


def stamp(epoch_s: int, zone: str = EASTERN) -> str:
    """``4/20/2026 09:17``: month and day without zeros."""
    at = local(epoch_s, zone)
    return f"{_unpadded(at)} {at:%H:%M}"


def long_stamp(epoch_s: int) -> str:
    """``2026-04-20 09:17:00``, as removed registrations have it."""
    return f"{local(epoch_s, EASTERN):%Y-%m-%d %H:%M:%S}"


def day_text(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def unpadded_day(day: date) -> str:
    return _unpadded(day)


def duration(ms: int | None) -> str | None:
    """``20:15.4`` below one hour, ``1:02:03.4`` above."""
    return None if ms is None else clock_text(ms, TENTHS).removeprefix("0:")


def number_or_text(text: str | None) -> int | str | None:
    """A bib that is a plain number comes as one, any other as text."""
    if text is None or not (text.isascii() and text.isdecimal()) or text != str(int(text)):
        return text
    return int(text)


def _unpadded(day: date | datetime) -> str:
    return f"{day.month}/{day.day}/{day.year}"
