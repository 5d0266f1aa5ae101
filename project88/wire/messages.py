"""An HTTP request and its response as values. No sockets, no clock, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. The query and the headers may hold secrets, so neither is part of the repr."""

    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_query(self, **extra: str) -> Request:
        return Request(url=self.url, query={**self.query, **extra}, headers=self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    #: What a reader made of the body, so that the next one need not make it again.
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
