"""How a line of a timing computer becomes a read that is kept. No sockets, no clock, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from xxhash import xxh3_64_intdigest

from project88.errors import BadValue
from project88.records.entities import TimingPartnerId
from project88.records.timing import ReadSource, TimingRead
from project88.wire.ctp01.events import DayTime, Instant, Observation, WallTime
from project88.wire.ctp01.times import instant

DAY_MS = 24 * 3600 * 1000
#: The finest that every format of a line can say.
RESOLUTION_MS = 10
#: A clock may be ahead of ours by so much before its time of day is taken for the day before.
AHEAD = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """What a line does not say of itself. ``day`` None: the one on which it came."""

    timing_partner_id: TimingPartnerId
    session_key: str
    zone: tzinfo
    day: date | None
    source: ReadSource


def timing_read(seen: Observation, numbering: int, context: ReadContext, received_at: datetime) -> TimingRead:
    """Raises BadValue for what can be no read; ``seen`` is a read or a gun time."""
    if not (seen.location + seen.tag + seen.reader).isprintable():
        raise BadValue("the line holds a control character")
    wall, told = _times(seen, context, received_at)
    return TimingRead(
        timing_partner_id=context.timing_partner_id,
        session_key=context.session_key,
        kind="guntime" if seen.kind == "guntime" else "read",
        location=seen.location,
        sequence_number=seen.sequence,
        numbering=numbering,
        tag_code=None if seen.kind == "guntime" else seen.tag,
        wall_time=wall,
        instant=told,
        day_is_assumed=isinstance(seen.time, DayTime) and context.day is None,
        reader_id=seen.reader,
        gator_number=seen.gator,
        lap_count=seen.lap,
        content_key=_content_key(seen, wall or _wall(told, context.zone)),
        source=context.source,
        raw_line=seen.raw,
        received_at=received_at,
    )


def instant_of(read: TimingRead, zone: tzinfo) -> datetime:
    """By the zone that is known or guessed now."""
    if read.instant is not None:
        return read.instant
    assert read.wall_time is not None
    return read.wall_time.replace(tzinfo=zone).astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """Zones that the database knows and Python does not count as UTC: only estimates and day changes rest on them."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _times(seen: Observation, context: ReadContext, received_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Wall-clock time without a zone, or an instant."""
    match seen.time:
        case WallTime(local=local):
            if local.year <= 1 or local.year >= 9999:
                raise BadValue("the time lies outside the calendar")
            return local, None
        case DayTime(milliseconds=milliseconds):
            return _on_day(milliseconds, context, received_at), None
        case Instant():
            return None, instant(seen.time, UTC, date.min)


def _on_day(milliseconds: int, context: ReadContext, received_at: datetime) -> datetime:
    """A time of more than 24 h counts from the midnight before its first 24 h. Of an unknown day: the latest."""
    if context.day is not None:
        return _after_midnight(context.day, milliseconds)
    local_now = received_at.astimezone(context.zone).replace(tzinfo=None)
    wall = _after_midnight(local_now.date() + timedelta(days=1 - milliseconds // DAY_MS), milliseconds)
    while wall > local_now + AHEAD:
        wall -= timedelta(days=1)
    return wall


def _after_midnight(day: date, milliseconds: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(milliseconds=milliseconds)  # noqa: DTZ001 - wall-clock


def _wall(told: datetime | None, zone: tzinfo) -> datetime:
    assert told is not None
    return told.astimezone(zone).replace(tzinfo=None)


def _content_key(seen: Observation, wall: datetime) -> int:
    """As a signed number of 64 bits. The day is no part of it: a line may tell the time of day alone."""
    since_midnight = (wall.hour * 60 + wall.minute) * 60_000 + wall.second * 1000 + wall.microsecond // 1000
    said = f"{seen.kind}~{seen.tag}~{seen.reader}~{since_midnight // RESOLUTION_MS}"
    number = xxh3_64_intdigest(said.encode())
    return number - (1 << 64) if number >> 63 else number
