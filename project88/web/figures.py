"""How values look on a page: times, counts, the bars of a histogram. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NOTHING = "–"
BAR_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 1440)
MOST_BARS = 40
CHART_WIDTH = 320
CHART_HEIGHT = 96
BAR_GAP = 1.5

STATUS_WORDS = {"finished": "Finished", "started": "On course", "dnf": "DNF", "dq": "DQ", "dns": "DNS"}
GENDER_WORDS = {"M": "Men", "F": "Women", "X": "Non-binary"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar in the chart's own units."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Finishers over the time of day, or over their own time."""

    bars: list[Bar]
    first: str
    last: str
    bar_minutes: int
    most: int
    summary: str
    #: Where each bar begins and how many it holds, for those who read rather than look.
    table: list[tuple[str, int]]


def duration(value: timedelta | int | None) -> str:
    """h:mm:ss of an interval or of milliseconds; a tenth only where there is one."""
    if value is None:
        return NOTHING
    seconds, rest = divmod(value if isinstance(value, int) else milliseconds(value), 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest // 100}" if rest >= 100 else text


def milliseconds(value: timedelta) -> int:
    return value // timedelta(milliseconds=1)


def clock(at: datetime | None, time_zone: str) -> str:
    """The time of day in a zone."""
    return at.astimezone(ZoneInfo(time_zone)).strftime("%H:%M:%S") if at else NOTHING


def moment(at: datetime | None, time_zone: str) -> str:
    """Date, time and zone."""
    return at.astimezone(ZoneInfo(time_zone)).strftime("%-d %b %Y, %H:%M:%S %Z") if at else NOTHING


def instant(at: datetime | None) -> str:
    """Date and time in UTC, as the commands print it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else NOTHING


def spoken(word: str | None) -> str:
    """A word of the database as people write it."""
    return word.replace("_", " ") if word else NOTHING


def changed(value: object) -> str:
    """A value of the history."""
    if value is None:
        return NOTHING
    return f"{len(value)} splits" if isinstance(value, list) else str(value)


def apart(milliseconds: int) -> str:
    """How far two times are apart, with its sign."""
    return f"{milliseconds / 1000:+.3f} s"


def day(value: date | None) -> str:
    return value.strftime("%a, %-d %b %Y") if value else "Date unknown"


def number(value: int | None) -> str:
    return f"{value:,}" if value is not None else NOTHING


def machine(at: datetime) -> str:
    """As the datetime attribute wants it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def age(at: datetime | None, now: datetime) -> str:
    """How long ago that was, in one unit."""
    return f"{_span(now - at)} ago" if at else "never"


def until(at: datetime | None, now: datetime) -> str:
    """In how long that is; what is due already is due now."""
    if at is None:
        return "not planned"
    return f"in {_span(at - now)}" if at > now else "due now"


def _span(span: timedelta) -> str:
    seconds = max(0, span // timedelta(seconds=1))
    for length, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length} {word}"
    return f"{seconds} s"


def person(row: Mapping[str, Any]) -> str:
    """The name as far as it may be shown."""
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return name or "Name withheld"


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def status_word(status: str | None) -> str:
    return STATUS_WORDS.get(status or "", "Unknown")


def gender_word(gender: str) -> str:
    return GENDER_WORDS.get(gender, gender)


def histogram(minutes: Mapping[datetime, int], time_zone: str) -> Histogram | None:
    """The chart of finishers per minute of the clock; None where nobody finished."""
    if not minutes:
        return None
    first = min(minutes)
    counts = {(at - first) // timedelta(minutes=1): count for at, count in minutes.items()}
    return _histogram(counts, lambda minute: clock(first + timedelta(minutes=minute), time_zone)[:5])


def time_histogram(minutes: Mapping[int, int]) -> Histogram | None:
    """The chart of finishers per minute of their own time; None where nobody finished."""
    if not minutes:
        return None
    first = min(minutes)
    counts = {minute - first: count for minute, count in minutes.items()}
    return _histogram(counts, lambda minute: f"{(first + minute) // 60}:{(first + minute) % 60:02}")


def _histogram(counts: Mapping[int, int], label: Callable[[int], str]) -> Histogram:
    """In bars of a round length; ``counts`` by the minute from 0."""
    last_minute = max(counts)
    bar_minutes = _bar_minutes(last_minute + 1)
    heights = _heights(counts, bar_minutes)
    most = max(heights)
    width = CHART_WIDTH / len(heights)
    table = [(label(index * bar_minutes), count) for index, count in enumerate(heights)]
    first, last = label(0), label(last_minute)
    return Histogram(
        bars=[_bar(index, count, most, width, begins) for index, (begins, count) in enumerate(table)],
        first=first,
        last=last,
        bar_minutes=bar_minutes,
        most=most,
        summary=f"{sum(heights):,} finishers between {first} and {last}, at most {most:,} within {bar_minutes} min",
        table=table,
    )


def _bar_minutes(span: int) -> int:
    return next((length for length in BAR_MINUTES if span <= length * MOST_BARS), span // MOST_BARS + 1)


def _heights(minutes: Mapping[int, int], bar_minutes: int) -> list[int]:
    counts: dict[int, int] = {}
    for minute, finishers in minutes.items():
        counts[minute // bar_minutes] = counts.get(minute // bar_minutes, 0) + finishers
    return [counts.get(index, 0) for index in range(max(counts) + 1)]


def _bar(index: int, count: int, most: int, width: float, begins: str) -> Bar:
    height = round(CHART_HEIGHT * count / most, 2)
    return Bar(
        x=round(index * width + BAR_GAP / 2, 2),
        y=round(CHART_HEIGHT - height, 2),
        width=round(max(width - BAR_GAP, 0.5), 2),
        height=height,
        label=f"{begins}: {count:,}",
    )
