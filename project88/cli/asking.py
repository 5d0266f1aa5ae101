"""Asking a person before something cannot be undone. Decides nothing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from project88.errors import EXIT_FAILED, UsageError

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def make_sure(question: str, yes: bool) -> None:
    """Go on only where the person says yes, by the option or when asked. Where nobody can be asked the option must."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here; add --yes")
    if not typer.confirm(question):
        typer.echo("nothing was changed")
        raise typer.Exit(EXIT_FAILED)
