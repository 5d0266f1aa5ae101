"""Asking a person: for a secret, and before something cannot be undone. Decides nothing."""

from __future__ import annotations

import getpass
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


def asked_secretly(prompt: str, what: str, option: str) -> str:
    """What the person types without its being shown. Raises UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask for the {what} on: give {option} and pipe it in")
    return getpass.getpass(prompt)
