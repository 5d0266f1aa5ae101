"""Errors as RunSignUp tells them: a number in the body, mostly with HTTP 200. Knows no path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project88.sandbox.service.asked import positive
from project88.sandbox.service.replies import Refused, Reply, json_reply

UNKNOWN_METHOD: Final = 1
BAD_VERB: Final = 2
BAD_PARAMETERS: Final = 3
UNKNOWN: Final = 4
KEY_FAILED: Final = 6
NO_PERMISSION: Final = 7
BAD_DATE: Final = 9
THROTTLED: Final = 14
BAD_CALLER: Final = 17
NO_RACE: Final = 201
NO_EVENT: Final = 301
CODES_OF_STATUSES: Final = {401: KEY_FAILED, 403: NO_PERMISSION, 429: THROTTLED}


def refusal(code: int, message: str) -> Refused:
    return Refused(400 if code == BAD_CALLER else 200, message, code=code)


def error_reply(refused: Refused) -> Reply:
    code = refused.code or CODES_OF_STATUSES.get(refused.status, UNKNOWN)
    body: dict[str, object] = {"error": {"error_code": code, "error_msg": str(refused)}}
    if code == BAD_CALLER:
        body["error_details"] = [str(refused)]
    reply = json_reply(body, refused.status, refused.headers)
    return Reply(status=reply.status, body=reply.body, headers=reply.headers, says_too_fast=code == THROTTLED)


def number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return positive(query, name, default)
    except Refused as refused:
        raise refusal(BAD_PARAMETERS, str(refused)) from None
