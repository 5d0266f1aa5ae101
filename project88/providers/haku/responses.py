"""An answer of Haku is rows and paging facts, or an error named by recovery. Pure.

A list stands alone or under its name (O). The bodies of errors are unknown, so each is judged by its HTTP meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from project88.errors import CredentialsRefused, HubError, Permanent
from project88.providers.answers import decode_json, decoded, http_error, quoted
from project88.providers.contract import Page
from project88.providers.tokens import LOGIN_REFUSALS
from project88.wire.messages import Response
from project88.wire.paging import PageFacts

CHECK_LOGIN = "Check client id, secret, token_url and token_prefix of this credential"
#: Where services say what is wrong; which of them Haku uses is unknown.
MESSAGE_KEYS = ("error_description", "message", "error")
#: Under this name a response keeps its decoded body.
BODY = "body"

Body = list[msgspec.Raw] | dict[str, msgspec.Raw]

_body: msgspec.json.Decoder[Body] = msgspec.json.Decoder(Body)
_whole = msgspec.json.Decoder(msgspec.Raw)
_rows = msgspec.json.Decoder(list[msgspec.Raw])


def check(response: Response) -> None:
    """Raise the error an answer stands for; return where it is a JSON list, or an object without an error."""
    if response.status != 200:
        raise _http_error(response)
    body = _decode_body(response)
    if isinstance(body, dict) and (said := _said(body, ("error",))):
        raise Permanent(f"the service reported an error: {said}")


def read_page(key: str) -> Callable[[Response, int], Page]:
    """A reader of pages whose rows are the body itself, or stand under ``key``."""

    def read(response: Response, number: int) -> Page:
        body = _decode_body(response)
        rows = body if isinstance(body, list) else _list_under(body, key)
        facts = PageFacts(
            number=number, rows=len(rows), row_count=None, page_count=None, digest=_page_digest(rows, number)
        )
        return Page(facts=facts, rows=rows)

    return read


def read_registration(response: Response) -> list[msgspec.Raw]:
    """The one row of a detail; a list of rows is taken too."""
    body = _decode_body(response)
    return body if isinstance(body, list) else [decoded(response, _whole)]


def _page_digest(rows: list[msgspec.Raw], number: int) -> bytes:
    """The rows, and whether the page's number is odd, so that a page may equal the one before it.

    The list is sorted by change: whoever changes moves to its head, so a page's worth of changes between two calls
    shows the same rows again. A service that ignores the number of the page is still a loop, found at the third page.
    """
    return xxh3_128_digest(b"%d " % (number % 2) + b",".join(rows))


def _decode_body(response: Response) -> Body:
    """Decoded once: the check of an answer and the reading of its rows both look into it."""
    if BODY not in response.memo:
        response.memo[BODY] = decoded(response, _body)
    body: Body = response.memo[BODY]
    return body


def _list_under(body: Mapping[str, msgspec.Raw], key: str) -> list[msgspec.Raw]:
    """No row count says that nothing in place of the list is an empty one, so it is an error."""
    if key not in body:
        raise Permanent(f"the answer has no {key}")
    try:
        return _rows.decode(body[key])
    except msgspec.MsgspecError as error:
        raise Permanent(f"{key} is not a list: {error}") from error


def _http_error(response: Response) -> HubError:
    message = _body_message(response)
    if response.status == 400 and message in LOGIN_REFUSALS:
        return CredentialsRefused(f"HTTP 400: {message}. {CHECK_LOGIN}")
    return http_error(response, message, CHECK_LOGIN)


def _body_message(response: Response) -> str:
    """The error text of a refusal; empty where the body holds none that can be quoted."""
    try:
        body = decode_json(response.body, _body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return _said(body, MESSAGE_KEYS) if isinstance(body, dict) else ""


def _said(body: Mapping[str, msgspec.Raw], keys: tuple[str, ...]) -> str:
    """What stands under the first of the keys that says anything: not null, false, 0 or something empty."""
    values: list[Any] = [
        msgspec.json.decode(bytes(body[key]).decode("utf-8", "replace")) for key in keys if key in body
    ]
    return next((quoted(value) for value in values if value), "")
