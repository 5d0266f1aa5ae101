"""Two partners whose logins are accounts of the local service. Measures nothing."""

from __future__ import annotations

from bench import service
from bench.postgres import BenchDatabase
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials

ACCOUNTS = ("first", "second")


async def add_logins(db: BenchDatabase, port: int) -> None:
    async with Database.open(db.url) as hub:
        for name in ACCOUNTS:
            partner = await add_partner(hub, name, "UTC")
            config = {"base_url": service.base_url(port, name), "rate_limit": service.LIMIT}
            await set_credentials(hub, partner, "chronotrack_live", "bench@example.org", "no secret", config)
