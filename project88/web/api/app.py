"""The API as an application: who calls, how often, what is known already, and how an answer goes out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project88.edges import clock
from project88.edges.metrics import RequestFigures
from project88.errors import StoreError
from project88.store import api_tokens
from project88.store.api_tokens import ApiToken
from project88.store.connection import Database
from project88.store.reads import behind_seconds
from project88.web.api import parameters, problems
from project88.web.api.calls import Call, Found, Lookups
from project88.web.api.limits import Allowance, Buckets, Rates
from project88.web.api.openapi import description
from project88.web.api.problems import Refused
from project88.web.api.routes import ENDPOINTS, PREFIX, VERSION, Endpoint
from project88.web.monitoring import Monitoring

#: The addresses below the place where this is mounted.
BELOW = VERSION.removeprefix(PREFIX)
SMALLEST_GZIP_BYTES = 500
#: Programs poll how the hub stands.
MONITOR_KEPT_SECONDS = 3.0
RETRY_SECONDS = 5
VARY = {"Vary": "Authorization"}

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


@cache
def _description() -> bytes:
    return msgspec.json.encode(description())


class Api:
    """The endpoints over one database, as ``pages`` may see it. ``hub`` knows the tokens and how the hub stands."""

    def __init__(self, pages: Database, hub: Database, figures: RequestFigures, rates: Rates) -> None:
        self._pages = pages
        self._hub = hub
        self._figures = figures
        self._addresses = Buckets("address", rates.per_address)
        self._tokens = Buckets("token", rates.per_token)
        self._lookups = Lookups()
        self._monitoring = Monitoring(MONITOR_KEPT_SECONDS)
        self._description = _description()

    def application(self) -> Starlette:
        routes = [Route(BELOW + each.path, self._answering(each), methods=["GET"]) for each in ENDPOINTS]
        return Starlette(
            routes=[*routes, Route(BELOW + "/openapi.json", self._described, methods=["GET"])],
            middleware=[Middleware(GZipMiddleware, minimum_size=SMALLEST_GZIP_BYTES)],
            exception_handlers={HTTPException: no_route},
        )

    def _answering(self, endpoint: Endpoint) -> Handler:
        async def answer(request: Request) -> Response:
            allowance: list[Allowance] = []
            with self._figures.timed(endpoint.name) as timed:
                try:
                    response = await self._answer(endpoint, request, allowance)
                except Refused as error:
                    response = problems.response(error)
                except StoreError as error:
                    response = problems.response(_away(error))
                except Exception:
                    logger.exception("an answer of the API failed", extra={"action": "api_failed"})
                    response = problems.response(Refused("failed", "The hub wrote down why. Tell its operator."))
                timed.status = response.status_code
            for each in allowance[-1:]:
                response.headers.update(each.headers)
            response.headers.update(VARY)
            return response

        return answer

    async def _answer(self, endpoint: Endpoint, request: Request, allowance: list[Allowance]) -> Response:
        token = await self._token(request, allowance)
        _require(endpoint, token)
        asked = parameters.read(endpoint.asked, request.query_params, request.path_params)
        who = f"{token.timing_partner_id} {sorted(token.scopes)}" if token else ""
        known = _Known(request, who)
        call = Call(
            pages=self._pages,
            hub=self._hub,
            lookups=self._lookups,
            monitoring=self._monitoring,
            token=token,
            known=known,
        )
        found = await endpoint.handler(call, asked)
        response = _response(found, known, token)
        if behind := behind_seconds(self._pages):
            response.headers["Data-Lag-Seconds"] = str(behind)
        return response

    async def _token(self, request: Request, allowance: list[Allowance]) -> ApiToken | None:
        """Who calls; each caller's requests are counted. Raises Refused for a token that is not valid."""
        shown = request.headers.get("Authorization")
        address = request.client.host if request.client else ""
        if shown is None:
            _count(self._addresses, address, allowance)
            return None
        scheme, _, text = shown.partition(" ")
        token = await api_tokens.find(self._hub, text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            # Guesses count, too.
            _count(self._addresses, address, allowance)
            raise Refused(
                "token-refused",
                "It is unknown, expired or revoked: see project88 api-token list.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        _count(self._tokens, token.api_token_id, allowance)
        return token

    async def _described(self, request: Request) -> Response:
        known = _Known(request, "")
        tag = known.tag(hashlib.sha256(self._description).hexdigest())
        headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
        if tag in known.tags:
            return Response(status_code=304, headers=headers)
        return Response(self._description, 200, headers, "application/json")


class _Known(frozenset[str]):
    """The versions that a caller has, as far as they are of this address and this caller's view."""

    tags: frozenset[str]
    _place: str

    def __new__(cls, request: Request, who: str) -> _Known:
        return super().__new__(cls)

    def __init__(self, request: Request, who: str) -> None:
        text = ",".join(request.headers.getlist("If-None-Match"))
        self.tags = frozenset(each.strip() for each in text.split(","))
        self._place = f"{request.url.path}?{request.url.query} {who}"

    def tag(self, version: str) -> str:
        """Weak: the same answer may go out compressed or not."""
        return f'W/"{hashlib.sha256(f"{self._place} {version}".encode()).hexdigest()[:32]}"'

    def __contains__(self, version: object) -> bool:
        return isinstance(version, str) and self.tag(version) in self.tags


def _count(buckets: Buckets, caller: object, allowance: list[Allowance]) -> None:
    taken = buckets.take(caller)
    allowance.append(taken)
    if not taken.is_allowed:
        raise Refused(
            "too-many-requests",
            f"{taken.quota} requests in a minute are allowed; wait {taken.seconds} s.",
            headers={"Retry-After": str(taken.seconds)},
        )


def _require(endpoint: Endpoint, token: ApiToken | None) -> None:
    if token is None and not endpoint.for_everybody:
        raise Refused(
            "token-needed",
            "Send Authorization: Bearer with a token of your timing company.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if token is not None and endpoint.scope not in token.scopes:
        raise Refused("scope-missing", f"It needs the scope {endpoint.scope}.")


def _response(found: Found, known: _Known, token: ApiToken | None) -> Response:
    headers = {"Cache-Control": "private, no-cache" if token else "public, no-cache", **_age(found.changed_at)}
    body = b"" if found.version and found.version in known else msgspec.json.encode(found.answer)
    version = found.version or hashlib.sha256(body).hexdigest()
    headers["ETag"] = known.tag(version)
    if version in known:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


def _age(changed_at: datetime | None) -> dict[str, str]:
    """How old the data is. Not in the body, which stays the same while nothing changes."""
    if changed_at is None:
        return {}
    return {"Data-Age-Seconds": str(max(0, int((clock.utc_now() - changed_at).total_seconds())))}


def _away(error: StoreError) -> Refused:
    logger.warning("the API waits for the database: %s", error, extra={"action": "api_database"})
    return Refused("database-away", "Try again in a few seconds.", headers={"Retry-After": str(RETRY_SECONDS)})


def is_for_programs(path: str) -> bool:
    """Whether a problem with this address is told as the API tells it."""
    return path.startswith(PREFIX + "/")


async def no_route(_request: Request, error: Any) -> Response:  # noqa: ANN401
    if error.status_code == 405:
        return refuse_method()
    return problems.response(Refused("not-found", f"See {VERSION}/openapi.json for what there is."))


def refuse_method() -> Response:
    return problems.response(Refused("method-refused", "The API answers GET only.", headers={"Allow": "GET"}))
