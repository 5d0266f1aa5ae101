"""A stand-in for RACE RESULT's simple API: links with a key, one call a second each, answers that are kept a while.

Written from its description; knows no client of the hub.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from aiohttp import web

from project88.sandbox.clock import Clock, SandboxClock
from project88.sandbox.service.serving import running

HOST = "127.0.0.1"
CALL_SPACING_SECONDS = 1.0
CACHE_SECONDS = 10.0

Form = Literal["objects", "arrays", "groups", "csv", "txt", "html"]
TYPES = {"csv": "text/csv", "txt": "text/plain", "html": "text/html"}


@dataclass(slots=True, kw_only=True)
class FixedLink:
    """What a person set up: the columns, the rows, and the format. A test may change the rows."""

    event_id: str
    key: str
    columns: Sequence[str]
    rows: list[list[str | int | None]]
    form: Form = "objects"
    last_call: float = field(default=float("-inf"), init=False)
    kept: bytes = field(default=b"", init=False)
    kept_until: float = field(default=float("-inf"), init=False)

    @property
    def path(self) -> str:
        return f"/{self.event_id}/{self.key}"

    def answer(self, now: float) -> bytes | None:
        """None for a call that came too fast. What changed meanwhile is not seen before the kept answer is old."""
        if now - self.last_call < CALL_SPACING_SECONDS:
            return None
        self.last_call = now
        if now >= self.kept_until:
            self.kept, self.kept_until = written(self), now + CACHE_SECONDS
        return self.kept


class RaceResult:
    """A running service. ``statuses`` are those of the answers so far."""

    def __init__(self, links: Sequence[FixedLink], clock: Clock) -> None:
        self.host = HOST
        self.port = 0
        self.statuses: list[int] = []
        self._links = {link.path: link for link in links}
        self._clock = clock

    def url(self, link: FixedLink) -> str:
        return f"http://{self.host}:{self.port}{link.path}"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        reply = self._reply(self._links.get(request.path))
        self.statuses.append(reply.status)
        return reply

    def _reply(self, link: FixedLink | None) -> web.Response:
        if link is None:
            return web.Response(status=404, text="no such link")
        body = link.answer(self._clock.now_seconds())
        if body is None:
            return web.Response(status=406, text="too many requests")
        return web.Response(body=body, content_type=TYPES.get(link.form, "application/json"), charset="utf-8")


def written(link: FixedLink) -> bytes:
    match link.form:
        case "csv" | "txt":
            return _separated(link, ";" if link.form == "csv" else "\t")
        case "html":
            return b"<!DOCTYPE html><html><body>Maintenance</body></html>"
        case "objects":
            return msgspec.json.encode([dict(zip(link.columns, row, strict=True)) for row in link.rows])
        case "arrays":
            return msgspec.json.encode({"DataFields": link.columns, "data": link.rows})
        case "groups":
            return msgspec.json.encode({"DataFields": link.columns, "data": {"#1_All": {"#1_Finishers": link.rows}}})


def _separated(link: FixedLink, separator: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(link.columns)
    writer.writerows(link.rows)
    return text.getvalue().encode()


def serve_race_result(
    links: Sequence[FixedLink], clock: Clock | None = None
) -> AbstractAsyncContextManager[RaceResult]:
    """Serve the links on loopback until the block ends, on any free port; see ``url``."""
    return running(RaceResult(links, clock or SandboxClock()))
