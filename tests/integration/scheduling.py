"""What the tests of the schedule share: a hub at work on the plan, and a clock that jumps to what is due next."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.sandbox import Fault, World, list_world
from project88.schedule.service import plan_until, work_until
from project88.store import plan
from project88.store.budget import hub_clock, set_clock
from project88.store.connection import Database
from tests.hub_command import CHECKOUT

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02
#: A child that runs the command with other constants than it ships with, and may die when it polls.
CHILD = """
import importlib, json, os, signal, sys

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

for name, value in json.loads(sys.argv.pop(1)).items():
    module, _, constant = name.rpartition(".")
    setattr(importlib.import_module(module), constant, die if value == "die" else value)
from project88.cli.app import main
sys.exit(main())
"""
#: Heartbeats that a test can wait for.
QUICK: Mapping[str, object] = {"project88.store.queue.SILENT_SECONDS": 2.0}


async def set_hub_time(db: Database, instant: datetime) -> None:
    """From now on the hub's clock runs on from ``instant``. Slots of another time are forgotten."""
    await set_clock(db, 1.0, instant.timestamp() - time.time())
    await look(db, "update call_budgets set next_slot_at = '-infinity'")
    await look(db, f"select pg_notify('{plan.CHANNEL}', '')")


async def look(db: Database, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    async with db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL(statement), parameters)
        return await cursor.fetchall() if cursor.description is not None else []


@asynccontextmanager
async def planner_and_worker(db: Database, name: str = "tester") -> AsyncIterator[asyncio.Event]:
    """Both at work in this process until the block ends; the event stops them earlier."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(plan_until(db, stop))
        tasks.create_task(work_until(db, name, stop))
        try:
            yield stop
        finally:
            stop.set()


async def until_idle(db: Database, told: asyncio.Event) -> None:
    """Until nothing is due any more: every poll waits for an instant in the future."""
    while True:
        told.clear()
        busy = await look(
            db,
            "select 1 from schedule_plan where state in ('queued', 'running') or (state = 'waiting' and next_due <= "
            "hub_now()) union all select 1 from schedule_changes",
        )
        if not busy:
            return
        async with asyncio.timeout(30):
            await told.wait()


async def jump_to_next(db: Database) -> datetime | None:
    """Set the clock to the next due instant; None where nothing is planned."""
    found = await look(db, "select min(next_due) as due from schedule_plan where state = 'waiting'")
    due: datetime | None = found[0]["due"]
    if due is not None and due > (await hub_clock(db)).now:
        await set_hub_time(db, due)
    return due


def world_due_now(*sizes: int, seconds_ago: float = 5) -> World:
    """Events in which all have finished. A poll of results was due a few seconds ago, the next one is 90 s after it."""
    since_start = timedelta(minutes=5, seconds=25 * 90 + seconds_ago)
    return list_world(*sizes, start=datetime.now(UTC).replace(microsecond=0) - since_start)


def held(provider_event_id: str, seconds: float = 60.0, **more: Any) -> Fault:
    """The list of results is not given for so long; everything else is."""
    return Fault(kind="slow", path_glob=f"/api/event/{provider_event_id}/results", pause_seconds=seconds, **more)


async def only_results(db: Database) -> None:
    """Switch off every other poll."""
    await look(db, "update cadence_rules set is_on = false where kind <> 'results'")


async def the_poll(db: Database, kind: str = "results") -> dict[str, Any]:
    """The only row of a kind in the plan; empty as long as there is none."""
    rows = await look(db, "select * from schedule_plan where kind = %(kind)s", kind=kind)
    assert len(rows) <= 1
    return rows[0] if rows else {}


async def history(db: Database, kind: str = "results") -> list[dict[str, Any]]:
    return await look(db, "select * from sync_history where sync_type = %(kind)s order by sync_history_id", kind=kind)


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        # The condition is the work of others in the database, which set no event of ours.
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)


async def until_state(db: Database, *states: str, kind: str = "results") -> dict[str, Any]:
    """The only poll of a kind once it is in one of the states."""

    async def is_there() -> bool:
        return (await the_poll(db, kind)).get("state") in states

    await until(is_there)
    return await the_poll(db, kind)


async def until_polled(db: Database, polls: int, kind: str = "results") -> None:
    """Until so many polls of a kind were accounted for, over all events, in the plan and in the history."""

    async def are_done() -> bool:
        found = await look(
            db,
            "select coalesce(sum(polls), 0) >= %(polls)s and not exists (select from sync_history where "
            "status = 'running') as are_done from schedule_plan where kind = %(kind)s",
            kind=kind,
            polls=polls,
        )
        return bool(found[0]["are_done"])

    await until(are_done)


@asynccontextmanager
async def planners(db: Database, count: int = 1) -> AsyncIterator[None]:
    """Planners at work in this process until the block ends."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(plan_until(db, stop))
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def workers(db: Database, *names: str) -> AsyncIterator[asyncio.Event]:
    """Workers in this process until the block ends; the event stops them earlier."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for name in names or ("tester",):
            tasks.create_task(work_until(db, name, stop))
        try:
            yield stop
        finally:
            stop.set()


@dataclass(frozen=True, slots=True)
class HubProcess:
    """A process of the command. What it said is in files."""

    process: asyncio.subprocess.Process
    folder: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> list[str]:
        return (self.folder / "err").read_text().splitlines()

    @property
    def is_running(self) -> bool:
        return self.process.returncode is None

    async def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """The exit code; fails where the process lives longer than that."""
        return await asyncio.wait_for(self.process.wait(), seconds)


@asynccontextmanager
async def processes(
    url: str,
    folder: Path,
    *commands: str,
    constants: Mapping[str, object] = QUICK,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[list[HubProcess]]:
    """Commands as processes, told to work with other constants; killed at the end where they still run."""
    settings = {**os.environ, "DATABASE_URL": url, "PROJECT88_HOME": str(folder), **(environment or {})}
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(_process(folder, number, command, dict(constants), settings))
            for number, command in enumerate(commands)
        ]


@asynccontextmanager
async def _process(
    folder: Path, number: int, command: str, constants: dict[str, object], settings: Mapping[str, str]
) -> AsyncIterator[HubProcess]:
    own = folder / f"{number}-{command.split(maxsplit=1)[0]}-{time.monotonic_ns()}"
    own.mkdir()
    no_metrics = () if "--metrics-port" in command else ("--metrics-port", "0")
    with (own / "out").open("wb") as out, (own / "err").open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHILD, json.dumps(constants), *command.split(), *no_metrics),
            stdout=out,
            stderr=err,
            env=settings,
            cwd=CHECKOUT,
        )
    try:
        yield HubProcess(process, own)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
