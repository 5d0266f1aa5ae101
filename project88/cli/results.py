"""``project88 results``: the results of one event on standard output. Reads the database only."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from project88.cli.common import hub_database, print_table, run
from project88.cli.explained import explain_result
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.connection import Database, Stream
    from project88.store.events import StoredEvent

ROWS_ON_A_SCREEN = 50
#: On a narrower terminal every split would take a line of its own.
COLUMNS_FOR_EVERY_SPLIT = 220
Splits = Iterable[Mapping[str, Any]]
COLUMNS = (
    "place",
    "bib",
    "name",
    "gender",
    "age",
    "division",
    "gender place",
    "division place",
    "chip time",
    "gun time",
    "status",
    "splits",
)


class Format(StrEnum):
    table = "table"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


def results(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    timing_partner_id: AnyPartnerId = None,
    form: Annotated[
        Format, typer.Option("--format", help="csv, xlsx and json carry every column and every row.")
    ] = Format.table,
    race: Annotated[str | None, typer.Option(help="Only this race: its id or its name.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many rows; a table: 50.")] = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="BIB", help="Say of this bib where each field comes from, and what others say."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What the page said then; a time without a zone is in the event's."),
    ] = None,
) -> None:
    """Show the results of an event, race by race in order of place.

    Split times are those from the start where they are known, else those of the interval. A narrow terminal shows
    only the last one.

    Example: project88 results 8412 --format csv --race Marathon > marathon.csv
    """
    if explain is not None and as_of is not None:
        raise UsageError("give either --explain or --as-of")
    if explain is not None and (race is not None or limit is not None or form in (Format.csv, Format.xlsx)):
        raise UsageError("--explain shows one bib, as a table or with --format json: leave --race and --limit out")
    if explain is not None:
        run(explain_result(event, timing_partner_id, explain, as_json=form is Format.json))
    else:
        run(_results(event, timing_partner_id, form, race, limit, as_of))


async def _results(
    event_text: str, timing_partner_id: int | None, form: Format, race: str | None, limit: int | None, as_of: str | None
) -> None:
    from project88.store.reports import find_race

    async with hub_database() as db:
        event = await event_named(db, event_text, timing_partner_id)
        race_id = await find_race(db, event, race) if race is not None else None
        at = None if as_of is None else instant(as_of, event.time_zone)
        if form is Format.table:
            await _print_tables(db, event, race_id, limit or ROWS_ON_A_SCREEN, at)
            return
        async with _found(db, event, race_id, limit, at) as found:
            await _write(form, found)


def instant(text: str, time_zone: str | None) -> datetime:
    """Raises UsageError for what is no time."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text} is no time: write it like 2026-05-02T10:42:30 or 2026-05-02T10:42:30Z"
        ) from None
    return said if said.tzinfo is not None else said.replace(tzinfo=ZoneInfo(time_zone or "UTC"))


def _found(
    db: Database, event: StoredEvent, race_id: str | None, limit: int | None, at: datetime | None
) -> AbstractAsyncContextManager[Stream]:
    from project88.store.changes import results_as_of
    from project88.store.reports import results_of_event

    if at is None:
        return results_of_event(db, event, race_id, limit)
    return results_as_of(db, event, at, race_id, limit)


async def _print_tables(db: Database, event: StoredEvent, race_id: str | None, limit: int, at: datetime | None) -> None:
    from project88.store.reports import count_results

    # One more than is shown says that there are more; how many there were then is not counted.
    async with _found(db, event, race_id, limit if at is None else limit + 1, at) as found:
        found_rows = [row async for row in found.rows]
    rows = found_rows[:limit]
    if not rows:
        when = "yet" if at is None else f"at {at.isoformat()}"
        typer.echo(f"event {event.event_id} ({event.event_name or 'without a name'}) has no results {when}")
        return
    narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < COLUMNS_FOR_EVERY_SPLIT
    splits = last_split_text if narrow else splits_text
    typer.echo(f"{rows[0]['event_name'] or event.event_id}, {rows[0]['event_date'] or 'date unknown'}")
    for (found_race_id, race_name), group in groupby(rows, key=lambda row: (row["race_id"], row["race_name"])):
        typer.echo(f"\n{race_name or found_race_id} (race {found_race_id})")
        print_table(COLUMNS, [table_row(row, splits) for row in group])
    settled = "settled" if rows[0]["is_settled"] else "provisional"
    typer.echo(f"\n{settled}" + ("" if at is None else f", as of {at.isoformat()}"))
    more = await count_results(db, event, race_id) - len(rows) if at is None else len(found_rows) - len(rows)
    if more > 0:
        how_many = f"{more:,} more" if at is None else "there were more"
        typer.echo(f"{how_many}: --limit N shows more rows, --format csv shows them all")


async def _write(form: Format, found: Stream) -> None:
    from project88.exports.cells import csv_lines, json_lines

    if form is Format.xlsx:
        await _write_workbook(found)
        return
    lines = csv_lines(found.columns, found.rows) if form is Format.csv else json_lines(found.rows)
    async for line in lines:
        sys.stdout.write(line)


async def _write_workbook(found: Stream) -> None:
    from project88.exports.workbook import workbook

    if sys.stdout.isatty():
        raise UsageError("a workbook is no text: send it to a file, as by > results.xlsx")
    sys.stdout.buffer.write(await workbook(found.columns, found.rows))


def table_row(row: Mapping[str, Any], splits: Callable[[Splits], str]) -> Sequence[object]:
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return (
        row["overall_place"],
        row["bib_number"],
        name,
        row["gender"],
        row["age"],
        row["division"],
        row["gender_place"],
        row["division_place"],
        short_clock_text(row["chip_time"]),
        short_clock_text(row["gun_time"]),
        row["result_status"],
        splits(row["split_times"]),
    )


def splits_text(split_times: Splits) -> str:
    """The splits of one row on one line; those without any time are left out."""
    return ", ".join(_split_texts(split_times))


def last_split_text(split_times: Splits) -> str:
    """The furthest split of one row."""
    return "".join(_split_texts(split_times)[-1:])


def _split_texts(split_times: Splits) -> list[str]:
    found = []
    for split in split_times:
        elapsed_ms = split["elapsed_ms"] if split["cumulative_ms"] is None else split["cumulative_ms"]
        if elapsed_ms is not None:
            found.append(f"{split['name'] or '?'} {short_clock_text(timedelta(milliseconds=elapsed_ms))}")
    return found


def short_clock_text(elapsed: timedelta | None) -> str:
    """For tables: without a fraction of zero."""
    from project88.exports.cells import clock_text

    return "" if elapsed is None else clock_text(elapsed).removesuffix(".000")
