"""``project88 rollback``: all that came from one source goes, and nothing else. Shows what, then asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.asking import Yes, make_sure
from project88.cli.common import hub_database, print_table, run
from project88.cli.named import partner_named
from project88.cli.options import AnyPartnerId

if TYPE_CHECKING:
    from project88.store.connection import Database
    from project88.store.rollback import Holding

COLUMNS = ("partner", "name", "events", "races", "participants", "results", "planned polls", "history")


def rollback(
    data_source: Annotated[str, typer.Option("--data-source", help="The source, such as chronotrack_live.")],
    timing_partner_id: AnyPartnerId = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; remove nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Remove the events, participants and results of one source, as the deployment page's three DELETEs do.

    Races, planned polls and page digests go with their events. The history of the events stays and says so. Logins
    stay: a scheduler that runs on would fetch everything again. What hardware sent is never removed.

    Example: project88 rollback --data-source chronotrack_live --dry-run
    """
    run(_rollback(data_source, timing_partner_id, dry_run, yes))


async def _rollback(data_source: str, timing_partner_id: int | None, dry_run: bool, yes: bool) -> None:
    from project88.edges import clock
    from project88.store import rollback as store

    partner = partner_named(timing_partner_id)
    async with hub_database() as db:
        await store.check_source(db, data_source)
        found = await store.holdings(db, data_source, partner)
        _show(data_source, found)
        if dry_run or not found:
            typer.echo("nothing was removed")
            return
        await _ask(db, data_source, yes)
        mark = f"data removed by project88 rollback at {clock.utc_now():%Y-%m-%d %H:%M:%S} UTC"
        await store.remove(db, data_source, partner, mark)
        left = await store.holdings(db, data_source, partner)
    typer.echo(f"removed; {sum(each.events + each.participants + each.results for each in left):,} rows are left")
    typer.echo("the logins are still stored: the scheduler would fetch all of it again when it is started")


async def _ask(db: Database, data_source: str, yes: bool) -> None:
    from project88.store.rollback import running

    programs = await running(db)
    if programs:
        typer.echo(
            f"warning: {', '.join(programs)} at work; it would fetch everything again. Stop it first:"
            " sudo systemctl stop chronotrack-live-scheduler.service",
            err=True,
        )
    make_sure(f"Remove this data of {data_source} for good?", yes)


def _show(data_source: str, found: Sequence[Holding]) -> None:
    if not found:
        typer.echo(f"the database holds nothing of {data_source}")
        return
    rows = [astuple(each) for each in found]
    totals = [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)]
    print_table(COLUMNS, [*rows, ("all", None, *totals)])
