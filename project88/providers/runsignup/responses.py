"""An answer of RunSignUp is a body without an error, or an error named by recovery. Pure.

An error mostly comes with a 200 (S), so the body is looked at first under every status.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, Throttled, Transient
from project88.providers.answers import (
    decode_json,
    decoded,
    http_error,
    is_html,
    quoted,
    retry_after_seconds,
)
from project88.providers.tokens import LOGIN_REFUSALS
from project88.wire.messages import Response

Body = dict[str, msgspec.Raw] | list[msgspec.Raw]

CHECK_LOGIN = "Check key, secret and auth of this credential"
CHECK_REGISTRATION = (
    "The registration of the calling software is wrong, and every partner that sends it is refused: check "
    "registration_id and registration_secret, or take both out while the service still allows it"
)
#: The codes that the service documents (D), by what is to be done. The others below 201 are faults of ours.
LOGIN_CODES = frozenset({6, 7, 13})
REGISTRATION_CODE = 17
PASSING_CODES: Mapping[int | None, type[Transient]] = {4: Transient, 5: Transient, 14: Throttled}
GONE_CODES = frozenset({201, 301})
FAULTS_OF_OURS = frozenset({1, 2, 3, 8, 9, 10, 11, 12, 15})
#: Under this name a response keeps its decoded body.
BODY = "body"

_body = msgspec.json.Decoder(Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a body says under ``error``."""

    code: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.code is None else f"error {self.code}: {self.message or 'no reason given'}"


def check(response: Response, left_to_reader: Collection[int]) -> None:
    """Raise the error an answer stands for; return where it is JSON without one.

    What the codes ``left_to_reader`` mean depends on the list that was asked for, so whoever reads it judges them.
    """
    fault = _fault(response)
    if fault is not None:
        if fault.code not in left_to_reader:
            raise _named_error(fault, response)
    elif response.status != 200:
        raise _http_error(response)
    else:
        body_of(response)


def has_error(response: Response, codes: Collection[int]) -> bool:
    fault = _fault(response)
    return fault is not None and fault.code in codes


def body_of(response: Response) -> Body:
    """The body. Raises the error that it names."""
    fault = _fault(response)
    if fault is not None:
        raise _named_error(fault, response)
    body: Body = decoded(response, _body) if BODY not in response.memo else response.memo[BODY]
    return body


def object_of(response: Response) -> dict[str, msgspec.Raw]:
    body = body_of(response)
    if isinstance(body, list):
        raise Permanent("the answer is JSON of an unknown shape: a list in place of an object")
    return body


def _fault(response: Response) -> Fault | None:
    """None where the body names no error, or cannot be read. It is decoded once for all who look into it."""
    if BODY not in response.memo:
        try:
            response.memo[BODY] = decode_json(response.body, _body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
    body: Body = response.memo[BODY]
    if isinstance(body, list) or "error" not in body:
        return None
    said: Any = msgspec.json.decode(bytes(body["error"]).decode("utf-8", "replace"))
    if not said:
        return None
    if not isinstance(said, dict):
        return Fault(code=None, message=quoted(said))
    return Fault(code=_code(said.get("error_code")), message=quoted(said.get("error_msg") or said))


def _code(value: object) -> int | None:
    found = str(value)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else None


def _named_error(fault: Fault, response: Response) -> HubError:
    """By the code where it is known; else by the status, as a 400 is how the service sends some of its own errors."""
    if fault.code == REGISTRATION_CODE:
        return CredentialsRefused(f"{fault}. {CHECK_REGISTRATION}")
    if fault.code in LOGIN_CODES or fault.message.lower() in LOGIN_REFUSALS:
        return CredentialsRefused(f"{fault}. {CHECK_LOGIN}")
    if fault.code in PASSING_CODES:
        return PASSING_CODES[fault.code](str(fault), retry_after_seconds(response.headers))
    if fault.code in GONE_CODES:
        return Gone(str(fault))
    if fault.code not in FAULTS_OF_OURS and response.status not in {200, 400}:
        return http_error(response, str(fault), CHECK_LOGIN)
    return Permanent(f"the service reported an error: {fault}")


def _http_error(response: Response) -> HubError:
    """The API speaks JSON, so HTML comes from what stands before it and may be otherwise the next time."""
    error = http_error(response, "", CHECK_LOGIN)
    if is_html(response) and not isinstance(error, Transient):
        return Transient(f"HTTP {response.status} with HTML instead of JSON")
    return error
