"""The shapes a source fills in: its limits, its lists, and how a page becomes records. Pure; no sockets, no SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from project88.records.entities import Event, Participant, Problem, ProviderEventId, Race, ResultRow
from project88.records.row_digests import row_digests
from project88.records.snapshot import Authority
from project88.wire.messages import Request, Response
from project88.wire.paging import PageFacts

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How hard one credential may be driven."""

    calls_per_minute: float
    timeout_seconds: float
    concurrent_calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: what it says about itself, and its rows as they came."""

    facts: PageFacts
    rows: Sequence[Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedList(Generic[T]):
    """One list of a service. Its name is stable: page digests are remembered under it."""

    name: str
    request: Request
    page_size: int
    page_query: Callable[[int, int], Mapping[str, str]]
    read: Callable[[Response, int], Page]
    #: What each row gives, in their order: its records, or the problem with it. A row may be given as its bytes.
    decode: Callable[[Sequence[Any]], Sequence[Sequence[T] | Problem]]
    #: The digest of each row. Rows of one digest give the same records.
    digests: Callable[[Sequence[Any]], list[int]] = row_digests

    def page(self, number: int) -> Request:
        return self.request.with_query(**self.page_query(number, self.page_size))

    def probe(self) -> Request:
        """The call that learns the row count for the price of one row."""
        return self.request.with_query(**self.page_query(1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultList:
    """A list of results and what a complete reading of it has authority over.

    ``fallback`` is read instead when the list has rows but none that can be used.
    """

    rows: PagedList[ResultRow]
    authority: Authority
    fallback: tuple[ResultList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedResults:
    """Lists that need reading only when the row count of the first one moved."""

    name: str
    lists: tuple[ResultList, ...]


class Course(Protocol):
    """What a provider must know of an event before it can read the results. Vendor's detail stays hidden."""

    @property
    def races(self) -> tuple[Race, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token. Neither part of the repr."""

    value: str = field(repr=False)
    expires_in_seconds: float


class Provider(Protocol):
    """One source with one credential. Everything here is pure; ``sync`` does the talking."""

    key: str
    limits: Limits

    def secrets(self) -> tuple[str, ...]: ...
    def token_request(self) -> Request | None: ...
    def read_token(self, response: Response) -> Token: ...
    def sign(self, request: Request, token: Token | None) -> Request: ...
    def check(self, response: Response) -> None: ...
    def login_probe(self) -> Request: ...
    def events(self) -> PagedList[Event]: ...
    def course_lists(self, event: ProviderEventId) -> Mapping[str, PagedList[Any]]: ...
    def course(self, rows: Mapping[str, Sequence[Any]]) -> Course: ...
    def participants(self, event: ProviderEventId, course: Course) -> PagedList[Participant]: ...
    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]: ...
    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]: ...
