"""The hub at work on the real services: collecting and the results page in one process."""

from __future__ import annotations

import asyncio
import sys

from project88.cli.common import borrowed_hub_database
from project88.edges import browser, clock
from project88.errors import HubError
from project88.schedule.hub import collect_everything
from project88.store.connection import Database
from project88.store.progress import attempts_by_status, collected
from project88.web.app import serve


async def collect_until_stopped(*, port: int, open_browser: bool, duration_seconds: float | None) -> None:
    """Runs until Ctrl-C or for ``duration_seconds``."""
    stop = asyncio.Event()
    page = f"http://127.0.0.1:{port}"
    async with borrowed_hub_database() as db:
        sys.stdout.write(f"Collecting from the configured services. Results page: {page}\n")
        sys.stdout.flush()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(serve(db, port=port, stop=stop))
                collecting = tasks.create_task(collect_everything(db))
                if open_browser:
                    browser.open_page(page)
                if duration_seconds is not None:
                    await clock.sleep(duration_seconds)
                    collecting.cancel()
                    stop.set()
        except* HubError as group:
            raise group.exceptions[0] from None
        finally:
            await _summarise(db)


async def _summarise(db: Database) -> None:
    counts = await collected(db)
    attempts, calls = await attempts_by_status(db)
    sys.stdout.write(
        f"The hub holds {counts.events} events, {counts.participants} participants and {counts.results} results; "
        f"{sum(attempts.values())} attempts so far with {calls} calls, {attempts.get('failed', 0)} failed.\n"
    )
    sys.stdout.flush()
