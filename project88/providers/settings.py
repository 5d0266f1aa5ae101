"""Reading the settings of a credential from additional_config, for every provider. Knows no setting's name. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from project88.errors import ConfigError

NUMBERS_BELOW = 1_000_000_000

S = TypeVar("S", bound=msgspec.Struct)


def read_struct(where: str, additional_config: Mapping[str, Any], kind: type[S]) -> S:
    """Raises ConfigError that names the key and the remedy. Values never appear in the message."""
    try:
        return msgspec.convert(dict(additional_config), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_without_value(error)}") from None


def check_numbers(where: str, settings: msgspec.Struct, names: Iterable[str]) -> None:
    for name in names:
        if not 0 < getattr(settings, name) < NUMBERS_BELOW:
            raise ConfigError(f"{where}: {name} must be above 0 and below {NUMBERS_BELOW}")


def check_address(where: str, name: str, address: str) -> None:
    """A plain https address; http goes to loopback only. Raises ConfigError that does not quote it."""
    try:
        parts = urlsplit(address)
        readable = parts.port != 0 and address.isprintable() and " " not in address
    except ValueError:
        readable = False
    if not readable:
        raise ConfigError(f"{where}: {name} is not an address")
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise ConfigError(f"{where}: {name} must be a plain address without login, query or fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return
    raise ConfigError(f"{where}: {name} must begin with https: plain http is allowed to loopback addresses only")


def _without_value(error: msgspec.ValidationError) -> str:
    """A wrong word is quoted by the decoder; it may be a secret under the wrong key."""
    message = str(error)
    if message.startswith("Invalid enum value"):
        return "a word that is not among the allowed ones - at " + message.rpartition(" - at ")[2]
    return message


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
