"""A service that counts all calls together has so many places, whoever asks; a program that dies gives its back."""

from __future__ import annotations

import asyncio

from project88.store.connection import Database
from project88.store.service_places import place_of


async def test_places_are_shared_by_programs_and_freed_by_their_end(database_url: str):
    async with Database.open(database_url) as other:
        dying = Database.open(database_url)
        first = await dying.__aenter__()
        entered = [asyncio.Event() for _ in range(3)]
        let_go = asyncio.Event()

        async def hold(db: Database, number: int) -> None:
            async with place_of(db, "a service", 2):
                entered[number].set()
                await let_go.wait()

        holders = [asyncio.create_task(hold(first, 0)), asyncio.create_task(hold(first, 1))]
        await asyncio.gather(entered[0].wait(), entered[1].wait())
        waiting = asyncio.create_task(hold(other, 2))
        async with place_of(other, "another service", 2):
            pass
        assert not entered[2].is_set()
        async with other.connection() as connection:
            await connection.execute(
                b"select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
                b" and database = (select oid from pg_database where datname = current_database())"
            )
        await entered[2].wait()
        let_go.set()
        await waiting
        await asyncio.gather(*holders, return_exceptions=True)
        await dying.__aexit__(None, None, None)
