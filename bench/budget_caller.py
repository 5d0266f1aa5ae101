"""A process that calls with every stored login until it is killed: live calls now and then, backfills all the time.

Prints, for each live call, the seconds from wanting it to having its answer.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

from project88.edges import clock
from project88.store.connection import Database
from project88.store.partners import Credential, credentials
from project88.sync.accounts import open_account
from project88.sync.client import ProviderClient
from project88.wire.messages import Request

LIVE_CALLS = 4
LIVE_EVERY_SECONDS = 2.0
BACKFILLS = 8


async def call(database_url: str) -> None:
    async with Database.open(database_url) as db, asyncio.TaskGroup() as group:
        for credential in await credentials(db):
            group.create_task(_use(db, credential))


async def _use(db: Database, credential: Credential) -> None:
    async with open_account(db, credential) as account, asyncio.TaskGroup() as group:
        request = account.provider.login_probe()
        group.create_task(_live(account.client.counting_anew("results"), request))
        for _ in range(BACKFILLS):
            group.create_task(_backfill(account.client.counting_anew("backfill"), request))


async def _live(client: ProviderClient, request: Request) -> None:
    while True:
        await asyncio.gather(*(_timed(client, request) for _ in range(LIVE_CALLS)))
        await clock.sleep(LIVE_EVERY_SECONDS)


async def _timed(client: ProviderClient, request: Request) -> None:
    began = clock.monotonic()
    await client.get(request)
    print(clock.monotonic() - began, flush=True)


async def _backfill(client: ProviderClient, request: Request) -> None:
    while True:
        await client.get(request)


if __name__ == "__main__":
    uvloop.run(call(sys.argv[1]))
