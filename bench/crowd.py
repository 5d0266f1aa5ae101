"""Many readers of the pages in a process of their own, over raw connections of the loopback. Knows no database.

It takes one JSON task and prints one JSON line. Instants are those of the machine's monotonic clock, which the process
that makes the changes reads too.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

import msgspec
import uvloop

from bench.children import python
from bench.http_protocol import HOST

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)
TOLD = re.compile(rb"data: ([^\n]+)\n\n")
#: Connections are opened so many at once; the listening socket's queue is short.
OPENED_AT_ONCE = 100
#: Answers of the beginning do not count: plans and pages are made then.
WARM_UP_SECONDS = 1.0

T = TypeVar("T")


class Asking(msgspec.Struct, frozen=True, kw_only=True, tag="asking"):
    """Readers that ask for one address again as soon as they have the answer, saying which version they have."""

    port: int
    path: str
    readers: int
    seconds: float


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came, and how long each answer took."""

    statuses: dict[int, int]
    seconds: float
    waits_ms: list[float]

    def a_second(self, status: int) -> float:
        return self.statuses.get(status, 0) / self.seconds


class Following(msgspec.Struct, frozen=True, kw_only=True, tag="following"):
    """Open streams. Each that is told fetches the part as the pages' script does; ends with its input."""

    port: int
    stream: str
    part: str
    readers: int
    #: From one fetch of a page to its next one.
    pause_seconds: float


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """By version the instants at which the streams told of it, and those at which the parts were there."""

    told: dict[str, list[float]]
    shown: dict[str, list[float]]


async def ask(asking: Asking) -> Asked:
    process = await python("crowd", msgspec.json.encode(asking).decode())
    return await _said(process, Asked)


class Crowd:
    """The parent's side of streams that are open."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def leave(self) -> Followed:
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await _said(self._process, Followed)


@asynccontextmanager
async def following(task: Following) -> AsyncIterator[Crowd]:
    """Streams that are all open."""
    argument = msgspec.json.encode(task).decode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.crowd", argument, stdin=PIPE, stdout=PIPE, limit=2**26
    )
    assert process.stdout is not None
    try:
        if await process.stdout.readline() != b"open\n":
            raise RuntimeError("the streams could not be opened")
        yield Crowd(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _said(process: Process, kind: type[T]) -> T:
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"bench.crowd ended with {process.returncode}")
    return msgspec.json.decode(output.splitlines()[-1], type=kind)


class _Answers(asyncio.Protocol):
    """One keep-alive connection on which requests are answered one after the other."""

    def __init__(self) -> None:
        self._head = b""
        self._missing = 0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            head, _, body = self._head.partition(b"\r\n\r\n")
            self._head = b""
            self._status = int(head[9:12])
            length = LENGTH.search(head)
            self._missing = (int(length[1]) if length and self._status != 304 else 0) - len(body)
            self.began(head)
        if self._missing == 0:
            self.answered(self._status)

    def get(self, path: str, tag: bytes = b"") -> None:
        condition = b"If-None-Match: %s\r\n" % tag if tag else b""
        self._transport.write(
            b"GET %s HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n%s\r\n" % (path.encode(), condition)
        )

    def began(self, head: bytes) -> None:
        """The answer's head is there."""

    def answered(self, status: int) -> None:
        raise NotImplementedError


class _Reader(_Answers):
    def __init__(self, path: str, counted: Counter[int], waits_ms: list[float], counts_from: float) -> None:
        super().__init__()
        self._path = path
        self._tag = b""
        self._counted = counted
        self._waits_ms = waits_ms
        self._counts_from = counts_from

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._ask()

    def began(self, head: bytes) -> None:
        found = TAG.search(head)
        self._tag = found[1] if found else b""

    def answered(self, status: int) -> None:
        now = time.monotonic()
        if now >= self._counts_from:
            self._counted[status] += 1
            self._waits_ms.append((now - self._asked_at) * 1000)
        self._ask()

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        self.get(self._path, self._tag)


class _Part(_Answers):
    """Fetches what a stream told of; what is told meanwhile leads to one more, as in the pages' script."""

    def __init__(self, task: Following, shown: dict[str, list[float]]) -> None:
        super().__init__()
        self._task = task
        self._shown = shown
        self._is_busy = self._is_connected = False
        self._asked_at = float("-inf")
        self._fetched = self._wanted = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._is_connected = True
        self._fetch()

    def connection_lost(self, error: Exception | None) -> None:
        """The server closes what is idle."""
        self._is_connected = False

    def told(self, version: str) -> None:
        self._wanted = version
        if not self._is_busy:
            self._wait()

    def answered(self, status: int) -> None:
        if status == 200:
            self._shown.setdefault(self._fetched, []).append(time.monotonic())
        self._is_busy = False
        if self._fetched != self._wanted:
            self._wait()

    def _wait(self) -> None:
        self._is_busy = True
        pause = max(0.0, self._asked_at + self._task.pause_seconds - time.monotonic())
        asyncio.get_running_loop().call_later(pause, self._connect_or_fetch)

    def _connect_or_fetch(self) -> None:
        if self._is_connected:
            self._fetch()
        else:
            loop = asyncio.get_running_loop()
            self._connecting = loop.create_task(loop.create_connection(lambda: self, HOST, self._task.port))

    def _fetch(self) -> None:
        self._asked_at = time.monotonic()
        self._fetched = self._wanted
        self.get(f"{self._task.part}?version={self._fetched}")


class _Stream(asyncio.Protocol):
    def __init__(self, path: str, part: _Part, told: dict[str, list[float]], opened: asyncio.Event) -> None:
        self._path = path
        self._part = part
        self._told = told
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(b"GET %s HTTP/1.1\r\nHost: bench\r\n\r\n" % self._path.encode())

    def data_received(self, data: bytes) -> None:
        self._opened.set()
        for found in TOLD.finditer(data):
            version = found[1].decode()
            self._told.setdefault(version, []).append(time.monotonic())
            self._part.told(version)


async def _ask(task: Asking) -> Asked:
    counted: Counter[int] = Counter()
    waits_ms: list[float] = []
    loop = asyncio.get_running_loop()
    counts_from = time.monotonic() + WARM_UP_SECONDS
    for _ in range(task.readers):
        await loop.create_connection(lambda: _Reader(task.path, counted, waits_ms, counts_from), HOST, task.port)
    await asyncio.sleep(max(0.0, counts_from - time.monotonic()) + task.seconds)
    return Asked(statuses=dict(counted), seconds=time.monotonic() - counts_from, waits_ms=waits_ms)


async def _follow(task: Following) -> Followed:
    told: dict[str, list[float]] = {}
    shown: dict[str, list[float]] = {}
    for begin in range(0, task.readers, OPENED_AT_ONCE):
        count = min(OPENED_AT_ONCE, task.readers - begin)
        await asyncio.gather(*(_open(task, told, shown) for _ in range(count)))
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    return Followed(told=told, shown=shown)


async def _open(task: Following, told: dict[str, list[float]], shown: dict[str, list[float]]) -> None:
    loop = asyncio.get_running_loop()
    opened = asyncio.Event()
    await loop.create_connection(lambda: _Stream(task.stream, _Part(task, shown), told, opened), HOST, task.port)
    await opened.wait()


def main() -> None:
    task: Any = msgspec.json.decode(sys.argv[1], type=Asking | Following)
    _say(uvloop.run(_ask(task)) if isinstance(task, Asking) else uvloop.run(_follow(task)))


def _say(found: Asked | Followed) -> None:
    """By hand: after uvloop a print of a megabyte into a pipe was seen to end early, without an error."""
    rest = memoryview(msgspec.json.encode(found) + b"\n")
    while rest:
        rest = rest[os.write(sys.stdout.fileno(), rest) :]


if __name__ == "__main__":
    main()
