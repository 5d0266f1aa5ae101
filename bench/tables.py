"""What a benchmark hands back, and how it is shown: on the terminal and as markdown. Measures nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

REPORT = Path(__file__).resolve().parents[1] / "docs" / "reference" / "benchmarks.md"
HEAD = """# Benchmarks

Written by the benchmarks themselves; run `make bench` to make this page anew. Figures differ from machine to machine
and by some 20 % from run to run, so compare the ratios: what stands beside each other was measured in the same run,
one after the other in every repetition.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text. The first column is a label, the others are figures unless ``of_words``."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    of_words: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One benchmark's part of the report."""

    name: str
    title: str
    command: str
    introduction: str
    tables: Sequence[Table]
    notes: Sequence[str] = field(default=())


def show(section: Section, console: Console) -> None:
    for table in section.tables:
        shown = RichTable(title=table.title, box=box.SIMPLE)
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number and not table.of_words else "left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for note in section.notes:
        console.print(f"- {note}", highlight=False)


def write(section: Section, path: Path = REPORT) -> None:
    """Put the section into the report, in the place of the one of the same name."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    begin, end = _markers(section.name)
    fresh = f"{begin}\n{_markdown(section)}{end}\n"
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}\n", re.DOTALL)
    text = pattern.sub(lambda _: fresh, text) if pattern.search(text) else f"{text}\n{fresh}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def _markdown(section: Section) -> str:
    parts = [f"## {section.title}", f"Made by `{section.command}`.", section.introduction.strip()]
    for table in section.tables:
        parts += [f"### {table.title}", _markdown_table(table)]
    if section.notes:
        parts.append("\n".join(f"- {note}" for note in section.notes))
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table) -> str:
    rule = "---" if table.of_words else "---:"
    lines = [table.columns, ["---", *(rule for _ in table.columns[1:])], *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
