"""A relay on loopback that counts what a program asks of a server, and may act at one of the steps. Changes no byte."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from project88.schedule.ending import broken_off

CHUNK_BYTES = 65_536
LENGTH_BYTES = 4
#: Messages of a PostgreSQL client that let the server do something: Query, Execute, CopyData, CopyDone.
STATEMENTS = frozenset(b"QEdc")
READY = ord("Z")
IN_TRANSACTION = frozenset(b"TE")

COMMIT = b"COMMIT\0"

When = Literal["before", "after"]
Place = Literal["anywhere", "inside", "commit"]


@dataclass(frozen=True, slots=True)
class Point:
    """The step with this number among those of a place; before the server gets it, or right after."""

    number: int
    place: Place
    when: When


@dataclass
class Steps:
    """The steps of all relays together. At the point it calls ``act``, once. ``acted_inside``: in a transaction."""

    act: Callable[[], None] = lambda: None
    point: Point | None = None
    taken: Counter[Place] = field(default_factory=Counter)
    acted: bool = False
    acted_inside: bool = False

    def begin(self, act: Callable[[], None], point: Point | None) -> None:
        self.act, self.point = act, point
        self.taken = Counter()
        self.acted, self.acted_inside = False, False

    def take(self, places: Sequence[Place]) -> When | None:
        """When to act, where this step is the point."""
        self.taken.update(places)
        point = self.point
        if point is None or self.acted or point.place not in places or self.taken[point.place] != point.number:
            return None
        return point.when

    def do_act(self, *, inside: bool) -> None:
        self.acted, self.acted_inside = True, inside
        self.act()


@dataclass
class Messages:
    """PostgreSQL's messages cut out of a stream: a byte of kind, then a length that counts itself."""

    has_kind: bool
    buffer: bytearray = field(default_factory=bytearray)

    def cut(self, data: bytes) -> Iterator[bytes]:
        self.buffer += data
        while True:
            head = int(self.has_kind)
            if len(self.buffer) < head + LENGTH_BYTES:
                return
            size = head + int.from_bytes(self.buffer[head : head + LENGTH_BYTES])
            if len(self.buffer) < size:
                return
            message = bytes(self.buffer[:size])
            del self.buffer[:size]
            # Only the very first message of a client has none.
            self.has_kind = True
            yield message


class _Link:
    """One connection of the program, passed on."""

    def __init__(self, steps: Steps, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._steps = steps
        self._client = client
        self._server = server
        self.in_transaction = False

    async def pass_step(self, data: bytes) -> None:
        """Raises ConnectionAbortedError where the program died before it."""
        inside = self.in_transaction
        places: list[Place] = ["anywhere"]
        if inside:
            places += ["inside", "commit"] if COMMIT in data else ["inside"]
        when = self._steps.take(places)
        if when == "before":
            self._steps.do_act(inside=inside)
            raise ConnectionAbortedError
        await self.pass_on(data)
        if when == "after":
            self._steps.do_act(inside=inside)

    async def pass_on(self, data: bytes) -> None:
        self._server.write(data)
        await self._server.drain()

    async def pass_back(self, data: bytes) -> None:
        """A program that died hears nothing."""
        with suppress(ConnectionError):
            self._client.write(data)
            await self._client.drain()


async def _statements(link: _Link, reader: asyncio.StreamReader) -> None:
    messages = Messages(has_kind=False)
    is_first = True
    while data := await reader.read(CHUNK_BYTES):
        for message in messages.cut(data):
            is_step = not is_first and message[0] in STATEMENTS
            is_first = False
            await (link.pass_step(message) if is_step else link.pass_on(message))


async def _answers(link: _Link, reader: asyncio.StreamReader) -> None:
    messages = Messages(has_kind=True)
    while data := await reader.read(CHUNK_BYTES):
        for message in messages.cut(data):
            if message[0] == READY:
                link.in_transaction = message[-1] in IN_TRANSACTION
        await link.pass_back(data)


async def _requests(link: _Link, reader: asyncio.StreamReader) -> None:
    """Requests are small and come one after the other on a line."""
    while data := await reader.read(CHUNK_BYTES):
        await (link.pass_step(data) if data.startswith(b"GET ") else link.pass_on(data))


async def _bodies(link: _Link, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(CHUNK_BYTES):
        await link.pass_back(data)


async def _relay(way: _Way, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    server_reader, server = await asyncio.open_connection(way.host, way.port)
    link = _Link(way.steps, client, server)
    answering = asyncio.create_task(way.answers(link, server_reader))
    asking = asyncio.create_task(way.asks(link, client_reader))
    try:
        await asyncio.wait([asking, answering], return_when=asyncio.FIRST_COMPLETED)
        if way.ends_by_itself and not answering.done():
            # As the kernel does for a process that died: what was sent arrives, then the end.
            server.write_eof()
            await answering
    finally:
        await broken_off(asking, answering)
        await asyncio.gather(asking, answering, return_exceptions=True)
        for writer in (client, server):
            writer.close()


@dataclass(frozen=True)
class _Way:
    """``ends_by_itself``: the server closes when it has read the end."""

    steps: Steps
    host: str
    port: int
    asks: Callable[[_Link, asyncio.StreamReader], Coroutine[None, None, None]]
    answers: Callable[[_Link, asyncio.StreamReader], Coroutine[None, None, None]]
    ends_by_itself: bool


@asynccontextmanager
async def tap(steps: Steps, host: str, port: int, protocol: Literal["postgresql", "http"]) -> AsyncIterator[int]:
    """Give the port on loopback behind which the server is found from now on."""
    is_database = protocol == "postgresql"
    asks, answers = (_statements, _answers) if is_database else (_requests, _bodies)
    way = _Way(steps, host, port, asks, answers, is_database)
    relays: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.add(asyncio.create_task(_relay(way, reader, writer)))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for relay in relays:
            await broken_off(relay)
