"""The database as the store's other modules see it: a pool, transactions, and statements by name. Knows no table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, dict_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool

from project88.errors import ConfigError
from project88.store.failures import checked_conninfo, connecting, translated
from project88.store.queries import load

OLDEST_SERVER_VERSION = 150_000
CONNECT_TIMEOUT_SECONDS = 10
POOL_TIMEOUT_SECONDS = 30.0
POOL_SIZE = 8
#: So many connections for long work are kept while nobody needs them, where their temporary tables are small.
KEPT_CONNECTIONS = 8
KEPT_BYTES_AT_MOST = 8 * 1024 * 1024
#: The pool waits ever longer between its attempts to connect; after so long it begins with short waits again.
RECONNECT_SECONDS = 10.0
#: A peer whose machine is gone is noticed within 14 s, before another worker takes its polls over.
KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 14_000}

#: A timing partner may be added at any moment, so this is asked each time.
ALL_PARTNERS = "all"

queries = load("connection")

Connection = AsyncConnection[TupleRow]
Parameters = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The columns of a statement, and its rows as they arrive."""

    columns: tuple[str, ...]
    rows: AsyncIterator[dict[str, Any]]


class Database:
    """One database and a pool of connections to it. Every connection commits each statement unless in a transaction."""

    def __init__(self, conninfo: str, pool: AsyncConnectionPool[Connection]) -> None:
        self._conninfo = conninfo
        self._pool = pool
        self._kept: list[Connection] = []
        #: Whose rows a reader sees on a connection of the pool, as far as we set it.
        self._named: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()
        self._partners: str | None = None

    @property
    def conninfo(self) -> str:
        """Where this connects, with the password: not for logs."""
        return self._conninfo

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, pool_size: int = POOL_SIZE, wait_seconds: float = POOL_TIMEOUT_SECONDS
    ) -> AsyncIterator[Database]:
        """Connect to ``url`` (an empty one: as libpq's own environment says) and close all at the end.

        A statement waits ``wait_seconds`` for a connection.
        """
        conninfo = _our_conninfo(url)
        await _check(conninfo)
        pool = AsyncConnectionPool(
            conninfo,
            connection_class=Connection,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=_begin_session,
            check=AsyncConnectionPool.check_connection,
            timeout=wait_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
        )
        async with pool:
            database = cls(conninfo, pool)
            try:
                yield database
            finally:
                await database._close_kept()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool."""
        with translated():
            async with self._pool.connection() as connection:
                await self._name_partners(connection)
                yield connection

    def of_partners(self, partners: Collection[int]) -> Database:
        """The same pool; a login that row-level security limits sees the rows of these timing partners."""
        return self._limited_to(",".join(map(str, sorted(set(partners)))))

    def of_all_partners(self) -> Database:
        """The same pool; a login that row-level security limits sees the rows of every timing partner."""
        return self._limited_to(ALL_PARTNERS)

    def _limited_to(self, partners: str) -> Database:
        limited = Database(self._conninfo, self._pool)
        limited._named, limited._partners = self._named, partners
        return limited

    async def _name_partners(self, connection: Connection) -> None:
        partners = self._partners
        if partners == ALL_PARTNERS:
            await connection.execute(queries["name_all_partners"])
        elif partners is not None and self._named.get(connection) != partners:
            await connection.execute(queries["name_partners"], {"partners": partners})
        else:
            return
        self._named[connection] = partners

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection of the pool inside a transaction: committed at the end, rolled back on an error."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection of the pool whose statements all see the database of one moment and write nothing."""
        async with self.transaction() as connection:
            await connection.execute(queries["see_one_moment"])
            yield connection

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Connection]:
        """A connection for one piece of long work, with locks and temporary tables; what fails closes it.

        A few are kept for the next work, without their locks and with their temporary tables as they were left: to
        make a connection and its tables costs a poll of a small event more than all the rest.
        """
        with translated():
            connection = await self._kept_connection() or await _connect(self._conninfo)
            # A plan that suits a small event may not suit the next one.
            connection.prepare_threshold = None
            try:
                yield connection
                is_fit = len(self._kept) < KEPT_CONNECTIONS and await _is_fit(connection)
            except BaseException:
                await connection.close()
                raise
            if is_fit and not self._pool.closed:
                self._kept.append(connection)
            else:
                await connection.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Connection]:
        """A connection of its own, closed at the end, so nothing of it stays."""
        with translated():
            connection = await _connect(self._conninfo)
            try:
                yield connection
            finally:
                await connection.close()

    async def _kept_connection(self) -> Connection | None:
        """One that still works; the server may have been away."""
        while self._kept:
            connection = self._kept.pop()
            try:
                await AsyncConnectionPool.check_connection(connection)
            except OperationalError:
                await connection.close()
            else:
                return connection
        return None

    async def _close_kept(self) -> None:
        while self._kept:
            await self._kept.pop().close()

    @asynccontextmanager
    async def notices(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever somebody notifies the channel; also when the connection is lost."""
        async with self.listening() as connection:
            await connection.execute(SQL("listen {}").format(Identifier(channel)))
            told = asyncio.Event()
            listening = asyncio.create_task(_listen(connection, told))
            try:
                yield told
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def ask(self, question: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        """The answer to a question of several statements, which reads only."""
        return await question(self)

    async def rows(self, query: SQL, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query, parameters)
            return await cursor.fetchall()

    async def row(self, query: SQL, parameters: Parameters | None = None) -> dict[str, Any] | None:
        """The first row; None where there is none."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query, parameters)
            return await cursor.fetchone()

    async def value(self, query: SQL, parameters: Parameters | None = None) -> Any:  # noqa: ANN401
        """The first column of the first row; None where there is no row."""
        async with self.connection() as connection:
            row = await (await connection.execute(query, parameters)).fetchone()
            return row[0] if row else None

    async def rows_planned_anew(self, query: SQL, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        """Rows of a statement planned for these parameters; a plan for any parameters may take ten times as long."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query, parameters, prepare=False)
            return await cursor.fetchall()

    @asynccontextmanager
    async def stream(self, query: SQL, parameters: Parameters, portion_rows: int) -> AsyncIterator[Stream]:
        """Rows as they arrive, in portions; the first portion is there when the block begins."""
        async with self.transaction() as connection, connection.cursor("stream", row_factory=dict_row) as cursor:
            cursor.itersize = portion_rows
            await cursor.execute(query, parameters)
            first = await cursor.fetchmany(portion_rows)
            columns = tuple(column.name for column in cursor.description or ())
            yield Stream(columns=columns, rows=_then(first, cursor))

    async def execute(self, query: SQL | Composed, parameters: Parameters | None = None) -> int:
        """Run a statement and count the rows it touched."""
        async with self.connection() as connection:
            return (await connection.execute(query, parameters)).rowcount

    async def name(self) -> str:
        return str(await self.value(queries["database_name"]))

    async def server_version(self) -> str:
        return str(await self.value(queries["server_version"]))

    async def is_empty(self) -> bool:
        """Whether the database holds no table or view."""
        return bool(await self.value(queries["is_empty"]))

    async def size_bytes(self) -> int:
        return int(await self.value(queries["size"]))


async def number_of(
    connection: AsyncConnection[Any], query: SQL | Composed, parameters: Parameters | None = None
) -> int:
    """The number that a statement gives; 0 where it gives no row."""
    row = await (await connection.execute(query, parameters)).fetchone()
    return int(row[0]) if row else 0


async def ensure_database(admin_url: str, name: str) -> None:
    """Make the database ``name`` on the server of ``admin_url`` unless it is there."""
    async with _admin(admin_url) as connection:
        cursor = await connection.execute(queries["database_exists"], {"name": name})
        row = await cursor.fetchone()
        if row and row[0]:
            return
        try:
            await connection.execute(queries["create_database"].format(name=Identifier(name)))
        except (errors.DuplicateDatabase, errors.UniqueViolation):
            # Another process was faster, and that is as good.
            return


async def recreate_database(admin_url: str, name: str) -> None:
    """Make the database ``name`` anew and empty. Raises StoreError while anybody else is connected to it."""
    async with _admin(admin_url) as connection:
        await connection.execute(queries["drop_database"].format(name=Identifier(name)))
    await ensure_database(admin_url, name)


async def other_clients(admin_url: str) -> int:
    """How many programs are connected to the server of ``admin_url``, this question's own connection left out."""
    async with _admin(admin_url) as connection:
        return await number_of(connection, queries["other_clients"])


@asynccontextmanager
async def _admin(url: str) -> AsyncIterator[Connection]:
    conninfo = _our_conninfo(url)
    with connecting():
        connection = await _connect(conninfo)
    try:
        with translated():
            yield connection
    finally:
        await connection.close()


async def _check(conninfo: str) -> None:
    """One connection before the pool, so that a wrong address is told at once and with its reason."""
    with connecting():
        connection = await _connect(conninfo)
    async with connection:
        version = connection.info.server_version
    if version < OLDEST_SERVER_VERSION:
        raise ConfigError(
            f"the server is PostgreSQL {version // 10_000}; upgrade it to {OLDEST_SERVER_VERSION // 10_000} or newer"
        )


async def _connect(conninfo: str) -> Connection:
    connection = await Connection.connect(conninfo, autocommit=True)
    try:
        await _begin_session(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _is_fit(connection: Connection) -> bool:
    """Let its locks go; whether it may be kept. One whose temporary tables are large keeps much memory."""
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        return False
    cursor = await connection.execute(queries["let_go"])
    row = await cursor.fetchone()
    return row is not None and row[0] <= KEPT_BYTES_AT_MOST


async def _then(first: list[dict[str, Any]], rest: AsyncIterable[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for row in first:
        yield row
    async for row in rest:
        yield row


async def _listen(connection: Connection, told: asyncio.Event) -> None:
    try:
        async for _ in connection.notifies():
            told.set()
    finally:
        told.set()


async def _begin_session(connection: Connection) -> None:
    await connection.execute(queries["begin_session"])


def _our_conninfo(url: str) -> str:
    return checked_conninfo(
        url, application_name="project88", client_encoding="utf8", connect_timeout=CONNECT_TIMEOUT_SECONDS, **KEEPALIVES
    )
