"""What ChronoTrack Live offers: its lists, their paths, envelope keys and authority. Pure; no code paths per field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from project88.providers import tokens
from project88.providers.asking import limits_of
from project88.providers.chronotrack_live import auth, decode, responses
from project88.providers.chronotrack_live.course import BracketKind, Interval, LiveCourse
from project88.providers.chronotrack_live.settings import Settings, read_settings
from project88.providers.contract import (
    Course,
    EntryList,
    PagedList,
    ResultList,
    Token,
    WatchedResults,
)
from project88.providers.raw_rows import Raws
from project88.records.entities import Event, ProviderEventId, ResultRow
from project88.records.snapshot import Authority
from project88.wire.messages import Request, Response

T = TypeVar("T")

#: The words that ask for every gender or age bracket at once (S), and what such a list decides.
PLACE_LISTS: tuple[tuple[str, BracketKind], ...] = (("SEX", "gender"), ("AGE", "division"))


class ChronoTrackLiveAdapter:
    """One ChronoTrack Live account. Raises ConfigError where its settings cannot work."""

    key = "chronotrack_live"
    #: No filter by change is known of this API.
    asks_since: timedelta | None = None

    def __init__(self, principal: str, secret: str, additional_config: Mapping[str, Any]) -> None:
        self.settings: Settings = read_settings(additional_config)
        self._login = auth.Login(principal=principal, secret=secret)
        self._token_request = auth.token_request(self._login, self.settings)
        self._secrets = tuple(sorted(auth.sent_forms(self._login, self.settings)))
        self.limits = limits_of(self.settings)

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the stored secret and the client secret, in every form they are sent in."""
        return self._secrets

    def token_request(self) -> Request | None:
        return self._token_request

    def read_token(self, response: Response) -> Token:
        return tokens.read_token(response)

    def sign(self, request: Request, token: Token | None) -> Request:
        return auth.sign(request, self._login, self.settings, token)

    def check(self, response: Response) -> None:
        responses.check(response)

    def login_probe(self) -> Request:
        return self.events().probe()

    def events(self) -> PagedList[Event]:
        return self._list("events", "/event", "event", decode.events)

    def needs_proof(self) -> bool:
        return False

    def course_lists(
        self, event: ProviderEventId, read: Mapping[str, Sequence[Any]], *, results: bool
    ) -> Mapping[str, PagedList[Any]]:
        if read:
            return {}
        everything = {"include_not_wants_results": "true"}
        return {
            "races": self._list("races", f"/event/{event}/race", "event_race", decode.races, everything),
            "intervals": self._list("intervals", f"/event/{event}/interval", "event_interval", decode.intervals),
            "brackets": self._list("brackets", f"/event/{event}/bracket", "event_bracket", decode.brackets),
        }

    def course(self, event: ProviderEventId, read: Mapping[str, Sequence[Any]]) -> LiveCourse:
        return decode.course_of(dict(read))

    def participants(self, event: ProviderEventId, course: Course, since: datetime | None) -> Sequence[EntryList]:
        decoder = decode.participants(cast(LiveCourse, course))
        return [EntryList(rows=self._list("participants", f"/event/{event}/entry", "event_entry", decoder))]

    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]:
        """Everything: one list of all intervals, then the places of each race's full course."""
        live = cast(LiveCourse, course)
        everything = ResultList(
            rows=self._list(
                "results",
                f"/event/{event}/results",
                "event_results",
                decode.results(live),
                {"interval": "ALL"},
            ),
            authority=Authority(every_finish=True, every_split=True),
        )
        return (everything, *(each for full in live.full_intervals for each in self._places(live, full)))

    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]:
        """The same interval by interval. The places belong to the full course."""
        live = cast(LiveCourse, course)
        return [
            WatchedResults(
                name=interval.interval_id,
                lists=(
                    self._interval(live, interval),
                    *(self._places(live, interval) if interval.is_full else ()),
                ),
            )
            for interval in live.intervals
        ]

    def _interval(self, course: LiveCourse, interval: Interval) -> ResultList:
        authority = (
            Authority(finish_races=frozenset({interval.race_id}))
            if interval.is_full
            else Authority(split_keys=frozenset({interval.interval_id}))
        )
        rows = self._interval_list(f"interval {interval.interval_id}", interval, decode.results(course, interval))
        return ResultList(rows=rows, authority=authority)

    def _places(self, course: LiveCourse, full: Interval) -> list[ResultList]:
        return [
            self._place_list(course, full, word, kind)
            for word, kind in PLACE_LISTS
            if any(course.brackets_of(full.race_id, kind))
        ]

    def _place_list(self, course: LiveCourse, full: Interval, word: str, kind: BracketKind) -> ResultList:
        name = f"interval {full.interval_id} {word}"
        decoder = decode.places(course, full, kind)
        return ResultList(
            rows=self._interval_list(name, full, decoder, {"bracket": word}),
            authority=_place_authority(full.race_id, kind),
            fallback=tuple(self._bracket_lists(course, full, kind)),
        )

    def _bracket_lists(self, course: LiveCourse, full: Interval, kind: BracketKind) -> list[ResultList]:
        """One list per bracket, for a service that does not know the words SEX and AGE."""
        decoder = decode.places(course, full, kind)
        return [
            ResultList(
                rows=self._list(
                    f"bracket {bracket.bracket_id}",
                    f"/bracket/{bracket.bracket_id}/results",
                    "bracket_results",
                    decoder,
                    {"interval": full.interval_id},
                ),
                authority=Authority(),
            )
            for bracket in course.brackets_of(full.race_id, kind)
        ]

    def _interval_list(
        self,
        name: str,
        interval: Interval,
        decoder: Callable[[Raws], Any],
        query: Mapping[str, str] | None = None,
    ) -> PagedList[ResultRow]:
        path = f"/interval/{interval.interval_id}/results"
        return self._list(name, path, "interval_results", decoder, query)

    def _list(
        self,
        name: str,
        path: str,
        envelope_key: str,
        decoder: Callable[[Raws], Any],
        query: Mapping[str, str] | None = None,
    ) -> PagedList[Any]:
        return PagedList(
            name=name,
            request=Request(
                url=self.settings.base_url.rstrip("/") + path,
                query={"format": "json", "elide_json": "false", **(query or {})},
            ),
            page_size=self.settings.page_size,
            page_query=_page_query,
            read=responses.read_page(envelope_key),
            decode=decoder,
            digests=decode.row_digests,
        )


def _page_query(number: int, size: int) -> Mapping[str, str]:
    return {"page": str(number), "size": str(size)}


def _place_authority(race_id: str, kind: BracketKind) -> Authority:
    races = frozenset({race_id})
    return Authority(gender_races=races) if kind == "gender" else Authority(division_races=races)
