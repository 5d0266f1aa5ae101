"""An answer of ChronoTrack Live is rows and paging facts, or an error named by recovery. Pure.

Envelope and paging headers: S. Codes and bodies of errors: mostly U, so each is judged by its HTTP meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, Throttled, Transient
from project88.providers.contract import Page
from project88.wire.messages import Response
from project88.wire.paging import PageFacts

ROW_COUNT = "x-ctlive-row-count"
PAGE_COUNT = "x-ctlive-page-count"
#: How an OAuth2 token service says that the login or the client is wrong, with a 400 (RFC 6749, 5.2).
LOGIN_REFUSALS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})
CHECK_LOGIN = "Check login, secret, client_id and auth of this credential"
#: Half of a surrogate pair, which is what a name cut inside an emoji leaves; no JSON decoder takes it.
LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
#: Under this name a response keeps its decoded envelope.
ENVELOPE = "envelope"
#: A message is quoted up to this length.
MESSAGE_CHARACTERS = 200

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
        response.memo[ENVELOPE] = _read_envelope(response)
    envelope: dict[str, msgspec.Raw] = response.memo[ENVELOPE]
    return envelope


def _read_envelope(response: Response) -> dict[str, msgspec.Raw]:
    start = response.body[:64].lstrip()
    if start.startswith(b"<"):
        raise Transient("the service answered with HTML instead of JSON")
    try:
        return _decode_object(response.body)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Permanent(f"the answer is JSON of an unknown shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Transient(f"the answer is not JSON, it may be cut: {error}") from error


def _decode_object(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _envelope.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended, times = LONE_SURROGATE.subn(_replacement_character, body)
        if not times or mended == body:
            raise
    return _envelope.decode(mended)


def _replacement_character(found: re.Match[bytes]) -> bytes:
    """A whole pair stays; half of one becomes U+FFFD, so that one name does not cost the whole page."""
    return found[1] + (found[2] or b"\\ufffd")


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
    status = response.status
    message = _body_message(response)
    if "archived" in message.lower():
        return Gone(message, "archived")
    said = f"HTTP {status}{': ' + message if message else ''}"
    if status in {401, 403} or (status == 400 and message in LOGIN_REFUSALS):
        return CredentialsRefused(f"{said}. {CHECK_LOGIN}")
    if status in {404, 410}:
        return Gone(said)
    if status == 429:
        return Throttled(said, _retry_after_seconds(response.headers))
    if status >= 500 or status in {408, 425}:
        return Transient(said, _retry_after_seconds(response.headers))
    return Permanent(said)


def _body_message(response: Response) -> str:
    """The error text of a refusal; empty where the body holds none that can be quoted."""
    try:
        return _message(_decode_object(response.body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _message(body: Mapping[str, msgspec.Raw]) -> str:
    """What stands under ``error``; empty where nothing does, or null, false, 0 or something empty."""
    if "error" not in body:
        return ""
    value: Any = msgspec.json.decode(bytes(body["error"]).decode("utf-8", "replace"))
    if isinstance(value, dict):
        value = value.get("message") or value.get("description") or value
    return str(value)[:MESSAGE_CHARACTERS] if value else ""


def _named_error(message: str) -> HubError:
    lowered = message.lower()
    if "archived" in lowered:
        return Gone(message, "archived")
    if "too many" in lowered or "rate limit" in lowered:
        return Throttled(message)
    if lowered in LOGIN_REFUSALS:
        return CredentialsRefused(f"{message}. {CHECK_LOGIN}")
    return Permanent(f"the service reported an error: {message}")


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date that is measured from the answer's own date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", value):
        return float(value)
    until, now = _http_date(value), _http_date(headers.get("date", ""))
    return max((until - now).total_seconds(), 0.0) if until and now else None


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
