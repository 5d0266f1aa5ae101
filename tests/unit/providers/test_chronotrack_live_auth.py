"""The three ways to log in: which form of the secret goes where."""

from __future__ import annotations

import base64
import hashlib
import traceback
from typing import Any

import pytest

from project88.errors import ConfigError
from project88.providers.chronotrack_live import auth
from project88.providers.chronotrack_live.auth import Login
from project88.providers.chronotrack_live.settings import Settings, read_settings
from project88.providers.contract import Token
from project88.wire.messages import Request

PASSWORD = "tulip mania & 1637%"
SHA1 = hashlib.sha1(PASSWORD.encode()).hexdigest()
SHA256 = hashlib.sha256(PASSWORD.encode()).hexdigest()
SECRETS = {"password": PASSWORD, "sha1": SHA1, "sha256": SHA256}
CLIENT_SECRET = "south-sea-1720"
PRINCIPAL = "timer@partner.example"
TOKEN = Token(value="bubble-1720-token", expires_in_seconds=3600)

#: scheme, encoding, kind of stored secret -> the form that is sent. What is not listed is a ConfigError.
SENT = {
    ("simple", "auto", "password"): SHA1,
    ("simple", "auto", "sha1"): SHA1,
    ("simple", "auto", "sha256"): SHA256,
    ("simple", "sha1", "password"): SHA1,
    ("simple", "sha1", "sha1"): SHA1,
    ("simple", "sha256", "password"): SHA256,
    ("simple", "sha256", "sha256"): SHA256,
    ("simple", "plain", "password"): PASSWORD,
    ("simple", "plain", "sha1"): SHA1,
    ("simple", "plain", "sha256"): SHA256,
    ("basic", "auto", "password"): PASSWORD,
    ("basic", "plain", "password"): PASSWORD,
    ("basic", "plain", "sha1"): SHA1,
    ("basic", "plain", "sha256"): SHA256,
    ("oauth2", "auto", "password"): PASSWORD,
    ("oauth2", "plain", "password"): PASSWORD,
    ("oauth2", "plain", "sha1"): SHA1,
    ("oauth2", "plain", "sha256"): SHA256,
}
CASES = [
    (scheme, encoding, kind)
    for scheme in ("simple", "basic", "oauth2")
    for encoding in ("auto", "sha1", "sha256", "plain")
    for kind in SECRETS
]


def configured(**config: Any) -> Settings:
    return read_settings({"client_id": "an-id", "client_secret": CLIENT_SECRET, **config})


def signed(settings: Settings, secret: str = PASSWORD, token: Token | None = None) -> Request:
    request = Request(url="https://service.example/api/event", query={"page": "1"}, headers={"Accept": "any"})
    return auth.sign(request, Login(principal=PRINCIPAL, secret=secret), settings, token)


def decoded(header: str) -> str:
    scheme, _, credentials = header.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(credentials, validate=True).decode()


@pytest.mark.parametrize(("scheme", "encoding", "kind"), CASES)
def test_each_scheme_sends_the_form_of_the_secret_that_fits_or_refuses(scheme: str, encoding: str, kind: str) -> None:
    settings = configured(auth=scheme, secret_encoding=encoding)
    expected = SENT.get((scheme, encoding, kind))

    if expected is None:
        with pytest.raises(ConfigError) as caught:
            auth.secret_to_send(SECRETS[kind], settings)
        shown = "".join(traceback.format_exception_only(caught.value))
        assert not any(secret in shown for secret in SECRETS.values())
    else:
        assert expected == auth.secret_to_send(SECRETS[kind], settings)


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (SHA1, "sha1"), (SHA1.upper(), "sha1"), (SHA256, "sha256"), (SHA256.upper(), "sha256"), (SHA1[:-1], "password"),
        (SHA256 + "0", "password"), (SHA1[:-1] + "g", "password"), (SHA1 + "\n", "password"), ("", "password"),
    ],
)  # fmt: skip
def test_a_digest_is_told_from_a_password_by_its_shape(secret: str, kind: str) -> None:
    assert kind == auth.secret_kind(secret)


def test_a_digest_in_capitals_is_sent_in_small_letters() -> None:
    assert auth.secret_to_send(SHA1.upper(), configured()) == SHA1
    assert auth.secret_to_send(SHA256.upper(), configured()) == SHA256


def test_a_password_beyond_ascii_is_hashed_as_utf_8() -> None:
    assert hashlib.sha1("pässwörd".encode()).hexdigest() == auth.secret_to_send("pässwörd", configured())


def test_simple_puts_the_login_into_the_query() -> None:
    request = signed(configured(auth="simple"))

    assert request.query == {"page": "1", "client_id": "an-id", "user_id": PRINCIPAL, "user_pass": SHA1}
    assert request.headers == {"Accept": "any"}


def test_basic_puts_the_login_into_a_header() -> None:
    request = signed(configured(auth="basic"))

    assert request.query == {"page": "1", "client_id": "an-id"}
    assert f"{PRINCIPAL}:{PASSWORD}" == decoded(request.headers["Authorization"])
    assert request.headers["Accept"] == "any"


def test_oauth2_puts_the_token_into_a_header_and_the_login_nowhere() -> None:
    request = signed(configured(auth="oauth2"), token=TOKEN)

    assert request.query == {"page": "1", "client_id": "an-id"}
    assert f"Bearer {TOKEN.value}" == request.headers["Authorization"]


def test_without_a_client_id_none_is_sent() -> None:
    assert "client_id" not in signed(read_settings({})).query


def test_the_token_is_asked_for_at_the_root_of_the_host() -> None:
    settings = configured(auth="oauth2", base_url="https://qa-api.chronotrack.com:8443/api/")

    request = auth.token_request(Login(principal=PRINCIPAL, secret=PASSWORD), settings)

    assert request is not None
    assert request.url == "https://qa-api.chronotrack.com:8443/oauth2/token"
    assert request.query == {"grant_type": "password", "username": PRINCIPAL, "password": PASSWORD}
    assert f"an-id:{CLIENT_SECRET}" == decoded(request.headers["Authorization"])


@pytest.mark.parametrize("scheme", ["simple", "basic"])
def test_schemes_without_a_token_ask_for_none(scheme: str) -> None:
    assert auth.token_request(Login(principal=PRINCIPAL, secret=PASSWORD), configured(auth=scheme)) is None


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
@pytest.mark.parametrize("value", [None, ""])
def test_oauth2_needs_a_client(missing: str, value: str | None) -> None:
    settings = configured(auth="oauth2", **{missing: value})

    with pytest.raises(ConfigError, match=missing):
        auth.token_request(Login(principal=PRINCIPAL, secret=PASSWORD), settings)


def test_no_secret_shows_in_any_repr() -> None:
    settings = configured(auth="oauth2")
    login = Login(principal=PRINCIPAL, secret=PASSWORD)
    shown = repr(
        [login, settings, TOKEN, auth.token_request(login, settings), signed(settings, token=TOKEN)]
        + [signed(configured(auth=scheme)) for scheme in ("simple", "basic")]
    )

    for secret in (PASSWORD, SHA1, CLIENT_SECRET, TOKEN.value):
        assert secret not in shown
