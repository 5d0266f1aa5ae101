"""The settings of one Haku credential, read from additional_config and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from project88.errors import ConfigError
from project88.providers.settings import check_address, check_numbers, read_struct

WHERE = "additional_config of the Haku credential"
DEFAULT_BASE_URL = "https://api.hakuapp.com"
DEFAULT_TOKEN_URL = "https://prod-auth.hakuapp.com/oauth2/token"
#: The service names no limit (U). 500 calls per hour is what the one known client allows itself.
CALLS_PER_MINUTE = 500 / 60
#: A word of the Authorization header, or none.
PREFIX = re.compile(r"[A-Za-z0-9._~+/-]*")

BibFrom = Literal["tag_number", "chip_number"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of additional_config. Times in seconds, the rate per 60 s."""

    base_url: str = DEFAULT_BASE_URL
    token_url: str = DEFAULT_TOKEN_URL
    token_prefix: str = ""
    timeout: float = 30
    rate_limit: float = CALLS_PER_MINUTE
    page_size: int = 25
    max_concurrency: int = 1
    time_zone: str | None = None
    bib_from: BibFrom = "tag_number"
    #: Whether the list of participants honours its order by the last change, so that one that moved ahead has changed.
    changed_first: bool = True
    #: Of the calls that were left since the last reading, the part that asks for registrations of which no row tells a
    #: change, those without a bib first: a bib that is assigned shows nowhere else.
    refresh_share: float = 0.5

    def zone(self) -> ZoneInfo | None:
        """The zone of dates that name none."""
        return ZoneInfo(self.time_zone) if self.time_zone else None


def read_settings(additional_config: Mapping[str, Any]) -> Settings:
    """Raises ConfigError that names the key and the remedy. Values never appear in the message."""
    settings = read_struct(WHERE, additional_config, Settings)
    check_address(WHERE, "base_url", settings.base_url)
    check_address(WHERE, "token_url", settings.token_url)
    check_numbers(WHERE, settings, ("timeout", "rate_limit", "page_size", "max_concurrency"))
    if not 0 <= settings.refresh_share <= 1:
        raise ConfigError(f"{WHERE}: refresh_share must be from 0 to 1")
    if not PREFIX.fullmatch(settings.token_prefix):
        raise ConfigError(f"{WHERE}: token_prefix must be one word, such as Bearer, or empty")
    _check_zone(settings)
    return settings


def _check_zone(settings: Settings) -> None:
    try:
        settings.zone()
    except (KeyError, ValueError, OSError):
        # The cause is left out: its text quotes the value.
        raise ConfigError(f"{WHERE}: time_zone must be a name of the zone database, such as America/New_York") from None
