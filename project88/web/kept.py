"""Answers that many readers ask for at the same moment: made once, kept for an instant. Knows no page.

They are for everybody: what is kept depends on the address alone, and never on who asks.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from project88.edges.clock import monotonic
from project88.web.guard import METHOD, guarded

#: Shorter than anybody notices; a page that was told of a change asks with the new version, so by another address.
KEPT_SECONDS = 0.5
KEPT_ANSWERS = 256
GZIP_LEVEL = 5
ALWAYS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
TYPE = {"Content-Type": "text/html; charset=utf-8"}

Make = Callable[[Request], Awaitable[str]]


class Sendable(NamedTuple):
    """One form of an answer, as it goes out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(slots=True)
class Answer:
    """One address's answer; ``lock`` is held while it is made. Thousands of readers get it, so it is packed once."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tag: bytes = b""
    plain: Sendable | None = None
    packed: Sendable | None = None
    known: Sendable | None = None
    made_at_seconds: float = float("-inf")

    @property
    def is_fresh(self) -> bool:
        return monotonic() - self.made_at_seconds <= KEPT_SECONDS

    def fill(self, text: str) -> None:
        body = text.encode()
        # Weak: it is the same answer, packed or not.
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.tag = tag.encode()
        self.plain = _whole(body, {"ETag": tag})
        self.packed = _whole(gzip.compress(body, GZIP_LEVEL), {"ETag": tag, "Content-Encoding": "gzip"})
        self.known = Sendable(304, guarded({**ALWAYS, "ETag": tag}), b"")
        self.made_at_seconds = monotonic()

    async def send(self, scope: Scope, send: Send) -> None:
        """It, or that the reader has it already."""
        form = self._form(scope)
        assert form is not None
        await send({"type": "http.response.start", "status": form.status, "headers": form.headers})
        await send({"type": "http.response.body", "body": form.body})

    def _form(self, scope: Scope) -> Sendable | None:
        form = self.plain
        for name, value in scope["headers"]:
            if name == b"if-none-match" and self.tag in value:
                return self.known
            if name == b"accept-encoding" and b"gzip" in value:
                form = self.packed
        return form


def _whole(body: bytes, headers: Mapping[str, str]) -> Sendable:
    return Sendable(200, guarded({**ALWAYS, **TYPE, **headers, "Content-Length": str(len(body))}), body)


class Kept:
    """The answers of this process by their address."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()

    async def answer(self, request: Request, make: Make) -> Response:
        """What ``make`` renders for the address, or that the reader has it already."""
        kept = self._of(_address(request.scope))
        async with kept.lock:
            if not kept.is_fresh:
                kept.fill(await make(request))
        return _Sent(kept)

    async def fresh(self, scope: Scope) -> Answer | None:
        """What is kept of the address; one that is being made is waited for."""
        kept = self._answers.get(_address(scope))
        if kept is not None and kept.lock.locked():
            async with kept.lock:
                pass
        return kept if kept is not None and kept.is_fresh else None

    def _of(self, address: tuple[str, bytes]) -> Answer:
        kept = self._answers.pop(address, None) or Answer()
        self._answers[address] = kept
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        return kept


class Front:
    """Gives what is kept before any address is looked up; every other request goes to ``app``."""

    def __init__(self, app: ASGIApp, kept: Kept) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_read = scope["type"] == "http" and scope["method"] == METHOD
        kept = await self._kept.fresh(scope) if is_read else None
        await (kept.send(scope, send) if kept else self._app(scope, receive, send))


class _Sent(Response):
    """A kept answer on the way through the routes."""

    def __init__(self, kept: Answer) -> None:
        super().__init__()
        self._kept = kept

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await self._kept.send(scope, send)


def _address(scope: Scope) -> tuple[str, bytes]:
    return scope["path"], scope["query_string"]
