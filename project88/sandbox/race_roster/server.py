"""The Race Roster sandbox on a socket: token, partner API, public results. Knows no client of the hub."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from project88.sandbox.clock import Clock
from project88.sandbox.faults import Fault, Strikes
from project88.sandbox.race_roster.auth import Gatekeeper, auth_error
from project88.sandbox.race_roster.partner import Partner
from project88.sandbox.race_roster.public import PublicResults
from project88.sandbox.race_roster.settings import RaceRosterSettings
from project88.sandbox.registration.service import RegistrationService
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.serving import running

TOKEN = "/api/oauth/authorize"
PARTNER = "/api/v1"
PUBLIC = "/v2/api"
PUBLIC_LOGIN = ""


class RaceRosterSandbox(RegistrationService):
    """A running service. The partner API is at ``base_url``, the public results are at ``results_url``."""

    api_glob = "/*events*"

    def __init__(
        self, world: RegistrationWorld, settings: RaceRosterSettings, clock: Clock | None, faults: Iterable[Fault]
    ) -> None:
        super().__init__(world, settings, clock, faults)
        self.settings = settings
        self.gatekeeper = Gatekeeper(settings)
        self._public = PublicResults(world, self.rankings, settings)

    @property
    def base_url(self) -> str:
        return f"{self.host_url}{PARTNER}"

    @property
    def token_url(self) -> str:
        return f"{self.host_url}{TOKEN}"

    @property
    def results_url(self) -> str:
        return f"{self.host_url}{PUBLIC}"

    def answer(self, asked: Asked, strikes: Strikes) -> Reply:
        if asked.path == TOKEN and asked.method == "POST":
            return self.gatekeeper.authorize(asked)
        below = asked.segments[2:]
        if asked.path.startswith(f"{PUBLIC}/"):
            self.admit(PUBLIC_LOGIN, asked.now)
            return json_reply(self._public.get(below, asked.query, strikes))
        if not asked.path.startswith(f"{PARTNER}/"):
            raise Refused(404, "Not found.")
        account = self.gatekeeper.account(asked)
        self.admit(account.username, asked.now)
        if asked.method != "GET":
            raise Refused(405, "Method not allowed.")
        partner = Partner(
            world=self.world,
            rankings=self.rankings,
            settings=self.settings,
            account=account,
            query=asked.query,
            strikes=strikes,
            now=asked.now,
        )
        return json_reply(partner.get(below))

    def error(self, refused: Refused) -> Reply:
        if refused.status == 401:
            return auth_error(refused)
        code = refused.code or refused.status
        return json_reply({"message": str(refused), "code": code}, refused.status, refused.headers)


def serve_race_roster(
    world: RegistrationWorld,
    settings: RaceRosterSettings | None = None,
    *,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
) -> AbstractAsyncContextManager[RaceRosterSandbox]:
    """Serve the world on loopback until the block ends. Port 0 takes any free port; see ``base_url``."""
    return running(RaceRosterSandbox(world, settings or RaceRosterSettings(), clock, faults))
