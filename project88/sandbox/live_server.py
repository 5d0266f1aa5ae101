"""The ChronoTrack Live sandbox on a socket: authenticate, limit, strike, answer. Knows no client of the hub."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from project88.edges.clock import sleep
from project88.sandbox.clock import Clock, SandboxClock
from project88.sandbox.faults import ARCHIVED, Fault, FaultBook, Strikes
from project88.sandbox.limiter import Call, Calls, Limiter
from project88.sandbox.live.admin import add_admin_routes
from project88.sandbox.live.auth import Gatekeeper, Refused
from project88.sandbox.live.pages import Reply, entity_reply, error_reply, page_reply
from project88.sandbox.live.query import Query, read_query, without_secrets
from project88.sandbox.live.resources import One, View, answer
from project88.sandbox.live.settings import Account, LiveSettings
from project88.sandbox.scoring import Scoreboard
from project88.sandbox.world import World

SHUTDOWN_SECONDS = 1.0
API = "/api"
HTML = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
NO_STRIKES = Strikes(())


class Sandbox:
    """A running service. Tests change ``world``, ``faults`` and ``clock``, and read ``calls``."""

    def __init__(self, world: World, settings: LiveSettings, clock: Clock, faults: FaultBook) -> None:
        self.world = world
        self.settings = settings
        self.clock = clock
        self.faults = faults
        self.calls = Calls(settings.rate_window_seconds)
        self.gatekeeper = Gatekeeper(settings.accounts, settings.accept_sha256, settings.token_seconds)
        self.port = 0
        self._limiter = Limiter(settings.rate_limit, settings.rate_window_seconds)
        self._scoreboard = Scoreboard(settings.scoring_every_seconds)

    @property
    def host_url(self) -> str:
        return f"http://{self.settings.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.host_url}{API}"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/oauth2/token", self._token)
        app.router.add_get(API + "/{path:.*}", self._api)
        add_admin_routes(app, self)
        return app

    async def _token(self, request: web.Request) -> web.StreamResponse:
        strikes = self.faults.strike(request.path, 1)
        try:
            reply = _failure(strikes) or self._token_reply(request)
        except Refused as refused:
            reply = error_reply(refused.status, str(refused), refused.headers)
        return await self._send(request, request.path, reply, strikes)

    def _token_reply(self, request: web.Request) -> Reply:
        authorization = request.headers.get("Authorization", "")
        token = self.gatekeeper.token(authorization, request.query, self.clock.now_seconds())
        return Reply(body=msgspec.json.encode(token))

    async def _api(self, request: web.Request) -> web.StreamResponse:
        segments = request.match_info["path"].split("/")
        segments[0] = segments[0].removesuffix(".json")
        path = "/".join([API, *segments])
        strikes = NO_STRIKES
        try:
            account, query = self._admit(request)
            strikes = self.faults.strike(path, query.page)
            reply = _failure(strikes) or self._answer(account, query, segments, strikes)
        except Refused as refused:
            reply = error_reply(refused.status, str(refused), refused.headers)
        return await self._send(request, path, reply, strikes)

    def _admit(self, request: web.Request) -> tuple[Account, Query]:
        """Who calls and what is asked, or Refused: the login first, then the rate, then the parameters."""
        now = self.clock.now_seconds()
        authorization = request.headers.get("Authorization", "")
        account = self.gatekeeper.account(authorization, request.query, now)
        self.calls.came(account.login, now)
        wait_seconds = self._limiter.wait_seconds(account.login, now)
        if wait_seconds is not None:
            headers = {"Retry-After": str(max(1, math.ceil(wait_seconds)))}
            raise Refused(429, "too many calls", headers)
        return account, read_query(request.query, self.settings.page_size, self.settings.page_cap)

    def _answer(self, account: Account, query: Query, segments: list[str], strikes: Strikes) -> Reply:
        view = View(
            world=self.world,
            scoreboard=self._scoreboard,
            settings=self.settings,
            account=account,
            query=query,
            run_ms=self._scoreboard.run_ms(self.clock.now_seconds()),
        )
        found = answer(view, segments)
        if isinstance(found, One):
            return entity_reply(found, query, strikes, self.settings.blank)
        return page_reply(found, query, strikes, self.settings.blank)

    async def _send(self, request: web.Request, path: str, reply: Reply, strikes: Strikes) -> web.StreamResponse:
        self.calls.answered(Call(path, without_secrets(request.query), reply.status))
        if strikes.of("cut"):
            return await _send_half(request, reply)
        slow = strikes.first("slow")
        if slow:
            return await _send_slowly(request, reply, slow)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=reply.headers
        )


def _failure(strikes: Strikes) -> Reply | None:
    """The reply of a fault that answers in place of the service."""
    fault = strikes.first("status", "html", "error_key", "archived")
    if fault is None:
        return None
    match fault.kind:
        case "html":
            return Reply(status=fault.status, body=HTML, content_type="text/html")
        case "error_key":
            return error_reply(200, fault.message)
        case "archived":
            return error_reply(200, ARCHIVED)
        case _:
            headers = {}
            if fault.retry_after_seconds is not None:
                headers["Retry-After"] = f"{fault.retry_after_seconds:g}"
            return error_reply(fault.status, fault.message, headers)


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


@asynccontextmanager
async def serve(
    world: World,
    settings: LiveSettings | None = None,
    *,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
) -> AsyncIterator[Sandbox]:
    """Serve the world on loopback until the block ends. Port 0 takes any free port; see ``base_url``."""
    settings = settings or LiveSettings()
    sandbox = Sandbox(world, settings, clock or SandboxClock(), FaultBook(faults))
    runner = web.AppRunner(sandbox.application(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        sandbox.port = runner.addresses[0][1]
        yield sandbox
    finally:
        await runner.cleanup()
