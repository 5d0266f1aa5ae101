"""The listener as a whole: port, spool, database and status, from the start to an orderly end. Parses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from project88.edges.journal import opened_journal
from project88.edges.status_server import status_served
from project88.edges.tcp import serving
from project88.errors import ConfigError
from project88.listen.accounts import Accounts
from project88.listen.book import SessionBook
from project88.listen.drain import Drain
from project88.listen.figures import Figures
from project88.listen.link import Listener
from project88.listen.rules import Rules
from project88.listen.status import Status, status
from project88.schedule.ending import broken_off
from project88.schedule.service import keep_running, stopped_within
from project88.store.budget import hub_clock
from project88.store.connection import Database
from project88.store.timing import known_sessions, partner_zones

REFRESH_SECONDS = 5.0
#: After the stop the database has so long to take what is on the disk; what it does not take waits there.
LAST_SECONDS = 6.0
GIBIBYTE = 1024**3
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """``hosts`` None: every interface. ``time_zone`` is assumed where nobody said one; None: the partner's."""

    rules: Rules
    spool: Path
    port: int = 61611
    hosts: list[str] | None = None
    status_port: int = 61612
    time_zone: str | None = None
    spool_limit_bytes: int = 4 * GIBIBYTE
    connections_at_most: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where it listens, and how it stands at any moment."""

    port: int
    status_port: int
    status: Callable[[], Status]


@asynccontextmanager
async def listening(db: Database, options: ListenOptions, stop: asyncio.Event) -> AsyncIterator[Listening]:
    """Listen until the block ends; ``stop`` lets the reads on disk go into the database first.

    Before the port is opened, what an earlier listener left on disk is stored: the ledgers are whole then. Raises
    ConfigError where a port or the spool cannot be used, and where ``stop`` comes before the database does.
    """
    with opened_journal(options.spool) as journal:
        ended = asyncio.Event()
        drain = Drain(db, journal, options.time_zone)
        listener = Listener(
            options.rules,
            Accounts(),
            SessionBook(options.time_zone),
            journal,
            Figures(),
            has_room=lambda: drain.waiting_bytes < options.spool_limit_bytes,
        )
        learned = asyncio.Event()
        writing = asyncio.create_task(journal.write_until(ended))
        storing = asyncio.create_task(keep_running("storing reads", lambda: drain.run(stop), stop))
        learning = asyncio.create_task(
            keep_running("reading accounts and sessions", lambda: _learn(db, drain, listener, learned, stop), stop)
        )
        try:
            await _before(learned.wait(), stop)
            async with _opened(listener, drain, options) as opened:
                yield opened
        finally:
            stop.set()
            await broken_off(learning)
            await _ended_within(storing, LAST_SECONDS)
            ended.set()
            await _ended_within(writing, LAST_SECONDS)


@asynccontextmanager
async def _opened(listener: Listener, drain: Drain, options: ListenOptions) -> AsyncIterator[Listening]:
    def stands() -> Status:
        return status(listener, drain, options.spool_limit_bytes)

    def said() -> tuple[bool, bytes]:
        found = stands()
        return found.status != "failing", encode(found)

    async with (
        status_served(options.status_port, said) as status_port,
        serving(listener.serve, options.hosts, options.port, options.connections_at_most) as port,
    ):
        yield Listening(port=port, status_port=status_port, status=stands)


async def _learn(db: Database, drain: Drain, listener: Listener, learned: asyncio.Event, stop: asyncio.Event) -> None:
    """What the database knows and an operator may change, again and again."""
    await drain.until_current()
    while not stop.is_set():
        await listener.accounts.refresh(db)
        listener.book.learn(await hub_clock(db), await partner_zones(db), await known_sessions(db))
        learned.set()
        await stopped_within(stop, REFRESH_SECONDS)


async def _before(work: Coroutine[None, None, object], stop: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    if stop.is_set():
        raise ConfigError("stopped before the database was there")


async def _ended_within(task: asyncio.Task[None], seconds: float) -> None:
    await asyncio.wait({task}, timeout=seconds)
    await broken_off(task)
