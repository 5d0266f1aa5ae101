"""``project88 verify``: options, table, report file and log of the verification. Checks nothing itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, logged_to, print_table, run
from project88.cli.options import AnyPartnerId
from project88.edges import environment
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError, HubError, UsageError

if TYPE_CHECKING:
    from project88.store.connection import Database
    from project88.verification import Options, Report, SlotResult

#: The files that the deployment page names.
REPORT = Path("/tmp/chronotrack_live_test_report.json")
LOG = Path("/tmp/chronotrack_live_test.log")
UNIT = Path("/tmp/chronotrack-live-scheduler.service")
COLUMNS = ("test", "status", "reason")


def verify(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send no packet to the service; only the database is asked.")
    ] = False,
    timing_partner_id: AnyPartnerId = None,
    all_partners: Annotated[
        bool, typer.Option("--all-partners", help="Every timing partner that has a login; so it is without options.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell what each test found.")] = False,
    report: Annotated[Path, typer.Option(metavar="FILE", help="Where the report goes, as JSON.")] = REPORT,
    log: Annotated[Path, typer.Option(metavar="FILE", help="Log lines go here, too.")] = LOG,
    unit: Annotated[Path, typer.Option(metavar="FILE", help="The unit file; written where it is absent.")] = UNIT,
) -> None:
    """Verify the whole integration in eleven tests: database, logins, service, collecting, schedule, backfill.

    Without --dry-run it logs in and collects one small event of each account; all rows of that are rolled back, and
    the calls count in the budget. A test that was skipped has not passed. Exits 0 only when none failed.

    Example: project88 verify --dry-run --verbose
    """
    from project88.verification import Options

    if unit.suffix != ".service":
        raise UsageError("--unit must end in .service: systemd reads no unit of another name")
    options = Options(
        timing_partner_id=None if all_partners else timing_partner_id, dry_run=dry_run, unit=unit.absolute()
    )
    _quiet_log()
    with logged_to(log):
        found = run(_verify(options, verbose))
    _print(found)
    _write(found, report)
    raise typer.Exit(EXIT_DONE if found.success else EXIT_FAILED)


def _quiet_log() -> None:
    """The table says what went wrong, so log lines go to the file alone, unless somebody asked for them."""
    import logging

    if environment.variable("PROJECT88_LOG_LEVEL") is None:
        for handler in logging.getLogger().handlers:
            handler.setLevel(logging.CRITICAL)


async def _verify(options: Options, verbose: bool) -> Report:
    """A database that cannot be reached is a finding, too."""
    from project88.verification import unreachable, verify

    tell = _tell if verbose else _tell_nothing
    async with AsyncExitStack() as stack:
        try:
            db = await stack.enter_async_context(_database())
        except HubError as error:
            return unreachable(str(error), options, tell)
        return await verify(db, options, tell)


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    """Whatever is in it: whether the schema is whole is what the first test tells."""
    from project88.store.connection import Database

    target = environment.database()
    if isinstance(target, environment.EmbeddedDatabase):
        async with hub_database() as db:
            yield db
    else:
        async with Database.open(target.conninfo) as db:
            yield db


def _tell(name: str, result: SlotResult) -> None:
    typer.echo(f"{name}: {result.status}")
    details = result.details
    for title, texts in (("", details.facts), ("warning: ", details.warnings), ("not checked: ", details.not_checked)):
        for text in texts:
            typer.echo(f"  {title}{text}")
    if details.reason and result.status != "skipped":
        typer.echo(f"  {details.reason}")


def _tell_nothing(name: str, result: SlotResult) -> None:
    """Without --verbose the table at the end is all."""


def _print(found: Report) -> None:
    print_table(COLUMNS, [(name, each.status, each.details.reason) for name, each in found.test_results.items()])
    summary = found.summary
    typer.echo(
        f"{summary.total_tests} tests: {summary.passed} passed, {summary.failed} failed, {summary.errors} errors, "
        f"{summary.skipped} skipped"
    )
    warnings = sum(len(each.details.warnings) for each in found.test_results.values())
    if warnings:
        typer.echo(f"{warnings} warnings: see the report, or --verbose")


def _write(found: Report, path: Path) -> None:
    """Whole or not at all; a link that somebody put in its place is replaced, not followed."""
    import msgspec

    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o644, exist_ok=False)
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(
            f"the report cannot be written to {path} ({error.strerror}); remove it or name another by --report"
        ) from error
    typer.echo(f"report: {path}")
