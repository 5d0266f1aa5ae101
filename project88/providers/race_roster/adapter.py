"""What Race Roster offers: its lists, their paths, their paging and authority. Pure; no code paths per field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from project88.errors import CredentialsRefused, Permanent
from project88.providers.asking import in_one_answer, limits_of, segment
from project88.providers.contract import (
    Course,
    EntryList,
    Page,
    PagedList,
    ResultList,
    Token,
    WatchedResults,
)
from project88.providers.race_roster import auth, decode, entries, responses
from project88.providers.race_roster.course import (
    PublicEvent,
    PublicSubEvent,
    Published,
    ResultsCode,
    RosterCourse,
    course_of,
)
from project88.providers.race_roster.settings import Settings, read_settings
from project88.records.entities import Event, ProviderEventId, Race
from project88.records.snapshot import Authority
from project88.wire.messages import Request, Response

#: How far before the last reading changes are asked for (ours): what its filter goes by is unknown (U).
OVERLAP = timedelta(minutes=10)
#: The sizes of a page that the public results service takes; it answers 400 to any other (S).
RESULT_PAGE_SIZES = (50, 100, 250, 500, 1000)
EVENT = "event"
PUBLIC_EVENT = "public event"

PageQuery = Callable[[int, int], Mapping[str, str]]


class RaceRosterAdapter:
    """One user of Race Roster. Raises ConfigError where its settings cannot work."""

    key = "race_roster"

    def __init__(self, principal: str, secret: str, additional_config: Mapping[str, Any]) -> None:
        self.settings: Settings = read_settings(additional_config)
        self._login = auth.Login(principal=principal, secret=secret)
        self.asks_since: timedelta | None = OVERLAP if self.settings.participants_since_param else None
        self.limits = limits_of(self.settings)

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the password and the client secret, in every form they are sent in."""
        return tuple(sorted(auth.sent_forms(self._login, self.settings)))

    def token_request(self) -> Request | None:
        return auth.token_request(self._login, self.settings)

    def read_token(self, response: Response) -> Token:
        return auth.read_token(response)

    def sign(self, request: Request, token: Token | None) -> Request:
        return auth.sign(request, self.settings, token)

    def check(self, response: Response) -> None:
        """The public results service knows no login, so what it refuses says nothing of ours."""
        try:
            responses.check(response)
        except CredentialsRefused as error:
            if not response.url.startswith(self.settings.results_url):
                raise
            raise Permanent(f"the public results service refused: {error}") from None

    def login_probe(self) -> Request:
        return self.events().probe()

    def needs_proof(self) -> bool:
        return False

    def events(self) -> PagedList[Event]:
        """Without a first day the service may show coming events only (O)."""
        query = {"sort": "startDate", "order": "asc"}
        if self.settings.events_from is not None:
            query["eventDateFrom"] = f"{self.settings.events_from.isoformat()}T00:00:00Z"
        return PagedList(
            name="events",
            request=Request(url=self._partner("/events"), query=query),
            page_size=self.settings.page_size,
            page_query=_offset_query,
            follow=_after_rows,
            read=responses.read_page,
            decode=decode.events,
        )

    def course_lists(
        self, event: ProviderEventId, read: Mapping[str, Sequence[Any]], *, results: bool
    ) -> Mapping[str, PagedList[Any]]:
        """The event, then for its results what the public results service calls it."""
        if EVENT not in read:
            decoder = decode.event_course(self.settings.results_url)
            request = Request(url=self._partner(f"/events/{segment(event)}"))
            return {EVENT: in_one_answer(EVENT, request, responses.read_event, decoder)}
        code = next((each.code for each in read[EVENT] if isinstance(each, ResultsCode)), None)
        if PUBLIC_EVENT in read or not results or code is None or self.settings.results_from == "none":
            return {}
        request = Request(url=self._public(f"/events/{segment(code)}"))
        public = in_one_answer(PUBLIC_EVENT, request, responses.read_public_event, decode.public_course)
        # An event of which nothing is published yet may not be known there.
        return {PUBLIC_EVENT: replace(public, may_be_missing=True)}

    def course(self, event: ProviderEventId, read: Mapping[str, Sequence[Any]]) -> RosterCourse:
        public = read.get(PUBLIC_EVENT, ())
        return course_of(
            (each for each in read[EVENT] if isinstance(each, Race)),
            next((each for each in public if isinstance(each, PublicEvent)), None),
            (each for each in public if isinstance(each, PublicSubEvent)),
        )

    def participants(self, event: ProviderEventId, course: Course, since: datetime | None) -> Sequence[EntryList]:
        """Everyone, or where the settings name a parameter for it those that changed."""
        settings, changed = self.settings, {}
        if since is not None and settings.participants_since_param:
            said = since.astimezone(UTC).isoformat(timespec="seconds")
            changed = {settings.participants_since_param: said}
        rows = PagedList(
            name="changed participants" if changed else "participants",
            request=Request(url=self._partner(f"/events/{segment(event)}/participants"), query=changed),
            page_size=settings.participants_page_size,
            page_query=_numbered_query(settings.participants_page_param, settings.participants_size_param),
            read=responses.read_page,
            decode=entries.participants(settings),
        )
        return [EntryList(rows=rows, is_everyone=not changed)]

    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]:
        return [self._results(each) for each in cast(RosterCourse, course).published]

    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]:
        """The same sub-event by sub-event."""
        return [
            WatchedResults(name=each.sub_event_id, lists=(self._results(each),))
            for each in cast(RosterCourse, course).published
        ]

    def _results(self, published: Published) -> ResultList:
        """A row holds the time and every place, so the list decides all of them for its race."""
        event, sub_event = segment(published.result_event_id), segment(published.sub_event_id)
        size = self.settings.results_page_size
        races = frozenset({published.race_id})
        return ResultList(
            rows=PagedList(
                name=f"results {published.sub_event_id}",
                request=Request(url=self._public(f"/result-events/{event}/sub-events/{sub_event}/results")),
                page_size=size,
                page_query=_start_query,
                read=responses.read_results(size),
                decode=decode.results(published.race_id),
            ),
            authority=Authority(finish_races=races, gender_races=races, division_races=races),
        )

    def _partner(self, path: str) -> str:
        return self.settings.base_url.rstrip("/") + path

    def _public(self, path: str) -> str:
        return self.settings.results_url.rstrip("/") + path


def _offset_query(number: int, size: int) -> Mapping[str, str]:
    return {"offset": str((number - 1) * size), "limit": str(size)}


def _after_rows(_page: Page, rows_before: int) -> Mapping[str, str]:
    """Behind the rows that came, however few the service gives at once."""
    return {"offset": str(rows_before)}


def _numbered_query(page: str, per_page: str) -> PageQuery:
    return lambda number, size: {page: str(number), per_page: str(size)}


def _start_query(number: int, size: int) -> Mapping[str, str]:
    """A size that the service does not take is raised to the next one that it does."""
    limit = next(each for each in RESULT_PAGE_SIZES if each >= size)
    return {"start": str((number - 1) * size), "limit": str(limit)}
