"""``project88 changes``: what changed of an event, when the hub learned it, and why. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run, value_text
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson

if TYPE_CHECKING:
    from project88.store.changes import Change, FirstSeen

COLUMNS = ("learned", "source", "what", "bib", "field", "before", "after", "cause")
CHANGES_ON_A_SCREEN = 50


def changes(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    bib: Annotated[str | None, typer.Option(help="Only of who has this bib, or had it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Changes of nothing but a place, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many rows.")] = CHANGES_ON_A_SCREEN,
    timing_partner_id: AnyPartnerId = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed of an event, its participants and its results, the newest first.

    The cause is the attempt (sync N is row N of sync_history), the scoring, the decision or the retraction that
    changed it; none: somebody changed the database by hand. Joined is what several sources say together.

    Example: project88 changes 8412 --bib 12
    """
    run(_changes(event, bib, every, limit, timing_partner_id, as_json))


async def _changes(
    event_text: str, bib: str | None, every: bool, limit: int, partner: int | None, as_json: bool
) -> None:
    from project88.store.changes import changes as read_changes
    from project88.store.changes import first_seen

    async with hub_database() as db:
        event = await event_named(db, event_text, partner)
        # A row of the history has several fields.
        found = (await read_changes(db, event, bib, limit, every=every))[:limit]
        seen = [] if bib is None else await first_seen(db, event, bib)
    if as_json:
        print_json({"changes": found, "first_seen": seen})
        return
    if found:
        print_table(COLUMNS, [_row(change) for change in found])
    elif bib is not None and not seen:
        typer.echo(f"nobody of event {event.event_id} has bib {bib}, or had it")
    else:
        typer.echo("nothing has changed since it was stored")
    for each in seen:
        typer.echo(_seen(each))


def _row(change: Change) -> tuple[object, ...]:
    return (
        f"{change.changed_at:%Y-%m-%d %H:%M:%S}",
        change.data_source,
        change.subject,
        change.bib,
        change.field.replace("_", " "),
        value_text(change.before),
        value_text(change.after),
        change.cause or "by hand",
    )


def _seen(row: FirstSeen) -> str:
    by = "" if row.sync_history_id is None else f" by sync {row.sync_history_id}"
    at = "before this hub" if row.created_at is None else f"{row.created_at:%Y-%m-%d %H:%M:%S}"
    return f"{row.subject} of {row.data_source} first stored {at}{by}"
