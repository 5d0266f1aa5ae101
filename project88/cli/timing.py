"""``project88 timing``: sessions of timing computers, their reads, and the hardware events they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named, partner_named, require_partner, start_instant
from project88.cli.options import AnyPartnerId, AsJson, PartnerId, said
from project88.errors import UsageError

if TYPE_CHECKING:
    pass

SESSION_COLUMNS = (
    "session",
    "partner",
    "name",
    "timing event",
    "account",
    "computer",
    "event",
    "zone",
    "connected",
    "clock",
)
LOCATION_COLUMNS = ("location", "reads", "last number", "missing", "last read", "controller", "zone")
READ_COLUMNS = ("read", "tag", "location", "number", "time", "status", "point", "source")
READS_ON_A_SCREEN = 200
MISSING_SHOWN = 5

app = typer.Typer(
    no_args_is_help=True,
    help="Sessions of timing computers, and events of the hardware.\n\nExample: project88 timing sessions",
)
Session = Annotated[int, typer.Argument(metavar="SESSION", help="The number of the session: see timing sessions.")]


@app.command("sessions")
def sessions_command(
    timing_partner_id: AnyPartnerId = None,
    closed: Annotated[bool, typer.Option("--all", help="Also the closed ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the timing sessions: which computer, which event, connected or not.

    Example: project88 timing sessions --timing-partner-id 1
    """
    run(_sessions(timing_partner_id, closed, as_json))


@app.command("show")
def show_command(session: Session, timing_partner_id: AnyPartnerId = None, as_json: AsJson = False) -> None:
    """Show the locations of a session: reads, the last number, and the numbers that are missing.

    Example: project88 timing show 3
    """
    run(_show(session, timing_partner_id, as_json))


@app.command("name")
def name_command(
    session: Session, name: Annotated[str, typer.Argument(metavar="NAME")], timing_partner_id: AnyPartnerId = None
) -> None:
    """Give a session a name.

    Example: project88 timing name 3 "Finish, north side"
    """
    run(_name(session, name, timing_partner_id))


@app.command("bind")
def bind_command(
    session: Session, event: Annotated[str, typer.Argument(metavar="EVENT")], timing_partner_id: AnyPartnerId = None
) -> None:
    """Say which event the reads of a session belong to; sessions of the same timing event follow where they are free.

    Example: project88 timing bind 3 p1
    """
    run(_bind(session, event, timing_partner_id))


@app.command("close")
def close_command(session: Session, timing_partner_id: AnyPartnerId = None) -> None:
    """Take a session off the list. Its reads stay; a computer that comes back opens it again.

    Example: project88 timing close 3
    """
    run(_close(session, timing_partner_id))


@app.command("zone")
def zone_command(
    session: Session,
    zone: Annotated[str | None, typer.Argument(metavar="ZONE", help="Such as America/New_York.")] = None,
    location: Annotated[str | None, typer.Option(help="Only this location.")] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day from whose midnight times count.")
    ] = None,
    timing_partner_id: AnyPartnerId = None,
) -> None:
    """Say in which time zone a computer's clock runs, or which day it means. Its reads move and are scored anew.

    Example: project88 timing zone 3 America/New_York
    """
    if zone is None and date is None:
        raise UsageError("give a time zone, --date, or both")
    run(_zone(session, zone, location, date, timing_partner_id))


@app.command("reads")
def reads_command(
    event: Annotated[str, typer.Argument(metavar="EVENT")],
    bib: Annotated[str | None, typer.Option(help="Only this bib.")] = None,
    status: Annotated[str | None, typer.Option(help="Only reads of this status, such as unknown_bib.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = READS_ON_A_SCREEN,
    timing_partner_id: AnyPartnerId = None,
    as_json: AsJson = False,
) -> None:
    """Show the reads of an event in order of time, each with what became of it.

    Example: project88 timing reads p1 --bib 1204
    """
    run(_reads(event, bib, status, limit, timing_partner_id, as_json))


@app.command("unread")
def unread_command(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = READS_ON_A_SCREEN,
    timing_partner_id: AnyPartnerId = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines that were no read, with the reason of each.

    Example: project88 timing unread
    """
    run(_unread(limit, timing_partner_id, as_json))


@app.command("add-event")
def add_event_command(
    timing_partner_id: PartnerId,
    name: Annotated[str, typer.Option(help="The event's name.", callback=said)],
    start: Annotated[str, typer.Option(help="When it starts: an ISO instant such as 2026-04-20T09:00:00-04:00.")],
    time_zone: Annotated[str, typer.Option(help="Where it is, such as America/New_York.")],
) -> None:
    """Make an event whose results come from the hardware, and print its id.

    Example: project88 timing add-event --timing-partner-id 1 --name Run --start 2026-05-02T13:00:00Z --time-zone UTC
    """
    typer.echo(run(_add_event(timing_partner_id, name, start, time_zone)))


async def _sessions(partner: int | None, with_closed: bool, as_json: bool) -> None:
    from project88.store.timing import sessions

    async with hub_database() as db:
        found = await sessions(db, partner_named(partner), with_closed=with_closed)
    if as_json:
        print_json(found)
    elif found:
        print_table(SESSION_COLUMNS, [_session_row(row) for row in found])
    else:
        typer.echo("no timing computer has connected yet: project88 listen waits for them")


def _session_row(row: dict[str, Any]) -> tuple[object, ...]:
    is_connected = row["link_opened_at"] is not None and row["link_closed_at"] is None
    since = row["link_opened_at"] if is_connected else row["link_closed_at"] or row["last_connected_at"]
    return (
        row["timing_session_id"],
        row["timing_partner_id"],
        row["session_name"],
        row["timing_event_name"],
        row["account"],
        f"{row['connection_id'] or ''} {row['address'] or ''}".strip(),
        row["event_id"] or "not bound",
        row["time_zone"],
        f"{'since' if is_connected else 'until'} {since:%Y-%m-%d %H:%M}" if since else "",
        "" if row["clock_offset"] is None else f"{row['clock_offset'].total_seconds():+.1f} s",
    )


async def _show(number: int, partner: int | None, as_json: bool) -> None:
    from project88.store.timing import find_session, locations

    async with hub_database() as db:
        session = await find_session(db, number, partner_named(partner))
        places = await locations(db, session)
    if as_json:
        print_json({"session": session, "locations": places})
        return
    print_table(SESSION_COLUMNS, [_session_row(session)])
    typer.echo()
    print_table(LOCATION_COLUMNS, [_location_row(row) for row in places])


def _location_row(row: dict[str, Any]) -> tuple[object, ...]:
    missing = [f"{low}-{high}" if low < high else str(low) for low, high in row["missing"]]
    return (
        row["location"],
        row["received"],
        row["last_sequence"],
        ", ".join(missing[:MISSING_SHOWN]) + (" ..." if len(missing) > MISSING_SHOWN else ""),
        row["last_read_time"],
        row["controller_id"],
        row["time_zone"],
    )


async def _name(number: int, name: str, partner: int | None) -> None:
    from project88.store.timing import find_session, name_session

    async with hub_database() as db:
        await name_session(db, await find_session(db, number, partner_named(partner)), name)
    typer.echo(f"session {number} is named {name}")


async def _bind(number: int, event: str, partner: int | None) -> None:
    from project88.records.entities import TimingPartnerId
    from project88.store.events import find_event
    from project88.store.timing import bind_to_hardware_event, find_session

    async with hub_database() as db:
        session = await find_session(db, number, partner_named(partner))
        found = await find_event(db, event, TimingPartnerId(session["timing_partner_id"]))
        bound = await bind_to_hardware_event(db, session, found)
    typer.echo(f"bound to {found.event_name or found.event_id}: session {', '.join(map(str, bound))}")


async def _close(number: int, partner: int | None) -> None:
    from project88.store.timing import close_session, find_session

    async with hub_database() as db:
        closed = await close_session(db, await find_session(db, number, partner_named(partner)))
    typer.echo(f"session {number} {'is closed' if closed else 'was closed already'}")


async def _zone(
    number: int, zone: str | None, location: str | None, date: datetime | None, partner: int | None
) -> None:
    from project88.store.timing import find_session, set_time

    async with hub_database() as db:
        session = await find_session(db, number, partner_named(partner))
        moved = await set_time(db, session, zone, location, None if date is None else date.date())
    typer.echo(f"{moved:,} reads moved")


async def _reads(
    event: str, bib: str | None, status: str | None, limit: int, partner: int | None, as_json: bool
) -> None:
    from project88.store.scoring import reads_of_event

    async with hub_database() as db:
        found = await event_named(db, event, partner)
        rows = await reads_of_event(db, found.timing_partner_id, found.event_id, bib, status, limit)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(READ_COLUMNS, [_read_row(row) for row in rows])
        if len(rows) == limit:
            typer.echo(f"the first {limit:,}; --limit N shows more")
    else:
        typer.echo("no such read")


def _read_row(row: dict[str, Any]) -> tuple[object, ...]:
    assumed = " ?" if row["zone_is_assumed"] or row["day_is_assumed"] else ""
    return (
        row["timing_read_id"],
        row["tag_code"] or row["kind"],
        row["location"],
        row["sequence_number"],
        f"{row['read_time']:%Y-%m-%d %H:%M:%S.%f}"[:-4] + f"Z{assumed}",
        row["status"] or "not scored",
        row["point"],
        row["source"],
    )


async def _unread(limit: int, partner: int | None, as_json: bool) -> None:
    from project88.store.timing import unread_lines

    async with hub_database() as db:
        rows = await unread_lines(db, partner_named(partner), limit)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        typer.echo("every line was a read")


async def _add_event(partner: int, name: str, start: str, time_zone: str) -> str:
    from project88.records.entities import TimingPartnerId
    from project88.store.scoring import add_event
    from project88.store.timing import time_zone_exists

    begins = start_instant(start)
    async with hub_database() as db:
        if not await time_zone_exists(db, time_zone):
            raise UsageError(f"--time-zone: the database knows no time zone {time_zone!r}")
        await require_partner(db, partner)
        return await add_event(db, TimingPartnerId(partner), name, begins, time_zone)
