"""The settings of one RunSignUp credential, read from additional_config and checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from project88.errors import ConfigError
from project88.providers.settings import check_address, check_numbers, read_struct

WHERE = "additional_config of the RunSignUp credential"
DEFAULT_BASE_URL = "https://api.runsignup.com/rest"
#: The largest page that the service gives of a list of entries (D).
PAGE_SIZE_AT_MOST = 2500
#: Errors below this number speak of the call or of the login, never of an event (D).
FIRST_CODE_OF_RACES = 201


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of additional_config. Times in seconds, the rate per 60 s.

    The service publishes no rate (U); 60 per minute is ours. It does say that it takes 2 calls at once (D).
    """

    base_url: str = DEFAULT_BASE_URL
    timeout: float = 30
    rate_limit: float = 60
    page_size: int = PAGE_SIZE_AT_MOST
    max_concurrency: int = 2
    auth: Literal["query", "header", "bearer"] = "header"
    #: What the secret is under ``bearer``.
    bearer_secret: Literal["refresh_token", "access_token"] = "refresh_token"
    #: Of the OAuth2 application, where it has one; its id is the principal.
    client_secret: str | None = None
    #: The registration of the calling software, from 2027 on needed by every call (S).
    registration_id: str | None = None
    registration_secret: str | None = None
    #: Races before this day are not asked for.
    races_from: str = "2000-01-01"
    #: Ids or names of the result sets that count, where a race has several.
    result_sets: tuple[str | int, ...] = ()
    #: Errors by which the service says that an event has no results yet; which it uses is unknown (U).
    no_results_codes: tuple[int, ...] = (301,)

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Settings(base_url={self.base_url!r}, auth={self.auth!r})"


def read_settings(additional_config: Mapping[str, Any]) -> Settings:
    """Raises ConfigError that names the key and the remedy. Values never appear in the message."""
    settings = read_struct(WHERE, additional_config, Settings)
    check_address(WHERE, "base_url", settings.base_url)
    check_numbers(WHERE, settings, ("timeout", "rate_limit", "page_size", "max_concurrency"))
    if settings.page_size > PAGE_SIZE_AT_MOST:
        raise ConfigError(f"{WHERE}: page_size must not be above {PAGE_SIZE_AT_MOST}: the service gives no larger page")
    if bool(settings.registration_id) != bool(settings.registration_secret):
        raise ConfigError(
            f"{WHERE}: registration_id and registration_secret belong together: with one of them alone the service "
            "refuses every call; set both or neither"
        )
    if any(code < FIRST_CODE_OF_RACES for code in settings.no_results_codes):
        raise ConfigError(
            f"{WHERE}: no_results_codes must be {FIRST_CODE_OF_RACES} or above: those below may mean a refused login"
        )
    _check_day(settings.races_from)
    return settings


def _check_day(races_from: str) -> None:
    try:
        written = date.fromisoformat(races_from).isoformat()
    except ValueError:
        written = None
    if written != races_from:
        raise ConfigError(f"{WHERE}: races_from must be a date such as 2000-01-01")
