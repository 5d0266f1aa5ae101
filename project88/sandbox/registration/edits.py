"""The edits of the world of registrations that a test or an operator makes, as data. Changes nothing itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from project88.sandbox.registration.entities import Outcome, Person

Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class NewCategory(msgspec.Struct, frozen=True, kw_only=True):
    """``splits`` maps names to metres; without ``distance`` the text is made from the metres."""

    name: str
    distance_m: float
    distance: str | None = None
    starts_after_seconds: int = 0
    splits: dict[str, float] = {}


class AddEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="add_event"):
    """Add an edition, of the series that has ``series_id`` or of a new one."""

    name: str
    starts: Aware
    zone: str
    categories: tuple[NewCategory, ...]
    organiser_id: str = "1"
    series_id: str | None = None
    city: str = ""
    state: str = ""
    country: str = ""
    is_private: bool = False
    is_draft: bool = False


class Register(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="register"):
    """Register a person; ``also`` are further categories of the same registration, for services that have them."""

    category_id: str
    person: Person
    bib: str | None = None
    chip: str | None = None
    also: tuple[str, ...] = ()


class AssignBib(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="assign_bib"):
    """Set the bib and the chip; None takes them away."""

    registration_id: str
    bib: str | None
    chip: str | None = None


class ChangePerson(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="change_person"):
    """Set fields of the person, such as ``{"last_name": "Olavik", "dob": "1990-02-01"}``."""

    registration_id: str
    changes: dict[str, str | int | None]


class Remove(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="remove"):
    """Take a registration off the list: soon after it began, by hand, or to a later edition."""

    registration_id: str
    reason: Literal["cleared", "removed", "deferred"] = "removed"


class Transfer(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="transfer"):
    """End a registration and begin its successor in another category. The bib goes along where it is kept."""

    registration_id: str
    category_id: str
    keeps_bib: bool = True


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="cancel"):
    """Cancel a registration: it stays known, as cancelled, where a service shows that."""

    registration_id: str


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of posted results. An outcome such as DNF stands in place of the times."""

    registration_id: str
    seconds: float | None = None
    gun_seconds: float | None = None
    outcome: Outcome = ""
    splits: dict[str, float] = {}


class PostResults(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="post_results"):
    """Post lines to a category's results. A line for who has one already takes its place."""

    category_id: str
    lines: tuple[Timed, ...]
    is_preliminary: bool = False


class ChangeResult(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="change_result"):
    """Put another line in place of a posted one."""

    line: Timed


class RemoveResult(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="remove_result"):
    """Take a posted line away."""

    registration_id: str


Edit = (
    AddEvent
    | Register
    | AssignBib
    | ChangePerson
    | Remove
    | Transfer
    | Cancel
    | PostResults
    | ChangeResult
    | RemoveResult
)
