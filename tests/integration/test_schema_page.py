"""The page of the schema agrees with a database that the migrations made."""

from __future__ import annotations

from pathlib import Path

from project88.store.connection import Database
from scripts.reference import schema_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schema.md"


async def test_the_page_of_the_schema_is_current_else_run_make_docs(db: Database) -> None:
    assert await schema_page.text(db) == PAGE.read_text(encoding="utf-8")


async def test_the_page_names_every_table_view_column_and_comment(db: Database) -> None:
    page = await schema_page.text(db)

    for relation in await db.rows(schema_page.queries["relations"]):
        section = page.partition(f" {relation['name']}\n")[2].partition("\n## ")[0]
        for column in await db.rows(schema_page.queries["columns"], {"oid": relation["oid"]}):
            assert f"| `{column['name']}` |" in section
            assert (column["comment"] or "") in section
        assert (relation["comment"] or "") in section
