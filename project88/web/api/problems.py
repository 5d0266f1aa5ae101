"""Errors as RFC 9457 says: a stable type, a title, what to do. Knows no endpoint."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from project88.web.api.answers import Problem

MEDIA_TYPE = "application/problem+json"
#: Below this the types of problems are addresses of this API; docs/reference/api.md lists them.
TYPES = "/api/v1/problems/"

TITLES: Mapping[str, tuple[int, str]] = {
    "unknown-parameter": (400, "This parameter does not exist here"),
    "unreadable-parameter": (400, "This parameter cannot be read"),
    "unreadable-cursor": (400, "This cursor is not from this list"),
    "token-refused": (401, "This token is not valid"),
    "token-needed": (401, "This needs a token"),
    "scope-missing": (403, "The token may not read this"),
    "not-found": (404, "Nothing stands at this address"),
    "method-refused": (405, "Only reading is possible here"),
    "cursor-lost": (410, "This cursor leads on no more"),
    "too-many-requests": (429, "Too many requests"),
    "failed": (500, "This did not work"),
    "database-away": (503, "The database does not answer"),
}


class Refused(Exception):
    """What a caller is told instead of an answer."""

    def __init__(
        self, kind: str, detail: str, *, parameter: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.parameter = parameter
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        return TITLES[self.kind][0]


def response(refused: Refused) -> Response:
    status, title = TITLES[refused.kind]
    problem = Problem(
        type=TYPES + refused.kind, title=title, status=status, detail=refused.detail, parameter=refused.parameter
    )
    headers = {"Cache-Control": "no-store", **refused.headers}
    return Response(msgspec.json.encode(problem), status, headers, MEDIA_TYPE)
