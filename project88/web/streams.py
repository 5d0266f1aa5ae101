"""Server-sent events as an answer: what a listener is told goes out at once. Knows no database and no event.

Thousands may be open, so each is one coroutine that waits for its queue, without a timer of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from project88.store.results_page import EventKey
from project88.web.updates import CLOSED, Listener, Updates

#: How long a browser waits before it opens a lost stream again.
RECONNECT_MS = 2000
BEGIN = f"retry: {RECONNECT_MS}\n: listening\n\n".encode()
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream:
    """Goes on until the reader leaves or the updates are closed."""

    def __init__(self, updates: Updates, key: EventKey | None, version: str, secret_hash: bytes | None = None) -> None:
        self._updates = updates
        self._key = key
        self._version = version
        self._secret_hash = secret_hash

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        with self._updates.listen(self._key, self._version, self._secret_hash) as listener:
            leaving = asyncio.create_task(_end_when_gone(receive, listener))
            try:
                await _pass_on(listener, send)
            finally:
                leaving.cancel()


def event_stream(parts: AsyncIterator[str]) -> Response:
    """For a few readers: whatever ``parts`` makes."""
    return StreamingResponse(parts, headers={name.decode(): value.decode() for name, value in HEADERS})


async def _pass_on(listener: Listener, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    message: bytes | None = BEGIN
    while message is not CLOSED:
        await send({"type": "http.response.body", "body": message, "more_body": True})
        message = await listener.queue.get()
    await send({"type": "http.response.body", "body": b""})


async def _end_when_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    listener.tell(CLOSED)
