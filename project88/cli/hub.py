"""The hub at work on the real services: planner, worker and the results page in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from project88.cli.pages import reading_database
from project88.cli.services import deliver, service, tell, work
from project88.edges import browser
from project88.errors import HubError
from project88.schedule.service import plan_until
from project88.store.connection import Database
from project88.store.progress import attempts, server_time
from project88.store.results_page import event_count
from project88.web.app import serve


async def collect_until_stopped(
    *, port: int, open_browser: bool, duration_seconds: float | None, trusted_proxies: Sequence[str]
) -> None:
    """Runs until Ctrl-C or SIGTERM, or for ``duration_seconds``."""
    page = f"http://127.0.0.1:{port}"
    async with service(None, duration_seconds) as running:
        tell(f"Collecting from the configured services. Results page: {page}  Operator's page: {page}/operator")
        began = await server_time(running.db)
        try:
            async with reading_database(running.db) as pages, asyncio.TaskGroup() as tasks:
                served = serve(pages, port=port, stop=running.stop, hub=running.db, trusted_proxies=trusted_proxies)
                tasks.create_task(served)
                tasks.create_task(plan_until(running.db, running.stop))
                tasks.create_task(work(running))
                tasks.create_task(deliver(running))
                if open_browser:
                    browser.open_page(page)
        except* HubError as group:
            raise group.exceptions[0] from None
        finally:
            await _summarise(running.db, began)


async def _summarise(db: Database, began: datetime) -> None:
    """Of this run: to count all rows of a large hub would hold up its end."""
    events = await event_count(db)
    done = await attempts(db, began)
    tell(
        f"The hub holds {events} events. In this run {done.count} attempts with {done.calls} calls wrote "
        f"{done.rows_written} rows; {done.not_whole} failed or partial."
    )
