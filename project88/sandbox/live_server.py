"""The ChronoTrack Live sandbox on a socket: authenticate, limit, strike, answer. Knows no client of the hub."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

import msgspec
from aiohttp import web

from project88.sandbox.clock import Clock, SandboxClock
from project88.sandbox.faults import Fault, FaultBook, Strikes
from project88.sandbox.limiter import Limiter
from project88.sandbox.live.auth import Gatekeeper
from project88.sandbox.live.pages import entity_reply, error_reply, page_reply
from project88.sandbox.live.query import Query, read_query
from project88.sandbox.live.resources import One, View, answer
from project88.sandbox.live.settings import Account, LiveSettings
from project88.sandbox.scoring import Scoreboard
from project88.sandbox.service.replies import Refused, Reply, failure
from project88.sandbox.service.serving import Service, running
from project88.sandbox.world import World

API = "/api"
NO_STRIKES = Strikes(())


class Sandbox(Service):
    """A running service. Tests change ``world``, ``faults`` and ``clock``, and read ``calls``."""

    def __init__(self, world: World, settings: LiveSettings, clock: Clock, faults: FaultBook) -> None:
        super().__init__(settings.host, settings.port, clock, faults, settings.rate_window_seconds)
        self.world = world
        self.settings = settings
        self.gatekeeper = Gatekeeper(settings.accounts, settings.accept_sha256, settings.token_seconds)
        self._limiter = Limiter(settings.rate_limit, settings.rate_window_seconds)
        self._scoreboard = Scoreboard(settings.scoring_every_seconds)

    @property
    def base_url(self) -> str:
        return f"{self.host_url}{API}"

    @property
    def editable(self) -> World:
        return self.world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/oauth2/token", self._token)
        app.router.add_get(API + "/{path:.*}", self._api)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        strikes = self.faults.strike(request.path, 1)
        try:
            reply = failure(strikes, error_reply) or self._token_reply(request)
        except Refused as refused:
            reply = error_reply(refused)
        return await self.send(request, request.path, reply, strikes)

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
            reply = failure(strikes, error_reply) or self._answer(account, query, segments, strikes)
        except Refused as refused:
            reply = error_reply(refused)
        return await self.send(request, path, reply, strikes)

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


def serve(
    world: World,
    settings: LiveSettings | None = None,
    *,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
) -> AbstractAsyncContextManager[Sandbox]:
    """Serve the world on loopback until the block ends. Port 0 takes any free port; see ``base_url``."""
    return running(Sandbox(world, settings or LiveSettings(), clock or SandboxClock(), FaultBook(faults)))
