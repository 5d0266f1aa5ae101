"""Logging in to Race Roster: a user's password for a token, the token for a signed request. Pure.

Grades: the grant and its name S, the reply flat or wrapped S. The refresh grant is not used: the password is held
anyway, and a new login gives as good a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from project88.errors import CredentialsRefused
from project88.providers.contract import Token
from project88.providers.race_roster.settings import Settings
from project88.providers.tokens import TokenReply, read_reply, shown_forms, token_of
from project88.wire.messages import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user of the service and the password."""

    principal: str
    secret: str = field(repr=False)


class WrappedReply(TokenReply, frozen=True, kw_only=True):
    """The keys of a token reply stand in it, or in the one object under ``data``."""

    data: list[TokenReply] | TokenReply | None = None

    def __repr__(self) -> str:
        return "WrappedReply()"


def token_request(login: Login, settings: Settings) -> Request:
    """The POST that gets a token. ``access_token`` is the service's own name for a grant by password."""
    form = {
        "grant_type": "access_token",
        "client_id": settings.client_id or "",
        "client_secret": settings.client_secret or "",
        "username": login.principal,
        "password": login.secret,
    }
    return Request(url=settings.authorize_url, form=form)


def read_token(response: Response) -> Token:
    """Raises CredentialsRefused where the service gives no token for this login."""
    reply = read_reply(response, WrappedReply)
    if reply.access_token:
        return token_of(reply)
    inside = reply.data if isinstance(reply.data, list) else [reply.data]
    found = [each for each in inside if each is not None and each.access_token]
    if len(found) > 1:
        raise CredentialsRefused("the token service gave more than one access token: check username and password")
    return token_of(found[0] if found else reply)


def sign(request: Request, settings: Settings, token: Token | None) -> Request:
    """Add the token, to requests of the partner API only: the public results service must never see it."""
    if token is None or not request.url.startswith(settings.base_url.rstrip("/") + "/"):
        return request
    return request.with_headers(Authorization=f"Bearer {token.value}")


def sent_forms(login: Login, settings: Settings) -> frozenset[str]:
    """Every form in which a secret of this credential may stand in a request."""
    return shown_forms((login.secret, settings.client_secret or ""), ())
