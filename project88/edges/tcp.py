"""TCP connections, taken and made. Knows no protocol: bytes in, bytes out, with a time limit on both."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from project88.errors import ConfigError

log = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
#: So long a peer may leave what we send unread.
WRITE_SECONDS = 30.0
#: A peer whose machine is gone is noticed by the kernel too, where nothing is sent.
KEEPALIVE_IDLE_SECONDS = 20
KEEPALIVE_EVERY_SECONDS = 5
KEEPALIVE_PROBES = 4


class Connection:
    """One connection. ``read`` gives what has come, empty bytes at its end; errors of the network are ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        peer = writer.get_extra_info("peername") or ("unknown", 0)
        #: Of the other side; the port is no part of it.
        self.address: str = str(peer[0])
        self.name = f"{peer[0]}:{peer[1]}"
        sock: socket.socket | None = writer.get_extra_info("socket")
        if sock is not None:
            _keep_alive(sock)

    async def read(self, seconds: float) -> bytes | None:
        """None where nothing came for so long."""
        try:
            async with asyncio.timeout(seconds):
                return await self._reader.read(READ_BYTES)
        except TimeoutError:
            return None
        except OSError:
            return b""

    async def write(self, data: bytes) -> bool:
        """Whether it went out; a peer that is gone or does not read is told by False."""
        if not data:
            return True
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                self._writer.write(data)
                await self._writer.drain()
        except OSError:
            return False
        return True

    async def close(self) -> None:
        """In good order: what was written goes out first."""
        with contextlib.suppress(OSError):
            self._writer.close()
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    def cut(self) -> None:
        """At once, as a pulled plug: what was written may be lost."""
        self._writer.transport.abort()


Handler = Callable[[Connection], Awaitable[None]]


class _Taken:
    """The connections that are open, at most so many. What comes beyond them is cut."""

    def __init__(self, handle: Handler, most: int) -> None:
        self._handle = handle
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        if len(self._tasks) >= self._most:
            connection.cut()
            return
        task = asyncio.create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def end_all(self) -> None:
        waiting = list(self._tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _serve(self, connection: Connection) -> None:
        try:
            await self._handle(connection)
        finally:
            await connection.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A fault of the program ends one connection, and its other side may come again."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a connection ended by a fault", exc_info=error, extra={"action": "connection_fault"})


@asynccontextmanager
async def serving(handle: Handler, hosts: list[str] | None, port: int, most: int) -> AsyncIterator[int]:
    """Take connections, at most so many at once, until the block ends; gives the port. ``hosts`` None: every interface.

    Raises ConfigError where the port cannot be opened.
    """
    taken = _Taken(handle, most)
    try:
        server = await asyncio.start_server(taken.take, hosts, port, reuse_address=True)
    except OSError as error:
        raise ConfigError(
            f"port {port} cannot be opened: {error.strerror or error}; choose another by --port"
        ) from error
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await taken.end_all()


async def connect(host: str, port: int) -> Connection | None:
    """None where nobody answers."""
    try:
        return Connection(*await asyncio.open_connection(host, port))
    except OSError:
        return None


def _keep_alive(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
