"""Open pages of the operator's part: the piece that changes, and a stream that tells when it did. Knows no page."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from project88.errors import StoreError
from project88.web.operator.gate import Gate, Visitor
from project88.web.pages import told_version
from project88.web.streams import RECONNECT_MS, event_stream
from project88.web.updates import GONE

#: A page may read much, and few people look: each open one is made anew this often, and its version compared.
EVERY_SECONDS = 2.0
STREAMS_AT_MOST = 100
OVER = "Your session has ended. Log in again."
TOO_MANY = "Too many pages are open. This one shows what it showed; reload it by hand."

Render = Callable[[Visitor], Awaitable[str]]


class Following:
    """One per application; ``stop`` ends its streams."""

    def __init__(self, gate: Gate, stop: asyncio.Event) -> None:
        self._gate = gate
        self._stop = stop
        self._open = 0

    async def part(self, request: Request, render: Render) -> Response:
        """What a page shows now, without what stands around it. Raises HTTPException for whoever has no session."""
        html = await render(await self._required(request))
        marked = f'<div data-version="{version_of(html)}"></div>\n{html}'
        return HTMLResponse(marked, headers={"Cache-Control": "no-store"})

    async def stream(self, request: Request, render: Render) -> Response:
        """Server-sent events. Raises HTTPException for whoever has no session, and beyond STREAMS_AT_MOST."""
        await self._required(request)
        if self._open >= STREAMS_AT_MOST:
            raise HTTPException(503, TOO_MANY)
        return event_stream(self._told(request, render))

    async def _required(self, request: Request) -> Visitor:
        visitor = await self._gate.onlooker(request)
        if visitor is None:
            raise HTTPException(401, OVER)
        return visitor

    async def _told(self, request: Request, render: Render) -> AsyncIterator[str]:
        self._open += 1
        try:
            yield f"retry: {RECONNECT_MS}\n: listening\n\n"
            version = told_version(request)
            while version != GONE and not self._stop.is_set():
                known, version = version, await self._look(request, render, version)
                yield ": the same\n\n" if known == version else f"id: {version}\nevent: changed\ndata: {version}\n\n"
                await self._wait()
        finally:
            self._open -= 1

    async def _look(self, request: Request, render: Render, known: str) -> str:
        """The version of what the page shows now; GONE where it has ended or its reader may not see it any more."""
        try:
            visitor = await self._gate.onlooker(request)
            return GONE if visitor is None else version_of(await render(visitor))
        except HTTPException:
            return GONE
        except StoreError:
            return known

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_SECONDS):
                await self._stop.wait()


def version_of(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16]
