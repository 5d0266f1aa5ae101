"""Logging in: the form that is sent, the shapes of a token, and which requests carry it."""

from __future__ import annotations

import traceback
from urllib.parse import quote, quote_plus

import pytest

from project88.errors import CredentialsRefused, Permanent
from project88.providers.contract import Token
from project88.providers.race_roster import auth
from project88.wire.messages import Request, Response
from tests.race_roster_samples import CLIENT, PASSWORD, PRINCIPAL, adapter, configured

TOKEN = Token(value="bubble-1720-token", expires_in_seconds=3600)


def read(body: bytes) -> Token:
    return adapter().read_token(Response(status=200, headers={}, body=body))


def test_the_login_is_the_post_of_a_form_under_the_services_own_name_for_the_grant() -> None:
    request = adapter(authorize_url="https://login.example/oauth").token_request()

    assert request is not None
    assert (request.url, dict(request.query), dict(request.headers)) == ("https://login.example/oauth", {}, {})
    assert request.form == {
        "grant_type": "access_token",
        "client_id": "an-id",
        "client_secret": CLIENT["client_secret"],
        "username": PRINCIPAL,
        "password": PASSWORD,
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": 86400, "refresh_token": "r"}',
        b'{"data": [{"access_token": "t", "expires_in": "86400", "scope": "timer"}]}',
        b'{"data": {"access_token": "t", "expires_in": 86400.0}}',
        b'{"access_token": null, "data": [{}, {"access_token": "t", "expires_in": 86400}]}',
        b'{"access_token": "t", "expires_in": 86400, "data": []}',
    ],
)
def test_a_token_may_stand_flat_or_wrapped(body: bytes) -> None:
    assert Token(value="t", expires_in_seconds=86400) == read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b'{"data": []}', b'{"data": null}', b'{"data": {}}', b'{"data": [{}]}', b'{"access_token": ""}',
        b'{"data": [{"access_token": ""}]}', b'{"data": [{"access_token": "a"}, {"access_token": "b"}]}',
    ],
)  # fmt: skip
def test_a_reply_without_one_token_refuses_the_credentials(body: bytes) -> None:
    with pytest.raises(CredentialsRefused):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b'"bubble-1720"', b'{"access_token": 1720}', b'{"access_token": "bubble-1720\xff"}',
        b'{"data": "bubble-1720"}', b'{"data": [["bubble-1720"]]}', b'{"data": [null]}', b'{"da',
        b'{"data":' + b"[" * 9999,
    ],
)  # fmt: skip
def test_a_reply_that_is_no_token_is_permanent_and_not_quoted(body: bytes) -> None:
    with pytest.raises(Permanent) as caught:
        read(body)

    assert "bubble" not in "".join(traceback.format_exception(caught.value))


def test_the_token_goes_into_a_header_beside_what_the_request_holds() -> None:
    request = Request(url="https://raceroster.com/api/v1/events", query={"limit": "1"}, headers={"Accept": "any"})

    signed = adapter().sign(request, TOKEN)

    assert (signed.url, dict(signed.query)) == (request.url, {"limit": "1"})
    assert signed.headers == {"Accept": "any", "Authorization": f"Bearer {TOKEN.value}"}


@pytest.mark.parametrize(
    "url",
    [
        "https://results.raceroster.com/v2/api/events/code", "https://results.raceroster.com/api/v1/events",
        "https://raceroster.com/api/v10/events", "https://raceroster.com.other.example/api/v1/events",
        "http://raceroster.com/api/v1/events", "https://raceroster.com/api/oauth/authorize",
    ],
)  # fmt: skip
def test_no_request_outside_the_partner_api_sees_the_token(url: str) -> None:
    request = Request(url=url)

    assert request is adapter().sign(request, TOKEN)


def test_both_services_on_one_host_are_told_apart_by_path() -> None:
    host = "http://127.0.0.1:8080"
    opened = adapter(base_url=f"{host}/api/v1/", results_url=f"{host}/v2/api")

    assert "Authorization" in opened.sign(Request(url=f"{host}/api/v1/events"), TOKEN).headers
    assert "Authorization" not in opened.sign(Request(url=f"{host}/v2/api/events/code"), TOKEN).headers


def test_the_password_and_the_client_secret_are_secrets_in_every_form_they_are_sent_in() -> None:
    secrets = adapter().secrets()

    for secret in (PASSWORD, CLIENT["client_secret"]):
        assert {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)} <= set(secrets)


def test_no_secret_shows_in_any_repr() -> None:
    login = auth.Login(principal=PRINCIPAL, secret=PASSWORD)
    wrapped = auth.WrappedReply(access_token=TOKEN.value, data=[auth.TokenReply(access_token=TOKEN.value)])
    request = auth.token_request(login, configured())
    signed = adapter().sign(Request(url="https://raceroster.com/api/v1/events"), TOKEN)

    shown = repr([login, wrapped, request, signed, adapter(), adapter().settings])

    for secret in (PASSWORD, CLIENT["client_secret"], TOKEN.value):
        assert secret not in shown
