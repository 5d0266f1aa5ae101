"""How values look on a page: times, counts, the bars of a histogram. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NOTHING = "–"
BAR_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 1440)
MOST_BARS = 40
CHART_WIDTH = 320
CHART_HEIGHT = 96
BAR_GAP = 1.5

STATUS_WORDS = {"finished": "Finished", "started": "On course", "dnf": "DNF", "dq": "DQ", "dns": "DNS"}
GENDER_WORDS = {"M": "Men", "F": "Women"}


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
    """Finishers over the time of day."""

    bars: list[Bar]
    first: str
    last: str
    bar_minutes: int
    most: int
    summary: str


def duration(value: timedelta | int | None) -> str:
    """h:mm:ss of an interval or of milliseconds; a tenth only where there is one."""
    if value is None:
        return NOTHING
    milliseconds = value if isinstance(value, int) else value // timedelta(milliseconds=1)
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest // 100}" if rest >= 100 else text


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


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def status_word(status: str | None) -> str:
    return STATUS_WORDS.get(status or "", "Unknown")


def gender_word(gender: str) -> str:
    return GENDER_WORDS.get(gender, gender)


def histogram(minutes: Mapping[datetime, int], time_zone: str) -> Histogram | None:
    """The chart of finishers per minute, in bars of a round length; None where nobody finished."""
    if not minutes:
        return None
    first, last = min(minutes), max(minutes)
    bar_minutes = _bar_minutes(first, last)
    heights = _heights(minutes, first, bar_minutes)
    most = max(heights)
    width = CHART_WIDTH / len(heights)
    bars = [
        _bar(index, count, most, width, clock(first + timedelta(minutes=index * bar_minutes), time_zone)[:5])
        for index, count in enumerate(heights)
    ]
    return Histogram(
        bars=bars,
        first=clock(first, time_zone)[:5],
        last=clock(last, time_zone)[:5],
        bar_minutes=bar_minutes,
        most=most,
        summary=f"{sum(heights):,} finishers between {clock(first, time_zone)[:5]} and {clock(last, time_zone)[:5]}, "
        f"at most {most:,} within {bar_minutes} min",
    )


def _bar_minutes(first: datetime, last: datetime) -> int:
    span = (last - first) // timedelta(minutes=1) + 1
    return next((length for length in BAR_MINUTES if span <= length * MOST_BARS), span // MOST_BARS + 1)


def _heights(minutes: Mapping[datetime, int], first: datetime, bar_minutes: int) -> list[int]:
    counts: dict[int, int] = {}
    for at, finishers in minutes.items():
        index = (at - first) // timedelta(minutes=bar_minutes)
        counts[index] = counts.get(index, 0) + finishers
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
