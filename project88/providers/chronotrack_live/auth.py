"""The three ways to log in to ChronoTrack Live, as functions from a request to a signed request. Pure.

Grades: simple S, basic S, oauth2 by password 1. client_id goes into the query under every scheme.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from project88.errors import ConfigError
from project88.providers.chronotrack_live.settings import Settings
from project88.providers.contract import Token
from project88.providers.tokens import basic, shown_forms
from project88.wire.messages import Request

SecretKind = Literal["sha1", "sha256", "password"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The account. The secret is what the database holds: a password or a digest of it."""

    principal: str
    secret: str = field(repr=False)


def secret_kind(secret: str) -> SecretKind:
    """What a stored secret is, by its shape."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", secret):
        return "sha256"
    if re.fullmatch(r"[0-9a-fA-F]{40}", secret):
        return "sha1"
    return "password"


def secret_to_send(secret: str, settings: Settings) -> str:
    """The secret in the form that the chosen scheme and encoding put on the wire.

    A digest is never hashed again. Raises ConfigError where the secret and the scheme do not fit.
    """
    kind, encoding = secret_kind(secret), settings.secret_encoding
    if encoding == "plain":
        return secret
    if settings.auth != "simple":
        return _plain_password(kind, secret, settings)
    if encoding == "auto":
        encoding = "sha1" if kind == "password" else kind
    if kind == encoding:
        return secret.lower()
    if kind != "password":
        raise ConfigError(
            f"the stored secret is a {kind.upper()} digest and cannot become {encoding}: store the password "
            f"itself, or set secret_encoding to {kind}"
        )
    return hashlib.new(encoding, secret.encode()).hexdigest()


def _plain_password(kind: SecretKind, secret: str, settings: Settings) -> str:
    if kind != "password" or settings.secret_encoding != "auto":
        raise ConfigError(
            f"auth {settings.auth} needs the password itself, but the stored secret is a digest or "
            "secret_encoding asks for one: store the password, or set auth to simple"
        )
    return secret


def sign(request: Request, login: Login, settings: Settings, token: Token | None) -> Request:
    """Add the login to a request."""
    query = dict(request.query)
    if settings.client_id:
        query["client_id"] = settings.client_id
    headers = dict(request.headers)
    if settings.auth == "simple":
        query["user_id"] = login.principal
        query["user_pass"] = secret_to_send(login.secret, settings)
    elif settings.auth == "basic":
        headers["Authorization"] = basic(login.principal, secret_to_send(login.secret, settings))
    elif token is not None:
        headers["Authorization"] = f"Bearer {token.value}"
    return Request(url=request.url, query=query, headers=headers)


def token_request(login: Login, settings: Settings) -> Request | None:
    """The call that gets a token; None when the scheme needs none. GET at the host's root, not under /api."""
    if settings.auth != "oauth2":
        return None
    if not settings.client_id or not settings.client_secret:
        raise ConfigError("auth oauth2 needs client_id and client_secret in additional_config")
    parts = urlsplit(settings.base_url)
    return Request(
        url=f"{parts.scheme}://{parts.netloc}/oauth2/token",
        query={
            "grant_type": "password",
            "username": login.principal,
            "password": secret_to_send(login.secret, settings),
        },
        headers={"Authorization": basic(settings.client_id, settings.client_secret)},
    )


def sent_forms(login: Login, settings: Settings) -> frozenset[str]:
    """Every form in which a secret of this credential may stand in a request, so that all can be hidden."""
    sent = secret_to_send(login.secret, settings)
    headers = [basic(login.principal, sent)]
    if settings.client_secret:
        headers.append(basic(settings.client_id or "", settings.client_secret))
    return shown_forms((login.secret, sent, settings.client_secret or ""), headers)
