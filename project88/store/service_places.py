"""The calls that a service takes at once from all programs together, as locks of the database. Makes no call."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project88.store.connection import Database
from project88.store.queries import load

queries = load("service_places")


@asynccontextmanager
async def place_of(db: Database, service: str, places: int) -> AsyncIterator[None]:
    """A block that has one of the places. It keeps a connection of the pool, so few may wait for one at once."""
    async with db.connection() as connection:
        order = random.sample(range(places), places)
        for place in order:
            asked = {"service": service, "place": place}
            row = await (await connection.execute(queries["take"], asked)).fetchone()
            if row and row[0]:
                break
        else:
            await connection.execute(queries["wait"], asked)
        try:
            yield
        finally:
            if not connection.broken:
                await connection.execute(queries["give_back"], asked)
