"""``project88 jobs``: what is planned, waiting, running or parked, and a person's word on it. Runs no poll."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run, second_text
from project88.cli.named import event_named, partner_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.connection import Database
    from project88.store.plan import PlanKey

ROWS_ON_A_SCREEN = 30
COLUMNS = ("partner", "event", "kind", "state", "lane", "due (UTC)", "late", "polls", "missed", "last", "because")
REASON_CHARACTERS = 60


class State(StrEnum):
    waiting = "waiting"
    queued = "queued"
    running = "running"
    parked = "parked"
    ended = "ended"


class Kind(StrEnum):
    results = "results"
    participants = "participants"
    discovery = "discovery"


OneKind = Annotated[Kind | None, typer.Option("--kind", help="Only polls of this kind.")]
Event = Annotated[
    str | None,
    typer.Argument(help="Our id of the event, or the provider's; without it --kind discovery.", metavar="EVENT"),
]

app = typer.Typer(help="What is planned and what runs.\n\nExample: project88 jobs")


@app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    timing_partner_id: AnyPartnerId = None,
    event: Annotated[str | None, typer.Option("--event", help="Only this event.", metavar="EVENT")] = None,
    kind: OneKind = None,
    state: Annotated[list[State] | None, typer.Option("--state", help="Only these states; repeat it.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many rows.")] = ROWS_ON_A_SCREEN,
    as_json: AsJson = False,
) -> None:
    """Show the polls: running ones first, then by due time. Those that have ended only by --state ended.

    waiting: due later. queued: handed to the workers. running. parked: waits for a person. late: how long a poll that
    is due has not begun, or how late the last one began. missed: beats that were collapsed into a later poll.

    Example: project88 jobs --state parked --state running
    """
    if context.invoked_subcommand is None:
        states = [each.value for each in state or [each for each in State if each is not State.ended]]
        run(_list(timing_partner_id, event, kind, states, limit, as_json))


@app.command("park")
def park_command(event: Event = None, timing_partner_id: AnyPartnerId = None, kind: OneKind = None) -> None:
    """Stop the polls of an event until jobs retry. One that runs is interrupted: it may store nothing any more.

    Example: project88 jobs park 8412 --kind participants
    """
    run(_decide("park", event, timing_partner_id, kind))


@app.command("retry")
def retry_command(event: Event = None, timing_partner_id: AnyPartnerId = None, kind: OneKind = None) -> None:
    """Run the polls of an event now, parked ones too; afterwards they are due as planned.

    Example: project88 jobs retry 8412
    """
    run(_decide("retry", event, timing_partner_id, kind))


async def _list(
    timing_partner_id: int | None, event: str | None, kind: Kind | None, states: list[str], limit: int, as_json: bool
) -> None:
    from project88.store import plan

    async with hub_database() as db:
        partner, event_id = await _event_of(db, event, timing_partner_id)
        rows = await plan.listed(
            db, timing_partner_id=partner, event_id=event_id, kind=kind, states=states, at_most=limit + 1
        )
    if as_json:
        print_json(rows[:limit])
        return
    print_table(COLUMNS, [_cells(row) for row in rows[:limit]])
    if len(rows) > limit:
        typer.echo(f"There are more; see --limit, --event and --state. Shown: {limit}.")


async def _decide(word: str, event: str | None, timing_partner_id: int | None, kind: Kind | None) -> None:
    from project88.store import plan

    async with hub_database() as db:
        keys = await _keys(db, event, timing_partner_id, kind)
        if word == "park":
            changed = await plan.park(db, keys, "parked by a person")
            typer.echo(f"{changed} polls parked.")
        else:
            changed = await plan.poll_now(db, keys)
            typer.echo(f"{changed} polls are due now.")
    if not changed:
        raise UsageError("nothing was changed: the polls have ended or run just now; see project88 jobs")


async def _keys(db: Database, event: str | None, timing_partner_id: int | None, kind: Kind | None) -> list[PlanKey]:
    from project88.store import plan
    from project88.store.plan import PlanKey

    if event is None and (kind is not Kind.discovery or timing_partner_id is None):
        raise UsageError("name an EVENT, or --kind discovery and --timing-partner-id")
    partner, event_id = await _event_of(db, event, timing_partner_id)
    rows = await plan.listed(db, timing_partner_id=partner, event_id=event_id, kind=kind)
    if not rows:
        raise UsageError("no poll is planned there; see project88 jobs and project88 schedule plan EVENT")
    return [
        PlanKey(timing_partner_id=row["timing_partner_id"], schedule_plan_id=row["schedule_plan_id"]) for row in rows
    ]


async def _event_of(db: Database, event: str | None, timing_partner_id: int | None) -> tuple[Any, str | None]:

    if event is None:
        return partner_named(timing_partner_id), None
    found = await event_named(db, event, timing_partner_id)
    return found.timing_partner_id, found.event_id


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    name = row["provider_event_id"] and f"{row['provider_event_id']} {row['event_name'] or ''}".strip()
    account = row["account_name"]
    late = row["overdue_seconds"] if (row["overdue_seconds"] or 0) > 0 else row["last_late_seconds"]
    because = row["last_error"] if row["last_status"] not in (None, "completed") or row["state"] == "parked" else None
    return (
        row["company_name"],
        name or f"events of {row['provider_key']}{f', {account}' if account else ''}",
        row["kind"],
        row["state"],
        row["lane"],
        second_text(row["next_due"]),
        None if late is None else f"{late:.1f} s",
        row["polls"],
        row["missed"],
        " ".join(each for each in (row["last_status"], second_text(row["last_finished_at"])) if each),
        (because or row["reason"] or "")[:REASON_CHARACTERS],
    )
