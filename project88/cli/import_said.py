"""What an import of a start list or of results says on the screen. Imports nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from project88.cli.common import print_json, print_table
from project88.cli.files import SHOWN, say_problems

if TYPE_CHECKING:
    from project88.imports.columns import Columns
    from project88.imports.lists import Done
    from project88.imports.tables import Table

#: Milliseconds of a record, which are shown as times.
TIMES = {"chip_ms": "chip_time", "gun_ms": "gun_time"}


def say_done(done: Done, table: Table, what: str, *, preview: bool, complete: bool, as_json: bool) -> None:
    """``what`` are the rows called."""
    if as_json:
        print_json(_facts(done, table, preview))
        return
    if preview:
        _say_columns(done.columns)
        _say_rows(done)
    would = "would be " if preview else ""
    event = f"event {done.event_id}" if done.event_id else "a new event"
    typer.echo(
        f"{len(done.rows):,} {what} of {event}: {done.new:,} new, {done.changed:,} changed, "
        f"{done.unchanged:,} unchanged, {done.retired:,} {would}retired"
    )
    if table.other_sheets:
        typer.echo(f"other sheets were not read: {', '.join(table.other_sheets)}; --sheet names one")
    if complete and done.problems:
        typer.echo("nobody is retired while some row cannot be read: it may be the one that seems to be missing")
    say_what_is_left(done, preview=preview)
    if preview:
        typer.echo("nothing was written")


def say_what_is_left(done: Done, *, preview: bool = False) -> None:
    if done.held:
        decide = "" if preview else ": project88 retractions list"
        typer.echo(f"{done.held:,} would be retired at once and {'would ' if preview else ''}wait for you{decide}")
    if done.columns.ignored and not preview:
        typer.echo(f"columns that nothing is known of: {', '.join(done.columns.ignored)}")
    if without := sum(each.race_id is None for each in done.rows):
        typer.echo(f"{without:,} have no race and are not scored: name it by --race, or in a column race")
    kept = "" if preview else " and are kept with their reason"
    say_problems([each.reason for each in done.problems], f"rows could not be read{kept}")


def _facts(done: Done, table: Table, preview: bool) -> dict[str, Any]:
    return {
        "event_id": done.event_id,
        "columns": done.columns.fields,
        "splits": done.columns.splits,
        "unknown_columns": done.columns.ignored,
        "other_sheets": table.other_sheets,
        "rows": len(done.rows),
        "new": done.new,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "retired": done.retired,
        "held": done.held,
        "first_rows": _first_rows(done),
        "problems": [{"reason": each.reason, "raw": each.raw} for each in done.problems],
        "preview": preview,
    }


def _say_columns(columns: Columns) -> None:
    read = [(column, field.replace("_", " ")) for column, field in columns.fields.items()]
    splits = [(column, f"split {name}") for column, name in columns.splits.items()]
    unread = [(column, "not read") for column in columns.ignored]
    print_table(("column", "is"), [*read, *splits, *unread])
    typer.echo()


def _say_rows(done: Done) -> None:
    rows = _first_rows(done)
    names = [name for name in (rows[0] if rows else ()) if any(row[name] is not None for row in rows)]
    if names:
        print_table([name.replace("_", " ") for name in names], [[row[name] for name in names] for row in rows])
        typer.echo()


def _first_rows(done: Done) -> list[dict[str, Any]]:
    """As they are stored, with their splits behind them."""
    import msgspec

    from project88.cli.results import short_clock_text

    splits: dict[tuple[str, str], dict[str, int | None]] = {}
    for split in done.splits:
        splits.setdefault((split.race_id, split.entry_id), {})[split.name or split.key] = split.elapsed_ms
    found = []
    for record in done.rows[:SHOWN]:
        fields = msgspec.structs.asdict(record)
        row: dict[str, Any] = {TIMES.get(name, name): value for name, value in fields.items() if name != "raw"}
        own: Mapping[str, int | None] = splits.get((row["race_id"], row["entry_id"]), {})
        row.update({name: own.get(name) for name in done.columns.splits.values()})
        for name in (*TIMES.values(), *done.columns.splits.values()):
            if row.get(name) is not None:
                row[name] = short_clock_text(timedelta(milliseconds=row[name]))
        found.append(row)
    return found
