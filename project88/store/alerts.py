"""The problems that people are told of, and the messages that went out. Decides nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from project88.store.connection import Connection, Database, number_of
from project88.store.queries import load

queries = load("alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A problem, open while ``over_at`` is None, and what was told of it: ``told_state`` None stands for nothing."""

    problem: str
    check_name: str
    who: str
    state: str
    cause: str
    remedy: str
    since: datetime
    over_at: datetime | None
    told_at: datetime | None
    told_state: str | None
    #: The server's clock when it was read.
    now: datetime


async def hold(connection: Connection) -> bool:
    """Whether this transaction is the one that decides; another program may be at it."""
    row = await (await connection.execute(queries["hold"])).fetchone()
    return row is not None and bool(row[0])


async def note(connection: Connection, problems: Collection[Mapping[str, Any]]) -> list[Alert]:
    """What is wrong now, whole; gives all that somebody may have to be told of."""
    for problem in problems:
        await connection.execute(queries["note"], problem)
    names = [problem["problem"] for problem in problems]
    await connection.execute(queries["end_others"], {"problems": names})
    await connection.execute(queries["forget"])
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["alerts"])
        return [Alert(**row) for row in await cursor.fetchall()]


async def messages_of_the_hour(connection: Connection) -> int:
    return await number_of(connection, queries["messages_of_the_hour"])


async def told(connection: Connection, problems: Collection[str]) -> None:
    await connection.execute(queries["told"], {"problems": list(problems)})


async def sent(connection: Connection, channel: str, notices: int, error_message: str | None) -> None:
    parameters = {"channel": channel, "notices": notices, "error_message": error_message}
    await connection.execute(queries["sent"], parameters)
    await connection.execute(queries["forget_messages"])


async def failing_channels(db: Database) -> list[dict[str, Any]]:
    return await db.rows(queries["failing_channels"])
