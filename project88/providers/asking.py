"""What adapters of several services do alike: limits, lists in one answer, ids in addresses. Knows no service. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from project88.providers.contract import Limits, Page, PagedList
from project88.wire.messages import Request, Response


class Rated(Protocol):
    """The settings that say how hard a credential may be driven."""

    @property
    def rate_limit(self) -> float: ...
    @property
    def timeout(self) -> float: ...
    @property
    def max_concurrency(self) -> int: ...


def limits_of(settings: Rated, concurrent_calls_of_all: int | None = None) -> Limits:
    return Limits(
        calls_per_minute=settings.rate_limit,
        timeout_seconds=settings.timeout,
        concurrent_calls=settings.max_concurrency,
        concurrent_calls_of_all=concurrent_calls_of_all,
    )


def in_one_answer(
    name: str, request: Request, read: Callable[[Response, int], Page], decode: Callable[[Sequence[Any]], Any]
) -> PagedList[Any]:
    """A list that the service does not cut into pages."""
    return PagedList(name=name, request=request, page_size=1, page_query=_no_query, read=read, decode=decode)


def segment(identifier: str) -> str:
    """An id as one segment of an address, whatever it holds."""
    return quote(identifier, safe="")


def _no_query(_number: int, _size: int) -> Mapping[str, str]:
    return {}
