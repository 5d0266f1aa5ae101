"""The statements of the benchmarks by name. They stand in statements.sql beside this module."""

from __future__ import annotations

from pathlib import Path

from project88.store.queries import parse

FILE = Path(__file__).with_name("statements.sql")
queries = parse(FILE.name, FILE.read_text(encoding="utf-8"))
