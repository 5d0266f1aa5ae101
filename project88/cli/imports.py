"""``project88 import``: reads, entries and courses from files. Decides nothing that the file does not say."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, run
from project88.cli.files import File, file_bytes, say_problems
from project88.cli.import_link import race_result_command
from project88.cli.import_lists import results_command, start_list_command
from project88.cli.import_said import say_what_is_left
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from project88.imports.lists import Done
    from project88.imports.run import ReadsImport, ReadsOptions
    from project88.store.connection import Database
    from project88.store.events import StoredEvent

HARDWARE = "tcp_hardware"

app = typer.Typer(
    no_args_is_help=True,
    help="Bring start lists, results, reads and courses.\n\nExample: project88 import start-list p1 start.csv",
)
app.command("start-list")(start_list_command)
app.command("results")(results_command)
app.command("race-result")(race_result_command)
Event = Annotated[str, typer.Option("--event", metavar="EVENT", help="Our id of the event, or the provider's.")]


@app.command("reads")
def reads_command(
    file: File,
    event: Event,
    timing_partner_id: AnyPartnerId = None,
    session: Annotated[
        int | None, typer.Option(metavar="N", help="The timing session of all reads; else the one that has the place.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of times without one, where the event says none.")
    ] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of times without one; else the event's.")
    ] = None,
    lap_first: Annotated[
        bool, typer.Option("--lap-first/--gator-first", help="Which number stands before the reader's id.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Take a file of reads (CTFF01, any format, seen line by line) into an event, as its timing computers' own.

    A read that the hub has from the network is not stored again, so a file taken from the controller fills the gaps.
    A line that is no read is kept with its reason, and the exit code is 1.

    Example: project88 import reads finish.txt --event p1
    """
    from project88.imports.run import ReadsOptions

    options = ReadsOptions(
        session_id=session,
        time_zone=time_zone,
        day=None if date is None else date.date(),
        order="lap_first" if lap_first else "gator_first",
    )
    raise typer.Exit(run(_reads(file_bytes(file), event, timing_partner_id, options, as_json)))


@app.command("entries")
def entries_command(
    file: File,
    event: Event,
    timing_partner_id: AnyPartnerId = None,
    race: Annotated[str | None, typer.Option(help="The race, name or id, of rows that name none.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Who is not on the list is not entered any more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is in the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a start list of an event of the hardware. The first line names the columns; one must be bib.

    The same as import start-list, where columns can be mapped and the list be looked at first. A row that cannot be
    read is quarantined, and the exit code is 1.

    Example: project88 import entries start.csv --event p1 --race Marathon
    """
    raise typer.Exit(run(_entries(file_bytes(file), event, timing_partner_id, race, replace, dry_run, as_json)))


@app.command("course")
def course_command(file: File, event: Event, timing_partner_id: AnyPartnerId = None) -> None:
    """Take the course of a race, or a list of several, in JSON: places, distances, rules, gun. Scoring follows it.

    What a course holds is in docs/reference/course.md.

    Example: project88 import course course.json --event p1
    """
    run(_course(file_bytes(file), event, timing_partner_id))


async def _reads(data: bytes, event: str, partner: int | None, options: ReadsOptions, as_json: bool) -> int:
    from project88.imports.run import import_reads
    from project88.store.timing import time_zone_exists

    async with hub_database() as db:
        found_event = await _event(db, event, partner)
        if options.time_zone is not None and not await time_zone_exists(db, options.time_zone):
            raise UsageError(f"--time-zone: the database knows no time zone {options.time_zone!r}")
        with _progress("reads") as told:
            done = await import_reads(db, data, found_event, options, told)
    _say_reads(done, as_json)
    return EXIT_FAILED if done.found.unread else EXIT_DONE


def _say_reads(done: ReadsImport, as_json: bool) -> None:
    facts: dict[str, Any] = {
        "reads": done.found.reads,
        "stored": done.stored,
        "known_already": done.found.reads - done.stored,
        "locations": sorted(done.found.locations),
        "unreadable_lines": len(done.found.unread),
    }
    if as_json:
        print_json(facts)
        return
    typer.echo(
        f"{facts['reads']:,} reads of {', '.join(facts['locations'])}: {facts['stored']:,} stored, "
        f"{facts['known_already']:,} known already"
    )
    unread = [f"{each.reason}: {each.raw_line[:60]}" for each in done.found.unread]
    say_problems(unread, "lines could not be read and are kept with their reason")


async def _entries(
    data: bytes, event: str, partner: int | None, race: str | None, is_whole: bool, dry_run: bool, as_json: bool
) -> int:
    from project88.imports.lists import Wanted, import_start_list
    from project88.imports.tables import read_table

    async with hub_database() as db:
        wanted = Wanted(
            table=read_table(data),
            event=await _event(db, event, partner),
            race=race,
            complete=is_whole,
            preview=dry_run,
        )
        done = await import_start_list(db, wanted)
    _say_entries(done, dry_run, as_json)
    return EXIT_FAILED if done.left_something_out else EXIT_DONE


def _say_entries(done: Done, dry_run: bool, as_json: bool) -> None:
    written = 0 if dry_run else done.new + done.changed
    facts = {
        "entries": len(done.rows),
        "written": written,
        "retired": 0 if dry_run else done.retired,
        "held": done.held,
        "unreadable_rows": len(done.problems),
        "unknown_columns": list(done.columns.ignored),
        "dry_run": dry_run,
    }
    if as_json:
        print_json(facts)
        return
    said = "nothing was written" if dry_run else f"{written:,} new or changed, {done.retired:,} retired"
    typer.echo(f"{len(done.rows):,} entries: {said}")
    say_what_is_left(done)


async def _course(data: bytes, event: str, partner: int | None) -> None:
    import msgspec

    from project88.imports.run import import_course

    try:
        said = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise UsageError(f"the file is no JSON: {error}") from None
    async with hub_database() as db:
        for name, changed in await import_course(db, said, await _event(db, event, partner)):
            typer.echo(f"{name}: {'stored' if changed else 'was so already'}")


async def _event(db: Database, event: str, partner: int | None) -> StoredEvent:

    found = await event_named(db, event, partner)
    if found.data_source != HARDWARE:
        raise UsageError(
            f"event {found.event_id} came from {found.data_source}: hardware has an event of its own, project88 timing "
            "add-event makes one"
        )
    return found


class _progress:
    """A bar on a terminal, nothing elsewhere: the last line says all."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> Any:  # noqa: ANN401
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._progress.start()
        task = self._progress.add_task(self._what)
        return lambda done, total: self._progress.update(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
