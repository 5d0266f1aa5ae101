"""The results pages as an application, and serving it on the running loop. Decides nothing about their content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from project88.edges.metrics import RequestFigures
from project88.errors import ConfigError, StoreError, UsageError
from project88.store.connection import Database
from project88.store.reads import at_primary, route_of
from project88.web.api.app import Api, is_for_programs, no_route, refuse_method
from project88.web.api.health import Health
from project88.web.api.limits import rates
from project88.web.api.routes import PREFIX
from project88.web.downloads import Downloads
from project88.web.guard import METHOD, Guard
from project88.web.kept import Front
from project88.web.operator.routes import routes_of
from project88.web.operator.site import Site
from project88.web.pages import Pages
from project88.web.pictures import Pictures
from project88.web.rendering import FOLDER, template_environment
from project88.web.runners import Runners
from project88.web.screens import Screens
from project88.web.updates import Updates

SHUTDOWN_SECONDS = 2
#: A page that follows a race asks again on the same connection.
KEEP_ALIVE_SECONDS = 30
RETRY_SECONDS = 5
TITLES = {400: "This address cannot be read", 404: "Not found", 429: "Too many requests"}

OnListening = Callable[[str], None]


def application(
    db: Database, *, source_note: str = "", updates: Updates | None = None, hub: Database | None = None
) -> Starlette:
    """The pages over one database. Streams hear of changes while somebody runs ``updates``."""
    pictures = Pictures(db)
    pages = Pages(db, updates or Updates(db, pictures), pictures, source_note)
    screens = Screens(pages)
    site = _operator_site(hub, pages, screens, source_note, asyncio.Event())
    return _application(pages, screens, [*_api_routes(db, hub or at_primary(db)), *(routes_of(site) if site else ())])


async def serve(
    db: Database,
    *,
    port: int,
    host: str = "127.0.0.1",
    stop: asyncio.Event,
    source_note: str = "",
    on_listening: OnListening | None = None,
    hub: Database | None = None,
    trusted_proxies: Sequence[str] = (),
) -> None:
    """Serve until ``stop`` is set. ``on_listening`` hears the page's address once it can be opened.

    ``hub`` is the database with the hub's own login, which may write: it knows the API's tokens, and with it there is
    the operator's page. What ``trusted_proxies``, addresses and networks, say of a reader's address and of TLS counts;
    of several hops the last one that is none of them is the reader.
    A cancellation ends it the same way: the open streams first, so that no request is torn in the middle.
    """
    pictures = Pictures(db)
    updates = Updates(db, pictures)
    pages = Pages(db, updates, pictures, source_note)
    screens = Screens(pages)
    site = _operator_site(hub, pages, screens, source_note, stop)
    further = [*_api_routes(db, hub or at_primary(db)), *(routes_of(site) if site else ())]
    app = _application(pages, screens, further)
    server = _Server(_configuration(app, host, port, trusted_proxies), on_listening)
    beside = [updates.run(), screens.sightings.run(), _end(server, updates, stop)]
    serving = asyncio.create_task(_serve_until(server, beside, f"{host} port {port}"))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        stop.set()
        await serving
        raise
    finally:
        pictures.close()
        screens.arrivals.close()
        if site:
            await site.backfills.close()


async def _serve_until(server: _Server, beside: Sequence[Coroutine[Any, Any, None]], place: str) -> None:
    """What works ``beside`` ends with the server."""
    async with asyncio.TaskGroup() as group:
        helpers = [group.create_task(each) for each in beside]
        await server.serve()
        for helper in helpers:
            helper.cancel()
    if not server.started:
        raise ConfigError(
            f"the results page cannot use {place}: another program has it or it is not permitted; "
            "choose another one with --port"
        )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and without leaving the process when the port is taken."""

    def __init__(self, configuration: uvicorn.Config, on_listening: OnListening | None) -> None:
        super().__init__(configuration)
        self._on_listening = on_listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True
            return
        if self._on_listening:
            port = self.servers[0].sockets[0].getsockname()[1]
            self._on_listening(f"http://{self.config.host}:{port}/")


async def _end(server: uvicorn.Server, updates: Updates, stop: asyncio.Event) -> None:
    """Streams end first; uvicorn would wait for them."""
    await stop.wait()
    updates.close()
    server.should_exit = True


def _configuration(app: Starlette, host: str, port: int, trusted_proxies: Sequence[str]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http="httptools",
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def _api_routes(db: Database, hub: Database) -> list[Route | Mount]:
    figures = RequestFigures()
    health = Health(hub, figures, route_of(db))
    return [
        Route("/healthz", health.lives, methods=[METHOD]),
        Route("/readyz", health.is_ready, methods=[METHOD]),
        Route("/metrics", health.metrics, methods=[METHOD]),
        Mount(PREFIX, Api(db, hub, figures, rates()).application()),
    ]


def _operator_site(
    hub: Database | None, pages: Pages, screens: Screens, source_note: str, stop: asyncio.Event
) -> Site | None:
    return None if hub is None else Site(hub, pages, screens, template_environment(source_note), stop)


def _application(pages: Pages, screens: Screens, further: list[Route | Mount]) -> Starlette:
    event = "/events/{timing_partner_id:int}/{event_id}"
    routes = [
        Route("/", pages.events, methods=[METHOD]),
        Route("/live", pages.events_part, methods=[METHOD]),
        Route("/stream", pages.events_stream, methods=[METHOD]),
        Route(event, pages.event, methods=[METHOD], name="event"),
        Route(event + "/live", pages.event_part, methods=[METHOD]),
        Route(event + "/stream", pages.event_stream, methods=[METHOD]),
        *_public_routes(pages, screens, event),
        Mount("/static", StaticFiles(directory=FOLDER / "static"), name="static"),
        *further,
    ]

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if is_for_programs(scope["path"]):
            response = refuse_method()
        else:
            response = pages.problem(405, "Only reading is possible here", "These pages answer GET requests only.")
            response.headers["Allow"] = METHOD
        await response(scope, receive, send)

    return Starlette(
        routes=routes,
        middleware=[Middleware(Front, kept=pages.kept), Middleware(Guard, refuse=refuse)],
        exception_handlers=_problems(pages),
    )


def _public_routes(pages: Pages, screens: Screens, event: str) -> list[Route]:
    """Runners, charts, files and displays."""
    runners, downloads = Runners(pages), Downloads(pages)
    display = "/display/{secret}"
    handlers = {
        event + "/runner": runners.runner,
        event + "/runner/live": runners.runner_part,
        event + "/charts": runners.charts,
        event + "/results.csv": downloads.csv,
        event + "/results.json": downloads.json,
        event + "/results.xlsx": downloads.xlsx,
        display: screens.display,
        display + "/live": screens.part,
        display + "/stream": screens.stream,
    }
    return [Route(path, handler, methods=[METHOD]) for path, handler in handlers.items()]


def _problems(pages: Pages) -> dict[Any, Any]:
    async def http(request: Request, error: HTTPException) -> Response:
        if is_for_programs(request.url.path):
            return await no_route(request, error)
        known = error.detail if error.detail.endswith(".") else "No page stands at this address."
        response = pages.problem(error.status_code, TITLES.get(error.status_code, "This did not work"), known)
        response.headers.update(error.headers or {})
        return response

    async def unreadable(_request: Request, error: UsageError) -> Response:
        return pages.problem(400, TITLES[400], str(error))

    async def away(_request: Request, _error: StoreError) -> Response:
        response = pages.problem(503, "The database does not answer", "Reload the page in a few seconds.")
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    return {HTTPException: http, UsageError: unreadable, StoreError: away}
