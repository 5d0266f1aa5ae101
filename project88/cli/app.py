"""The table of commands and what the process exits with. A command's module is imported only when it is called."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from project88 import __version__
from project88.cli.common import Terminated
from project88.edges import environment
from project88.edges.redaction import RedactingFormatter, redacted
from project88.errors import EXIT_FAILED, HubError

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
LOG_NAME = "project88.log"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives: a module and its typer application or function."""

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "up": Entry("project88.cli.up", "up", "Run the hub: collect and show results."),
        "web": Entry("project88.cli.web", "web", "Show the results pages, and nothing else."),
        "display": Entry("project88.cli.display", "app", "Screens for the finish that need no login."),
        "privacy": Entry("project88.cli.privacy", "app", "Whose name and age the pages withhold."),
        "sandbox": Entry("project88.cli.sandbox", "sandbox_app", "Stand-ins for timing and registration services."),
        "db": Entry("project88.cli.db", "app", "Look after the hub's database."),
        "partner": Entry("project88.cli.partner", "app", "Add and list timing partners."),
        "providers": Entry("project88.cli.providers", "providers", "Show what the adapter of a source declares."),
        "credentials": Entry("project88.cli.credentials", "app", "Store, list and test the logins of timing partners."),
        "user": Entry("project88.cli.user", "app", "Say who may log in to the operator's page."),
        "worker": Entry("project88.cli.worker", "worker", "Run the polls that are due."),
        "jobs": Entry("project88.cli.jobs", "app", "Show, park and retry the polls."),
        "sync": Entry("project88.cli.sync", "app", "Collect events, participants or results from a provider now."),
        "schedule": Entry("project88.cli.schedule", "app", "When the hub asks for what."),
        "listen": Entry("project88.cli.listen", "listen", "Take reads from timing computers."),
        "timing": Entry("project88.cli.timing", "app", "Sessions of timing computers, and events of the hardware."),
        "import": Entry("project88.cli.imports", "app", "Bring reads, start lists and courses from files."),
        "score": Entry("project88.cli.score", "score", "Score an event of the hardware anew."),
        "decisions": Entry("project88.cli.decisions", "app", "Decide on results, and take it back."),
        "backfill": Entry("project88.cli.backfill", "backfill", "Collect the past events of every partner."),
        "verify": Entry("project88.cli.verify", "verify", "Verify the whole integration in eleven slots."),
        "monitor": Entry("project88.cli.monitor", "monitor", "Say whether all is well with the hub."),
        "budget": Entry("project88.cli.budget", "budget", "Show the call budget of each credential."),
        "backup": Entry("project88.cli.backup", "backup", "Copy the whole database and prove the copy."),
        "restore": Entry("project88.cli.restore", "restore", "Put a backup into an empty database."),
        "rollback": Entry("project88.cli.rollback", "rollback", "Remove all that came from one source."),
        "api-token": Entry("project88.cli.api_token", "app", "Tokens of the JSON API."),
        "webhook": Entry("project88.cli.webhook", "app", "Send changed results to other programs."),
        "unit": Entry("project88.cli.unit", "app", "The systemd unit of the scheduler."),
        "results": Entry("project88.cli.results", "results", "Show the results of an event."),
        "duplicates": Entry("project88.cli.duplicates", "app", "Decide on events that reach us from two sources."),
        "reconcile": Entry("project88.cli.reconcile", "reconcile", "Compare what the sources of an event say."),
        "replay": Entry("project88.cli.replay", "replay", "Make results again from what the sources said."),
        "changes": Entry("project88.cli.changes", "changes", "Show what changed of an event, when and why."),
        "retractions": Entry("project88.cli.retractions", "app", "Decide on rows that vanished upstream in a mass."),
    }
)


class LazyGroup(TyperGroup):
    """Lists the table's commands without importing them, and imports the one that is called."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name=name, help=entry.help), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401
        name, found, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else found, rest


def load_command(name: str) -> Any:  # noqa: ANN401
    """Import a command of the table."""
    entry = COMMANDS[name]
    target = getattr(importlib.import_module(entry.module), entry.attribute)
    holder = typer.Typer(add_completion=False)
    if isinstance(target, typer.Typer):
        holder.add_typer(target, name=name)
    else:
        holder.command(name)(target)
    return typer.main.get_group(holder).commands[name]


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def project88(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Race results from every source, in one PostgreSQL database.

    Log lines go to standard error; PROJECT88_LOG_LEVEL sets which ones (WARNING, for services INFO), and
    PROJECT88_LOG_FORMAT=json writes each as a JSON object.

    Example: project88 db status
    """
    from project88.edges.logs import level_of_logs, set_up_logging

    set_up_logging(level_of_logs(default="WARNING"))


def main() -> int:
    """Run the command line and say the exit code."""
    try:
        typer.main.get_command(app)(prog_name="project88")
    except SystemExit as stop:
        code = stop.code or 0
        return code if isinstance(code, int) else EXIT_FAILED
    except HubError as error:
        typer.echo(redacted(f"error: {error}"), err=True)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Terminated:
        return EXIT_TERMINATED
    except Exception as error:
        typer.echo(f"error: unexpected {type(error).__name__}; {_write_down(error)}", err=True)
        return EXIT_FAILED
    return 0


def _write_down(error: Exception) -> str:
    """Put the traceback into the hub's log and say where it stands."""
    from project88.edges.embedded import make_home
    from project88.edges.logs import LINE

    home = environment.home()
    try:
        make_home(home)
        handler = logging.FileHandler(home / LOG_NAME)
    except OSError:
        logging.getLogger(__name__).error("unexpected", exc_info=error)
        return "the traceback is above"
    handler.setFormatter(RedactingFormatter(LINE))
    logger = logging.getLogger("project88.unexpected")
    logger.propagate = False
    logger.addHandler(handler)
    logger.error("unexpected: %s", " ".join(sys.argv[1:2]), exc_info=error)
    handler.close()
    return f"the traceback is in {home / LOG_NAME}"
