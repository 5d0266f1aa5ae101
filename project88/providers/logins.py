"""What the ways to log in have in common: reading a token, and how a secret may be written. Knows no service. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import msgspec

from project88.errors import CredentialsRefused, Permanent
from project88.providers.contract import Token
from project88.wire.messages import Response

#: A token without a stated lifetime is taken to live an hour (I).
TOKEN_LIFETIME_SECONDS = 3600.0


class TokenReply(msgspec.Struct, frozen=True, kw_only=True):
    """The two keys of a token reply that are read; the rest may be of any shape."""

    access_token: str | None = None
    expires_in: str | int | float | None = None

    def __repr__(self) -> str:
        return "TokenReply()"


def read_token(response: Response) -> Token:
    """Raises CredentialsRefused where the service gives no token for this login."""
    try:
        reply = msgspec.json.decode(response.body, type=TokenReply)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # The cause is left out: the text of a decoder may quote the token.
        raise Permanent("the token service answered with something that is not a token") from None
    if not reply.access_token:
        raise CredentialsRefused("the token service gave no access token: check login, client_id and secret")
    return Token(value=reply.access_token, expires_in_seconds=_lifetime_seconds(reply.expires_in))


def _lifetime_seconds(lifetime: str | int | float | None) -> float:
    try:
        seconds = float(lifetime or TOKEN_LIFETIME_SECONDS)
    except (ValueError, OverflowError):
        return TOKEN_LIFETIME_SECONDS
    return seconds if math.isfinite(seconds) and seconds > 0 else TOKEN_LIFETIME_SECONDS


def shown_forms(secrets: Iterable[str]) -> frozenset[str]:
    """The secrets as they are and as they stand in an address, so that all can be hidden. Empty ones hide nothing."""
    plain = set(secrets) - {""}
    quoted = {form for secret in plain for form in (quote(secret), quote(secret, safe=""), quote_plus(secret))}
    return frozenset(plain | quoted)
