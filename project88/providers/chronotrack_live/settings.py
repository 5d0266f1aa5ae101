"""The settings of one ChronoTrack Live credential, read from additional_config and checked. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from project88.errors import ConfigError

WHERE = "additional_config of the ChronoTrack Live credential"
NUMBERS_BELOW = 1_000_000_000
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
    try:
        settings = msgspec.convert(dict(additional_config), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{WHERE}: {_without_value(error)}") from None
    _check_base_url(settings.base_url)
    for name in ("timeout", "rate_limit", "page_size", "max_concurrency"):
        if not 0 < getattr(settings, name) < NUMBERS_BELOW:
            raise ConfigError(f"{WHERE}: {name} must be above 0 and below {NUMBERS_BELOW}")
    return settings


def _without_value(error: msgspec.ValidationError) -> str:
    """A wrong word is quoted by the decoder; it may be a secret under the wrong key."""
    message = str(error)
    if message.startswith("Invalid enum value"):
        return "a word that is not among the allowed ones - at " + message.rpartition(" - at ")[2]
    return message


def _check_base_url(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        readable = parts.port != 0 and base_url.isprintable() and " " not in base_url
    except ValueError:
        readable = False
    if not readable:
        raise ConfigError(f"{WHERE}: base_url is not an address")
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise ConfigError("base_url must be a plain address without login, query or fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return
    raise ConfigError("base_url must begin with https: plain http is allowed to loopback addresses only")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
