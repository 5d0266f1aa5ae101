"""``project88 import``: reads, start lists and courses from files. Decides nothing that the file does not say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, run
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from project88.imports.run import ReadsImport, ReadsOptions
    from project88.imports.start_list import StartList
    from project88.store.connection import Database
    from project88.store.events import StoredEvent
    from project88.store.merging import Merged

SHOWN = 5
HARDWARE = "tcp_hardware"

app = typer.Typer(
    no_args_is_help=True,
    help="Bring reads, start lists and courses from files.\n\nExample: project88 import entries start.csv --event p1",
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file.", show_default=False)]
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
    raise typer.Exit(run(_reads(_bytes(file), event, timing_partner_id, options, as_json)))


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
    """Take a start list in CSV. The first line names the columns; one must be bib.

    Known columns: bib, race, first name, last name, gender, age, date of birth, division, wave, team, status, entry id,
    external id, e-mail, phone, city, state, country, postal code. A row that cannot be read is quarantined, and
    the exit code is 1.

    Example: project88 import entries start.csv --event p1 --race Marathon
    """
    raise typer.Exit(run(_entries(_bytes(file), event, timing_partner_id, race, replace, dry_run, as_json)))


@app.command("course")
def course_command(file: File, event: Event, timing_partner_id: AnyPartnerId = None) -> None:
    """Take the course of a race, or a list of several, in JSON: places, distances, rules, gun. Scoring follows it.

    What a course holds is in docs/reference/course.md.

    Example: project88 import course course.json --event p1
    """
    run(_course(_bytes(file), event, timing_partner_id))


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
    _say_problems([f"{each.reason}: {each.raw_line[:60]}" for each in done.found.unread], "lines could not be read")


async def _entries(
    data: bytes, event: str, partner: int | None, race: str | None, is_whole: bool, dry_run: bool, as_json: bool
) -> int:
    from project88.imports.run import import_entries

    async with hub_database() as db:
        found_event = await _event(db, event, partner)
        found, merged = await import_entries(db, data, found_event, race, is_whole=is_whole, dry_run=dry_run)
    _say_entries(found, merged, dry_run, as_json)
    return EXIT_FAILED if found.problems or merged.held else EXIT_DONE


def _say_entries(found: StartList, merged: Merged, dry_run: bool, as_json: bool) -> None:
    facts = {
        "entries": len(found.participants),
        "written": merged.written,
        "retired": merged.retracted,
        "held": merged.held,
        "unreadable_rows": len(found.problems),
        "unknown_columns": list(found.ignored),
        "dry_run": dry_run,
    }
    if as_json:
        print_json(facts)
        return
    done = "nothing was written" if dry_run else f"{merged.written:,} new or changed, {merged.retracted:,} retired"
    typer.echo(f"{len(found.participants):,} entries: {done}")
    if merged.held:
        typer.echo(f"{merged.held:,} would be retired at once and wait for you: project88 retractions list")
    if found.ignored:
        typer.echo(f"columns that nothing is known of: {', '.join(found.ignored)}")
    if without := sum(each.race_id is None for each in found.participants):
        typer.echo(f"{without:,} have no race and are not scored: name it by --race, or in a column race")
    _say_problems([each.reason for each in found.problems], "rows could not be read")


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
    from project88.records.entities import TimingPartnerId
    from project88.store.events import find_event

    found = await find_event(db, event, None if partner is None else TimingPartnerId(partner))
    if found.data_source != HARDWARE:
        raise UsageError(
            f"event {found.event_id} came from {found.data_source}: hardware has an event of its own, project88 timing "
            "add-event makes one"
        )
    return found


def _say_problems(problems: list[str], what: str) -> None:
    if problems:
        typer.echo(f"{len(problems):,} {what} and are kept with their reason:", err=True)
    for problem in problems[:SHOWN]:
        typer.echo(f"  {problem}", err=True)
    if len(problems) > SHOWN:
        typer.echo(f"  and {len(problems) - SHOWN:,} more", err=True)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


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
