"""``project88 display``: screens for the finish that need no login. Shows none of them itself."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson

if TYPE_CHECKING:
    from project88.store.displays import Wanted

COLUMNS = (
    "display_id",
    "timing_partner_id",
    "event_id",
    "kind",
    "timing_session_id",
    "race_id",
    "expires_at",
    "last_seen_at",
    "state",
)
ONE_YEAR_HOURS = 366 * 24

app = typer.Typer(
    no_args_is_help=True,
    help="Screens for the finish: full screen, live, no login.\n\nExample: project88 display list",
)


class Kind(StrEnum):
    announcer = "announcer"
    wall = "wall"


@app.command("create")
def create_command(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    kind: Annotated[Kind, typer.Option(help="announcer: who approaches and just finished. wall: the leaders.")],
    timing_partner_id: AnyPartnerId = None,
    timing_session: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only who was read by this session: see timing sessions.")
    ] = None,
    race: Annotated[str | None, typer.Option(help="Only this race: its id or its name.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=ONE_YEAR_HOURS, help="How long the address works.")] = 24,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who makes it.")] = "command line",
    address: Annotated[str, typer.Option(help="Where the pages are seen from outside.")] = "http://127.0.0.1:8088",
) -> None:
    """Make a display and print its address. The address is told only now; whoever has it sees the display.

    Example: project88 display create p2 --kind announcer --hours 24
    """
    run(_create(event, timing_partner_id, kind, timing_session, race, timedelta(hours=hours), by, address))


@app.command("list")
def list_command(timing_partner_id: AnyPartnerId = None, json: AsJson = False) -> None:
    """List the displays, the newest first, and whether each can be opened.

    Example: project88 display list --json
    """
    run(_list(timing_partner_id, json))


@app.command("revoke")
def revoke_command(
    display_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, metavar="N", help="See display list.")],
) -> None:
    """End a display now. Screens that show it go blank.

    Example: project88 display revoke 1
    """
    run(_revoke(display_id))


async def _create(
    event_text: str,
    timing_partner_id: int | None,
    kind: Kind,
    timing_session: int | None,
    race: str | None,
    lifetime: timedelta,
    by: str,
    address: str,
) -> None:
    from project88.store import displays
    from project88.store.reports import find_race
    from project88.store.results_page import EventKey

    async with hub_database() as db:
        event = await event_named(db, event_text, timing_partner_id)
        wanted: Wanted = displays.Wanted(
            key=EventKey(event.timing_partner_id, event.event_id),
            kind=kind.value,
            timing_session_id=timing_session,
            race_id=await find_race(db, event, race) if race is not None else None,
            created_by=by,
            lifetime=lifetime,
        )
        secret, row = await displays.create(db, wanted)
    typer.echo(f"{address.rstrip('/')}/display/{secret}")
    typer.echo(f"display {row['display_id']}, until {row['expires_at'].isoformat(timespec='seconds')}", err=True)


async def _list(timing_partner_id: int | None, as_json: bool) -> None:
    from project88.store.displays import listed

    async with hub_database() as db:
        found = await listed(db, timing_partner_id)
    if as_json:
        print_json(found)
    elif found:
        print_table(COLUMNS, [[row[column] for column in COLUMNS] for row in found])
    else:
        typer.echo("there is no display yet: run project88 display create EVENT --kind announcer")


async def _revoke(display_id: int) -> None:
    from project88.store.displays import revoke

    async with hub_database() as db:
        was_open = await revoke(db, display_id)
    typer.echo(f"display {display_id} {'is revoked' if was_open else 'was revoked before'}")
