"""A file of reads as the records that a timing computer's stream would have given. Reads no file and no table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from project88.errors import BadValue
from project88.providers.chronotrack_tcp.reads import ReadContext, timing_read
from project88.records.entities import TimingPartnerId
from project88.records.timing import TimingLocation, TimingRead, TimingRecord, UnreadLine
from project88.wire.ctp01.events import Observation
from project88.wire.ctp01.framing import Framer
from project88.wire.ctp01.lines import Order, read_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reads of a location belong to."""

    session_key: str
    numbering: int
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContext:
    """``places`` are those that are known by name; reads of any other go to ``otherwise``."""

    timing_partner_id: TimingPartnerId
    places: Mapping[str, Place]
    otherwise: Place
    day: date | None
    order: Order
    received_at: datetime


@dataclass(slots=True)
class FileReads:
    records: list[TimingRecord] = field(default_factory=list)
    reads: int = 0
    unread: list[UnreadLine] = field(default_factory=list)
    locations: set[str] = field(default_factory=set)


def read_file(data: bytes, context: FileContext) -> FileReads:
    """Any format of a line, as each line has it."""
    framer = Framer()
    lines = framer.feed(data)
    if rest := framer.rest():
        lines.append(rest)
    found = FileReads()
    for line in lines:
        try:
            _take(read_line(line, context.order), context, found)
        except BadValue as error:
            unread = UnreadLine(
                timing_partner_id=context.timing_partner_id,
                session_key=context.otherwise.session_key,
                reason=str(error),
                raw_line=line,
                source="file",
                received_at=context.received_at,
            )
            found.unread.append(unread)
            found.records.append(unread)
    return found


def locations_of(data: bytes, order: Order) -> set[str]:
    """The locations that the readable lines name."""
    framer = Framer()
    found = set()
    for line in [*framer.feed(data), framer.rest()]:
        try:
            found.add(read_line(line, order).location)
        except BadValue:
            continue
    return found


def _take(seen: Observation, context: FileContext, found: FileReads) -> None:
    place = context.places.get(seen.location, context.otherwise)
    found.locations.add(seen.location)
    if seen.kind == "newlocation":
        found.records.append(
            TimingLocation(
                timing_partner_id=context.timing_partner_id,
                session_key=place.session_key,
                location=seen.location,
                controller_id=seen.reader,
                raw_line=seen.raw,
                at=context.received_at,
            )
        )
        return
    found.records.append(_read(seen, place, context))
    found.reads += 1


def _read(seen: Observation, place: Place, context: FileContext) -> TimingRead:
    belongs = ReadContext(
        timing_partner_id=context.timing_partner_id,
        session_key=place.session_key,
        zone=place.zone,
        day=context.day,
        source="file",
    )
    return timing_read(seen, place.numbering, belongs, context.received_at)
