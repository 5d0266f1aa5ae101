"""One credential talking to its service: signed, inside the budget, retried by the kind of failure. Decodes nothing."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stamina

from project88.edges import clock
from project88.edges.http import HttpClient, http_client
from project88.edges.redaction import hide_secrets
from project88.errors import CredentialsRefused, Throttled, Transient
from project88.providers.contract import Provider, Token
from project88.store import budget
from project88.store.connection import Database
from project88.store.scope import Source
from project88.wire.messages import Request, Response

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0
#: The pause after a 429 that names none; a service that counts a minute has forgotten a part of it by then.
PAUSE_SECONDS = 10.0
PAUSE_AT_MOST_SECONDS = 3600.0
#: A call that goes out later after its slot than this share of the unused budget takes a new slot, because the
#: service counts by arrival. The budget leaves 2 % of the rate unused: 1.2 s of every 60.
LATE_SHARE = 0.02 * 0.4
#: A token is renewed this long before it expires.
TOKEN_MARGIN_SECONDS = 60.0


class ProviderClient:
    """Gets answers for one credential. ``calls`` counts the requests that went out."""

    def __init__(self, db: Database, http: HttpClient, provider: Provider, source: Source) -> None:
        self._db = db
        self._http = http
        self._provider = provider
        self._source = source
        self._tokens = _Tokens()
        self._places = asyncio.Semaphore(provider.limits.concurrent_calls)
        self.calls = 0

    @property
    def concurrent_calls(self) -> int:
        return self._provider.limits.concurrent_calls

    def counting_anew(self) -> ProviderClient:
        """The same credential, budget and token with a count of its own."""
        twin = copy.copy(self)
        twin.calls = 0
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
            return await self._call(self._provider.sign(request, token))
        except CredentialsRefused:
            if token is None:
                raise
        # A token may be revoked before its time; a fresh one tells a bad login from a stale token.
        self._tokens.drop(token)
        return await self._call(self._provider.sign(request, await self._current_token()))

    async def _call(self, signed: Request) -> Response:
        async with self._places:
            await self._slot()
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
            await budget.pause(self._db, self._source, min(seconds, PAUSE_AT_MOST_SECONDS))

    async def _slot(self) -> None:
        """Wait for this call's turn in the credential's budget."""
        rate = self._provider.limits.calls_per_minute
        while True:
            slots = await budget.reserve(self._db, self._source, 1, rate)
            due = clock.monotonic() + slots.wait_seconds
            if slots.wait_seconds > 0:
                await clock.sleep(slots.wait_seconds)
            if clock.monotonic() - due < slots.spacing_seconds * rate * LATE_SHARE:
                return

    async def _current_token(self) -> Token | None:
        request = self._provider.token_request()
        if request is None:
            return None
        async with self._tokens.lock:
            usable = self._tokens.usable()
            if usable is None:
                usable = self._provider.read_token(await self._call(request))
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
