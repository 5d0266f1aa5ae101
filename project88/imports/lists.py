"""The imports of start lists and results as use-cases: a table, an event, and what the hub has of it. Prints nothing.

A table takes the way of a provider's list: staged, merged by the same rules, its bad rows quarantined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from project88.errors import UsageError
from project88.imports.columns import ENTRY_FIELDS, RESULT_FIELDS, ColumnMap, Columns, columns_of
from project88.imports.races import Races
from project88.imports.result_list import read_results
from project88.imports.start_list import read_start_list
from project88.imports.tables import Table
from project88.providers.chronotrack_tcp.asked import DATA_SOURCE
from project88.records.entities import EventId, Finish, Participant, Problem, ResultRow, Split
from project88.records.snapshot import Authority
from project88.scoring.course import read_course
from project88.store import imports, merging, scoring
from project88.store.connection import Connection, Database
from project88.store.events import StoredEvent, import_races
from project88.store.imports import NewEvent
from project88.store.lists import quarantine
from project88.store.partners import provider_id
from project88.store.scope import EventScope
from project88.store.staging import Stage, Staged
from project88.store.statistics import refresh_after

#: What the history of changes says of rows that an import changed.
IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A table, the event that it is of, and how to read the one into the other.

    ``complete``: who is not in the table is gone. ``preview``: say what would be done, and write nothing.
    """

    table: Table
    event: StoredEvent | NewEvent
    typed: ColumnMap = field(default_factory=ColumnMap)
    saved: ColumnMap = field(default_factory=ColumnMap)
    race: str | None = None
    complete: bool = False
    preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an import did, or would do. ``retired`` and ``held`` are rows that the table lacks."""

    #: None where a preview makes no event.
    event_id: EventId | None
    columns: Columns
    rows: Sequence[Participant] | Sequence[Finish]
    splits: Sequence[Split]
    problems: Sequence[Problem]
    new: int
    changed: int
    retired: int
    held: int

    @property
    def unchanged(self) -> int:
        return len(self.rows) - self.new - self.changed

    @property
    def left_something_out(self) -> bool:
        return bool(self.problems or self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A table as records."""

    stream: merging.Stream
    columns: Columns
    rows: Sequence[Participant] | Sequence[Finish]
    records: Sequence[Staged]
    problems: Sequence[Problem]


async def import_start_list(db: Database, wanted: Wanted) -> Done:
    """An event of the hardware takes it as its own list, any other one as what a file says."""
    is_own = _is_of_hardware(wanted.event)
    races = await (_course_races(db, wanted) if is_own else _races(db, wanted))
    columns = columns_of(wanted.table.columns, ENTRY_FIELDS, wanted.typed, wanted.saved)
    listed = read_start_list(wanted.table, columns, races)
    people = listed.participants
    found = _Found(
        stream="participants", columns=columns, rows=people, records=_with(races, people), problems=listed.problems
    )
    return await _store(db, wanted, found)


async def import_results(db: Database, wanted: Wanted) -> Done:
    races = await _races(db, wanted)
    columns = columns_of(wanted.table.columns, RESULT_FIELDS, wanted.typed, wanted.saved)
    listed = read_results(wanted.table, columns, races)
    records = _with(races, listed.records)
    found = _Found(stream="results", columns=columns, rows=listed.finishes, records=records, problems=listed.problems)
    return await _store(db, wanted, found)


def _is_of_hardware(event: StoredEvent | NewEvent) -> bool:
    return isinstance(event, StoredEvent) and event.data_source == DATA_SOURCE


def _with(races: Races, records: Sequence[Participant] | Sequence[ResultRow]) -> list[Staged]:
    """Races that only bad rows name are none."""
    used = {record.race_id for record in records}
    return [*(race for race in races.added.values() if race.race_id in used), *records]


async def _course_races(db: Database, wanted: Wanted) -> Races:
    """Scoring needs a course for each race, so a list names no other one."""
    assert isinstance(wanted.event, StoredEvent)
    said = await scoring.courses(db, wanted.event.timing_partner_id, wanted.event.event_id)
    return Races({course.race_id: course.name for course in map(read_course, said)}, wanted.race)


async def _races(db: Database, wanted: Wanted) -> Races:
    """The races that a source tells of are all there are; where only files do, a file may bring more."""
    if isinstance(wanted.event, NewEvent):
        return Races({}, wanted.race, may_add=True)
    known = await imports.known_races(db, wanted.event)
    return Races(known.names, wanted.race, may_add=known.only_of_files)


async def _store(db: Database, wanted: Wanted, found: _Found) -> Done:
    """One transaction, which a preview takes back: so it says what the rules would really do."""
    if wanted.complete and not (found.rows or found.problems):
        raise UsageError("the file has no row: by --complete everybody would be retired")
    known_scope = await _scope(db, wanted.event, found.stream)
    file_provider = await provider_id(db, imports.FILE)
    async with db.dedicated() as connection:
        stage = Stage(connection)
        await stage.prepare()
        await stage.add(0, found.records)
        async with connection.transaction(force_rollback=wanted.preview):
            scope = known_scope or await imports.new_file_scope(connection, _new(wanted.event), file_provider)
            new, merged = await _write(connection, scope, found, wanted)
    await refresh_after(db, merged.written)
    return Done(
        event_id=None if known_scope is None and wanted.preview else scope.event_id,
        columns=found.columns,
        rows=found.rows,
        splits=[record for record in found.records if isinstance(record, Split)],
        problems=found.problems,
        new=new,
        changed=merged.written - new,
        retired=merged.retracted,
        held=merged.held,
    )


async def _write(
    connection: Connection, scope: EventScope, found: _Found, wanted: Wanted
) -> tuple[int, merging.Merged]:
    """How many rows are new, and all that the merge did."""
    await merging.begin_merge(connection, scope, IMPORT)
    await import_races(connection, scope)
    new = await merging.new_rows(connection, scope, found.stream)
    merged = await _merge(connection, scope, found, wanted)
    await quarantine(connection, scope, found.problems)
    if found.stream == "participants" and (merged.written or merged.retracted):
        await scoring.score_again(connection, scope.source.timing_partner_id, scope.event_id)
    return new, merged


async def _merge(connection: Connection, scope: EventScope, found: _Found, wanted: Wanted) -> merging.Merged:
    # A bad row may be the one that seems to be missing.
    complete = wanted.complete and not found.problems
    if found.stream == "participants":
        return await merging.merge_participants(connection, scope, complete=complete)
    races = frozenset(row.race_id for row in found.rows if row.race_id is not None)
    authority = Authority(every_finish=True, every_split=True, gender_races=races, division_races=races)
    came = merging.Snapshot(complete=complete, is_whole=True, some_repeat=False, only_staged=not complete)
    return await merging.merge_results(connection, scope, authority, came)


async def _scope(db: Database, event: StoredEvent | NewEvent, stream: merging.Stream) -> EventScope | None:
    """None for an event that is to be made."""
    if isinstance(event, NewEvent):
        return None
    if stream == "participants" and _is_of_hardware(event):
        return await scoring.hardware_scope(db, event)
    return await imports.file_scope(db, event)


def _new(event: StoredEvent | NewEvent) -> NewEvent:
    assert isinstance(event, NewEvent)
    return event
