"""Answers that many readers ask for at the same moment: made once, kept for an instant. Knows no page."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from project88.edges.clock import monotonic

#: Shorter than anybody notices; a page that was told of a change asks with the new version, so by another address.
KEPT_SECONDS = 0.5
KEPT_ANSWERS = 256

Make = Callable[[Request], Awaitable[str]]


@dataclass(slots=True)
class _Answer:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    body: bytes = b""
    tag: str = ""
    made_at_seconds: float = float("-inf")


class Kept:
    """The answers of this process by their address."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    async def answer(self, request: Request, make: Make) -> Response:
        """What ``make`` renders for the address, or that the reader has it already."""
        kept = self._of(f"{request.url.path}?{request.url.query}")
        async with kept.lock:
            if monotonic() - kept.made_at_seconds > KEPT_SECONDS:
                kept.body = (await make(request)).encode()
                kept.tag = f'"{hashlib.sha256(kept.body).hexdigest()[:32]}"'
                kept.made_at_seconds = monotonic()
        headers = {"Cache-Control": "no-cache", "ETag": kept.tag}
        if kept.tag in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(kept.body, headers=headers)

    def _of(self, address: str) -> _Answer:
        kept = self._answers.pop(address, None) or _Answer()
        self._answers[address] = kept
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        return kept
