"""What timing computers tell, as it is kept: sessions, links, locations, reads. Pure; no vendor words, no SQL.

Each is one line of the spool. ``received_at`` and ``at`` are aware UTC datetimes of the hub's clock; ``wall_time`` is
what the timing computer's clock showed and has no zone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from project88.records.entities import TimingPartnerId

ReadKind = Literal["read", "guntime"]
ReadSource = Literal["stream", "file"]


class TimingSession(Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="session"):
    """What one timing computer collects for one event. ``key`` is the same whenever that computer comes back."""

    timing_partner_id: TimingPartnerId
    key: str
    account: str | None = None
    program: str | None = None
    version: str | None = None
    connection_id: str | None = None
    timing_event_id: str | None = None
    timing_event_name: str | None = None
    description: str | None = None
    at: datetime


class Link(Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="link"):
    """A connection that was opened, and again once it has ended, then with ``closed_at`` and a reason."""

    timing_partner_id: TimingPartnerId
    session_key: str
    link_id: str
    address: str
    opened_at: datetime
    closed_at: datetime | None = None
    reason: str | None = None
    reads: int = 0
    clock_offset_ms: int | None = None


class TimingLocation(Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="location"):
    """A place that reads come from. ``raw_line`` is the line that announced it, None where no line did."""

    timing_partner_id: TimingPartnerId
    session_key: str
    location: str
    controller_id: str | None = None
    raw_line: str | None = None
    at: datetime


class TimingRead(Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="read"):
    """One line of a timing computer, for ever.

    Either ``wall_time`` or ``instant`` is known. ``content_key`` tells reads apart that share a sequence number.
    ``numbering`` counts how often the location began again at 1.
    """

    timing_partner_id: TimingPartnerId
    session_key: str
    kind: ReadKind
    location: str
    sequence_number: int
    numbering: int
    tag_code: str | None
    wall_time: datetime | None
    instant: datetime | None
    day_is_assumed: bool
    reader_id: str
    gator_number: int | None
    lap_count: int | None
    content_key: int
    source: ReadSource
    raw_line: str
    received_at: datetime


class UnreadLine(Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="unread"):
    """A line that is kept with the reason why it is nothing else."""

    timing_partner_id: TimingPartnerId
    session_key: str
    reason: str
    raw_line: str
    source: ReadSource
    received_at: datetime


TimingRecord = TimingSession | Link | TimingLocation | TimingRead | UnreadLine
