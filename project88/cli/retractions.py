"""``project88 retractions``: what vanished upstream in a mass and waits for a person. Reads no service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import partner_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.connection import Database
    from project88.store.retractions import Decided, Decision, Retraction

Number = Annotated[
    int | None, typer.Argument(min=1, max=2**63 - 1, help="The retraction's id: see list.", metavar="ID")
]
EveryHeld = Annotated[bool, typer.Option("--all", help="Every one that waits.")]
COLUMNS = ("id", "timing partner", "event", "name", "stream", "rows gone", "of", "state", "found", "decided")

app = typer.Typer(
    no_args_is_help=True, help="Decide on rows that vanished upstream in a mass.\n\nExample: project88 retractions list"
)


@app.command("list")
def list_command(
    timing_partner_id: AnyPartnerId = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    json: AsJson = False,
) -> None:
    """List the retractions that wait for a decision.

    When more than a fifth of an event's rows (and more than 10) vanish upstream at once, the hub keeps showing
    them until you apply or dismiss the retraction.

    Example: project88 retractions list --timing-partner-id 1
    """
    run(_list(timing_partner_id, every, json))


@app.command("apply")
def apply_command(
    number: Number = None, timing_partner_id: AnyPartnerId = None, every: EveryHeld = False, json: AsJson = False
) -> None:
    """Hide the rows of a held retraction from the results. They stay stored and come back when upstream shows them.

    Example: project88 retractions apply 3
    """
    run(_decide(number, "applied", timing_partner_id, every, json))


@app.command("dismiss")
def dismiss_command(
    number: Number = None, timing_partner_id: AnyPartnerId = None, every: EveryHeld = False, json: AsJson = False
) -> None:
    """Keep showing the rows of a held retraction. The decision stands as long as the same rows are missing.

    Example: project88 retractions dismiss 3
    """
    run(_decide(number, "dismissed", timing_partner_id, every, json))


async def _list(timing_partner_id: int | None, every: bool, as_json: bool) -> None:
    from project88.store.retractions import retractions

    partner = partner_named(timing_partner_id)
    async with hub_database() as db:
        found = await retractions(db, partner, decided_too=every)
    if as_json:
        print_json(found)
    elif found:
        print_table(COLUMNS, [_row(each) for each in found])
    else:
        typer.echo("no retraction is stored" if every else "no retraction waits for a decision")


def _row(held: Retraction) -> tuple[object, ...]:
    return (
        held.held_retraction_id,
        held.timing_partner_id,
        held.event_id,
        held.event_name,
        held.stream,
        held.rows_gone,
        held.rows_before,
        held.state,
        f"{held.created_at:%Y-%m-%d %H:%M}",
        f"{held.decided_at:%Y-%m-%d %H:%M}" if held.decided_at else None,
    )


async def _decide(
    number: int | None, decision: Decision, timing_partner_id: int | None, every: bool, as_json: bool
) -> None:
    if (number is None) != every:
        raise UsageError("give either the ID of one retraction or --all; project88 retractions list shows the ids")
    async with hub_database() as db:
        decided = await _decisions(db, number, decision, timing_partner_id)
    if as_json:
        print_json(decided)
    elif decided:
        typer.echo("\n".join(_told(each) for each in decided))
    else:
        typer.echo("no retraction waits for a decision")


async def _decisions(
    db: Database, number: int | None, decision: Decision, timing_partner_id: int | None
) -> list[Decided]:
    from project88.store.retractions import decide, retractions

    partner = partner_named(timing_partner_id)
    if number is not None:
        return [await decide(db, number, decision, partner)]
    waiting = await retractions(db, partner)
    return [await decide(db, each.held_retraction_id, decision, each.timing_partner_id) for each in waiting]


def _told(decided: Decided) -> str:
    what = f"retraction {decided.held_retraction_id} of event {decided.event_id}"
    if decided.state == "dismissed":
        return f"{what}: dismissed, {decided.rows_named} {decided.stream} stay visible"
    return f"{what}: applied, {decided.rows_retracted} of {decided.rows_named} {decided.stream} retracted"
