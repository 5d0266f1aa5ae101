"""``project88 import start-list`` and ``import results``: tables into an event. Decides nothing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, run
from project88.cli.files import File, file_bytes
from project88.cli.import_said import say_done
from project88.cli.named import partner_named, require_partner, start_instant
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from project88.imports.columns import ColumnMap
    from project88.imports.lists import Done, Wanted
    from project88.imports.tables import Table
    from project88.records.entities import TimingPartnerId
    from project88.store.connection import Database
    from project88.store.events import StoredEvent
    from project88.store.imports import NewEvent


class Dates(StrEnum):
    iso = "iso"
    month_first = "month-first"
    day_first = "day-first"


Event = Annotated[str, typer.Argument(metavar="EVENT", help="Our id of the event, or the provider's.")]
Race = Annotated[str | None, typer.Option(help="The race, name or id, of rows that name none.")]
Maps = Annotated[
    list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Which field a column is; repeat it.")
]
Splits = Annotated[
    list[str] | None, typer.Option("--split", metavar="COLUMN=NAME", help="A column of times at a split; repeat it.")
]
Mapping = Annotated[str | None, typer.Option(metavar="NAME", help="Map the columns as was saved under this name.")]
SaveMapping = Annotated[str | None, typer.Option(metavar="NAME", help="Save how the columns are mapped.")]
DateOrder = Annotated[Dates | None, typer.Option(help="What comes first in dates that do not begin with the year.")]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="The sheet of an XLSX file; else its first.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what would be stored. Writes nothing.")]
Complete = Annotated[bool, typer.Option("--complete", help="The file is everybody: who is not in it is retired.")]
NewName = Annotated[str | None, typer.Option("--new-event", metavar="NAME", help="Make EVENT, with this name.")]
Start = Annotated[str | None, typer.Option(metavar="ISO", help="When the new event starts.")]
Zone = Annotated[str | None, typer.Option(metavar="ZONE", help="Where the new event is, such as America/New_York.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed, for every kind of table."""

    event: str
    partner: int | None
    maps: list[str] | None
    splits: list[str] | None = None
    mapping: str | None
    save_mapping: str | None
    dates: Dates | None = None
    race: str | None
    preview: bool
    complete: bool
    as_json: bool
    new: _NewEvent = field(default_factory=lambda: _NewEvent(None, None, None))
    what: str = "results"


@dataclass(frozen=True, slots=True)
class _NewEvent:
    name: str | None
    start: str | None
    time_zone: str | None


def start_list_command(
    event: Event,
    file: File,
    timing_partner_id: AnyPartnerId = None,
    race: Race = None,
    maps: Maps = None,
    mapping: Mapping = None,
    save_mapping: SaveMapping = None,
    dates: DateOrder = None,
    sheet: Sheet = None,
    preview: Preview = False,
    complete: Complete = False,
    as_json: AsJson = False,
) -> None:
    """Take a start list in CSV or XLSX. The first line names the columns; one must be the bib.

    Fields: entry id, bib, race, name, first name, last name, gender, age, date of birth, division, status, city, state,
    country, external id, wave, team, email, phone, postal code. A column is recognised by such a name, or mapped. A
    row that cannot be read is quarantined, and the exit code is 1. An event of the hardware is scored with the list.

    Example: project88 import start-list p1 start.csv --map "Bib Numbers=bib" --preview
    """
    asked = Asked(
        event=event,
        partner=timing_partner_id,
        maps=maps,
        mapping=mapping,
        save_mapping=save_mapping,
        dates=dates,
        race=race,
        preview=preview,
        complete=complete,
        as_json=as_json,
        what="entries",
    )
    raise typer.Exit(run(_from_file(file, sheet, asked)))


def results_command(
    event: Event,
    file: File,
    timing_partner_id: AnyPartnerId = None,
    race: Race = None,
    maps: Maps = None,
    splits: Splits = None,
    mapping: Mapping = None,
    save_mapping: SaveMapping = None,
    sheet: Sheet = None,
    new_event: NewName = None,
    start: Start = None,
    time_zone: Zone = None,
    preview: Preview = False,
    complete: Complete = False,
    as_json: AsJson = False,
) -> None:
    """Take results in CSV or XLSX. The first line names the columns; one must be the bib, or an entry id.

    Fields: entry id, bib, race, name, first name, last name, gender, age, division, status, city, state, country, chip
    time, gun time, overall place, gender place, division place. Times are H:MM:SS, MM:SS or seconds. A row that cannot
    be read is quarantined, and the exit code is 1. With --new-event the file's event is made, and EVENT is how it is
    called; typed again, it is that event.

    Example: project88 import results p1 results.csv --split "10K=10 km" --preview
    """
    asked = Asked(
        event=event,
        partner=timing_partner_id,
        maps=maps,
        splits=splits,
        mapping=mapping,
        save_mapping=save_mapping,
        race=race,
        preview=preview,
        complete=complete,
        as_json=as_json,
        new=_NewEvent(new_event, start, time_zone),
    )
    raise typer.Exit(run(_from_file(file, sheet, asked)))


async def _from_file(file: Path, sheet: str | None, asked: Asked) -> int:
    from project88.imports.tables import read_table

    table = read_table(file_bytes(file), sheet)
    async with hub_database() as db:
        return await import_table(db, await event_of(db, asked), table, asked)


async def import_table(db: Database, event: StoredEvent | NewEvent, table: Table, asked: Asked) -> int:
    from project88.imports.columns import parsed_map
    from project88.imports.lists import Wanted
    from project88.store.imports import SavedMapping, save_mapping

    typed = parsed_map(asked.maps or (), asked.splits or (), asked.dates.value if asked.dates else None)
    saved = await _saved(db, event.timing_partner_id, asked.mapping)
    wanted = Wanted(
        table=table,
        event=event,
        typed=typed,
        saved=saved,
        race=asked.race,
        complete=asked.complete,
        preview=asked.preview,
    )
    done = await _use_case(asked)(db, wanted)
    if asked.save_mapping and not asked.preview:
        both = typed.over(saved)
        kept = SavedMapping(columns=both.columns, splits=both.splits, date_order=both.dates)
        await save_mapping(db, event.timing_partner_id, asked.save_mapping, kept)
    say_done(done, table, asked.what, preview=asked.preview, complete=asked.complete, as_json=asked.as_json)
    return EXIT_FAILED if done.left_something_out else EXIT_DONE


def _use_case(asked: Asked) -> Callable[[Database, Wanted], Awaitable[Done]]:
    from project88.imports.lists import import_results, import_start_list

    return import_start_list if asked.what == "entries" else import_results


async def _saved(db: Database, partner: TimingPartnerId, name: str | None) -> ColumnMap:
    from project88.imports.columns import ColumnMap
    from project88.store.imports import saved_mapping

    if name is None:
        return ColumnMap()
    found = await saved_mapping(db, partner, name)
    return ColumnMap(columns=found.columns, splits=found.splits, dates=found.date_order)


async def event_of(db: Database, asked: Asked) -> StoredEvent | NewEvent:
    from project88.store.events import find_event, is_known
    from project88.store.imports import FILE

    partner = partner_named(asked.partner)
    if asked.new.name is None:
        if asked.new.start or asked.new.time_zone:
            raise UsageError("--start and --time-zone are of an event that --new-event makes")
        return await find_event(db, asked.event, partner)
    if partner is None:
        raise UsageError("--new-event needs --timing-partner-id: whose event it is")
    if not await is_known(db, asked.event, partner):
        return await _new_event(db, asked, partner)
    found = await find_event(db, asked.event, partner)
    if found.data_source != FILE:
        raise UsageError(f"event {asked.event} exists already and came from {found.data_source}: leave out --new-event")
    return found


async def _new_event(db: Database, asked: Asked, partner: TimingPartnerId) -> NewEvent:
    from project88.store.imports import NewEvent
    from project88.store.timing import time_zone_exists

    if not (asked.new.name and asked.new.start and asked.new.time_zone):
        raise UsageError("a new event needs a name, --start and --time-zone")
    start = start_instant(asked.new.start)
    if not await time_zone_exists(db, asked.new.time_zone):
        raise UsageError(f"--time-zone: the database knows no time zone {asked.new.time_zone!r}")
    await require_partner(db, partner)
    return NewEvent(
        timing_partner_id=partner,
        called=asked.event,
        event_name=asked.new.name.strip(),
        start=start,
        time_zone=asked.new.time_zone,
    )
