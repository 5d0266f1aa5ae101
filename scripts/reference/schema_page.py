"""The page of the schema, from the catalogue of a migrated database. Changes nothing in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from project88.store.connection import Database
from project88.store.queries import parse
from scripts.reference import HEAD, table

STATEMENTS = Path(__file__).with_name("schema.sql")
INTRODUCTION = """# Schema

Tables, views and functions as the files of [database](../../database/README.md) make them. `timing_partner_id` leads
the key of every table that holds a partner's data. Reports read the views, which hide retracted rows.
"""

queries = parse(STATEMENTS.name, STATEMENTS.read_text(encoding="utf-8"))


async def text(db: Database) -> str:
    relations = await db.rows(queries["relations"])
    sections = [await (_view(db, each) if each["is_view"] else _table(db, each)) for each in relations]
    return HEAD + INTRODUCTION + await _providers(db) + "".join(sections) + await _functions(db)


async def _providers(db: Database) -> str:
    rows = [
        (f"{row['provider_id']}", f"`{row['key']}`", row["name"], row["description"])
        for row in await db.rows(queries["providers"])
    ]
    head = "\nThe providers of a new database; [providers](providers.md) says which can be collected from.\n\n"
    return head + table(("provider_id", "key", "name", "what it gives"), rows)


async def _table(db: Database, relation: dict[str, Any]) -> str:
    here = {"oid": relation["oid"]}
    columns = [_column(row) for row in await db.rows(queries["columns"], here)]
    constraints = [f"- `{row['name']}`: {row['definition']}" for row in await db.rows(queries["constraints"], here)]
    indexes = [f"- {_index(row['definition'])}" for row in await db.rows(queries["indexes"], here)]
    return (
        _heading(relation)
        + table(("column", "type", "default", "meaning"), columns)
        + _bullets("Constraints", constraints)
        + _bullets("Other indexes", indexes)
    )


async def _view(db: Database, relation: dict[str, Any]) -> str:
    rows = [(f"`{row['name']}`", row["type"]) for row in await db.rows(queries["columns"], {"oid": relation["oid"]})]
    return _heading(relation) + table(("column", "type"), rows)


async def _functions(db: Database) -> str:
    rows = await db.rows(queries["functions"])
    return _bullets("Functions", [f"- `{row['name']}({row['arguments']})`" for row in rows], level="##")


def _heading(relation: dict[str, Any]) -> str:
    kind = "view" if relation["is_view"] else "table"
    comment = f"{relation['comment']}\n\n" if relation["comment"] else ""
    return f"\n## {kind} {relation['name']}\n\n{comment}"


def _column(row: dict[str, Any]) -> tuple[str, ...]:
    required = ", not null" if row["is_required"] else ""
    default = f"`{row['default_text']}`" if row["default_text"] else ""
    return f"`{row['name']}`", row["type"] + required, default, row["comment"] or ""


def _index(definition: str) -> str:
    """Without the words that every definition shares."""
    return definition.replace(" USING btree", "").replace(" ON public.", " on ").removeprefix("CREATE ")


def _bullets(title: str, lines: list[str], level: str = "") -> str:
    if not lines:
        return ""
    head = f"{level} {title}" if level else f"{title}:"
    return f"\n{head}\n\n" + "\n".join(lines) + "\n"
