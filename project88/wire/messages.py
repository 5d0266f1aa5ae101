"""An HTTP request and its response as values. No sockets, no clock, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET, or the POST of a form. Query, headers and form may hold secrets, so none is part of the repr."""

    url: str
    #: Goes behind the address where the path is a secret, so that no message names it.
    secret_path: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def with_query(self, **extra: str) -> Request:
        return replace(self, query={**self.query, **extra})

    def with_headers(self, **extra: str) -> Request:
        """Underscores stand for dashes."""
        return replace(self, headers={**self.headers, **{name.replace("_", "-"): said for name, said in extra.items()}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back. Header names are lower case. ``url``: what was asked, without its query."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)
    #: What a reader made of the body, so that the next one need not make it again.
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
