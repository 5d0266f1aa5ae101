"""The list of events and an event's page: what they read and which template shows it. Holds no SQL and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from project88.edges.clock import utc_now
from project88.store import results_page
from project88.store.connection import Database
from project88.store.reads import behind_seconds, stay_at_primary
from project88.store.results_page import Event, EventKey, Sought, Tally
from project88.web import figures
from project88.web.choices import Choice, Search, read_choice, read_search
from project88.web.kept import Kept
from project88.web.pictures import BEHIND, Picture, Pictures, Race
from project88.web.rendering import Rendering
from project88.web.streams import EventStream
from project88.web.updates import LISTED_EVENTS, Updates, version_of

ROWS_PER_PAGE = 50
LARGEST_ID = 2**31 - 1
#: An event is live while its newest crossing is younger than this, in hub time.
LIVE_FOR = timedelta(hours=3)


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
        self._kept = Kept()
        self.rendering = Rendering(source_note)

    @property
    def db(self) -> Database:
        return self._db

    @property
    def kept(self) -> Kept:
        return self._kept

    @property
    def updates(self) -> Updates:
        return self._updates

    @property
    def pictures(self) -> Pictures:
        return self._pictures

    async def events(self, request: Request) -> Response:
        return await self._kept.answer(request, self._events_page)

    async def events_part(self, request: Request) -> Response:
        return await self._kept.answer(request, self._events_part)

    async def event(self, request: Request) -> Response:
        return await self._kept.answer(request, self._event_page)

    async def event_part(self, request: Request) -> Response:
        return await self._kept.answer(request, self._event_part)

    async def events_stream(self, request: Request) -> EventStream:
        return EventStream(self._updates, None, told_version(request))

    async def event_stream(self, request: Request) -> EventStream:
        key = event_key(request)
        if not self._updates.hears(key):
            key = (await self.wanted(request)).key
        return EventStream(self._updates, key, told_version(request))

    def problem(self, status: int, title: str, advice: str) -> Response:
        return self.rendering.problem(status, title, advice)

    async def wanted(self, request: Request) -> Event:
        """The event of the address. Raises HTTPException where there is none."""
        key = event_key(request)
        readable = key.timing_partner_id <= LARGEST_ID and key.event_id.isprintable()
        event = await self.newest(request, key) if readable else None
        if event is None:
            raise HTTPException(404, "No event stands at this address. It may have been withdrawn.")
        return event

    async def newest(self, request: Request, key: EventKey) -> Event | None:
        """An event, at least as new as the version that the reader was told; None where there is none."""
        event = await results_page.event(self._db, key)
        told = request.query_params.get("version", "").removesuffix(BEHIND)
        if event is None or not event.change.is_before(told):
            return event
        # Another process told it, which reads from another place.
        stay_at_primary()
        self._pictures.renew_soon(key)
        return await results_page.event(self._db, key)

    async def head(self, event: Event) -> dict[str, Any]:
        """What every page of an event shows: the event, and how old its data is."""
        fresh = await results_page.freshness(self._db, [event.key])
        return {"event": event, "fresh": fresh[event.key], "now": utc_now(), "behind_seconds": behind_seconds(self._db)}

    async def _events_page(self, request: Request) -> str:
        return self.rendering.html("events.html", await self._events(request))

    async def _events_part(self, request: Request) -> str:
        return self.rendering.html("events_part.html", await self._events(request))

    async def _event_page(self, request: Request) -> str:
        return self.rendering.html("event.html", await self._event(request))

    async def _event_part(self, request: Request) -> str:
        return self.rendering.html("event_part.html", await self._event(request))

    async def _events(self, request: Request) -> dict[str, Any]:
        search = read_search(request.query_params)
        sought = Sought(words=search.words or None, first_day=search.first_day, last_day=search.last_day)
        listed = await results_page.events(self._db, LISTED_EVENTS, (search.page - 1) * LISTED_EVENTS, sought)
        count = await results_page.event_count(self._db, sought)
        tallies = await self._tallied(listed)
        is_start = search == Search()
        live = [event for event in listed if is_start and is_live(event, tallies[event.key])]
        return {
            "listed": [event for event in listed if event not in live],
            "live": live,
            "tallies": tallies,
            "fresh": await results_page.freshness(self._db, [event.key for event in listed]),
            "now": utc_now(),
            "search": search,
            "is_start": is_start,
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
        event = await self.wanted(request)
        picture = await self._pictures.get(event)
        race = chosen_race(picture, choice.race_id)
        return {
            **await self.head(event),
            "picture": picture,
            "race": race,
            "choice": choice,
            "board": await self._board(event, race, choice),
            "page_size": ROWS_PER_PAGE,
            "histogram": figures.histogram(race.minutes, event.time_zone) if race else None,
            "version": picture.version_beside(event),
        }

    async def _board(self, event: Event, race: Race | None, choice: Choice) -> Board:
        bounds = {"limit": ROWS_PER_PAGE + 1, "offset": choice.offset(ROWS_PER_PAGE)}
        total = None
        if choice.words:
            rows = await results_page.search(self._db, event.key, choice.words, **bounds)
        elif race:
            gender, division = choice.gender or None, choice.division or None
            total = _total(race, gender, division)
            rows = await results_page.leaderboard(
                self._db, event.key, race.race_id, gender=gender, division=division, **bounds
            )
        else:
            rows = []
        return Board(rows=rows[:ROWS_PER_PAGE], has_more=len(rows) > ROWS_PER_PAGE, total=total)


def event_key(request: Request) -> EventKey:
    return EventKey(request.path_params["timing_partner_id"], request.path_params["event_id"])


def told_version(request: Request) -> str:
    """The newest version that the reader has seen."""
    return request.headers.get("Last-Event-ID") or request.query_params.get("since", "")


def is_live(event: Event, tally: Tally) -> bool:
    """Whether somebody crossed a line within the last hours."""
    return tally.crossed_at is not None and event.hub_now - LIVE_FOR < tally.crossed_at


def chosen_race(picture: Picture, race_id: str) -> Race | None:
    """The chosen race, else the largest; None where the event has none yet. Raises HTTPException for a wrong one."""
    if not race_id:
        return picture.races[0] if picture.races else None
    race = picture.race(race_id)
    if race is None:
        raise HTTPException(404, "This event has no such race.")
    return race


def _total(race: Race, gender: str | None, division: str | None) -> int | None:
    """How many results the choice has; None where it was not counted."""
    if gender and division:
        return None
    if division:
        return race.divisions[division]
    return race.genders[gender] if gender else race.results
