"""``project88 partner``: add and list the timing partners. Knows no provider."""

from __future__ import annotations

import difflib
import zoneinfo
from typing import Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.options import AsJson
from project88.errors import UsageError

COLUMNS = ("timing_partner_id", "company_name", "time_zone", "credentials", "events")

app = typer.Typer(no_args_is_help=True, help="Add and list timing partners.\n\nExample: project88 partner list")


@app.command("add")
def add_command(
    name: Annotated[str, typer.Option(help="The company's name; no two partners share one.")],
    time_zone: Annotated[
        str, typer.Option(help="Zone of its events that name none, such as America/New_York.")
    ] = "UTC",
) -> None:
    """Add a timing partner and print its id, and nothing else. The first is 1.

    Example: project88 partner add --name "Summit Timing" --time-zone America/Denver
    """
    typer.echo(run(_add(_checked_name(name), _checked_zone(time_zone))))


@app.command("list")
def list_command(json: AsJson = False) -> None:
    """List the timing partners, and how many credentials and events are stored for each.

    Example: project88 partner list --json
    """
    run(_list(json))


async def _add(name: str, time_zone: str) -> int:
    from project88.store.partners import add_partner

    async with hub_database() as db:
        return await add_partner(db, name, time_zone)


async def _list(as_json: bool) -> None:
    from project88.store.partners import partners

    async with hub_database() as db:
        found = await partners(db)
    if as_json:
        print_json(found)
    elif found:
        print_table(COLUMNS, [[row[column] for column in COLUMNS] for row in found])
    else:
        typer.echo('there is no timing partner yet: run project88 partner add --name "NAME"')


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not stripped or not stripped.isprintable():
        raise UsageError("--name must be readable text on one line")
    return stripped


def _checked_zone(time_zone: str) -> str:
    known = zoneinfo.available_timezones()
    if time_zone in known:
        return time_zone
    # The part behind the slash is what people remember.
    near = [zone for zone in sorted(known) if _place(zone) == _place(time_zone)]
    near = near or difflib.get_close_matches(time_zone, known, n=3, cutoff=0.7)
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else "; zones look like Europe/Berlin"
    raise UsageError(f"time zone {time_zone!r} is not known{hint}")


def _place(zone: str) -> str:
    return zone.rpartition("/")[2].casefold()
