"""Replies as values, and the replies of faults that answer in place of a service. Opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from project88.sandbox.faults import ARCHIVED, Strikes

JSON = "application/json"
HTML = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


class Refused(Exception):
    """The call is answered with ``status`` and an error body; ``code`` is the service's own number, if it has them."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent back, before anything cuts or slows it. ``says_too_fast``: in words of its own, without a 429."""

    status: int = 200
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    says_too_fast: bool = False


def json_reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body), headers=headers or {})


def failure(strikes: Strikes, error: Callable[[Refused], Reply]) -> Reply | None:
    """The reply of a fault that answers in place of the service, in the service's own form of an error."""
    fault = strikes.first("status", "html", "error_key", "archived")
    if fault is None:
        return None
    match fault.kind:
        case "html":
            return Reply(status=fault.status, body=HTML, content_type="text/html")
        case "error_key":
            return error(Refused(200, fault.message, code=fault.code))
        case "archived":
            return error(Refused(200, ARCHIVED))
        case _:
            headers = {}
            if fault.retry_after_seconds is not None:
                headers["Retry-After"] = f"{fault.retry_after_seconds:g}"
            return error(Refused(fault.status, fault.message, headers, fault.code))
