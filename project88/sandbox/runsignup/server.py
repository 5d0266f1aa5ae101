"""The RunSignUp sandbox on a socket: calls at once, who calls, what is answered. Knows no client of the hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

from project88.sandbox.clock import Clock
from project88.sandbox.faults import Fault, Strikes
from project88.sandbox.registration.service import RegistrationService
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.runsignup.auth import Gatekeeper
from project88.sandbox.runsignup.errors import BAD_VERB, NO_PERMISSION, THROTTLED, UNKNOWN_METHOD, error_reply, refusal
from project88.sandbox.runsignup.people import participant_counts, participants, removed_participants
from project88.sandbox.runsignup.races import race, races
from project88.sandbox.runsignup.results import (
    has_result_sets,
    result_set_splits,
    result_sets,
    results,
    updated_result_sets,
)
from project88.sandbox.runsignup.settings import RunSignUpAccount, RunSignUpSettings
from project88.sandbox.runsignup.view import Resource, View
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.serving import running

BASE = "rest"
NOBODY = ""
REFRESH = ("v2", "auth", "refresh-token")
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<response>The sandbox plays JSON only: send format=json.</response>'


def entity_info(view: View, _: str) -> object:
    """Who the credentials belong to; the form of the real reply is not known."""
    if view.account is None:
        raise refusal(NO_PERMISSION, "Credentials are required.")
    return {"entity_type": "timer", "entity_name": view.account.name}


#: Paths below the base; ``*`` stands for the race id.
RESOURCES: Mapping[tuple[str, ...], Resource] = {
    ("races",): races,
    ("race", "*"): race,
    ("race", "*", "participants"): participants,
    ("race", "*", "removed-participants"): removed_participants,
    ("race", "*", "participant-counts"): participant_counts,
    ("race", "*", "results", "has-result-sets"): has_result_sets,
    ("race", "*", "results", "get-result-sets"): result_sets,
    ("race", "*", "results", "get-results"): results,
    ("race", "*", "results", "result-set-splits"): result_set_splits,
    ("v2", "results", "updated-result-sets"): updated_result_sets,
    ("v2", "auth-info", "entity-info"): entity_info,
}


class RunSignUpSandbox(RegistrationService):
    """A running service. ``base_url`` is the newer form of the base, ``old_base_url`` the older one; both answer."""

    api_glob = f"/{BASE}/*"

    def __init__(
        self, world: RegistrationWorld, settings: RunSignUpSettings, clock: Clock | None, faults: Iterable[Fault]
    ) -> None:
        super().__init__(world, settings, clock, faults)
        self.settings = settings
        self.gatekeeper = Gatekeeper(settings)

    @property
    def base_url(self) -> str:
        return f"{self.host_url}/{BASE}"

    @property
    def old_base_url(self) -> str:
        return f"{self.host_url}/{BASE.capitalize()}"

    def segments(self, path: str) -> tuple[str, ...]:
        return super().segments(path.lower().removesuffix(".json"))

    def check(self, asked: Asked) -> None:
        """The limit of calls at once is over all credentials."""
        if self.calls.at_once > self.settings.at_once:
            raise self._throttled()

    def answer(self, asked: Asked, strikes: Strikes) -> Reply:
        self.gatekeeper.check_caller(asked)
        base, *below = asked.segments
        if base != BASE:
            raise Refused(404, "not found")
        if tuple(below) == REFRESH and asked.method == "POST":
            return self.gatekeeper.refresh(asked)
        account = self._admitted(asked)
        found = _resource(below)
        if asked.method != "GET":
            raise refusal(BAD_VERB, "Invalid HTTP verb.")
        if below[0] != "v2" and asked.query.get("format") != "json":
            return Reply(body=XML, content_type="text/xml")
        view = View(
            world=self.world,
            rankings=self.rankings,
            settings=self.settings,
            account=account,
            query=asked.query,
            strikes=strikes,
            now=asked.now,
        )
        return json_reply(found(view, below[1] if len(below) > 1 else ""))

    def error(self, refused: Refused) -> Reply:
        return error_reply(refused)

    def _admitted(self, asked: Asked) -> RunSignUpAccount | None:
        account = self.gatekeeper.account(asked)
        try:
            self.admit(account.name if account else NOBODY, asked.now)
        except Refused:
            raise self._throttled() from None
        return account

    def _throttled(self) -> Refused:
        after = self.settings.throttle_retry_after_seconds
        headers = {} if after is None else {"Retry-After": f"{after:g}"}
        return Refused(200, "Too many API calls.", headers, THROTTLED)


def _resource(below: list[str]) -> Resource:
    pattern = tuple("*" if below[0] == "race" and at == 1 else part for at, part in enumerate(below))
    found = RESOURCES.get(pattern)
    if found is None:
        raise refusal(UNKNOWN_METHOD, "Unknown API method.")
    return found


def serve_runsignup(
    world: RegistrationWorld,
    settings: RunSignUpSettings | None = None,
    *,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
) -> AbstractAsyncContextManager[RunSignUpSandbox]:
    """Serve the world on loopback until the block ends. Port 0 takes any free port; see ``base_url``."""
    return running(RunSignUpSandbox(world, settings or RunSignUpSettings(), clock, faults))
