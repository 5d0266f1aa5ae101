"""What we ask of every timing computer, and what an operator may set for an account. No sockets, no clock, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from project88.errors import ConfigError
from project88.wire.ctp01.lines import Order
from project88.wire.ctp01.settings import Authentication, Settings

PROVIDER_KEY = "chronotrack_tcp"
DATA_SOURCE = "tcp_hardware"
PROGRAM = "Project88"
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """``additional_config`` of a login."""

    #: Which of the two numbers around the reader's id comes first. Grade: unknown, the vendor's texts differ.
    field_order: Order = "gator_first"


def settings(authentication: Authentication, seed: str) -> Settings:
    """Push mode, gun times, new locations held back until we know the connection, times with their date.

    A fresh ``seed`` for each connection. Source: CTP01 revision 8; grade: specified.
    """
    return Settings(
        location="multi",
        guntimes=True,
        newlocations=True,
        authentication=authentication,
        authentication_seed="" if authentication in ("none", "plaintext") else seed,
        stream_mode="push",
        time_format="iso",
        connection_id=True,
    )


def account_settings(config: Mapping[str, Any]) -> AccountSettings:
    """Raises ConfigError for a value that cannot be."""
    order = config.get("field_order", "gator_first")
    if order not in ORDERS:
        raise ConfigError(f"field_order must be one of {', '.join(ORDERS)}, not {order!r}")
    return AccountSettings(field_order=order)
