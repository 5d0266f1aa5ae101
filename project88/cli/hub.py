"""The hub at work on the real services: planner, worker and the results page in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from project88.cli.pages import reading_database
from project88.cli.services import deliver, service, tell, work
from project88.edges import browser
from project88.errors import HubError
from project88.schedule.service import plan_until
from project88.store.connection import Database
from project88.store.progress import attempts_by_status, collected
from project88.web.app import serve


async def collect_until_stopped(
    *, port: int, open_browser: bool, duration_seconds: float | None, trusted_proxies: Sequence[str]
) -> None:
    """Runs until Ctrl-C or SIGTERM, or for ``duration_seconds``."""
    page = f"http://127.0.0.1:{port}"
    async with service(None, duration_seconds) as running:
        tell(f"Collecting from the configured services. Results page: {page}  Operator's page: {page}/operator")
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
            await _summarise(running.db)


async def _summarise(db: Database) -> None:
    counts = await collected(db)
    attempts, calls = await attempts_by_status(db)
    tell(
        f"The hub holds {counts.events} events, {counts.participants} participants and {counts.results} results; "
        f"{sum(attempts.values())} attempts so far with {calls} calls, {attempts.get('failed', 0)} failed."
    )
