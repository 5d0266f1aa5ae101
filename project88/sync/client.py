"""One credential talking to its service: signed, inside the budget, retried by the kind of failure. Decodes nothing."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stamina

from project88.edges import clock
from project88.edges.http import HttpClient, http_client
from project88.edges.redaction import hide_secrets, redacted
from project88.errors import CredentialsRefused, Throttled, Transient
from project88.providers.contract import Provider, Token
from project88.store import budget
from project88.store.budget import PRIORITIES, Priority
from project88.store.connection import Database
from project88.store.history import SyncType
from project88.store.scope import Source
from project88.sync.turns import Turns
from project88.wire.messages import Request, Response

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0
#: The pause after a 429 that names none; a service that counts a minute has forgotten a part of it by then.
PAUSE_SECONDS = 10.0
PAUSE_AT_MOST_SECONDS = 3600.0
#: A token is renewed this long before it expires.
TOKEN_MARGIN_SECONDS = 60.0


class ProviderClient:
    """Gets answers for one credential. ``calls`` counts the requests that went out.

    Calls are live, the most urgent ones, until ``counting_anew`` says what they are for.
    """

    def __init__(self, db: Database, http: HttpClient, provider: Provider, source: Source) -> None:
        self._db = db
        self._http = http
        self._provider = provider
        self._source = source
        self._tokens = _Tokens()
        self._turns = Turns(db, source, provider.limits)
        self._priority = Priority.LIVE
        self.calls = 0

    @property
    def concurrent_calls(self) -> int:
        return self._provider.limits.concurrent_calls

    def counting_anew(self, sync_type: SyncType, priority: Priority | None = None) -> ProviderClient:
        """The same credential, budget and token with a count of its own, as urgent as what it is for."""
        twin = copy.copy(self)
        twin.calls = 0
        twin._priority = PRIORITIES[sync_type] if priority is None else priority
        return twin

    async def get(self, request: Request) -> Response:
        """The answer, or the error it stands for once trying again is no use."""
        async for attempt in stamina.retry_context(
            on=Transient,
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=FIRST_WAIT_SECONDS,
            wait_max=LONGEST_WAIT_SECONDS,
        ):
            with attempt:
                return await self._once(request)
        raise AssertionError("stamina ends by returning or raising")

    async def _once(self, request: Request) -> Response:
        token = await self._current_token()
        try:
            return await self._call(self._provider.sign(request, token), self._priority)
        except CredentialsRefused:
            if token is None:
                raise
        # A token may be revoked before its time; a fresh one tells a bad login from a stale token.
        self._tokens.drop(token)
        return await self._call(self._provider.sign(request, await self._current_token()), self._priority)

    async def _call(self, signed: Request, priority: Priority) -> Response:
        async with self._turns.turn(priority):
            self.calls += 1
            response = await self._http.request(signed)
        try:
            self._provider.check(response)
        except Transient as error:
            await self._pause(error)
            raise
        return response

    async def _pause(self, error: Transient) -> None:
        """A service that says when to come back is obeyed by every process, for an hour at most."""
        seconds = error.retry_after_seconds
        if seconds is None and isinstance(error, Throttled):
            seconds = PAUSE_SECONDS
        if seconds:
            await budget.pause(self._db, self._source, min(seconds, PAUSE_AT_MOST_SECONDS), redacted(str(error)))

    async def _current_token(self) -> Token | None:
        request = self._provider.token_request()
        if request is None:
            return None
        async with self._tokens.lock:
            usable = self._tokens.usable()
            if usable is None:
                # Live calls may wait for this token, whoever asks for it.
                usable = self._provider.read_token(await self._call(request, Priority.LIVE))
                self._tokens.keep(usable)
                hide_secrets([usable.value])
            return usable


class _Tokens:
    """The bearer token that all calls of a credential share, renewed before it expires."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._token: Token | None = None
        self._until = 0.0

    def usable(self) -> Token | None:
        return self._token if clock.monotonic() < self._until else None

    def keep(self, token: Token) -> None:
        self._token = token
        lifetime = token.expires_in_seconds
        self._until = clock.monotonic() + max(lifetime - TOKEN_MARGIN_SECONDS, lifetime / 2)

    def drop(self, token: Token) -> None:
        if self._token is token:
            self._token = None
            self._until = 0.0


@asynccontextmanager
async def provider_client(db: Database, provider: Provider, source: Source) -> AsyncIterator[ProviderClient]:
    limits = provider.limits
    async with http_client(timeout_seconds=limits.timeout_seconds, concurrent_calls=limits.concurrent_calls) as http:
        yield ProviderClient(db, http, provider, source)
