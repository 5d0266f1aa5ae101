"""How the ChronoTrack Live sandbox behaves: accounts, limits, a switch for what the API leaves open."""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

import msgspec

LOGIN = "sandbox@example.org"
PASSWORD = "sandbox-password"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A login and the events it sees; None sees them all. ``only_form``: what user_pass must be of the password."""

    login: str = LOGIN
    password: str = PASSWORD
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    event_ids: Set[str] | None = None
    only_form: Literal["sha1", "sha256", "plain"] | None = None

    def sees(self, event_id: str) -> bool:
        return self.event_ids is None or event_id in self.event_ids


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Rates, windows and token lifetimes are in simulated seconds.

    ``accept_sha256``: the login as the deployment page stores it, a SHA-256 digest and no client id.
    ``without_interval``: the rows when no ``interval`` is asked: the full course only, or all.
    ``unknown_event``: 404, or 200 with a body that has no ``event`` key.
    ``blank``: how an empty value is shown.
    ``started_rows``: also a full-course row, without an end time, for who has started and not arrived.
    """

    host: str = "127.0.0.1"
    port: int = 0
    accounts: tuple[Account, ...] = (Account(),)
    accept_sha256: bool = False
    token_seconds: float = 3600.0
    rate_limit: int = 1500
    rate_window_seconds: float = 60.0
    page_size: int = 50
    page_cap: int = 1000
    scoring_every_seconds: float = 30.0
    without_interval: Literal["full", "all"] = "full"
    unknown_event: Literal["404", "no_key"] = "404"
    blank: Literal["empty", "null", "missing"] = "empty"
    started_rows: bool = False
