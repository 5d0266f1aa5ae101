"""Answers of the API made beforehand: whole HTTP responses in one file, found by path and page. Opens no socket."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from bench import race
from bench.race import Race

PAGE_SIZE = 1000

#: Where each response of a data set stands in its file: path to one (offset, length) per page.
Index = dict[str, list[tuple[int, int]]]


def write_data_set(folder: Path, name: str, event: Race, results: Iterable[bytes], rows: int) -> None:
    """All lists of one event, the results from ``results``; the bracket list is empty."""
    place = f"/event/{event.event_id}"
    index: Index = {}
    with (folder / f"{name}.pages").open("wb") as file:
        for path, key, listed in (
            ("/event", "event", event.events),
            (f"{place}/race", "event_race", event.races),
            (f"{place}/interval", "event_interval", event.intervals),
            (f"{place}/bracket", "event_bracket", ()),
            (f"{place}/entry", "event_entry", event.entries),
        ):
            index[path] = _write_list(file, key, race.encoded(listed), len(listed))
        index[f"{place}/results"] = _write_list(file, "event_results", iter(results), rows)
    (folder / f"{name}.index").write_bytes(msgspec.json.encode(index))


def _write_list(file: BinaryIO, key: str, rows: Iterator[bytes], count: int) -> list[tuple[int, int]]:
    page_count = -(-count // PAGE_SIZE)
    places = []
    for number in range(1, max(page_count, 1) + 1):
        body = b'{"%s":[%s]}' % (key.encode(), b",".join(islice(rows, PAGE_SIZE)))
        response = _head(len(body), count, page_count, number) + body
        places.append((file.tell(), len(response)))
        file.write(response)
    return places


def _head(length: int, row_count: int, page_count: int, number: int) -> bytes:
    lines = (
        "HTTP/1.1 200 OK",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        f"X-Ctlive-Row-Count: {row_count}",
        f"X-Ctlive-Page-Count: {page_count}",
        f"X-Ctlive-Page-Size: {PAGE_SIZE}",
        f"X-Ctlive-Current-Page: {number}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class DataSet:
    """One data set opened for reading. Its pages stay in the system's page cache."""

    def __init__(self, folder: Path, name: str) -> None:
        self._index = msgspec.json.decode((folder / f"{name}.index").read_bytes(), type=Index)
        with (folder / f"{name}.pages").open("rb") as file:
            self._pages = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def response(self, path: str, number: int) -> memoryview | None:
        """The response for a page of a list; None where there is no such page."""
        places = self._index.get(path, [])
        if not 0 < number <= len(places):
            return None
        offset, length = places[number - 1]
        return self._pages[offset : offset + length]
