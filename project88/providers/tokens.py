"""OAuth2 token replies and HTTP Basic, for every provider that logs in by them. Knows no service. Pure."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import msgspec

from project88.errors import CredentialsRefused, Permanent
from project88.providers.contract import Token
from project88.wire.messages import Response

#: A token without a stated lifetime is taken to live an hour (I).
TOKEN_LIFETIME_SECONDS = 3600.0
#: How a token service says that the login or the client is wrong, with a 400 (RFC 6749, 5.2).
LOGIN_REFUSALS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})


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
    if not reply.access_token.isascii() or not reply.access_token.isprintable():
        raise Permanent("the token service gave a token that no header can carry")
    return Token(value=reply.access_token, expires_in_seconds=_lifetime_seconds(reply.expires_in))


def _lifetime_seconds(lifetime: str | int | float | None) -> float:
    try:
        seconds = float(lifetime or TOKEN_LIFETIME_SECONDS)
    except (ValueError, OverflowError):
        return TOKEN_LIFETIME_SECONDS
    return seconds if math.isfinite(seconds) and seconds > 0 else TOKEN_LIFETIME_SECONDS


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def shown_forms(secrets: Iterable[str], headers: Iterable[str]) -> frozenset[str]:
    """Every form in which secrets, or the Basic headers made of them, may stand in a request or its address."""
    plain = set(secrets)
    encoded = {header.removeprefix("Basic ") for header in headers}
    escaped = {form for secret in plain for form in (quote(secret), quote(secret, safe=""), quote_plus(secret))}
    return frozenset((plain | encoded | escaped) - {""})
