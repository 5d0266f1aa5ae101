"""A small HTTP server for programs on this machine: one JSON document at /status. Knows nothing of what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from project88.errors import ConfigError

HOST = "127.0.0.1"
SECONDS_TO_END = 1.0


@asynccontextmanager
async def status_served(port: int, said: Callable[[], tuple[bool, bytes]]) -> AsyncIterator[int]:
    """Serve what ``said`` gives, with 503 where it is not well, until the block ends; gives the port.

    Raises ConfigError where the port cannot be opened.
    """

    async def answer(_: web.Request) -> web.Response:
        is_well, body = said()
        return web.Response(status=200 if is_well else 503, body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/status", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SECONDS_TO_END)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(
                f"status port {port} cannot be opened: {reason}; choose another by --status-port"
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
