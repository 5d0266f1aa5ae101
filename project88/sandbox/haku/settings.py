"""How the Haku sandbox behaves: clients, limits, a switch for what is not known of the service."""

from __future__ import annotations

from typing import Literal

import msgspec

from project88.sandbox.registration.build import OTHER_ORGANISER, OUR_ORGANISER
from project88.sandbox.registration.service import CLIENT_ID, CLIENT_SECRET, ServiceSettings


class HakuClient(msgspec.Struct, frozen=True, kw_only=True):
    """One client id belongs to one organiser and sees that organiser's events."""

    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    organiser_id: str = OUR_ORGANISER


OTHER_CLIENT = HakuClient(client_id="other-client", client_secret="other-secret", organiser_id=OTHER_ORGANISER)


class HakuSettings(ServiceSettings, frozen=True, kw_only=True):
    """Token lifetimes are in simulated seconds. What follows is not known of the service.

    ``page_cap``: the longest page, whatever is asked. ``honours_sort``: else rows come by number.
    ``rows_have_updated_at``: whether a row of the list tells its last change.
    ``accepts_bearer``: whether the token may follow the word Bearer.
    ``envelope``: a top-level list, or an object with the list under ``events`` or ``participants``.
    ``stamp_style``: ``2026-04-20 09:17:00``, the same with a T, or with T and Z; always UTC.
    ``bad_client_status``: of a token call with a wrong id or secret.
    ``says_lifetime``: whether the token reply has ``expires_in``.
    """

    clients: tuple[HakuClient, ...] = (HakuClient(), OTHER_CLIENT)
    token_seconds: float = 3600.0
    page_size: int = 25
    page_cap: int = 25
    honours_sort: bool = True
    rows_have_updated_at: bool = False
    accepts_bearer: bool = False
    envelope: Literal["list", "object"] = "list"
    stamp_style: Literal["space", "t", "z"] = "z"
    bad_client_status: int = 400
    says_lifetime: bool = True
