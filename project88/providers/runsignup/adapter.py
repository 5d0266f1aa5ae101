"""What RunSignUp offers: its lists, their paths and paging, and what each decides. Pure; no code paths per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from project88.providers.asking import in_one_answer, limits_of
from project88.providers.contract import Course, EntryList, PagedList, ResultList, Token, WatchedResults
from project88.providers.raw_rows import Decode
from project88.providers.runsignup import auth, course, decode, edition, pages, responses, results
from project88.providers.runsignup.course import ResultSet, RunSignUpCourse
from project88.providers.runsignup.settings import Settings, read_settings
from project88.providers.tokens import read_token
from project88.records.entities import Event, ProviderEventId
from project88.records.snapshot import Authority
from project88.wire.messages import Request, Response

#: The service takes this many calls at once from one caller (D), whatever the login.
CALLS_AT_ONCE_OF_ALL = 2
#: The largest pages of races (D) and of results (disputed, the lowest figure of two).
RACES_AT_MOST = 1000
RESULTS_AT_MOST = 1000
#: Asked of every list of events, so that an edition has one id in all of them.
EDITIONS_SHOWN = {"include_event_days": "T"}
#: How far back the service advises to begin, as clocks differ (D).
CLOCK_DIFFERENCE = timedelta(seconds=10)


class RunSignUpAdapter:
    """One RunSignUp login. Raises ConfigError where its settings cannot work."""

    key = "runsignup"
    asks_since: timedelta | None = CLOCK_DIFFERENCE

    def __init__(self, principal: str, secret: str, additional_config: Mapping[str, Any]) -> None:
        self.settings: Settings = read_settings(additional_config)
        self._login = auth.Login(principal=principal, secret=secret)
        self._token_request = auth.token_request(self._login, self.settings)
        self._secrets = tuple(sorted(auth.sent_forms(self._login, self.settings)))
        self.limits = limits_of(self.settings, CALLS_AT_ONCE_OF_ALL)

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, in every form it is sent in."""
        return self._secrets

    def token_request(self) -> Request | None:
        return self._token_request

    def read_token(self, response: Response) -> Token:
        return read_token(response)

    def sign(self, request: Request, token: Token | None) -> Request:
        return auth.sign(request, self._login, self.settings, token)

    def check(self, response: Response) -> None:
        responses.check(response, self.settings.no_results_codes)

    def login_probe(self) -> Request:
        return self._request("/v2/auth-info/entity-info.json")

    def needs_proof(self) -> bool:
        """Without a login the list of races is that of everybody (D)."""
        return True

    def events(self) -> PagedList[Event]:
        query = {"events": "T", **EDITIONS_SHOWN, "start_date": self.settings.races_from, "sort": "date ASC"}
        return PagedList(
            name="events",
            request=self._request("/races", query),
            page_size=min(self.settings.page_size, RACES_AT_MOST),
            page_query=_numbered,
            read=pages.races,
            decode=decode.events,
        )

    def course_lists(
        self, event: ProviderEventId, read: Mapping[str, Sequence[Any]], *, results: bool
    ) -> Mapping[str, PagedList[Any]]:
        race = f"/race/{edition.race_id(event)}"
        if "races" not in read:
            request = self._request(race, EDITIONS_SHOWN)
            return {"races": in_one_answer("races", request, pages.events_of_race, decode.races)}
        if not results:
            return {}
        races = course.races_of(event, read["races"])
        missing = [each.race_id for each in races if course.sets_list(each.race_id) not in read]
        if missing:
            return {course.sets_list(race_id): self._sets(race, race_id) for race_id in missing}
        chosen = self.course(event, read).sets
        unread = [each for each in chosen if course.splits_list(each.set_id) not in read]
        return {course.splits_list(each.set_id): self._splits(race, each) for each in unread}

    def course(self, event: ProviderEventId, read: Mapping[str, Sequence[Any]]) -> RunSignUpCourse:
        """Raises Gone where the race has no event of this edition any more."""
        races = course.races_of(event, read["races"])
        listed = {race.race_id: read.get(course.sets_list(race.race_id), ()) for race in races}
        chosen = course.sets_that_count(races, listed, frozenset(map(str, self.settings.result_sets)))
        splits = {each.set_id: read.get(course.splits_list(each.set_id), ()) for each in chosen}
        return RunSignUpCourse(races=races, sets=tuple(chosen), splits=splits)

    def participants(self, event: ProviderEventId, course: Course, since: datetime | None) -> Sequence[EntryList]:
        path = f"/race/{edition.race_id(event)}"
        query = {
            "event_id": ",".join(race.race_id for race in course.races),
            "sort": "registration_id ASC",
            "supports_nb": "T",
            "include_user_anonymous_flag": "T",
        }
        if since is not None:
            query["modified_after_timestamp"] = str(int(since.timestamp()))
        people = self._request(f"{path}/participants", query)
        removed = self._request(f"{path}/removed-participants", query)
        return [
            EntryList(rows=self._keyed("participants", people, decode.participants), is_everyone=since is None),
            EntryList(rows=self._keyed("removed participants", removed, decode.removals), is_everyone=False),
        ]

    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]:
        """The set that counts of each race. Sets that are preliminary or not public are what the timer sees."""
        found = cast(RunSignUpCourse, course)
        return [self._results(edition.race_id(event), found, each) for each in found.sets]

    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]:
        """Set by set. None says how many rows it has, so each counts as moved."""
        return [WatchedResults(name=each.rows.name, lists=(each,)) for each in self.results(event, course)]

    def _sets(self, race: str, race_id: str) -> PagedList[Any]:
        request = self._request(f"{race}/results/get-result-sets", {"event_id": race_id})
        read = pages.result_sets(self.settings.no_results_codes)
        return in_one_answer(course.sets_list(race_id), request, read, decode.result_sets(race_id))

    def _splits(self, race: str, wanted: ResultSet) -> PagedList[Any]:
        request = self._request(f"{race}/results/result-set-splits", _of_set(wanted))
        read = pages.splits(self.settings.no_results_codes)
        return in_one_answer(course.splits_list(wanted.set_id), request, read, decode.splits)

    def _results(self, race_id: str, found: RunSignUpCourse, wanted: ResultSet) -> ResultList:
        query = {**_of_set(wanted), "supports_nb": "T"}
        points = found.splits.get(wanted.set_id, ())
        rows = PagedList(
            name=f"result set {wanted.set_id}",
            request=self._request(f"/race/{race_id}/results/get-results", query),
            page_size=min(self.settings.page_size, RESULTS_AT_MOST),
            page_query=_numbered,
            read=pages.results(wanted.set_id),
            decode=results.results(wanted.race_id, points),
        )
        of_race = frozenset({wanted.race_id})
        authority = Authority(
            finish_races=of_race,
            split_keys=results.split_keys(wanted.race_id, len(points)),
            gender_races=of_race,
            division_races=of_race,
        )
        return ResultList(rows=rows, authority=authority)

    def _keyed(self, name: str, request: Request, decoder: Decode[Any]) -> PagedList[Any]:
        """A list whose pages are found by the last registration, so that rows that move between pages get not lost."""
        size = self.settings.page_size
        return PagedList(
            name=name,
            request=request,
            page_size=size,
            page_query=_sized,
            read=pages.people,
            decode=decoder,
            follow=partial(pages.after, size),
        )

    def _request(self, path: str, query: Mapping[str, str] | None = None) -> Request:
        """The service answers in XML unless it is told otherwise (D)."""
        return Request(url=self.settings.base_url.rstrip("/") + path, query={"format": "json", **(query or {})})


def _of_set(wanted: ResultSet) -> Mapping[str, str]:
    return {"event_id": wanted.race_id, "individual_result_set_id": wanted.set_id}


def _numbered(number: int, size: int) -> Mapping[str, str]:
    return {"page": str(number), "results_per_page": str(size)}


def _sized(number: int, size: int) -> Mapping[str, str]:
    return {"results_per_page": str(size)}
