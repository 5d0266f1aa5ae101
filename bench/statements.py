"""The statements of the benchmarks by name. They stand in .sql files beside this module."""

from __future__ import annotations

from pathlib import Path

from psycopg.sql import SQL

from project88.store.queries import parse

FILES = ("statements.sql", "schedule.sql")


def _read(name: str) -> dict[str, SQL]:
    return dict(parse(name, Path(__file__).with_name(name).read_text(encoding="utf-8")))


queries = {name: statement for file in FILES for name, statement in _read(file).items()}
