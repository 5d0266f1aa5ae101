"""An answer of Race Roster is rows and paging facts, or an error named by recovery. Pure.

Status codes and the ``data`` around every answer: D and O for the partner API, S for the public results service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from project88.errors import CredentialsRefused, HubError, Permanent, Transient
from project88.providers.answers import decode_json, decoded, http_error, quoted
from project88.providers.contract import Page
from project88.providers.tokens import LOGIN_REFUSALS
from project88.wire.messages import Response
from project88.wire.paging import PageFacts

CHECK_LOGIN = "Check principal and secret (user and password), client_id and client_secret of this credential"
#: Where an error is told, the most telling first (D, O).
MESSAGE_KEYS = ("message", "error_description", "error")
#: Under this name a response keeps its decoded envelope.
ENVELOPE = "envelope"
NOTHING = frozenset({b"null", b'""', b"{}", b"[]"})

Envelope = dict[str, msgspec.Raw]
_object = msgspec.json.Decoder(Envelope)
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_count = msgspec.json.Decoder(int)


def check(response: Response) -> None:
    """Raise the error an answer stands for; return where it is a JSON object without an error."""
    if response.status != 200:
        raise _http_error(response)
    body = _envelope(response)
    if said := _said(body, "error"):
        raise _refused_login(said) or Permanent(f"the service reported an error: {said}")


def read_page(response: Response, number: int) -> Page:
    """A page of the partner API. It states no count that we know of (U), so only an empty page ends the list."""
    return _page(_listed(_envelope(response)), number)


def read_results(size: int) -> Callable[[Response, int], Page]:
    """A reader of pages of the public results, which state how many rows there are (S)."""

    def read(response: Response, number: int) -> Page:
        body = _envelope(response)
        total = _total(body)
        return _page(_listed(body), number, row_count=total, page_count=None if total is None else -(-total // size))

    return read


def read_event(response: Response, number: int) -> Page:
    """One event as rows: where its results are, then each of its sub-events, so that a bad one costs only itself."""
    return _one_event(_only(_envelope(response)), "resultsUrl", number)


def read_public_event(response: Response, number: int) -> Page:
    """The same of the public results service, with the id under which it keeps the results."""
    data = _only(_envelope(response))
    if "event" not in data:
        raise Permanent("the answer of the public results service has no event")
    return _one_event(_as_object(data["event"], "event"), "resultEventId", number)


def _one_event(event: Envelope, named: str, number: int) -> Page:
    said = event.get(named, msgspec.Raw(b"null"))
    rows = [_row(named, said), *(_row("subEvent", each) for each in _sub_events(event))]
    return _page(rows, number, page_count=1)


def _row(name: str, value: msgspec.Raw) -> msgspec.Raw:
    return msgspec.Raw(b'{"%b":%b}' % (name.encode(), bytes(value)))


def _sub_events(event: Envelope) -> list[msgspec.Raw]:
    """A list, or a list under ``data`` (O)."""
    said = event.get("subEvents")
    if said is None or bytes(said) in NOTHING:
        return []
    if bytes(said).startswith(b"{"):
        said = _as_object(said, "subEvents").get("data", said)
    return _as_list(said, "subEvents")


def _page(rows: list[msgspec.Raw], number: int, row_count: int | None = None, page_count: int | None = None) -> Page:
    digest = xxh3_128_digest(b",".join(map(bytes, rows)))
    facts = PageFacts(number=number, rows=len(rows), row_count=row_count, page_count=page_count, digest=digest)
    return Page(facts=facts, rows=rows)


def _listed(body: Envelope) -> list[msgspec.Raw]:
    return _as_list(_data(body), "data")


def _only(body: Envelope) -> Envelope:
    """The one object under ``data``, or the only one of a list there."""
    said = _data(body)
    if not bytes(said).startswith(b"["):
        return _as_object(said, "data")
    rows = _as_list(said, "data")
    if len(rows) != 1:
        raise Permanent(f"the answer holds {len(rows)} events where one was asked for")
    return _as_object(rows[0], "data")


def _data(body: Envelope) -> msgspec.Raw:
    if "data" not in body:
        said = _message(body)
        raise Permanent(f"the answer has no data{': ' + said if said else ''}")
    return body["data"]


def _as_list(raw: msgspec.Raw, name: str) -> list[msgspec.Raw]:
    try:
        return _rows.decode(raw)
    except msgspec.ValidationError as error:
        raise Permanent(f"the answer's {name} is not a list") from error


def _as_object(raw: msgspec.Raw, name: str) -> Envelope:
    try:
        return _object.decode(raw)
    except msgspec.ValidationError as error:
        raise Permanent(f"the answer's {name} is not an object") from error


def _total(body: Envelope) -> int | None:
    """``meta.totalResults``; None where the service does not say, or says something else."""
    try:
        total = _count.decode(_object.decode(body["meta"])["totalResults"])
    except (KeyError, msgspec.ValidationError):
        return None
    return total if 0 <= total < 1_000_000_000 else None


def _envelope(response: Response) -> Envelope:
    """Decoded once: the check of an answer and the reading of its page both look into it."""
    if ENVELOPE not in response.memo:
        response.memo[ENVELOPE] = decoded(response, _object)
    envelope: Envelope = response.memo[ENVELOPE]
    return envelope


def _http_error(response: Response) -> HubError:
    """HTML with a 403 is a gateway that keeps us out for a while, not a word on the login."""
    if response.status == 403 and response.body[:64].lstrip().startswith(b"<"):
        return Transient("HTTP 403 with HTML: a gateway before the service refused the call")
    body = _body_of_refusal(response)
    if response.status == 400 and (refused := _refused_login(_said(body, "error"))):
        return refused
    return http_error(response, _message(body), CHECK_LOGIN)


def _refused_login(said: str) -> CredentialsRefused | None:
    return CredentialsRefused(f"{said}. {CHECK_LOGIN}") if said in LOGIN_REFUSALS else None


def _body_of_refusal(response: Response) -> Envelope:
    """Empty where the body holds nothing that can be quoted."""
    try:
        return decode_json(response.body, _object)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _message(body: Mapping[str, msgspec.Raw]) -> str:
    return next((said for key in MESSAGE_KEYS if (said := _said(body, key))), "")


def _said(body: Mapping[str, msgspec.Raw], key: str) -> str:
    """What stands under a key; empty where nothing does, or null, false, 0 or something empty."""
    if key not in body:
        return ""
    written = bytes(body[key]).decode("utf-8", "replace")
    try:
        value: Any = msgspec.json.decode(written)
    except msgspec.MsgspecError:
        return quoted(written)
    if isinstance(value, dict):
        value = value.get("message") or value
    return quoted(value)
