"""A process that answers the API's calls from prepared pages, as fast as a loopback server can. Checks no login.

The first segment of a path names the data set: ``/first/api/event/60411/results?page=1&size=1000``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.pages import PAGE_SIZE, DataSet

HOST = "127.0.0.1"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[int]:
    """Run the server over the data sets in ``folder`` and give its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.server", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        # Ctrl-C reaches the whole process group, so the server may be gone by now.
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


class _Connection(asyncio.Protocol):
    """Answers one request after the other; requests have no body."""

    def __init__(self, data_sets: dict[str, DataSet]) -> None:
        self._data_sets = data_sets
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            target = head.split(b" ", 2)[1].decode("ascii")
            self._transport.write(self._answer(target) or NOT_FOUND)

    def _answer(self, target: str) -> memoryview | None:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        _, name, api, path = parts.path.split("/", 3)
        if api != "api" or query.get("size") != [str(PAGE_SIZE)] or name not in self._data_sets:
            return None
        return self._data_sets[name].response(f"/{path}", int(query["page"][0]))


def _data_sets(folder: Path) -> dict[str, DataSet]:
    return {index.stem: DataSet(folder, index.stem) for index in folder.glob("*.index")}


async def _serve(data_sets: dict[str, DataSet]) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(data_sets), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(_data_sets(Path(sys.argv[1]))))
