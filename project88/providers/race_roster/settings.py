"""The settings of one Race Roster credential, read from additional_config and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from project88.errors import ConfigError
from project88.providers.settings import check_address, check_numbers, read_struct

WHERE = "additional_config of the Race Roster credential"
#: Where the client of an account is shown (D).
CLIENT_IS_SHOWN = "Race Roster shows it in the dashboard under account, API settings"
#: Where a row of the list of participants may hold a value, the first place that holds one (U, our guess).
DEFAULT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "entry_id": ("participantId",),
    "registration": ("registrationId",),
    "bib": ("bib",),
    "first_name": ("firstName",),
    "last_name": ("lastName",),
    "gender": ("gender",),
    "date_of_birth": ("dateOfBirth",),
    "age": ("age",),
    "email": ("email",),
    "phone": ("phone",),
    "city": ("city",),
    "state": ("region.code", "region"),
    "country": ("country.code", "country"),
    "race_id": ("subEventId",),
    "status": ("status",),
    "team_name": ("teamName",),
}
PATH = re.compile(r"[^.]+(\.[^.]+)*")
PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of additional_config. Times in seconds, the rate per 60 s. What stands under ``participant`` is U."""

    base_url: str = "https://raceroster.com/api/v1"
    authorize_url: str = "https://raceroster.com/api/oauth/authorize"
    results_url: str = "https://results.raceroster.com/v2/api"
    client_id: str | None = None
    client_secret: str | None = None
    timeout: float = 30
    #: 1000 an hour, which another integration set for itself; the service names no limit (U).
    rate_limit: float = 16.67
    max_concurrency: int = 2
    page_size: int = 50
    events_from: date | None = None
    results_from: Literal["public", "none"] = "public"
    results_page_size: Literal[50, 100, 250, 500, 1000] = 1000
    participants_page_param: str = "page"
    participants_size_param: str = "perPage"
    participants_page_size: int = 100
    participants_since_param: str | None = None
    participant_fields: dict[str, str | list[str]] | None = None
    cancelled_statuses: tuple[str, ...] = ("cancelled", "withdrawn", "refunded")

    def __repr__(self) -> str:
        """Without the client secret."""
        return f"Settings(base_url={self.base_url!r}, results_url={self.results_url!r})"

    @property
    def participant_paths(self) -> Mapping[str, tuple[str, ...]]:
        """Of each field of ours the places it is looked for in."""
        said = (self.participant_fields or {}).items()
        return {**DEFAULT_FIELDS, **{name: (at,) if isinstance(at, str) else tuple(at) for name, at in said}}


def read_settings(additional_config: Mapping[str, Any]) -> Settings:
    """Raises ConfigError that names the key and the remedy. Values never appear in the message."""
    settings = read_struct(WHERE, additional_config, Settings)
    for name in ("client_id", "client_secret"):
        if not getattr(settings, name):
            raise ConfigError(f"{WHERE}: {name} is missing: {CLIENT_IS_SHOWN}")
    _check_addresses(settings)
    numbers = ("timeout", "rate_limit", "page_size", "max_concurrency", "participants_page_size")
    check_numbers(WHERE, settings, numbers)
    _check_parameters(settings)
    _check_fields(settings.participant_paths)
    return settings


def _check_addresses(settings: Settings) -> None:
    for name in ("base_url", "authorize_url", "results_url"):
        check_address(WHERE, name, getattr(settings, name))
    signed, public = (address.rstrip("/") + "/" for address in (settings.base_url, settings.results_url))
    if signed.startswith(public) or public.startswith(signed):
        raise ConfigError(
            f"{WHERE}: base_url and results_url must not lie within one another: the token goes to base_url only"
        )


def _check_parameters(settings: Settings) -> None:
    names = ("participants_page_param", "participants_size_param", "participants_since_param")
    given = {name: value for name in names if (value := getattr(settings, name)) is not None}
    for name, value in given.items():
        if not PARAMETER.fullmatch(value):
            raise ConfigError(f"{WHERE}: {name} is not the name of a parameter")
    if len(set(given.values())) < len(given):
        raise ConfigError(f"{WHERE}: {', '.join(given)} must be different names")


def _check_fields(paths: Mapping[str, Sequence[str]]) -> None:
    unknown = sorted(set(paths) - set(DEFAULT_FIELDS))
    if unknown:
        raise ConfigError(f"{WHERE}: participant_fields knows no {unknown[0]!r}; known: {', '.join(DEFAULT_FIELDS)}")
    for name, places in paths.items():
        if not places or not all(map(PATH.fullmatch, places)):
            raise ConfigError(f"{WHERE}: participant_fields: {name} needs a path of names with dots between them")
