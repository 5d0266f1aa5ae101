"""Questions that may be answered by a standby, and the choice between it and the primary. Knows no question.

Whoever was told something by the primary is not told less by the standby afterwards: reads go over to the standby only
when it has all that the primary had after its last answer, and back to the primary at once. So the versions of an event
never go back within a process, whatever is asked by whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.sql import SQL
from psycopg_pool import PoolTimeout

from project88.errors import HubError
from project88.store.connection import Database, Parameters, Stream

Row = dict[str, Any]
T = TypeVar("T")

#: Why reads go to the primary: a word for each reason, so that a change is told once.
Why = Literal["starting", "away", "unfit", "login", "behind", "conflict"]

#: A statement that the standby ended because of what it has to replay.
CONFLICTS = ("40001", "40P01", "57014")

#: The loop itself does not keep a task alive.
_under_way: set[asyncio.Task[Any]] = set()
_at_primary: ContextVar[bool] = ContextVar("at_primary", default=False)


class Lost(Exception):
    """The standby was given up while a question was under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where reads go. ``why`` None: to the standby; else ``text`` says more."""

    why: Why | None
    text: str = ""


class Route:
    """Where the reads of this process go, shared by everybody who asks."""

    def __init__(self, most_seconds: float) -> None:
        self.most_seconds = most_seconds
        self.state = State(why="starting", text="the standby has not been looked at yet")
        #: Reads that the standby broke off and the primary answered.
        self.retried = 0
        self._standby: Database | None = None
        #: The standby has all that the primary had at this instant of the loop's clock.
        self._as_of: float | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._at_primary = 0
        self._drained = asyncio.Event()
        self._drained.set()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def behind_seconds(self) -> float | None:
        """How old the standby's data is at most; None where that is not known."""
        return None if self._as_of is None else max(0.0, _now() - self._as_of)

    @property
    def is_at_standby(self) -> bool:
        return self._standby is not None

    def found(self, as_of_seconds: float | None) -> None:
        """What a look at the standby told."""
        self._as_of = as_of_seconds
        self._leave_if_behind()

    def leave(self, why: Why, text: str) -> None:
        """Reads go to the primary from now on."""
        self._standby = None
        self.state = State(why=why, text=text)

    def lose(self, why: Why, text: str) -> None:
        """The same, and what the standby has not answered yet is asked there no more."""
        self.leave(why, text)
        self._as_of = None
        self._lost.set_result(None)
        self._lost = asyncio.get_running_loop().create_future()

    async def go_over(self, standby: Database, has_all: Callable[[], Awaitable[None]], most_seconds: float) -> bool:
        """Reads go to the standby, once ``has_all`` ends; whether that came about. Until then they wait."""
        self._open.clear()
        try:
            await within(most_seconds, self._quiet_until(has_all))
        except TimeoutError:
            return False
        else:
            self._standby, self.state = standby, State(why=None)
            return True
        finally:
            self._open.set()

    async def _quiet_until(self, has_all: Callable[[], Awaitable[None]]) -> None:
        await self._drained.wait()
        await has_all()

    async def standby(self) -> Database | None:
        """The database to ask; None: the primary."""
        await self._open.wait()
        self._leave_if_behind()
        return None if _at_primary.get() else self._standby

    @contextmanager
    def at_primary(self) -> Iterator[None]:
        """A question to the primary is under way."""
        self._at_primary += 1
        self._drained.clear()
        try:
            yield
        finally:
            self._at_primary -= 1
            if not self._at_primary:
                self._drained.set()

    async def at_standby(self, question: Coroutine[Any, Any, T]) -> T:
        """Its answer. Raises Lost where the standby is lost meanwhile."""
        asked = _asked(question)
        either: set[asyncio.Future[Any]] = {asked, self._lost}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
        finally:
            asked.cancel()
        raise Lost

    def failed(self, standby: Database, error: HubError) -> None:
        """Leave a standby that did not answer a question: the primary's answer may say more than it has.

        Raises the error where the question is to blame.
        """
        cause = error.__cause__
        if not isinstance(cause, psycopg.OperationalError):
            raise error
        if standby is not self._standby:
            # It was left meanwhile, and may be another one by now.
            return
        if isinstance(cause, PoolTimeout) or cause.sqlstate in CONFLICTS:
            self.leave("conflict", str(error))
        else:
            self.lose("away", str(error))

    def _leave_if_behind(self) -> None:
        """Also where nobody looks any more."""
        behind = self.behind_seconds
        if self._standby is not None and (behind is None or behind > self.most_seconds):
            known = "it is not known how far it is" if behind is None else f"it is {behind:.1f} s"
            self.leave("behind", f"{known} behind, allowed are {self.most_seconds:g} s")


class Reads(Database):
    """The primary, some of whose questions go to the standby. Whatever takes a connection goes to the primary."""

    def __init__(self, primary: Database, route: Route) -> None:
        super().__init__(primary.conninfo, primary._pool)
        self._named, self._partners = primary._named, primary._partners
        self._primary = primary
        self.route = route

    @property
    def primary(self) -> Database:
        return self._primary

    async def rows(self, query: SQL, parameters: Parameters | None = None) -> list[Row]:
        return await self.ask(lambda db: db.rows(query, parameters))

    async def rows_planned_anew(self, query: SQL, parameters: Parameters | None = None) -> list[Row]:
        return await self.ask(lambda db: db.rows_planned_anew(query, parameters))

    async def row(self, query: SQL, parameters: Parameters | None = None) -> Row | None:
        return await self.ask(lambda db: db.row(query, parameters))

    async def value(self, query: SQL, parameters: Parameters | None = None) -> Any:  # noqa: ANN401
        return await self.ask(lambda db: db.value(query, parameters))

    @asynccontextmanager
    async def stream(self, query: SQL, parameters: Parameters, portion_rows: int) -> AsyncIterator[Stream]:
        """Only until the first portion is there the primary can stand in for the standby."""
        async with AsyncExitStack() as opened:
            yield await self.ask(lambda db: opened.enter_async_context(db.stream(query, parameters, portion_rows)))

    def _limited_to(self, partners: str) -> Database:
        return Reads(self._primary._limited_to(partners), self.route)

    async def ask(self, question: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        while (standby := await self.route.standby()) is not None:
            try:
                # Nobody's rows, where nobody is named.
                return await self.route.at_standby(question(standby._limited_to(self._partners or "")))
            except Lost:
                pass
            except HubError as error:
                self.route.failed(standby, error)
            self.route.retried += 1
        with self.route.at_primary():
            return await question(self._primary)


def at_primary(db: Database) -> Database:
    """Where what decides is asked: never a standby."""
    return db.primary if isinstance(db, Reads) else db


def route_of(db: Database) -> Route | None:
    """None where there is no standby."""
    return db.route if isinstance(db, Reads) else None


def behind_seconds(db: Database) -> int:
    """How old at most what is read now is, in whole seconds; 0 at the primary."""
    route = route_of(db)
    is_read = route is not None and route.is_at_standby and not _at_primary.get()
    return int(route.behind_seconds or 0) if route is not None and is_read else 0


def stay_at_primary() -> None:
    """What this request asks from now on, it asks the primary."""
    _at_primary.set(True)


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Raises TimeoutError at once, where ``asyncio.timeout`` waits until a statement is cancelled: for seconds, where
    the other side is silent."""
    asked = _asked(work)
    try:
        await asyncio.wait({asked}, timeout=seconds)
        if asked.done():
            return asked.result()
    finally:
        asked.cancel()
    raise TimeoutError(f"no answer within {seconds:g} s")


def _asked(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task whose end may interest nobody any more."""
    task = asyncio.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_end)
    return task


def _end(task: asyncio.Task[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()


def _now() -> float:
    return asyncio.get_running_loop().time()
