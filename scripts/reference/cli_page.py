"""The page of the command line, from the typer application. Runs no command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any

from project88.cli.app import COMMANDS, load_command
from scripts.reference import HEAD, table

INTRODUCTION = """# Command line

Every command of `.venv/bin/project88`. `--help` prints the same for one command.

Exit codes of every command: 0 done, 1 something failed or did not come through whole, 2 typed wrong, 78 a setting
is missing or wrong, 130 Ctrl-C, 143 SIGTERM.
"""

#: A command of typer. Its classes have no public names, so what is read of one is not checked by type.
Command = Any


def commands() -> Iterator[tuple[str, Command]]:
    """Every command and group in the order of the table, with its full name."""
    for name in COMMANDS:
        loaded = load_command(name)
        yield name, loaded
        yield from ((f"{name} {below}", command) for below, command in getattr(loaded, "commands", {}).items())


def text() -> str:
    return HEAD + INTRODUCTION + "".join(_section(name, command) for name, command in commands())


def _section(name: str, command: Command) -> str:
    told, _, example = inspect.cleandoc(command.help or "").partition("Example: ")
    shown = [p for p in command.params if not p.hidden] if not hasattr(command, "commands") else []
    parts = [f"\n## {name}\n", f"{told.strip()}\n"]
    if example:
        parts.append(f"```sh\n{example.strip()}\n```\n")
    if shown:
        parts.append(table(("option", "meaning", "default"), [_row(each) for each in shown]))
    return "\n".join(parts)


def _row(parameter: Any) -> tuple[str, str, str]:  # noqa: ANN401
    return f"`{_spelling(parameter)}`", parameter.help or "", _default(parameter)


def _spelling(parameter: Any) -> str:  # noqa: ANN401
    if not parameter.opts[0].startswith("-"):
        return str(parameter.metavar or parameter.opts[0].upper())
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {parameter.metavar or _kind(parameter)}"


def _kind(parameter: Any) -> str:  # noqa: ANN401
    """What to write for the value: the words to choose from, or its kind."""
    annotation = parameter.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "|".join(member.value for member in annotation)
    return {"int": "N", "float": "NUMBER", "Path": "FILE"}.get(annotation.__name__, "TEXT")


def _default(parameter: Any) -> str:  # noqa: ANN401
    if parameter.required:
        return "required"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if value is None or value is False:
        return ""
    return f"`{parameter.opts[0]}`" if value is True else f"`{value}`"
