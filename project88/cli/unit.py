"""``project88 unit``: the systemd unit of the scheduler. Installs and starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The systemd unit of the scheduler.\n\nExample: project88 unit show")


@app.command("show")
def show_command() -> None:
    """Print the unit for this checkout and the database in use. Writes nothing.

    Example: project88 unit show
    """
    from project88.edges.units import service_here, unit_text

    typer.echo(unit_text(service_here()), nl=False)


@app.command("write")
def write_command(
    path: Annotated[
        Path | None, typer.Option(help="The file; else /tmp/chronotrack-live-scheduler.service.", metavar="FILE")
    ] = None,
) -> None:
    """Write the unit, and the settings of this environment that lead to the database into a file of mode 0600.

    Lines that an operator added to the settings stay. Running it again is safe.

    Example: project88 unit write
    """
    from project88.edges.units import UNIT_PATH, service_here, write_unit

    written = write_unit(path.absolute() if path else UNIT_PATH)
    typer.echo(f"unit:     {written}\nsettings: {service_here().settings}")
