"""Each page: what it reads and which template shows it. Holds no SQL and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from project88.store import results_page
from project88.store.connection import Database
from project88.store.results_page import Event, EventKey, Tally
from project88.web import figures
from project88.web.choices import Choice, read_choice, read_page
from project88.web.pictures import Picture, Pictures, Race
from project88.web.updates import LISTED_EVENTS, Updates, stream, version_of

FOLDER = Path(__file__).parent
ROWS_PER_PAGE = 50
LARGEST_ID = 2**31 - 1
#: An event is live while its newest crossing is younger than this, in hub time.
LIVE_FOR = timedelta(hours=3)
FILTERS = (
    "duration",
    "clock",
    "moment",
    "instant",
    "spoken",
    "changed",
    "apart",
    "day",
    "number",
    "machine",
    "percent",
    "status_word",
    "gender_word",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One page of rows and what stands around it."""

    rows: list[dict[str, Any]]
    has_more: bool
    #: None where it is not counted.
    total: int | None


class Pages:
    """The handlers. One per application."""

    def __init__(self, db: Database, updates: Updates, pictures: Pictures, source_note: str) -> None:
        self._db = db
        self._updates = updates
        self._pictures = pictures
        self._tallies: dict[EventKey, tuple[str, Tally]] = {}
        self._templates = template_environment(source_note)

    async def events(self, request: Request) -> Response:
        return self._render("events.html", await self._events(request))

    async def events_part(self, request: Request) -> Response:
        return self._render("events_part.html", await self._events(request))

    async def event(self, request: Request) -> Response:
        return self._render("event.html", await self._event(request))

    async def event_part(self, request: Request) -> Response:
        return self._render("event_part.html", await self._event(request))

    async def events_stream(self, request: Request) -> Response:
        return self._stream(request, None)

    async def event_stream(self, request: Request) -> Response:
        return self._stream(request, (await self._wanted(request)).key)

    def problem(self, status: int, title: str, advice: str) -> Response:
        return self._render("problem.html", {"title": title, "advice": advice, "status": status}, status)

    async def _events(self, request: Request) -> dict[str, Any]:
        page = read_page(request.query_params.get("page", "1"))
        listed = await results_page.events(self._db, LISTED_EVENTS, (page - 1) * LISTED_EVENTS)
        count = await results_page.event_count(self._db)
        tallies = await self._tallied(listed)
        live = [event for event in listed if is_live(event, tallies[event.key])] if page == 1 else []
        return {
            "listed": [event for event in listed if event not in live],
            "live": live,
            "tallies": tallies,
            "page": page,
            "event_count": count,
            "last_page": max(1, -(-count // LISTED_EVENTS)),
            "version": version_of(count, (event.change for event in listed)),
        }

    async def _tallied(self, listed: list[Event]) -> dict[EventKey, Tally]:
        """The counts of the events; those of unchanged events are remembered."""
        known = {event.key: self._tallies.get(event.key) for event in listed}
        stale = [event for event in listed if (kept := known[event.key]) is None or kept[0] != event.change.version]
        counted = await results_page.tallies(self._db, [event.key for event in stale]) if stale else {}
        for event in stale:
            self._tallies[event.key] = (event.change.version, counted[event.key])
        return {event.key: self._tallies[event.key][1] for event in listed}

    async def _event(self, request: Request) -> dict[str, Any]:
        choice = read_choice(request.query_params)
        event = await self._wanted(request)
        picture = await self._pictures.get(event)
        race = _race(picture, choice)
        return {
            "event": event,
            "picture": picture,
            "race": race,
            "choice": choice,
            "board": await self._board(event, race, choice),
            "page_size": ROWS_PER_PAGE,
            "histogram": figures.histogram(race.minutes, event.time_zone) if race else None,
            "version": picture.version,
        }

    async def _board(self, event: Event, race: Race | None, choice: Choice) -> Board:
        offset = choice.offset(ROWS_PER_PAGE)
        limit = ROWS_PER_PAGE + 1
        total = None
        if choice.words:
            rows = await results_page.search(self._db, event.key, choice.words, limit, offset)
        elif race:
            gender = choice.gender or None
            total = race.genders[choice.gender] if gender else race.results
            rows = await results_page.leaderboard(self._db, event.key, race.race_id, gender, limit, offset)
        else:
            rows = []
        return Board(rows=rows[:ROWS_PER_PAGE], has_more=len(rows) > ROWS_PER_PAGE, total=total)

    async def _wanted(self, request: Request) -> Event:
        key = EventKey(request.path_params["timing_partner_id"], request.path_params["event_id"])
        readable = key.timing_partner_id <= LARGEST_ID and "\0" not in key.event_id
        event = await results_page.event(self._db, key) if readable else None
        if event is None:
            raise HTTPException(404, "No event stands at this address. It may have been withdrawn.")
        return event

    def _stream(self, request: Request, key: EventKey | None) -> Response:
        version = request.headers.get("Last-Event-ID") or request.query_params.get("since", "")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream(self._updates, key, version), media_type="text/event-stream", headers=headers)

    def _render(self, name: str, values: dict[str, Any], status: int = 200) -> Response:
        html = self._templates.get_template(name).render(values)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def is_live(event: Event, tally: Tally) -> bool:
    """Whether somebody crossed a line within the last hours."""
    return tally.crossed_at is not None and event.hub_now - LIVE_FOR < tally.crossed_at


def _race(picture: Picture, choice: Choice) -> Race | None:
    """The chosen race, else the largest; None where the event has none yet."""
    if not choice.race_id:
        return picture.races[0] if picture.races else None
    race = picture.race(choice.race_id)
    if race is None:
        raise HTTPException(404, "This event has no such race.")
    return race


def template_environment(source_note: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(figures, name) for name in FILTERS})
    environment.globals["source_note"] = source_note
    return environment
