"""The job engine pgqueuer on the hub's database: hands jobs over and runs a lane of them. Knows no plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries as EngineQueries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel
from psycopg import AsyncRawCursor
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from project88.store.connection import Connection, Database
from project88.store.queries import load

#: How long a free worker waits before it looks by itself; a job that falls due sends no notice.
LOOK_SECONDS = 0.5
#: A job without a sign of life for so long is taken over by another worker.
SILENT_SECONDS = 20.0
#: What the engine notes of finished jobs is kept for so long; the hub's own account is sync_history.
LOG_DAYS = 7

#: Named here in full, so that no variable of the environment renames them.
SETTINGS = DBSettings(
    prefix="",
    db_schema="pgqueuer",
    channel=Channel("project88_jobs"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)

queries = load("queue")


class Later(RetryRequested):
    """Raised by a handler to have its job again after a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(delay=timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to hand over. ``rank``: of two ready jobs of a lane the one with the lower rank goes first."""

    lane: str
    payload: bytes
    key: str
    rank: int
    in_seconds: float


class _PooledDriver(PsycopgDriver):
    """Listens on a connection of its own, which is busy with that for seconds, and works through the pool."""

    def __init__(self, listening: Connection, db: Database) -> None:
        super().__init__(listening)
        self._db = db

    async def listen(self) -> None:
        """Before the lanes begin: of several that begin to listen at once only the last one would hear anything."""
        await self._connection.execute(SQL("listen {}").format(Identifier(SETTINGS.channel)))
        self._listeners[SETTINGS.channel] = []

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with self._db.connection() as connection:
            cursor = AsyncRawCursor(connection, row_factory=dict_row)
            await cursor.execute(query, args or None)
            return await cursor.fetchall()

    async def execute(self, query: str, *args: object) -> str:
        async with self._db.connection() as connection:
            cursor = AsyncRawCursor(connection)
            await cursor.execute(query, args or None)
            return cursor.statusmessage or ""


def _engine(driver: PsycopgDriver) -> EngineQueries:
    return EngineQueries(
        driver,
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


@asynccontextmanager
async def engine(db: Database) -> AsyncIterator[EngineQueries]:
    """The engine for the lanes of one process."""
    async with db.listening() as listening:
        driver = _PooledDriver(listening, db)
        await driver.listen()
        yield _engine(driver)


async def hand_over(connection: Connection, jobs: Sequence[NewJob]) -> None:
    """Put jobs into their lanes in the connection's transaction; one that is there already stays as it is."""
    if not jobs:
        return
    await _engine(PsycopgDriver(connection)).enqueue(
        [job.lane for job in jobs],
        [job.payload for job in jobs],
        [-job.rank for job in jobs],
        [timedelta(seconds=job.in_seconds) for job in jobs],
        [job.key for job in jobs],
        on_conflict="skip",
    )


async def run_lane(
    running: EngineQueries, lane: str, slots: int, handle: Callable[[bytes], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Run the lane's jobs, ``slots`` (2 or more) at once, until ``stop``; then wait for those that run."""
    manager = QueueManager(running, channel=SETTINGS.channel)

    async def execute(job: Job) -> None:
        await handle(job.payload or b"")

    manager.entrypoint(lane, accepts_context=False)(execute)
    stopping = asyncio.create_task(_pass_on(stop, manager.shutdown))
    try:
        await manager.run(
            dequeue_timeout=timedelta(seconds=LOOK_SECONDS),
            batch_size=max(1, slots // 2),
            max_concurrent_tasks=slots,
            shutdown_on_listener_failure=True,
            heartbeat_timeout=timedelta(seconds=SILENT_SECONDS),
            log_aggregation_interval=timedelta(0),
        )
    finally:
        stopping.cancel()


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()


async def forget_old_jobs(db: Database) -> None:
    await db.execute(queries["forget"], {"days": LOG_DAYS})
