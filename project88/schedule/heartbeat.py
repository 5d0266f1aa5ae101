"""Says every few seconds that a long-running program is alive. Does none of its work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from project88.edges import clock
from project88.edges.identity import host_and_pid
from project88.errors import StoreError
from project88.schedule.ending import broken_off
from project88.store.connection import Database
from project88.store.heartbeats import Component, Program, beat, leave

log = logging.getLogger(__name__)

BEAT_SECONDS = 15.0
#: An orderly end may not wait for a database that is away.
LEAVE_SECONDS = 2.0


@asynccontextmanager
async def beating(db: Database, component: Component, instance: str) -> AsyncIterator[None]:
    """The program's row in heartbeats is renewed while the block runs, and removed at its end."""
    host, pid = host_and_pid()
    program = Program(component=component, instance=instance, host=host, pid=pid)
    task = asyncio.create_task(_beat(db, program))
    try:
        yield
    finally:
        await broken_off(task)
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                await leave(db, program)


async def _beat(db: Database, program: Program) -> None:
    while True:
        try:
            await beat(db, program)
        except StoreError as error:
            log.warning("the heartbeat is not written: %s", error, extra={"action": "heartbeat_missed"})
        await clock.sleep(BEAT_SECONDS)
