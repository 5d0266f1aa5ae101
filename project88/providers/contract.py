"""The shapes a source fills in: its limits, its lists, and how a page becomes records. Pure; no sockets, no SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from project88.records.entities import Event, Participant, Problem, ProviderEventId, Race, Removal, ResultRow
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
    #: How many calls the service takes at once from all credentials and processes together; None: it says nothing.
    concurrent_calls_of_all: int | None = None


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
    #: The query of the page after this one, where pages are not found by number: from the page and how many rows came
    #: with it and before it.
    follow: Callable[[Page, int], Mapping[str, str]] | None = None
    #: A service that does not find the list has none: then it is empty. Only for lists that it makes late.
    may_be_missing: bool = False

    def page(self, number: int, before: Page | None = None, rows_before: int = 0) -> Request:
        """The request of a page; ``before`` is the page before it, which only lists with ``follow`` look at."""
        asked = self.request.with_query(**self.page_query(number, self.page_size))
        if self.follow is None or before is None:
            return asked
        return asked.with_query(**self.follow(before, rows_before))

    def probe(self) -> Request:
        """The call that learns the row count for the price of one row."""
        return self.request.with_query(**self.page_query(1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A call for each entry, for what its row in the list does not say."""

    request: Callable[[str], Request]
    #: The raw rows of an answer, to be decoded like those of a page.
    read: Callable[[Response], Sequence[Any]]
    decode: Callable[[Sequence[Any]], Sequence[Sequence[Participant | Removal] | Problem]]
    #: Whether the list has the entries that changed last first, so that a row that moved ahead is one that changed.
    changed_first: bool = False
    #: Which part of the calls that a login had left since the last reading goes to entries of which no row says that
    #: they changed, in turn: for changes that show nowhere but in the answer.
    refresh_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryList:
    """A list of entries. A complete reading of one that ``is_everyone`` retires the entries that it does not show.

    With ``details`` a row of the list only tells who is there: entries that are new, or whose row changed or moved, are
    asked for one by one, the others stay as they are stored.
    """

    rows: PagedList[Participant | Removal]
    is_everyone: bool = True
    details: Details | None = None


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
    """One source with one credential. Everything here is pure; ``sync`` does the talking.

    ``asks_since``: how far before the last complete reading a list of changed entries must begin, because clocks
    differ; None where the service knows no filter by change.
    """

    key: str
    limits: Limits

    @property
    def asks_since(self) -> timedelta | None: ...
    def secrets(self) -> tuple[str, ...]: ...
    def token_request(self) -> Request | None: ...
    def read_token(self, response: Response) -> Token: ...
    def sign(self, request: Request, token: Token | None) -> Request: ...
    def check(self, response: Response) -> None:
        """Raise the error that an answer stands for."""

    def login_probe(self) -> Request:
        """A call that only this login can make: its answer passes ``check`` while the login is good."""

    def needs_proof(self) -> bool:
        """Whether the list of events looks well without a login, so that the probe must be made before it."""

    def events(self) -> PagedList[Event]: ...
    def course_lists(
        self, event: ProviderEventId, read: Mapping[str, Sequence[Any]], *, results: bool
    ) -> Mapping[str, PagedList[Any]]:
        """What else must be read before entries, or with ``results`` the results, can be: asked until it gives none.

        ``read``: the records of the lists that were read, by name.
        """

    def course(self, event: ProviderEventId, read: Mapping[str, Sequence[Any]]) -> Course: ...
    def participants(self, event: ProviderEventId, course: Course, since: datetime | None) -> Sequence[EntryList]:
        """The entries, or with ``since`` those that changed at that instant or later."""

    def results(self, event: ProviderEventId, course: Course) -> Sequence[ResultList]: ...
    def watched_results(self, event: ProviderEventId, course: Course) -> Sequence[WatchedResults]: ...
