"""What both local services of the benchmarks speak: HTTP requests without a body, one answer after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

HOST = "127.0.0.1"


class RequestProtocol(asyncio.Protocol):
    """Calls ``answer`` with the target of each request; a service says there what to send, and when."""

    _received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            self.answer(head.split(b" ", 2)[1].decode("ascii"))

    def answer(self, target: str) -> None:
        raise NotImplementedError


async def serve_on_a_free_port(connection: Callable[[], RequestProtocol]) -> None:
    """Print the port, then serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(connection, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
