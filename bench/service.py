"""A process that answers the API's calls for small events and enforces the calls allowed in any 60 s per account.

The first segment of a path names the account: ``/first/api/event/17/race?page=1&size=500``. Calls are counted by
arrival; ``/seen`` answers with the figures. Checks no login.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qs, urlsplit

import msgspec
import uvloop

from bench import children
from bench.http_protocol import HOST, RequestProtocol, serve_on_a_free_port
from bench.small_events import SmallEvents, response
from project88.sandbox.limiter import Call, Calls, Limiter

LIMIT = 1500
WINDOW_SECONDS = 60.0
#: How long an answer takes.
ANSWER_SECONDS = 0.05
SLOW_SECONDS = 20.0
EVENT_SECONDS = 6 * 3600.0
#: Live events of the list began so long ago, and the newest past one.
LIVE_SINCE_SECONDS, PAST_SINCE_SECONDS = 1800.0, 86_400.0
#: Within so many seconds the starts of the live events are spread.
SPREAD_SECONDS = 90.0
NOT_FOUND = b"HTTP/1.1 404 -\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 429 -\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What the accounts list, and what goes wrong. Ids of live events come first, then those of past ones."""

    live_events: int = 0
    past_events: int = 0
    #: The results of each event whose id can be divided by it take long; 0: of none.
    slow_every: int = 0
    #: The account that gets no answer.
    hanging_account: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One account's calls as the server counted them; ``highest_window`` includes refused ones."""

    calls: int
    refused: int
    highest_window: int
    #: Since the first call.
    seconds: float

    @property
    def share_used(self) -> float:
        return (self.calls - self.refused) / (LIMIT / WINDOW_SECONDS * self.seconds)


def serving(behaviour: Behaviour | None = None) -> AbstractAsyncContextManager[int]:
    """Run the server and give its port."""
    return children.serving("service", msgspec.json.encode(behaviour or Behaviour()).decode())


def base_url(port: int, account: str) -> str:
    return f"http://{HOST}:{port}/{account}/api"


async def seen(port: int) -> dict[str, Seen]:
    """What the server saw so far, by account."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET /seen HTTP/1.1\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return msgspec.json.decode(answer.split(b"\r\n\r\n", 1)[1], type=dict[str, Seen])


class _Account:
    def __init__(self) -> None:
        self._limiter = Limiter(LIMIT, WINDOW_SECONDS)
        self._calls = Calls(WINDOW_SECONDS)
        self._first = time.monotonic()

    def admits(self, path: str) -> bool:
        now = time.monotonic()
        self._calls.came("", now)
        is_admitted = self._limiter.wait_seconds("", now) is None
        self._calls.answered(Call(path, {}, 200 if is_admitted else 429))
        return is_admitted

    def seen(self) -> Seen:
        return Seen(
            calls=self._calls.total,
            refused=self._calls.refused,
            highest_window=self._calls.highest_window,
            seconds=time.monotonic() - self._first,
        )


class _Service:
    """All accounts; they hold the same events."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._events = SmallEvents()
        self._listed = list(_listed(self._events, behaviour))
        self._accounts: dict[str, _Account] = {}

    def seen(self) -> dict[str, Seen]:
        return {name: account.seen() for name, account in self._accounts.items()}

    def answer(self, target: str) -> tuple[bytes, float | None]:
        """The answer and how long it takes; None: it never comes."""
        parts = urlsplit(target)
        _, name, _, path = parts.path.split("/", 3)
        if not self._accounts.setdefault(name, _Account()).admits(parts.path):
            return REFUSED, ANSWER_SECONDS
        query = parse_qs(parts.query)
        answer = self._page(path.split("/"), int(query["page"][0]), int(query["size"][0]))
        return answer, None if name == self._behaviour.hanging_account else self._seconds(path.split("/"))

    def _page(self, path: Sequence[str], page: int, size: int) -> bytes:
        if path == ["event"]:
            return response("event", self._listed, page, size)
        rows = self._events.rows(path[-1])
        return NOT_FOUND if rows is None else response(f"event_{path[-1]}", rows, page, size)

    def _seconds(self, path: Sequence[str]) -> float:
        every = self._behaviour.slow_every
        is_slow = every and path[-1] == "results" and int(path[1]) % every == 0
        return SLOW_SECONDS if is_slow else ANSWER_SECONDS


def _listed(events: SmallEvents, behaviour: Behaviour) -> Sequence[bytes]:
    now, live = time.time(), behaviour.live_events
    starts = [now - LIVE_SINCE_SECONDS - SPREAD_SECONDS * number / live for number in range(live)]
    starts += [now - PAST_SINCE_SECONDS - 3600.0 * number for number in range(behaviour.past_events)]
    return [events.listed(number, start, start + EVENT_SECONDS) for number, start in enumerate(starts, 1)]


class _Connection(RequestProtocol):
    def __init__(self, service: _Service) -> None:
        self._service = service

    def answer(self, target: str) -> None:
        if target == "/seen":
            body = msgspec.json.encode(self._service.seen())
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            self._transport.close()
            return
        answer, seconds = self._service.answer(target)
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._send, answer)

    def _send(self, answer: bytes) -> None:
        """The caller may have been killed meanwhile."""
        if not self._transport.is_closing():
            self._transport.write(answer)


if __name__ == "__main__":
    known = _Service(msgspec.json.decode(sys.argv[1], type=Behaviour))
    uvloop.run(serve_on_a_free_port(lambda: _Connection(known)))
