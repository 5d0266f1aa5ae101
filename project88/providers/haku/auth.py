"""How to log in to Haku: a token for the client's id and secret, and where it stands in a request. Pure.

Grades: all of it O. The token stands in the header without the word Bearer; ``token_prefix`` puts one before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from project88.providers.contract import Token
from project88.providers.haku.settings import Settings
from project88.providers.tokens import basic, shown_forms
from project88.wire.messages import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The client of one organization of Haku."""

    client_id: str
    secret: str = field(repr=False)


def token_request(login: Login, settings: Settings) -> Request:
    return Request(
        url=settings.token_url,
        headers={"Authorization": basic(login.client_id, login.secret)},
        form={"grant_type": "client_credentials"},
    )


def sign(request: Request, settings: Settings, token: Token | None) -> Request:
    if token is None:
        return request
    return request.with_headers(Authorization=f"{settings.token_prefix} {token.value}".lstrip())


def sent_forms(login: Login) -> frozenset[str]:
    """Every form in which the secret may stand in a request, so that all can be hidden."""
    return shown_forms((login.secret,), (basic(login.client_id, login.secret),))
