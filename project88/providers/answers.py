"""An answer of any service as JSON, or the error that it stands for by its HTTP meaning. Knows no service. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, Throttled, Transient
from project88.wire.messages import Response

#: Half of a surrogate pair, which is what a name cut inside an emoji leaves; no JSON decoder takes it.
LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
#: A message is quoted up to this length.
MESSAGE_CHARACTERS = 200

T = TypeVar("T")


def decoded(response: Response, decoder: msgspec.json.Decoder[T]) -> T:
    """The body by this decoder. HTML in place of JSON is a gateway speaking, and a cut body may come whole later."""
    if is_html(response):
        raise Transient("the service answered with HTML instead of JSON")
    try:
        return decode_json(response.body, decoder)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Permanent(f"the answer is JSON of an unknown shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Transient(f"the answer is not JSON, it may be cut: {error}") from error


def is_html(response: Response) -> bool:
    return response.body[:64].lstrip().startswith(b"<")


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended, times = LONE_SURROGATE.subn(_replacement_character, body)
        if not times or mended == body:
            raise
    return decoder.decode(mended)


def _replacement_character(found: re.Match[bytes]) -> bytes:
    """A whole pair stays; half of one becomes U+FFFD, so that one name does not cost the whole page."""
    return found[1] + (found[2] or b"\\ufffd")


def http_error(response: Response, message: str, check_login: str) -> HubError:
    """What a status other than 200 means. ``check_login`` tells the operator which settings to look at."""
    status = response.status
    said = f"HTTP {status}{': ' + message if message else ''}"
    if status in {401, 403}:
        return CredentialsRefused(f"{said}. {check_login}")
    if status in {404, 410}:
        return Gone(said)
    if status == 429:
        return Throttled(said, retry_after_seconds(response.headers))
    if status >= 500 or status in {408, 425}:
        return Transient(said, retry_after_seconds(response.headers))
    return Permanent(said)


def quoted(value: object) -> str:
    """A message of the service as far as it is quoted."""
    return str(value)[:MESSAGE_CHARACTERS] if value else ""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
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
