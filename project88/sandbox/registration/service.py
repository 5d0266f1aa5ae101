"""The stand-ins of registration services on a socket: read the call, strike, answer. Knows no service's paths."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Set

import msgspec
from aiohttp import web

from project88.sandbox.clock import Clock
from project88.sandbox.faults import Fault, FaultBook, Strikes
from project88.sandbox.limiter import Limiter
from project88.sandbox.registration.build import OUR_ORGANISER
from project88.sandbox.registration.ranking import Rankings
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.replies import JSON, Refused, Reply, failure
from project88.sandbox.service.serving import Service
from project88.sandbox.service.tokens import same

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the three have in common. Windows are in simulated seconds, ``latency_seconds`` is real.

    ``rate_limit``: calls of a login in any window; None, because no service publishes one.
    """

    host: str = "127.0.0.1"
    port: int = 0
    rate_limit: int | None = None
    rate_window_seconds: float = 3600.0
    latency_seconds: float = 0.0


class ClientAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A login behind an OAuth2 client, and the organisers whose events it reaches; None reaches all."""

    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    organiser_ids: Set[str] | None = frozenset({OUR_ORGANISER})

    def is_client(self, form: Mapping[str, str]) -> bool:
        return same(form.get("client_id"), self.client_id) and same(form.get("client_secret"), self.client_secret)

    def reaches(self, organiser_id: str) -> bool:
        return self.organiser_ids is None or organiser_id in self.organiser_ids


class RegistrationService(Service):
    """A running stand-in. ``api_glob``: the paths that a fault without a glob strikes."""

    api_glob = "/*"

    def __init__(
        self, world: RegistrationWorld, settings: ServiceSettings, clock: Clock | None, faults: Iterable[Fault]
    ) -> None:
        world.clock = clock or world.clock
        book = FaultBook(faults, self.api_glob)
        super().__init__(settings.host, settings.port, world.clock, book, settings.rate_window_seconds)
        self.world = world
        self.rankings = Rankings()
        self.latency_seconds = settings.latency_seconds
        self._limiter = Limiter(settings.rate_limit, settings.rate_window_seconds) if settings.rate_limit else None

    @property
    def editable(self) -> RegistrationWorld:
        return self.world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/{path:.*}", self._handle)

    @abstractmethod
    def answer(self, asked: Asked, strikes: Strikes) -> Reply:
        """The reply of the service where no fault answers in its place, or Refused."""

    def check(self, asked: Asked) -> None:
        """What is refused before anything else, faults included."""

    @abstractmethod
    def error(self, refused: Refused) -> Reply:
        """An error as the service tells it."""

    def segments(self, path: str) -> tuple[str, ...]:
        """The path in parts, without its first stroke."""
        return tuple(path.strip("/").split("/"))

    def admit(self, login: str, now: float) -> None:
        """Count the call of a login; Refused(429) when it has had too many."""
        self.calls.came(login, now)
        wait_seconds = self._limiter.wait_seconds(login, now) if self._limiter else None
        if wait_seconds is not None:
            raise Refused(429, "too many calls", {"Retry-After": str(max(1, math.ceil(wait_seconds)))})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = await self._asked(request)
        strikes = self.faults.strike(asked.path, asked.page())
        try:
            self.check(asked)
            reply = failure(strikes, self.error) or self.answer(asked, strikes)
        except Refused as refused:
            reply = self.error(refused)
        return await self.send(request, asked.path, reply, strikes)

    async def _asked(self, request: web.Request) -> Asked:
        segments = self.segments(request.path)
        return Asked(
            method=request.method,
            path="/" + "/".join(segments),
            segments=segments,
            query=request.query,
            form=await _form(request),
            headers={name.lower(): value for name, value in request.headers.items()},
            now=self.clock.now_seconds(),
        )


async def _form(request: web.Request) -> Mapping[str, str]:
    """What was posted, as a form or as a flat JSON object."""
    if request.method != "POST":
        return {}
    if request.content_type == JSON:
        try:
            return msgspec.json.decode(await request.read(), type=dict[str, str])
        except msgspec.DecodeError:
            return {}
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
