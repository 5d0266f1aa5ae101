"""An answer of ChronoTrack Live is rows and paging facts, or an error named by recovery. Pure.

Envelope and paging headers: S. Codes and bodies of errors: mostly U, so each is judged by its HTTP meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, Throttled
from project88.providers.answers import decode_json, decoded, http_error, quoted
from project88.providers.contract import Page
from project88.providers.tokens import LOGIN_REFUSALS
from project88.wire.messages import Response
from project88.wire.paging import PageFacts

ROW_COUNT = "x-ctlive-row-count"
PAGE_COUNT = "x-ctlive-page-count"
CHECK_LOGIN = "Check login, secret, client_id and auth of this credential"
#: Under this name a response keeps its decoded envelope.
ENVELOPE = "envelope"

_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw])


def check(response: Response) -> None:
    """Raise the error an answer stands for; return where it is a JSON object without an error.

    An ``error`` key inside a 200 is an error (1). HTML in place of JSON is a gateway speaking: try again.
    """
    if response.status != 200:
        raise _http_error(response)
    body = _decode_envelope(response)
    message = _message(body)
    if message:
        raise _named_error(message)


def read_page(envelope_key: str) -> Callable[[Response, int], Page]:
    """A reader of pages whose rows stand under ``envelope_key``."""

    def read(response: Response, number: int) -> Page:
        body = _decode_envelope(response)
        rows = _list_under(body, envelope_key, response.headers)
        facts = PageFacts(
            number=number,
            rows=len(rows),
            row_count=_header_number(response.headers, ROW_COUNT),
            page_count=_header_number(response.headers, PAGE_COUNT),
            digest=xxh3_128_digest(body.get(envelope_key, b"")),
        )
        return Page(facts=facts, rows=rows)

    return read


def _decode_envelope(response: Response) -> dict[str, msgspec.Raw]:
    """Decoded once: the check of an answer and the reading of its page both look into it."""
    if ENVELOPE not in response.memo:
        response.memo[ENVELOPE] = decoded(response, _envelope)
    envelope: dict[str, msgspec.Raw] = response.memo[ENVELOPE]
    return envelope


def _list_under(body: Mapping[str, msgspec.Raw], key: str, headers: Mapping[str, str]) -> list[msgspec.Raw]:
    raw = body.get(key)
    if raw is None or (memoryview(raw).nbytes <= 4 and bytes(raw) in {b"null", b'""', b"{}"}):
        if _header_number(headers, ROW_COUNT) == 0:
            return []
        raise Permanent(f"the answer has no {key}")
    try:
        return _rows.decode(raw)
    except msgspec.MsgspecError as error:
        raise Permanent(f"{key} is not a list: {error}") from error


def _header_number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _http_error(response: Response) -> HubError:
    message = _body_message(response)
    if "archived" in message.lower():
        return Gone(message, "archived")
    if response.status == 400 and message in LOGIN_REFUSALS:
        return CredentialsRefused(f"HTTP 400: {message}. {CHECK_LOGIN}")
    return http_error(response, message, CHECK_LOGIN)


def _body_message(response: Response) -> str:
    """The error text of a refusal; empty where the body holds none that can be quoted."""
    try:
        return _message(decode_json(response.body, _envelope))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _message(body: dict[str, msgspec.Raw]) -> str:
    """What stands under ``error``; empty where nothing does, or null, false, 0 or something empty."""
    if "error" not in body:
        return ""
    value: Any = msgspec.json.decode(bytes(body["error"]).decode("utf-8", "replace"))
    if isinstance(value, dict):
        value = value.get("message") or value.get("description") or value
    return quoted(value)


def _named_error(message: str) -> HubError:
    lowered = message.lower()
    if "archived" in lowered:
        return Gone(message, "archived")
    if "too many" in lowered or "rate limit" in lowered:
        return Throttled(message)
    if lowered in LOGIN_REFUSALS:
        return CredentialsRefused(f"{message}. {CHECK_LOGIN}")
    return Permanent(f"the service reported an error: {message}")
