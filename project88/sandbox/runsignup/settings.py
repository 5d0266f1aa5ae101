"""How the RunSignUp sandbox behaves: accounts, limits, a switch for what is not known of the service."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime
from typing import Literal

from project88.sandbox.registration.service import ClientAccount, ServiceSettings

KEY = "sandbox-key"
SECRET = "sandbox-secret"
REFRESH_TOKEN = "sandbox-refresh-token"
CALLER_ID = "88.sandbox"
CALLER_SECRET = "sandbox-caller-secret"
CALLER_DEADLINE = datetime(2027, 1, 1, tzinfo=UTC)


class RunSignUpAccount(ClientAccount, frozen=True, kw_only=True):
    """A key pair or an OAuth2 grant, with the organisers whose races it reaches.

    ``forms``: how the pair may be sent. Whether a first-version pair is taken in the header is not known.
    """

    name: str = "sandbox-timer"
    key: str = KEY
    secret: str = SECRET
    refresh_token: str = REFRESH_TOKEN
    forms: Set[Literal["query", "header"]] = frozenset({"query", "header"})


class RunSignUpSettings(ServiceSettings, frozen=True, kw_only=True):
    """Dates and token lifetimes are of the simulated clock. What follows is not known of the service.

    ``caller_missing_code``: the error of a call without an API-caller pair once it is mandatory.
    ``over_max``: a page longer than the longest is cut to it, or refused.
    ``participants_page_size``: the page when no size is asked.
    ``participants_shape``: the list that the service sends, or the bare object that its pages show.
    ``bad_timestamp``: a filter that is no number is ignored, or refused.
    ``throttle_retry_after_seconds``: the Retry-After of error 14.
    ``without_sets_code``: the error of an event without result sets; None answers with empty sets.
    ``results_modified_filter``: whether get-results honours ``modified_after_timestamp``.
    ``counts_key``, ``count_field``, ``splits_key``: names of replies whose form is not known.
    """

    accounts: tuple[RunSignUpAccount, ...] = (RunSignUpAccount(),)
    caller_id: str = CALLER_ID
    caller_secret: str = CALLER_SECRET
    caller_required_from: datetime = CALLER_DEADLINE
    caller_missing_code: int = 17
    token_seconds: float = 2_592_000.0
    at_once: int = 2
    races_page_size: int = 50
    races_page_cap: int = 1000
    participants_page_size: int = 50
    participants_page_cap: int = 2500
    results_page_size: int = 50
    results_page_cap: int = 1000
    over_max: Literal["clamp", "error"] = "clamp"
    participants_shape: Literal["list", "object"] = "list"
    bad_timestamp: Literal["ignored", "error"] = "ignored"
    throttle_retry_after_seconds: float | None = None
    without_sets_code: int | None = None
    results_modified_filter: bool = True
    counts_key: str = "participant_counts"
    count_field: str = "num_participants"
    splits_key: str = "result_set_splits"
