"""``project88 reconcile``: what the sources of an event say beside each other. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from project88.store.reconcile import Difference, Missing, Reconciled

TOLERANCE_SECONDS = 2.0
#: Times of one race that are further apart are never one.
MOST_SECONDS = 86_400
ROWS_ON_A_SCREEN = 20


def reconcile(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    tolerance: Annotated[
        float, typer.Option(min=0, max=MOST_SECONDS, metavar="SECONDS", help="Times that differ by no more agree.")
    ] = TOLERANCE_SECONDS,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="At most so many rows of each table.")
    ] = ROWS_ON_A_SCREEN,
    timing_partner_id: AnyPartnerId = None,
    as_json: AsJson = False,
) -> None:
    """Compare the hardware with ChronoTrack Live and the registration: who is missing where, and whose times differ.

    Exits 0 where the sources agree and 1 where they do not.

    Example: project88 reconcile 8412 --tolerance 1
    """
    agrees = run(_reconcile(event, timing_partner_id, tolerance, limit, as_json))
    raise typer.Exit(EXIT_DONE if agrees else EXIT_FAILED)


async def _reconcile(event_text: str, partner: int | None, tolerance: float, limit: int, as_json: bool) -> bool:
    from project88.store.reconcile import reconcile as compare

    async with hub_database() as db:
        event = await event_named(db, event_text, partner)
        found = await compare(db, event, timedelta(seconds=tolerance))
    if as_json:
        print_json({"agrees": found.agrees, "found": found})
    else:
        _print(found, limit)
    return found.agrees


def _print(found: Reconciled, limit: int) -> None:
    counts = [(each.data_source, each.what, each.status, each.rows) for each in found.counts]
    print_table(("source", "what", "status", "rows"), counts)
    _part(
        "results at one source only", ("race", "bib", "name", "has", "lacks"), [_gap(m) for m in found.missing], limit
    )
    title = f"times that differ by more than {found.tolerance_ms / 1000:g} s, of {found.compared} compared"
    columns = ("race", "bib", "name", "source", "time", "other source", "its time", "apart")
    _part(title, columns, [_apart(each) for each in found.differences], limit)
    bibs = [(each.race_id, each.bib, "; ".join(each.said)) for each in found.same_bib]
    _part("bibs of different people", ("race", "bib", "who"), bibs, limit)
    _part("chips that nobody has", ("chip", "reads"), [(each.bib, each.reads) for each in found.unknown_bibs], limit)
    for zone in found.wrong_zones:
        how_many = (
            f"{zone.persons} of {zone.of} crossings of {zone.one} are {zone.hours:+d} h off those of {zone.other}"
        )
        typer.echo(f"\nsuspected wrong time zone: {how_many}; see project88 timing zone")
    if len(found.sources) < 2:
        typer.echo(f"\nthere is one source only: {found.sources[0]}" if found.sources else "\nno source has any row")
    elif found.agrees:
        typer.echo(f"\nthe sources agree: {', '.join(found.sources)}")


def _part(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], limit: int) -> None:
    if not rows:
        return
    typer.echo(f"\n{len(rows)} {title}")
    print_table(columns, rows[:limit])
    if len(rows) > limit:
        typer.echo(f"{len(rows) - limit} more: --limit N shows more, --json all")


def _gap(each: Missing) -> tuple[object, ...]:
    return each.race_id, each.bib, each.name, ", ".join(each.has), ", ".join(each.lacks)


def _apart(each: Difference) -> tuple[object, ...]:
    times = [timedelta(milliseconds=each.one_ms), timedelta(milliseconds=each.other_ms)]
    return each.race_id, each.bib, each.name, each.one, times[0], each.other, times[1], f"{each.apart_ms / 1000:+.3f} s"
