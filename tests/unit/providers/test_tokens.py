"""Token replies of any service, and the forms in which a secret may stand in a request."""

from __future__ import annotations

import base64
import traceback
from urllib.parse import quote

import pytest

from project88.errors import CredentialsRefused, Permanent
from project88.providers import tokens
from project88.wire.messages import Response

SECRET = "tulip mania & 1637%"


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        (b"1800", 1800), (b'"1800"', 1800), (b"90.5", 90.5), (b"null", 3600), (b'""', 3600), (b"0", 3600),
        (b"-5", 3600), (b'"soon"', 3600), (b'"nan"', 3600), (b'"inf"', 3600), (b"1" + b"0" * 400, 3600),
    ],
)  # fmt: skip
def test_a_token_lives_as_long_as_stated_or_an_hour(lifetime: bytes, seconds: float) -> None:
    body = b'{"access_token": "a-token", "scope": ["any"], "expires_in": ' + lifetime + b"}"

    token = tokens.read_token(Response(status=200, headers={}, body=body))

    assert ("a-token", seconds) == (token.value, token.expires_in_seconds)


def test_a_token_without_a_lifetime_lives_an_hour() -> None:
    assert tokens.read_token(Response(status=200, headers={}, body=b'{"access_token": "t"}')).expires_in_seconds == 3600


@pytest.mark.parametrize("body", [b"{}", b'{"access_token": ""}', b'{"access_token": null}', b'{"token": "a-token"}'])
def test_a_reply_without_a_token_refuses_the_credentials(body: bytes) -> None:
    with pytest.raises(CredentialsRefused):
        tokens.read_token(Response(status=200, headers={}, body=body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"bubble-1720"',
        b'{"access_token": 1720}',
        b'{"access_token": "bubble-1720\xff"}',
        b'{"ac',
    ],
)
def test_a_reply_that_is_no_token_is_permanent_and_not_quoted(body: bytes) -> None:
    with pytest.raises(Permanent) as caught:
        tokens.read_token(Response(status=200, headers={}, body=body))

    assert "bubble" not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize("value", ["bubble\\n1720", "bubble\\u00e9", "bubble\\u0000"])
def test_a_token_that_no_header_can_carry_is_permanent_and_not_quoted(value: str) -> None:
    with pytest.raises(Permanent) as caught:
        tokens.read_token(Response(status=200, headers={}, body=f'{{"access_token": "{value}"}}'.encode()))

    assert "bubble" not in "".join(traceback.format_exception_only(caught.value))


def test_a_secret_is_hidden_plain_escaped_and_inside_a_basic_header() -> None:
    header = tokens.basic("an-id", SECRET)

    assert f"an-id:{SECRET}" == base64.b64decode(header.removeprefix("Basic ")).decode()
    assert {SECRET, quote(SECRET), header.removeprefix("Basic ")} <= tokens.shown_forms([SECRET, ""], [header])
    assert "" not in tokens.shown_forms([""], [])
