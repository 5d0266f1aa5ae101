"""The partner API of Race Roster: events, their people, their results. Knows no socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from project88.sandbox.faults import Strikes
from project88.sandbox.race_roster.rows import event_row, person_row, result_row
from project88.sandbox.race_roster.settings import RaceRosterAccount, RaceRosterSettings
from project88.sandbox.registration.entities import Edition, Registration
from project88.sandbox.registration.ranking import Rankings
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.service.asked import positive
from project88.sandbox.service.fault_effects import alter, page_size, reshape, rows_at, total_of
from project88.sandbox.service.listings import Listing, Rendered
from project88.sandbox.service.replies import Refused
from project88.sandbox.service.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The world as one account sees it, and what it asked. ``get`` gives a body or Refused."""

    world: RegistrationWorld
    rankings: Rankings
    settings: RaceRosterSettings
    account: RaceRosterAccount
    query: Mapping[str, str]
    strikes: Strikes
    now: float

    def get(self, segments: Sequence[str]) -> object:
        match segments:
            case ["events"]:
                return {"data": self._events()}
            case ["events", event_id]:
                return {"data": event_row(self._event(event_id))}
            case ["events", event_id, "participants"]:
                return self._participants(self._event(event_id))
            case ["events", event_id, "results"]:
                return {"data": self._results(self._event(event_id))}
            case _:
                raise Refused(404, "Not found.")

    def _event(self, event_id: str) -> Edition:
        edition = self.world.editions.get(event_id)
        if edition is None:
            raise Refused(404, "Event not found.")
        if not self.account.reaches(edition.organiser_id):
            raise Refused(403, "You do not have access to this event.")
        return edition

    def _events(self) -> list[Row]:
        first, last = self._instant("eventDateFrom"), self._instant("eventDateTo")
        since, wanted = self._instant("lastModifiedDate"), self.query.get("eventId")
        shown = [
            edition
            for edition in self.world.editions.values()
            if self.account.reaches(edition.organiser_id)
            and (self.settings.lists_past_events or edition.start_s >= self.now)
            and (first is None or edition.start_s >= first)
            and (last is None or edition.start_s <= last)
            and (since is None or edition.modified_s >= since)
            and (wanted is None or edition.event_id in wanted.split(","))
        ]
        if self.query.get("sort") == "startDate":
            shown.sort(key=lambda edition: edition.start_s, reverse=self.query.get("order") == "desc")
        listing = Rendered(shown, event_row, lambda edition: edition.event_id)
        return self._slice(listing, *self._by_offset("offset", "limit"))

    def _participants(self, edition: Edition) -> object:
        names = self.settings.names
        people = [each for category in edition.categories for each in category.registrations if self._is_shown(each)]
        listing = Rendered(people, lambda each: person_row(each, self.settings), lambda each: each.registration_id)
        words = ("page", "perPage") if self.settings.paging == "page" else ("offset", "limit")
        played = [names.get(word, word) for word in words]
        start, size = self._by_page(*played) if self.settings.paging == "page" else self._by_offset(*played)
        metadata: Row = {played[0]: start // size + 1 if self.settings.paging == "page" else start, played[1]: size}
        if self.settings.states_total:
            metadata[names.get("total", "total")] = total_of(len(people), self.strikes)
        return {"data": self._slice(listing, start, size), names.get("metadata", "metadata"): metadata}

    def _is_shown(self, registration: Registration) -> bool:
        since = self._instant(self.settings.people_since) if self.settings.people_since else None
        return registration.status in self.settings.shown and (since is None or registration.modified_s >= since)

    def _results(self, edition: Edition) -> list[Row]:
        wanted = self.query.get("resultsRaceId")
        placed = [
            each
            for category in edition.categories
            if wanted in (None, category.category_id)
            for each in self.rankings.of(category)
        ]
        listing = Rendered(placed, result_row, lambda each: each.result.registration.registration_id)
        return self._slice(listing, *self._by_page("page", "perPage"))

    def _by_page(self, page: str, per_page: str) -> tuple[int, int]:
        """Start and size; the size is never above the cap."""
        size = self._size(per_page)
        return (positive(self.query, page, 1) - 1) * size, size

    def _by_offset(self, offset: str, limit: str) -> tuple[int, int]:
        text = self.query.get(offset, "0")
        if not text.isdecimal():
            raise Refused(400, f"{offset} must be a number")
        return int(text), self._size(limit)

    def _size(self, name: str) -> int:
        asked = positive(self.query, name, self.settings.page_size)
        return page_size(min(asked, self.settings.page_cap), self.strikes)

    def _slice(self, listing: Listing, start: int, size: int) -> list[Row]:
        return alter(rows_at(reshape(listing, self.strikes), start, size, self.strikes), self.strikes)

    def _instant(self, name: str) -> float | None:
        """An ISO instant with its offset; its plus sign must be percent-encoded, as in every query."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None:
            raise Refused(400, f"{name} is not a date with an offset")
        return read.timestamp()
