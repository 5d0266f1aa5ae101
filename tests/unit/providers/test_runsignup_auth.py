"""The ways to log in to RunSignUp: what goes where, and that nothing goes out without a login."""

from __future__ import annotations

from typing import Any

import pytest

from project88.errors import ConfigError
from project88.providers.contract import Token
from project88.providers.runsignup import RunSignUpAdapter, auth
from project88.providers.runsignup.auth import Login
from project88.providers.runsignup.settings import read_settings
from project88.wire.messages import Request

KEY = "a key"
SECRET = "tulip mania & 1637%"
REGISTRATION_SECRET = "south-sea-1720"
CLIENT_SECRET = "railway-1846"
LOGIN = Login(principal=KEY, secret=SECRET)
TOKEN = Token(value="bubble-1720-token", expires_in_seconds=3600)
REGISTRATION = {"registration_id": "12.software", "registration_secret": REGISTRATION_SECRET}
ASKED = Request(url="https://service.example/rest/races", query={"page": "1"}, headers={"Accept": "any"})

#: The setting of a way to log in -> what it adds to the query and to the headers.
ADDED: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str]]] = {
    "query": ({"auth": "query"}, {"api_key": KEY, "api_secret": SECRET}, {}),
    "header": ({"auth": "header"}, {"rsu_api_key": KEY}, {"X-RSU-API-SECRET": SECRET}),
    "default": ({}, {"rsu_api_key": KEY}, {"X-RSU-API-SECRET": SECRET}),
    "refresh token": ({"auth": "bearer"}, {}, {"Authorization": f"Bearer {TOKEN.value}"}),
    "access token": (
        {"auth": "bearer", "bearer_secret": "access_token"}, {}, {"Authorization": f"Bearer {SECRET}"},
    ),
}  # fmt: skip
every_way = pytest.mark.parametrize("way", sorted(ADDED))


@every_way
@pytest.mark.parametrize("registration", [{}, REGISTRATION])
def test_each_way_adds_the_login_and_the_registration_whole_or_not_at_all(
    way: str, registration: dict[str, str]
) -> None:
    config, query, headers = ADDED[way]
    registered_query = {"rsu_api_reg": "12.software"} if registration else {}
    registered_headers = {"X-RSU-API-REG-SECRET": REGISTRATION_SECRET} if registration else {}

    signed = auth.sign(ASKED, LOGIN, read_settings({**config, **registration}), TOKEN)

    assert signed.query == {"page": "1", **query, **registered_query}
    assert signed.headers == {"Accept": "any", **headers, **registered_headers}
    assert (signed.url, signed.form) == (ASKED.url, None)
    assert (ASKED.query, ASKED.headers) == ({"page": "1"}, {"Accept": "any"})


@every_way
@pytest.mark.parametrize(("principal", "secret"), [("", SECRET), (KEY, ""), ("", ""), (" ", SECRET), (KEY, "\t ")])
def test_no_adapter_is_made_without_a_key_and_a_secret(way: str, principal: str, secret: str) -> None:
    with pytest.raises(ConfigError, match="both the key and its secret"):
        RunSignUpAdapter(principal, secret, ADDED[way][0])


@pytest.mark.parametrize(("principal", "secret"), [("a\nkey", SECRET), (KEY, "tulip\r\nmania"), (KEY, "tulip\n")])
def test_a_login_with_a_line_break_is_refused_and_not_quoted(principal: str, secret: str) -> None:
    with pytest.raises(ConfigError, match="line break") as caught:
        RunSignUpAdapter(principal, secret, {})

    assert "tulip" not in str(caught.value)


def test_nothing_is_asked_before_there_is_a_token() -> None:
    with pytest.raises(ConfigError, match="no token yet"):
        auth.sign(ASKED, LOGIN, read_settings({"auth": "bearer"}), None)


@pytest.mark.parametrize("registration", [{}, REGISTRATION])
@pytest.mark.parametrize("client_secret", [None, CLIENT_SECRET])
def test_a_token_is_got_for_a_refresh_token_by_a_form(registration: dict[str, str], client_secret: str | None) -> None:
    config = {"auth": "bearer", "base_url": "https://service.example/rest/", "client_secret": client_secret}

    request = auth.token_request(LOGIN, read_settings({**config, **registration}))

    assert request is not None
    assert request.url == "https://service.example/rest/v2/auth/refresh-token.json"
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": SECRET,
        "client_id": KEY,
        **({"client_secret": CLIENT_SECRET} if client_secret else {}),
    }
    assert request.query == {"format": "json", **({"rsu_api_reg": "12.software"} if registration else {})}
    assert request.headers == ({"X-RSU-API-REG-SECRET": REGISTRATION_SECRET} if registration else {})


@pytest.mark.parametrize("way", sorted(set(ADDED) - {"refresh token"}))
def test_the_other_ways_need_no_token(way: str) -> None:
    assert auth.token_request(LOGIN, read_settings(ADDED[way][0])) is None


def test_every_secret_is_hidden_in_every_form_and_shown_in_no_repr() -> None:
    config = {"auth": "bearer", "client_secret": CLIENT_SECRET, **REGISTRATION}
    adapter = RunSignUpAdapter(KEY, SECRET, config)
    signed = adapter.sign(ASKED, TOKEN)
    shown = repr([adapter, adapter.settings, LOGIN, TOKEN, signed, adapter.token_request(), vars(adapter)["_login"]])

    assert {SECRET, CLIENT_SECRET, REGISTRATION_SECRET, "tulip+mania+%26+1637%25"} <= set(adapter.secrets())
    for secret in (*adapter.secrets(), TOKEN.value):
        assert secret not in shown
