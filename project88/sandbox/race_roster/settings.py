"""How the Race Roster sandbox behaves: accounts, limits, a switch for what is not known of the service."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Literal

from project88.sandbox.registration.entities import Status
from project88.sandbox.registration.service import ClientAccount, ServiceSettings

USERNAME = "sandbox@example.org"
PASSWORD = "sandbox-password"


class RaceRosterAccount(ClientAccount, frozen=True, kw_only=True):
    """A timer's login."""

    username: str = USERNAME
    password: str = PASSWORD


class RaceRosterSettings(ServiceSettings, frozen=True, kw_only=True):
    """Token lifetimes are in simulated seconds. What follows is not known of the service.

    ``token_reply``: flat, or wrapped in a list under ``data``. ``rotates_refresh``: a refresh token works once.
    ``lists_past_events``: whether the list of events shows those that are over.
    ``names``: our name of a participant's field, of ``metadata`` or of a paging parameter, to the one that is played.
    ``paging``: participants by ``page`` and ``perPage``, or by ``offset`` and ``limit``.
    ``states_total``: whether ``metadata`` has the count of rows.
    ``people_since``: the parameter by which participants are filtered by their last change; None has no filter.
    ``status_words``: our status of a person to the word that is played. ``shown``: who stays in the list.
    ``unplaced``: the places of a public result without a time. ``gender_key``: its gender as a number or as text.
    """

    accounts: tuple[RaceRosterAccount, ...] = (RaceRosterAccount(),)
    token_seconds: float = 86_400.0
    token_reply: Literal["flat", "wrapped"] = "flat"
    rotates_refresh: bool = False
    page_size: int = 50
    page_cap: int = 100
    lists_past_events: bool = True
    names: Mapping[str, str] = {}
    paging: Literal["page", "offset"] = "page"
    states_total: bool = True
    people_since: str | None = None
    status_words: Mapping[Status, str] = {}
    shown: Set[Status] = frozenset({"registered", "cancelled", "transferred", "deferred"})
    unplaced: int | None = None
    gender_key: Literal["genderSexId", "gender"] = "genderSexId"
