"""Writes the generated pages of docs/reference. Run it with `make docs`; a test compares the pages with the program.

The schema page is read from a database that this script makes on a server of its own and removes again.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from project88.edges import embedded
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate
from scripts.reference import api_page, cli_page, course_page, ctp01_page, providers_page, schema_page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def main() -> None:
    with _open_folder() as folder:
        schema = asyncio.run(_schema(folder / "home"))
    pages = {
        "api.md": api_page.text(),
        "cli.md": cli_page.text(),
        "course.md": course_page.text(),
        "ctp01.md": ctp01_page.text(),
        "providers.md": providers_page.text(),
        "schema.md": schema,
    }
    for name, page in pages.items():
        (FOLDER / name).write_text(page, encoding="utf-8")
        sys.stdout.write(f"wrote docs/reference/{name}\n")


async def _schema(home: Path) -> str:
    async with _migrated_database(home) as db:
        return await schema_page.text(db)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A temporary folder that the server's user can walk through when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="project88-docs-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def _migrated_database(home: Path) -> AsyncIterator[Database]:
    try:
        server = await embedded.ensure_running(home, options=embedded.Options(initdb_arguments=("--no-sync",)))
        await ensure_database(server.url("postgres"), "project88_docs")
        async with Database.open(server.url("project88_docs")) as db:
            await migrate(db)
            yield db
    finally:
        await embedded.stop(home)


if __name__ == "__main__":
    main()
