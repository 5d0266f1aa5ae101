"""``project88 decisions``: what people decide on results, and taking it back. Scores nothing."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson, By, said
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.events import StoredEvent

#: A time that is adjusted by more than a day is misread.
MOST_SECONDS = 86_400
AGES = frozenset(map(str, range(151)))
COLUMNS = ("decision", "kind", "about", "adjustment", "reason", "by", "at", "undone")

app = typer.Typer(
    no_args_is_help=True,
    help="Decide on results, and take it back.\n\nExample: project88 decisions list p1",
)
Event = Annotated[str, typer.Argument(metavar="EVENT", help="Our id of the event, or the provider's.")]


class Kind(StrEnum):
    disqualified = "disqualified"
    did_not_finish = "did_not_finish"
    time_adjusted = "time_adjusted"
    read_ignored = "read_ignored"
    field_set = "field_set"
    kept_apart = "kept_apart"


class Field(StrEnum):
    first_name = "first_name"
    last_name = "last_name"
    gender = "gender"
    age = "age"
    city = "city"
    state = "state"
    country = "country"
    division = "division"


@app.command("add")
def add_command(
    event: Event,
    kind: Annotated[Kind, typer.Argument(help="What is decided.")],
    reason: Annotated[str, typer.Option(help="Why; shown with the result.", callback=said)],
    by: By,
    bib: Annotated[str | None, typer.Option(help="About whom.")] = None,
    read: Annotated[int | None, typer.Option(metavar="N", help="About which read: see timing reads.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=-MOST_SECONDS,
            max=MOST_SECONDS,
            metavar="N",
            help="Of time_adjusted: added to the time; below 0 it is taken off.",
        ),
    ] = None,
    field: Annotated[Field | None, typer.Option(help="Of field_set: which.")] = None,
    value: Annotated[
        str | None, typer.Option(help="Of field_set: what it is set to; without it the field is unknown.")
    ] = None,
    timing_partner_id: AnyPartnerId = None,
) -> None:
    """Disqualify, end a run, adjust a time, leave a read out, set a field, or keep apart what two sources say of a bib.

    It outlives every scoring and every sync until it is undone, and counts more than any source.

    Example: project88 decisions add p1 disqualified --bib 12 --reason "cut the course" --by "Race director"
    """
    if (read is not None) != (kind is Kind.read_ignored) or (bib is not None) == (kind is Kind.read_ignored):
        raise UsageError("read_ignored is about --read N, every other decision about --bib BIB")
    if (seconds is not None) != (kind is Kind.time_adjusted):
        raise UsageError("time_adjusted needs --seconds, and no other decision takes it")
    if (field is not None) != (kind is Kind.field_set) or (value is not None and field is None):
        raise UsageError("field_set needs --field, and no other decision takes --field or --value")
    if field is Field.age and value is not None and value not in AGES:
        raise UsageError(f"--value {value} is no age: give whole years")
    number, waits = run(_add(event, timing_partner_id, kind, bib, read, seconds, reason, by, field, value))
    typer.echo(f"decision {number} stands{waits}")


@app.command("undo")
def undo_command(
    event: Event, decision: Annotated[int, typer.Argument(metavar="N")], by: By, timing_partner_id: AnyPartnerId = None
) -> None:
    """Take a decision back. It stays on the list as undone.

    Example: project88 decisions undo p1 4 --by "Race director"
    """
    typer.echo(f"decision {decision} is undone{run(_undo(event, timing_partner_id, decision, by))}")


@app.command("list")
def list_command(event: Event, timing_partner_id: AnyPartnerId = None, as_json: AsJson = False) -> None:
    """List the decisions of an event, those that were undone too.

    Example: project88 decisions list p1
    """
    run(_list(event, timing_partner_id, as_json))


async def _add(
    event: str,
    partner: int | None,
    kind: Kind,
    bib: str | None,
    read: int | None,
    seconds: float | None,
    reason: str,
    by: str,
    field: Field | None,
    value: str | None,
) -> tuple[int, str]:
    from project88.store.decisions import JOINED_KINDS, decide

    async with hub_database() as db:
        found = await event_named(db, event, partner)
        number = await decide(
            db,
            found.timing_partner_id,
            found.event_id,
            kind.value,
            bib=bib,
            read=read,
            adjustment=None if seconds is None else timedelta(seconds=seconds),
            reason=reason,
            decided_by=by,
            field=None if field is None else field.value,
            value=value,
        )
    return number, "" if kind.value in JOINED_KINDS else _waits(found)


async def _undo(event: str, partner: int | None, decision: int, by: str) -> str:
    from project88.store.decisions import undo_decision

    async with hub_database() as db:
        found = await event_named(db, event, partner)
        await undo_decision(db, found.timing_partner_id, found.event_id, decision, by)
    return _waits(found)


def _waits(event: StoredEvent) -> str:
    """What scoring carries out is not shown before it."""
    if event.data_source != "tcp_hardware":
        return ""
    return f"; a listener that runs scores by itself, else: project88 score {event.event_id}"


async def _list(event: str, partner: int | None, as_json: bool) -> None:
    from project88.store.decisions import decisions

    async with hub_database() as db:
        found = await event_named(db, event, partner)
        rows = await decisions(db, found.timing_partner_id, found.event_id)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(COLUMNS, [_row(row) for row in rows])
    else:
        typer.echo("nobody has decided anything")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    about = f"bib {row['bib_number']}" if row["bib_number"] is not None else f"read {row['timing_read_id']}"
    if row["field"] is not None:
        about += f", {row['field']} = {row['value'] or 'unknown'}"
    adjustment = row["adjustment"]
    return (
        row["decision_id"],
        row["kind"],
        about,
        "" if adjustment is None else f"{adjustment.total_seconds():+g} s",
        row["reason"],
        row["decided_by"],
        f"{row['decided_at']:%Y-%m-%d %H:%M}",
        "" if row["undone_at"] is None else f"by {row['undone_by']} {row['undone_at']:%Y-%m-%d %H:%M}",
    )
