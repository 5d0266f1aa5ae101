"""``project88 replay``: the results of an event made again from what its sources said. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from project88.replay import Replayed
    from project88.replay.run import Difference


def replay(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    timing_partner_id: AnyPartnerId = None,
    as_json: AsJson = False,
) -> None:
    """Make the results of an event again from the raw archive and the reads, and compare them with those shown.

    Everything happens in one transaction that is rolled back. Exits 0 where the fingerprints are the same, and 1 where
    they differ or where a source has no archive.

    Example: project88 replay 8412
    """
    is_proved = run(_replay(event, timing_partner_id, as_json))
    raise typer.Exit(EXIT_DONE if is_proved else EXIT_FAILED)


async def _replay(event_text: str, partner: int | None, as_json: bool) -> bool:
    from project88.replay import replay as make_again

    async with hub_database() as db:
        event = await event_named(db, event_text, partner)
        found = await make_again(db, event)
    if as_json:
        print_json({"is_proved": found.is_proved, "found": found})
    else:
        _print(found)
    return found.is_proved


def _print(found: Replayed) -> None:
    rows = [(each.data_source, each.readings, each.rows, each.problem) for each in found.sources]
    print_table(("source", "readings", "rows", "not made again"), rows)
    typer.echo(f"\nstored   {found.stored_fingerprint}\nrebuilt  {found.rebuilt_fingerprint}")
    if found.rows_that_differ:
        typer.echo(f"\n{found.rows_that_differ} of {found.results} results differ; the first of them:")
        print_table(("race", "bib", "stored", "rebuilt"), [_row(each) for each in found.differences])
    elif found.is_proved:
        typer.echo(f"\nthe same: {found.results} results follow from what the sources said")
    elif not found.sources:
        typer.echo("\nno source of this event is known: there is nothing to make its results from")


def _row(each: Difference) -> tuple[object, ...]:
    return each.race_id, each.bib, _said(each.stored), _said(each.rebuilt)


def _said(content: object) -> str:
    if not isinstance(content, dict):
        return "no row"
    return ", ".join(f"{name} {value}" for name, value in content.items() if value is not None)[:200] or "nothing"
