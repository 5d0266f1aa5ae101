"""The three ways to log in to RunSignUp, as functions from a request to a signed request. Pure.

Grades: query D/S, header D/S, bearer D/S. The registration of the calling software goes with every call, S. The form
that refreshes a token has the fields of RFC 6749, I.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from project88.errors import ConfigError
from project88.providers.contract import Token
from project88.providers.runsignup.settings import Settings
from project88.providers.tokens import shown_forms
from project88.wire.messages import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The account: a key and its secret, or the id of an OAuth2 application and a token.

    Without a login the service answers with the public races of everybody, so an empty one raises ConfigError.
    """

    principal: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.principal.strip() or not self.secret.strip():
            raise ConfigError("the RunSignUp credential needs both the key and its secret: store both")
        if not self.principal.isprintable() or not self.secret.isprintable():
            raise ConfigError("the RunSignUp credential holds a line break or another control character: store it anew")


def sign(request: Request, login: Login, settings: Settings, token: Token | None) -> Request:
    """Add the login to a request. Raises ConfigError rather than let one go out without it."""
    if settings.auth == "query":
        signed = request.with_query(api_key=login.principal, api_secret=login.secret)
    elif settings.auth == "header":
        signed = request.with_query(rsu_api_key=login.principal).with_headers(X_RSU_API_SECRET=login.secret)
    else:
        signed = request.with_headers(Authorization=f"Bearer {_bearer(login, settings, token)}")
    return _registered(signed, settings)


def token_request(login: Login, settings: Settings) -> Request | None:
    """The call that gets a token for a refresh token; None where none is needed."""
    if not needs_token(settings):
        return None
    form = {"grant_type": "refresh_token", "refresh_token": login.secret, "client_id": login.principal}
    if settings.client_secret:
        form["client_secret"] = settings.client_secret
    request = Request(
        url=settings.base_url.rstrip("/") + "/v2/auth/refresh-token.json", query={"format": "json"}, form=form
    )
    return _registered(request, settings)


def needs_token(settings: Settings) -> bool:
    return settings.auth == "bearer" and settings.bearer_secret == "refresh_token"


def _bearer(login: Login, settings: Settings, token: Token | None) -> str:
    if not needs_token(settings):
        return login.secret
    if token is None:
        raise ConfigError("auth bearer has no token yet: nothing is asked without one")
    return token.value


def _registered(request: Request, settings: Settings) -> Request:
    if not settings.registration_id or not settings.registration_secret:
        return request
    return request.with_query(rsu_api_reg=settings.registration_id).with_headers(
        X_RSU_API_REG_SECRET=settings.registration_secret
    )


def sent_forms(login: Login, settings: Settings) -> frozenset[str]:
    """Every form in which a secret of this credential may stand in a request, so that all can be hidden."""
    return shown_forms((login.secret, settings.client_secret or "", settings.registration_secret or ""), ())
