"""The imports as use-cases: a file's bytes, an event, and what the database holds of it. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xxhash import xxh3_64_hexdigest

from project88.edges import clock
from project88.errors import BadValue, UsageError
from project88.imports.reads import FileContext, FileReads, Place, locations_of, read_file
from project88.imports.start_list import StartList, read_start_list
from project88.providers.chronotrack_tcp.reads import zone_of
from project88.records.timing import TimingSession
from project88.scoring.course import read_course, written
from project88.store import merging, scoring, timing
from project88.store.connection import Database
from project88.store.events import StoredEvent
from project88.store.lists import quarantine
from project88.store.staging import Stage
from project88.wire.ctp01.lines import Order

RECORDS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsImport:
    """What an import of reads did. ``stored`` are the reads that the hub did not have."""

    found: FileReads
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsOptions:
    """``session_id``: all reads belong to this session; None: to the event's session that has the location."""

    session_id: int | None
    time_zone: str | None
    day: date | None
    order: Order


async def import_reads(
    db: Database, data: bytes, event: StoredEvent, options: ReadsOptions, told: Callable[[int, int], None]
) -> ReadsImport:
    """``told`` hears how many of how many lines are stored. Raises UsageError where it is not clear whose they are."""
    named = locations_of(data, options.order)
    if not named:
        raise UsageError("no line of the file is a read: a line looks like CT01_13,1,start,12,06:08:32.02,1,0FA22E,4")
    sessions = [
        each
        for each in await timing.known_sessions(db)
        if (each.timing_partner_id, each.event_id) == (event.timing_partner_id, event.event_id)
    ]
    places = _places(sessions, named, options, event)
    own = _own_session(event)
    otherwise = Place(session_key=own.key, numbering=1, zone=zone_of(options.time_zone or event.time_zone or "UTC"))
    if options.session_id is not None:
        otherwise = _of_session(sessions, options)
    context = FileContext(
        timing_partner_id=event.timing_partner_id,
        places=places,
        otherwise=otherwise,
        day=options.day or _day_of(sessions, event),
        order=options.order,
        received_at=clock.utc_now(),
    )
    found = read_file(data, context)
    stored = await _store(db, found, own if options.session_id is None else None, event, options.time_zone, told)
    return ReadsImport(found=found, stored=stored)


async def import_entries(
    db: Database, data: bytes, event: StoredEvent, race: str | None, *, is_whole: bool, dry_run: bool
) -> tuple[StartList, merging.Merged]:
    """``is_whole``: who is not on the list is not entered any more."""
    courses = [read_course(each) for each in await scoring.courses(db, event.timing_partner_id, event.event_id)]
    races = {course.name: course.race_id for course in courses}
    found = read_start_list(data, races, _only_race(races, race))
    if dry_run:
        return found, merging.Merged()
    scope = await scoring.hardware_scope(db, event)
    async with db.dedicated() as connection:
        stage = Stage(connection)
        await stage.prepare()
        await stage.add(0, found.participants)
        async with connection.transaction():
            await merging.begin_merge(connection, scope, "import")
            # An unreadable row may be the one that seems to be missing.
            complete = is_whole and not found.problems
            await quarantine(connection, scope, found.problems)
            merged = await merging.merge_participants(connection, scope, complete=complete)
            if merged.written or merged.retracted:
                await scoring.score_again(connection, event.timing_partner_id, event.event_id)
    return found, merged


async def import_course(db: Database, said: object, event: StoredEvent) -> list[tuple[str, bool]]:
    """The names of the races, and whether each course was new or another one. All of them or none."""
    listed = said if isinstance(said, list) else [said]
    try:
        courses = [read_course(each) for each in listed]
    except BadValue as error:
        raise UsageError(f"the course cannot be read: {error}; see docs/reference/course.md") from None
    if len({course.race_id for course in courses}) < len(courses):
        raise UsageError("two courses have the same race_id")
    done = []
    for course in courses:
        distance = course.points[-1].distance_m
        changed = await scoring.set_course(
            db,
            event.timing_partner_id,
            event.event_id,
            course.race_id,
            course.name,
            distance,
            written(course),
        )
        done.append((course.name, changed))
    return done


def _places(
    sessions: Sequence[timing.KnownSession], named: set[str], options: ReadsOptions, event: StoredEvent
) -> dict[str, Place]:
    """Where the locations of a file are known. Raises UsageError for one that two sessions have."""
    if options.session_id is not None:
        return {}
    found: dict[str, Place] = {}
    for session in sessions:
        for location in session.locations:
            if location.location not in named:
                continue
            if location.location in found:
                raise UsageError(
                    f"two timing sessions of event {event.event_id} have a location {location.location!r}: name one "
                    "by --session; project88 timing sessions lists them"
                )
            found[location.location] = _place(session, location, options)
    return found


def _of_session(sessions: Sequence[timing.KnownSession], options: ReadsOptions) -> Place:
    for session in sessions:
        if session.timing_session_id == options.session_id:
            numbering = max((location.numbering for location in session.locations), default=1)
            zone = zone_of(session.time_zone or options.time_zone or session.partner_time_zone)
            return Place(session_key=session.session_key, numbering=numbering, zone=zone)
    raise UsageError(f"timing session {options.session_id} is not bound to this event: project88 timing bind")


def _place(session: timing.KnownSession, location: timing.KnownLocation, options: ReadsOptions) -> Place:
    zone = location.time_zone or session.time_zone or options.time_zone or session.partner_time_zone
    return Place(session_key=session.session_key, numbering=location.numbering, zone=zone_of(zone))


def _day_of(sessions: Sequence[timing.KnownSession], event: StoredEvent) -> date | None:
    days = {session.timing_day for session in sessions if session.timing_day is not None}
    if len(days) == 1:
        return days.pop()
    if event.start_date is None:
        return None
    return event.start_date.astimezone(zone_of(event.time_zone or "UTC")).date()


def _own_session(event: StoredEvent) -> TimingSession:
    """Of reads from files at places that no computer has told of."""
    return TimingSession(
        timing_partner_id=event.timing_partner_id,
        key=xxh3_64_hexdigest(f"file~{event.event_id}".encode()),
        program="file",
        timing_event_name=event.event_name,
        at=clock.utc_now(),
    )


async def _store(
    db: Database,
    found: FileReads,
    own: TimingSession | None,
    event: StoredEvent,
    time_zone: str | None,
    told: Callable[[int, int], None],
) -> int:
    stored = 0
    needs_own = own is not None and any(getattr(each, "session_key", None) == own.key for each in found.records)
    async with db.dedicated() as connection:
        await timing.prepare_stages(connection)
        if own is not None and needs_own:
            await timing.store_records(connection, [own], time_zone, None)
            await timing.bind_key(connection, event.timing_partner_id, own.key, event.event_id)
        for begin in range(0, len(found.records), RECORDS_AT_ONCE):
            part = found.records[begin : begin + RECORDS_AT_ONCE]
            stored += await timing.store_records(connection, part, time_zone, None)
            told(begin + len(part), len(found.records))
    return stored


def _only_race(races: Mapping[str, str], race: str | None) -> str | None:
    """The race of rows that name none. Raises UsageError for one that the event does not have."""
    if race is None:
        return next(iter(races.values())) if len(races) == 1 else None
    found = races.get(race) or (race if race in races.values() else None)
    if found is None:
        raise UsageError(
            f"the event has no race {race!r}; it has {', '.join(races) or 'none: import its courses first'}"
        )
    return found
