"""What the commands that take files share: reading one, and saying what could not be read. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from project88.errors import UsageError

SHOWN = 5

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file.", show_default=False)]


def file_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def say_problems(problems: Sequence[str], what: str) -> None:
    if problems:
        typer.echo(f"{len(problems):,} {what}:", err=True)
    for problem in problems[:SHOWN]:
        typer.echo(f"  {problem}", err=True)
    if len(problems) > SHOWN:
        typer.echo(f"  and {len(problems) - SHOWN:,} more", err=True)
