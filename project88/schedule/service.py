"""Keeps planner and workers running while the database comes and goes. Plans and runs nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping

from project88.edges import clock
from project88.edges.identity import process_name
from project88.schedule.ending import broken_off
from project88.schedule.heartbeat import beating
from project88.schedule.planner import run_planner
from project88.schedule.worker import LIVE_SLOTS, PollDone, Worker, slots_for
from project88.store.connection import Database

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 15.0
#: After a stop all ends within 10 s: the polls within 6, and the rest by then.
LAST_SECONDS = 7.5
#: What has run for so long counts as healthy: the next failure waits the short time again.
HEALTHY_SECONDS = 60.0


async def plan_until(db: Database, stop: asyncio.Event) -> None:
    """Plan until ``stop``, through every outage of the database."""
    async with beating(db, "planner", process_name()):
        await keep_running("the planner", lambda: run_planner(db, stop), stop)


async def work_until(
    db: Database,
    name: str,
    stop: asyncio.Event,
    slots: Mapping[str, int] | None = None,
    observe: Callable[[PollDone], None] = lambda done: None,
) -> None:
    """Run polls until ``stop``, through every outage of the database."""
    lanes = slots or slots_for(LIVE_SLOTS)
    async with beating(db, "worker", name):
        await keep_running(f"worker {name}", lambda: Worker(db, name, lanes, observe).run(stop), stop)


async def keep_running(name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Begin ``work`` anew whenever it fails, after a wait; return once it ends by itself."""
    wait = FIRST_WAIT_SECONDS
    while not stop.is_set():
        began = clock.monotonic()
        try:
            await _ended_in_time(name, work, stop)
            return
        except Exception as error:
            if clock.monotonic() - began > HEALTHY_SECONDS:
                wait = FIRST_WAIT_SECONDS
            reasons = "; ".join(dict.fromkeys(_reasons(error)))
            log.error("%s failed, again in %.0f s: %s", name, wait, reasons, extra={"action": "service_failed"})
        await stopped_within(stop, wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)


async def _ended_in_time(name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """What has not ended so long after the stop is broken off: it waits for a database that is away."""
    working = asyncio.ensure_future(work())
    too_late = asyncio.create_task(_passed_since(stop, LAST_SECONDS))
    try:
        await asyncio.wait({working, too_late}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            log.warning("%s is broken off: it does not end", name, extra={"action": "service_broken_off"})
    finally:
        too_late.cancel()
        await broken_off(working)
    if not working.cancelled():
        working.result()


async def _passed_since(stop: asyncio.Event, seconds: float) -> None:
    await stop.wait()
    await clock.sleep(seconds)


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


def _reasons(error: BaseException) -> Iterator[str]:
    """The errors at the bottom of groups, one line each."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _reasons(each)
    else:
        yield " ".join(f"{type(error).__name__}: {error}".split())
