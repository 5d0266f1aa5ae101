"""Reading named statements from the .sql files beside the store's modules. Runs nothing.

A block is a line ``-- name: some_name``, one sentence as a comment, and the statement. Parameters are written
``%(name)s``; a statement that takes parameters writes a literal percent sign twice.
"""

from __future__ import annotations

import re
from pathlib import Path

from psycopg.sql import SQL

FOLDER = Path(__file__).parent
NAME_LINE = re.compile(r"^-- name: *(.*?) *$", re.MULTILINE)


class Queries(dict[str, SQL]):
    """The statements of one file by their names."""

    def __init__(self, file_name: str) -> None:
        super().__init__()
        self.file_name = file_name

    def __missing__(self, name: str) -> SQL:
        raise KeyError(f"{self.file_name} has no statement named {name!r}; it has {', '.join(self)}")


def load(name: str) -> Queries:
    """The statements of ``<name>.sql`` beside this module."""
    return parse(f"{name}.sql", (FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def parse(file_name: str, text: str) -> Queries:
    """The statements in a file's text. Raises ValueError for a block without a name, a sentence or a statement."""
    head, *parts = NAME_LINE.split(text)
    if head.strip():
        raise ValueError(f"{file_name} has text before its first '-- name:' line")
    queries = Queries(file_name)
    for name, block in zip(parts[::2], parts[1::2], strict=True):
        if not name.isidentifier() or name in queries:
            raise ValueError(f"{file_name} has a block whose name is missing, doubled or odd: {name!r}")
        queries[name] = SQL(_statement(f"{name} in {file_name}", block))
    return queries


def _statement(place: str, block: str) -> str:
    lines = block.strip().splitlines()
    sentences = [line for line in lines if line.startswith("--")]
    if not lines or lines[0] not in sentences or len(lines[0].strip("- ")) == 0:
        raise ValueError(f"{place} does not say in a sentence what it does")
    statement = "\n".join(line for line in lines if line not in sentences).strip().rstrip(";").rstrip()
    if not statement:
        raise ValueError(f"{place} has no statement")
    return statement
