"""Displays: full screens that whoever has the address may open until it ends. Holds no SQL and no markup."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from project88.store import displays, results_page
from project88.store.displays import Display
from project88.store.reads import at_primary
from project88.store.results_page import Event
from project88.store.shown_once import secret_hash
from project88.web.api.limits import Buckets
from project88.web.arrivals import Arrivals
from project88.web.kept import Kept
from project88.web.pages import Pages, told_version
from project88.web.sightings import Sightings
from project88.web.streams import EventStream

APPROACHING = 12
#: Some of them finish before the list is made anew.
CONSIDERED = 3 * APPROACHING
JUST_FINISHED = 12
LEADERS = 15
#: More races than this do not fit on a wall; the largest are shown.
RACES_ON_A_WALL = 3
#: In a minute, of secrets that have opened no display yet.
TRIES_PER_ADDRESS = 60
GUESSED = "Too many addresses of displays were tried from here. Wait a moment."
GONE = "This display has ended. Ask the timing team for a new address."


class Screens:
    """The handlers. One per application."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._kept = Kept()
        self.arrivals = Arrivals(pages.db, CONSIDERED)
        self.sightings = Sightings(pages.db, pages.updates)
        self._tries = Buckets("display", TRIES_PER_ADDRESS)
        #: Hashes of what opened a display here: who follows one is not counted, whoever guesses at the same address.
        self._opened: set[bytes] = set()

    async def display(self, request: Request) -> Response:
        return await self._kept.answer(request, self._page)

    async def part(self, request: Request) -> Response:
        return await self._kept.answer(request, self._part)

    async def stream(self, request: Request) -> EventStream:
        display = await self._wanted(request)
        hashed = secret_hash(request.path_params["secret"])
        return EventStream(self._pages.updates, display.key, told_version(request), hashed)

    async def _page(self, request: Request) -> str:
        return self._pages.rendering.html("display.html", await self._values(request))

    async def _part(self, request: Request) -> str:
        return self._pages.rendering.html("display_part.html", await self._values(request))

    async def _values(self, request: Request) -> dict[str, Any]:
        display = await self._wanted(request)
        event = await self._pages.newest(request, display.key)
        if event is None:
            raise HTTPException(404, GONE)
        return {"secret": request.path_params["secret"], **await self.filled(display, event)}

    async def preview(self, display: Display) -> dict[str, Any]:
        """What one that nobody has made yet would show. Raises HTTPException where its event has gone."""
        event = await results_page.event(self._pages.db, display.key)
        if event is None:
            raise HTTPException(404, "This event was withdrawn.")
        return await self.filled(display, event)

    async def filled(self, display: Display, event: Event) -> dict[str, Any]:
        """What a display shows now."""
        return {
            **await self._pages.head(event),
            "display": display,
            "version": event.change.version,
            **await (self._announcer(display) if display.kind == "announcer" else self._wall(display, event)),
        }

    async def _announcer(self, display: Display) -> dict[str, Any]:
        return {
            "approaching": (await self.arrivals.get(display))[:APPROACHING],
            "finished": await displays.just_finished(self._pages.db, display, JUST_FINISHED),
        }

    async def _wall(self, display: Display, event: Event) -> dict[str, Any]:
        races = (await self._pages.pictures.get(event)).shown_races
        chosen = [race for race in races if display.race_id in (None, race.race_id)][:RACES_ON_A_WALL]
        boards = [(race, await displays.leaders(self._pages.db, display, race.race_id, LEADERS)) for race in chosen]
        return {"boards": boards}

    async def _wanted(self, request: Request) -> Display:
        """Raises HTTPException for a secret that opens nothing, and for who tries too many."""
        secret = request.path_params["secret"]
        hashed = secret_hash(secret)
        if hashed not in self._opened:
            self._count_try(request.client.host if request.client else "")
        display = await displays.shown(at_primary(self._pages.db), secret)
        if display is None:
            raise HTTPException(404, GONE)
        self._opened.add(hashed)
        self.sightings.saw(hashed)
        return display

    def _count_try(self, address: str) -> None:
        allowed = self._tries.take(address)
        if not allowed.is_allowed:
            raise HTTPException(429, GUESSED, headers={"Retry-After": str(allowed.seconds)})
