"""The commands that look after the database: bring it up to date, describe it, say its address, stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from project88.cli.common import hub_url, print_json, run, seal_old_secrets
from project88.edges import environment
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError, UsageError

if TYPE_CHECKING:
    from project88.store.migrate import MigrationStatus

app = typer.Typer(no_args_is_help=True, help="Look after the hub's database.")

STOPPED = "it is stopped; every command that needs it starts it, as project88 db migrate does"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `db status` says. What cannot be known of a stopped server is null."""

    database: str
    running: bool
    #: Why it cannot be used, where it cannot be reached.
    problem: str | None = None
    version: str | None = None
    size_bytes: int | None = None
    #: Files of database/ that the database lacks.
    pending: list[str] | None = None

    @property
    def is_ready(self) -> bool:
        return self.running and not self.pending

    def lines(self) -> list[str]:
        pending = "unknown" if self.pending is None else ", ".join(self.pending) or "none"
        size = "unknown" if self.size_bytes is None else f"{self.size_bytes / 1_000_000:.1f} MB"
        problem = [f"problem:  {self.problem}"] if self.problem else []
        return [
            f"database: {self.database}",
            f"running:  {'yes' if self.running else 'no'}",
            f"version:  {self.version or 'unknown'}",
            f"size:     {size}",
            f"pending:  {pending}",
            *problem,
        ]


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database up to the schema of this checkout, in one transaction.

    Starts the embedded server where no database is named. Secrets of the hub's logins that are stored in plain are
    sealed: see credentials seal. Then the roles and rights of database/roles.sql are brought up to date where this
    login may do it; elsewhere a line says what a database administrator should run. Running it again changes nothing.

    Example: project88 db migrate
    """
    run(_migrate())


@app.command("status")
def status_command(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say which database the hub uses, whether it runs, and what it lacks. Starts nothing.

    Exits 0 when the database is ready to use, else 1.

    Example: project88 db status --json
    """
    report = run(_report())
    if json:
        print_json(report)
    else:
        typer.echo("\n".join(report.lines()))
    raise typer.Exit(EXIT_DONE if report.is_ready else EXIT_FAILED)


@app.command("url")
def url_command() -> None:
    """Print the database's address for psql. THE PASSWORD IS IN IT: this is the one command that shows it.

    Starts the embedded server where no database is named.

    Example: psql "$(project88 db url)"
    """
    typer.echo(run(hub_url()))


@app.command("stop")
def stop_command() -> None:
    """Stop the embedded server. Programs that are connected to it lose their connections; no committed row is lost.

    It starts again with the next command that needs it.

    Example: project88 db stop
    """
    typer.echo("stopped" if run(_stop()) else "the embedded server was not running")


async def _migrate() -> None:
    from project88.store.connection import Database
    from project88.store.migrate import migrate
    from project88.store.roles import apply_roles

    async with Database.open(await hub_url()) as db:
        names = await migrate(db)
        sealed = await seal_old_secrets(db)
        why_not = await apply_roles(db)
    typer.echo("\n".join(f"applied {name}" for name in names) or "nothing to do")
    typer.echo(sealed, nl=False)
    if why_not is not None:
        typer.echo(
            f"note: roles and row-level security are as they were: {why_not}. A database administrator runs:"
            " psql -X -d DATABASE -f database/roles.sql; see docs/howto/database-roles.md",
            err=True,
        )


async def _stop() -> bool:
    from project88.edges.embedded import stop

    target = environment.database()
    if isinstance(target, environment.ExplicitDatabase):
        raise UsageError(f"the database is named by {target.named_by}; only the embedded server can be stopped here")
    return await stop(target.home)


async def _report() -> Report:
    target = environment.database()
    if isinstance(target, environment.ExplicitDatabase):
        described = f"named by {target.named_by}"
        try:
            return await _report_of(target.conninfo, described)
        except ConfigError as error:
            return Report(database=described, running=False, problem=str(error))
    return await _embedded_report(target)


async def _embedded_report(target: environment.EmbeddedDatabase) -> Report:
    from project88.edges.embedded import status

    found = await status(target.home)
    described = f"embedded in {found.data}"
    if not found.running:
        return Report(database=described, running=False, problem=STOPPED, version=str(found.major or "") or None)
    return await _report_of(await hub_url(), described)


async def _report_of(url: str, described: str) -> Report:
    from project88.store.connection import Database
    from project88.store.migrate import status

    async with Database.open(url) as db:
        return Report(
            database=f"{await db.name()}, {described}",
            running=True,
            version=await db.server_version(),
            size_bytes=await db.size_bytes(),
            pending=_missing(await status(db)),
        )


def _missing(migrations: list[MigrationStatus]) -> list[str]:
    return [migration.name for migration in migrations if migration.is_missing]
