"""What logins of several services have in common: replies with a token, and how a secret may be written. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote, quote_plus

import msgspec

from project88.errors import CredentialsRefused, Permanent
from project88.providers.contract import Token

#: A token without a stated lifetime is taken to live an hour (I).
TOKEN_LIFETIME_SECONDS = 3600.0
#: How an OAuth2 token service says that the login or the client is wrong, with a 400 (RFC 6749, 5.2).
LOGIN_REFUSALS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})


class TokenReply(msgspec.Struct, frozen=True, kw_only=True):
    """The two keys of a token reply that are read; the rest may be of any shape."""

    access_token: str | None = None
    expires_in: str | int | float | None = None

    def __repr__(self) -> str:
        return "TokenReply()"


Reply = TypeVar("Reply", bound=TokenReply)


def read_reply(body: bytes, kind: type[Reply]) -> Reply:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The cause is left out: the text of a decoder may quote the token.
        raise Permanent("the token service answered with something that is not a token") from None


def token_of(reply: TokenReply) -> Token:
    """Raises CredentialsRefused where the service gives no token for this login."""
    if not reply.access_token:
        raise CredentialsRefused("the token service gave no access token: check login, client_id and secret")
    return Token(value=reply.access_token, expires_in_seconds=_lifetime_seconds(reply.expires_in))


def _lifetime_seconds(lifetime: str | int | float | None) -> float:
    try:
        seconds = float(lifetime or TOKEN_LIFETIME_SECONDS)
    except (ValueError, OverflowError):
        return TOKEN_LIFETIME_SECONDS
    return seconds if math.isfinite(seconds) and seconds > 0 else TOKEN_LIFETIME_SECONDS


def written_forms(secrets: Iterable[str]) -> frozenset[str]:
    """Secrets as they are and as they stand in a query or a form, so that all can be hidden."""
    plain = frozenset(secrets) - {""}
    return plain | {form for each in plain for form in (quote(each), quote(each, safe=""), quote_plus(each))}
