"""Whether this process lives, whether it could answer, and its figures. For programs that watch; shows no data."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from project88.edges.metrics import CONTENT_TYPE, RequestFigures
from project88.store.api_reading import why_not_ready
from project88.store.connection import Database
from project88.store.reads import Route

HEADERS = {"Cache-Control": "no-store"}


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``problem`` says why not; ``reads`` where pages read, where there is a standby."""

    status: str
    problem: str | None = None
    reads: str | None = None


class Health:
    """The addresses that need no page."""

    def __init__(self, hub: Database, figures: RequestFigures, route: Route | None) -> None:
        self._hub = hub
        self._figures = figures
        self._route = route

    async def lives(self, _request: Request) -> Response:
        """Asks no database: a database that is away is no reason to start this process anew."""
        return _state(State(status="ok"))

    async def is_ready(self, _request: Request) -> Response:
        problem = await why_not_ready(self._hub)
        return _state(State(status="unready" if problem else "ready", problem=problem, reads=self._reads()))

    async def metrics(self, _request: Request) -> Response:
        if self._route:
            route = self._route
            self._figures.set_standby(is_read=route.is_at_standby, lag=route.behind_seconds, retried=route.retried)
        return Response(self._figures.text(), headers={**HEADERS, "Content-Type": CONTENT_TYPE})

    def _reads(self) -> str | None:
        """It is no problem that reads go to the primary."""
        if self._route is None:
            return None
        return "standby" if self._route.is_at_standby else f"primary; the standby: {self._route.state.text}"


def _state(state: State) -> Response:
    return Response(msgspec.json.encode(state), 503 if state.problem else 200, HEADERS, "application/json")
