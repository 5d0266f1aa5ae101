"""A stand-in on a socket: counting calls, sending replies whole, cut or slowly. Decides no answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from aiohttp import web

from project88.edges.clock import sleep
from project88.sandbox.clock import Clock
from project88.sandbox.faults import Fault, FaultBook, Strikes
from project88.sandbox.limiter import Call, Calls, without_secrets
from project88.sandbox.service.admin import OWN_PATHS, Editable, add_admin_routes
from project88.sandbox.service.replies import Reply

SHUTDOWN_SECONDS = 1.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service(ABC):
    """A running stand-in. Tests change its world, ``faults`` and ``clock``, and read ``calls``.

    ``latency_seconds``: real seconds before a call is looked at, so that calls can be under way together.
    """

    def __init__(self, host: str, port: int, clock: Clock, faults: FaultBook, window_seconds: float) -> None:
        self.host = host
        self.port = port
        self.clock = clock
        self.faults = faults
        self.calls = Calls(window_seconds)
        self.latency_seconds = 0.0

    @property
    def host_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    @abstractmethod
    def editable(self) -> Editable:
        """The world, as the sandbox's own paths change it."""

    @abstractmethod
    def add_routes(self, app: web.Application) -> None:
        """Put the service's own paths into the application."""

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._counted])
        add_admin_routes(app, self)
        self.add_routes(app)
        return app

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(OWN_PATHS):
            return await handler(request)
        with self.calls.under_way():
            if self.latency_seconds:
                await sleep(self.latency_seconds)
            return await handler(request)

    async def send(self, request: web.Request, path: str, reply: Reply, strikes: Strikes) -> web.StreamResponse:
        self.calls.answered(Call(path, without_secrets(request.query), reply.status, reply.says_too_fast))
        if strikes.of("cut"):
            return await _send_half(request, reply)
        slow = strikes.first("slow")
        if slow:
            return await _send_slowly(request, reply, slow)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=reply.headers
        )


async def _start(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    return response


async def _send_half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _start(request, reply)
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _send_slowly(request: web.Request, reply: Reply, fault: Fault) -> web.StreamResponse:
    response = await _start(request, reply)
    for start in range(0, len(reply.body), fault.chunk_bytes):
        await sleep(fault.pause_seconds)
        await response.write(reply.body[start : start + fault.chunk_bytes])
    await response.write_eof()
    return response


class Runnable(Protocol):
    """What can be served. Once it is, ``port`` is the one it listens at."""

    host: str
    port: int

    def application(self) -> web.Application: ...


Running = TypeVar("Running", bound=Runnable)


@asynccontextmanager
async def running(service: Running) -> AsyncIterator[Running]:
    """Serve until the block ends. Port 0 takes any free port, which the service then knows."""
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, service.host, service.port).start()
        service.port = runner.addresses[0][1]
        yield service
    finally:
        await runner.cleanup()
