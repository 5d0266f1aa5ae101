"""The settings of one ChronoTrack Live credential, read from additional_config and checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from project88.providers.settings import check_address, check_numbers, read_struct

WHERE = "additional_config of the ChronoTrack Live credential"
DEFAULT_BASE_URL = "https://api.chronotrack.com/api"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of additional_config. Times in seconds, the rate per 60 s."""

    base_url: str = DEFAULT_BASE_URL
    timeout: float = 30
    rate_limit: float = 1500
    page_size: int = 500
    auth: Literal["simple", "basic", "oauth2"] = "simple"
    client_id: str | None = None
    client_secret: str | None = None
    secret_encoding: Literal["auto", "sha1", "sha256", "plain"] = "auto"
    max_concurrency: int = 4

    def __repr__(self) -> str:
        """Without the client secret."""
        return f"Settings(base_url={self.base_url!r}, auth={self.auth!r}, secret_encoding={self.secret_encoding!r})"


def read_settings(additional_config: Mapping[str, Any]) -> Settings:
    """Raises ConfigError that names the key and the remedy. Values never appear in the message."""
    settings = read_struct(WHERE, additional_config, Settings)
    check_address(WHERE, "base_url", settings.base_url)
    check_numbers(WHERE, settings, ("timeout", "rate_limit", "page_size", "max_concurrency"))
    return settings
