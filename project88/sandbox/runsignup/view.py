"""What one caller asked RunSignUp and may see, and pages of lists. Knows no path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from project88.sandbox.faults import Strikes
from project88.sandbox.registration.entities import Category, Edition, local
from project88.sandbox.registration.ranking import Rankings
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.runsignup.errors import BAD_PARAMETERS, NO_EVENT, NO_PERMISSION, NO_RACE, number, refusal
from project88.sandbox.runsignup.settings import RunSignUpAccount, RunSignUpSettings
from project88.sandbox.runsignup.text import EASTERN
from project88.sandbox.service.fault_effects import alter, page_size, reshape, rows_at
from project88.sandbox.service.listings import Listing
from project88.sandbox.service.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The world as one account, or nobody, sees it, and what was asked."""

    world: RegistrationWorld
    rankings: Rankings
    settings: RunSignUpSettings
    account: RunSignUpAccount | None
    query: Mapping[str, str]
    strikes: Strikes
    now: float

    @property
    def today(self) -> date:
        return local(int(self.now), EASTERN).date()

    def has(self, name: str) -> bool:
        return self.query.get(name) == "T"

    def race(self, race_id: str) -> list[Edition]:
        """The editions of a race that this caller may see: error 201 or 7 otherwise."""
        editions = self.world.of_series(race_id)
        if not editions:
            raise refusal(NO_RACE, "Race not found.")
        if not self.is_public(editions) and not self.reaches(editions):
            raise refusal(NO_PERMISSION, "You do not have permission to access this race.")
        return editions

    def own_race(self, race_id: str) -> list[Edition]:
        """The editions of a race whose people this caller may see."""
        editions = self.race(race_id)
        if not self.reaches(editions):
            raise refusal(NO_PERMISSION, "You do not have permission to access this race.")
        return editions

    def reaches(self, editions: Sequence[Edition]) -> bool:
        return self.account is not None and self.account.reaches(editions[-1].organiser_id)

    def is_public(self, editions: Sequence[Edition]) -> bool:
        return not any(edition.is_private or edition.is_draft for edition in editions)

    def categories(self, editions: Sequence[Edition]) -> list[Category]:
        """Those of ``event_id``, a list of ids with commas: error 3 without it, 301 where one is not the race's."""
        wanted = [text.strip() for text in self.query.get("event_id", "").split(",") if text.strip()]
        if not wanted:
            raise refusal(BAD_PARAMETERS, "event_id is required.")
        known = {each.category_id: each for edition in editions for each in edition.categories}
        if not set(wanted) <= set(known):
            raise refusal(NO_EVENT, "Event not found.")
        return [known[category_id] for category_id in dict.fromkeys(wanted)]

    def since(self) -> int | None:
        """``modified_after_timestamp``, which includes its own second."""
        text = self.query.get("modified_after_timestamp")
        if text is None or text.isdecimal():
            return None if text is None else int(text)
        if self.settings.bad_timestamp == "error":
            raise refusal(BAD_PARAMETERS, "modified_after_timestamp must be a number.")
        return None

    def page(self, listing: Listing, default: int, longest: int) -> list[Row]:
        """The page that was asked for, as the faults leave it."""
        asked = number(self.query, "results_per_page", default)
        if asked > longest and self.settings.over_max == "error":
            raise refusal(BAD_PARAMETERS, f"results_per_page must not exceed {longest}.")
        size = page_size(min(asked, longest), self.strikes)
        start = (number(self.query, "page", 1) - 1) * size
        return alter(rows_at(reshape(listing, self.strikes), start, size, self.strikes), self.strikes)


Resource = Callable[[View, str], object]
