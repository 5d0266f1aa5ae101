"""What Haku offers: its lists, their paths, and the call for each registration. Pure; no code paths per field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from project88.providers import tokens
from project88.providers.asking import limits_of, segment
from project88.providers.contract import (
    Course,
    Details,
    EntryList,
    PagedList,
    ResultList,
    Token,
    WatchedResults,
)
from project88.providers.haku import auth, decode, responses
from project88.providers.haku.settings import Settings, read_settings
from project88.providers.raw_rows import Raws
from project88.records.entities import Event, ProviderEventId, Race
from project88.wire.messages import Request, Response

EVENTS = {"sort_column": "event_date", "sort_direction": "desc", "show_inactive": "true"}
PARTICIPANTS = {"sort_column": "updated_at", "sort_direction": "desc"}


@dataclass(frozen=True, slots=True)
class HakuCourse:
    """Nothing is known of an event beforehand: only the details of its registrations name its races."""

    races: tuple[Race, ...] = ()


class HakuAdapter:
    """One client of one Haku organization. Raises ConfigError where its settings cannot work."""

    key = "haku"
    #: No filter by change is known of this API.
    asks_since: timedelta | None = None

    def __init__(self, principal: str, secret: str, additional_config: Mapping[str, Any]) -> None:
        self.settings: Settings = read_settings(additional_config)
        self._login = auth.Login(client_id=principal, secret=secret)
        self.limits = limits_of(self.settings)

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the client secret, in every form it is sent in."""
        return tuple(sorted(auth.sent_forms(self._login)))

    def token_request(self) -> Request:
        return auth.token_request(self._login, self.settings)

    def read_token(self, response: Response) -> Token:
        return tokens.read_token(response)

    def sign(self, request: Request, token: Token | None) -> Request:
        return auth.sign(request, self.settings, token)

    def check(self, response: Response) -> None:
        responses.check(response)

    def login_probe(self) -> Request:
        return self.events().probe()

    def needs_proof(self) -> bool:
        return False

    def events(self) -> PagedList[Event]:
        return self._list("events", "/events", decode.events(self.settings), EVENTS)

    def course_lists(
        self, event: ProviderEventId, read: Mapping[str, Sequence[Any]], *, results: bool
    ) -> Mapping[str, PagedList[Any]]:
        return {}

    def course(self, event: ProviderEventId, read: Mapping[str, Sequence[Any]]) -> HakuCourse:
        return HakuCourse()

    def participants(self, event: ProviderEventId, course: Course, since: datetime | None) -> Sequence[EntryList]:
        """Everybody, whatever ``since``: a registration that changed is known by its row."""
        rows = self._list("participants", f"{_event_path(event)}/participants", decode.participants(), PARTICIPANTS)
        return [EntryList(rows=rows, details=self._details(event))]

    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]:
        """None: the service is not known to have any."""
        return ()

    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]:
        return ()

    def _details(self, event: ProviderEventId) -> Details:
        def request(registration_number: str) -> Request:
            return self._request(f"{_event_path(event)}/registrations/{segment(registration_number)}")

        return Details(
            request=request,
            read=responses.read_registration,
            decode=decode.registrations(self.settings),
            changed_first=self.settings.changed_first,
            refresh_share=self.settings.refresh_share,
        )

    def _list(self, name: str, path: str, decoder: Callable[[Raws], Any], query: Mapping[str, str]) -> PagedList[Any]:
        return PagedList(
            name=name,
            request=self._request(path, query),
            page_size=self.settings.page_size,
            page_query=_page_query,
            read=responses.read_page(name),
            decode=decoder,
        )

    def _request(self, path: str, query: Mapping[str, str] | None = None) -> Request:
        return Request(url=self.settings.base_url.rstrip("/") + path, query=query or {})


def _page_query(number: int, size: int) -> Mapping[str, str]:
    return {"page": str(number), "per_page": str(size)}


def _event_path(event: ProviderEventId) -> str:
    return f"/events/{segment(event)}"
