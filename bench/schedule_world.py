"""Ten thousand watched events of 13 partners, made by SQL, of which 650 are live. Runs no poll."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from datetime import datetime

from bench import service
from bench.postgres import BenchDatabase
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials

EVENTS, LIVE, PARTNERS = 10_000, 650, 13
#: The last one's service hangs.
HANGING = f"partner {PARTNERS}"
#: Besides those of all benchmarks. The queue is a table that is written all the time, so autovacuum belongs to it.
SETTINGS = {"autovacuum": "on", "max_connections": "300"}


async def make_partners(hub: Database, port: int) -> None:
    for number in range(1, PARTNERS + 1):
        name = f"partner {number}"
        partner = await add_partner(hub, name, "UTC")
        config = {"base_url": service.base_url(port, name.replace(" ", "-"))}
        await set_credentials(hub, partner, "chronotrack_live", "bench@example.org", "no secret", config)


async def make_events(db: BenchDatabase, begins: datetime, window_seconds: float = 60.0) -> None:
    """The live ones' first results fall due from ``begins`` on, in hub time, evenly spread over the window."""
    parameters = {
        "events": EVENTS,
        "live": LIVE,
        "partners": PARTNERS,
        "begins": begins,
        "window_seconds": window_seconds,
    }
    await db.execute("make_events", parameters)
    await db.run("forget_changes", "tidy")


async def timed(work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began
