"""A process that answers the API's calls from prepared pages, as fast as a loopback server can. Checks no login.

The first segment of a path names the data set: ``/first/api/event/60411/results?page=1&size=1000``.
"""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench import children
from bench.http_protocol import RequestProtocol, serve_on_a_free_port
from bench.pages import PAGE_SIZE, DataSet

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def serving(folder: Path) -> AbstractAsyncContextManager[int]:
    """Run the server over the data sets in ``folder`` and give its port."""
    return children.serving("server", str(folder))


class _Connection(RequestProtocol):
    def __init__(self, data_sets: dict[str, DataSet]) -> None:
        self._data_sets = data_sets

    def answer(self, target: str) -> None:
        self._transport.write(self._response(target) or NOT_FOUND)

    def _response(self, target: str) -> memoryview | None:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        _, name, api, path = parts.path.split("/", 3)
        if api != "api" or query.get("size") != [str(PAGE_SIZE)] or name not in self._data_sets:
            return None
        return self._data_sets[name].response(f"/{path}", int(query["page"][0]))


def _data_sets(folder: Path) -> dict[str, DataSet]:
    return {index.stem: DataSet(folder, index.stem) for index in folder.glob("*.index")}


if __name__ == "__main__":
    found = _data_sets(Path(sys.argv[1]))
    uvloop.run(serve_on_a_free_port(lambda: _Connection(found)))
