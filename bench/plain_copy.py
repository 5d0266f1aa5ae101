"""A plain COPY of rows that were decoded and written as COPY text beforehand, as a child process. The upper bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench.children import Task, answer, require_rows
from bench.statements import queries

BLOCK_BYTES = 256 * 1024


async def copy(task: Task) -> None:
    async with await psycopg.AsyncConnection.connect(task.database_url) as connection, connection.cursor() as cursor:
        async with cursor.copy(queries["copy_plain"]) as copying:
            for block in _blocks(Path(task.source)):
                await copying.write(block)
        require_rows(task, cursor.rowcount)


def _blocks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


if __name__ == "__main__":
    answer(copy)
