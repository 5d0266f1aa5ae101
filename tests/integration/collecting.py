"""What the tests of collecting share: a partner whose account is a sandbox, and looks into the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.sandbox import Fault, LiveSettings, Sandbox, World, rehearsal_world, serve
from project88.sandbox.live.settings import CLIENT_ID, CLIENT_SECRET, LOGIN, PASSWORD
from project88.store.connection import Database
from project88.store.events import StoredEvent, find_event
from project88.store.history import Outcome
from project88.store.partners import add_partner, credential, set_credentials
from project88.sync.accounts import Account, open_account
from project88.sync.discovery import discover
from project88.sync.event import Choice, everything, sync_event

PROVIDER = "chronotrack_live"


@dataclass
class Hub:
    """One partner's account opened on a sandbox."""

    db: Database
    account: Account
    sandbox: Sandbox

    async def event(self, provider_event_id: str, data_source: str | None = None) -> StoredEvent:
        return await find_event(self.db, provider_event_id, data_source=data_source)

    async def sync(
        self, provider_event_id: str, choice: Choice = everything, data_source: str | None = None
    ) -> Outcome:
        """``data_source``: of an event that is merged into another one."""
        event = await self.event(provider_event_id, data_source)
        return await sync_event(self.account, event.scope(self.account.source), "results", choice)

    async def look(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self.db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(SQL(statement), parameters)
            return await cursor.fetchall() if cursor.description is not None else []

    async def one(self, statement: str, **parameters: Any) -> Any:
        return next(iter((await self.look(statement, **parameters))[0].values()))

    async def versions(self) -> list[dict[str, Any]]:
        """Every stored row with the transaction that wrote it."""
        return await self.look(
            "select 'event', event_id, xmin::text from ct_events union all "
            "select 'race', event_id || race_id, xmin::text from ct_races union all "
            "select 'participant', event_id || entry_id, xmin::text from ct_participants union all "
            "select 'result', event_id || race_id || entry_id, xmin::text from ct_results order by 1, 2"
        )


@asynccontextmanager
async def hub_on(db: Database, world: World, *faults: Fault, **config: Any) -> AsyncIterator[Hub]:
    """Discovered already; ``config`` goes into additional_config."""
    async with (
        serve(world, LiveSettings(rate_limit=1_000_000), faults=faults) as sandbox,
        account_on(db, sandbox, **config) as account,
    ):
        await discover(account)
        yield Hub(db, account, sandbox)


@asynccontextmanager
async def account_on(db: Database, sandbox: Sandbox, name: str = "Timers", **config: Any) -> AsyncIterator[Account]:
    partner = await add_partner(db, name, "UTC")
    await set_credentials(db, partner, PROVIDER, LOGIN, PASSWORD, login_settings(sandbox.base_url, **config))
    async with open_account(db, await credential(db, partner, PROVIDER)) as account:
        yield account


def login_settings(base_url: str, **config: Any) -> dict[str, Any]:
    """Of a login that need not wait for its turn."""
    return {
        "base_url": base_url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "rate_limit": 600_000,
        **config,
    }


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def race_world(finishers: int = 60, *, days: float = 3, unfinished: bool = False) -> World:
    """The big race alone, over since so many days."""
    return rehearsal_world(days_ago(days), season=0, field_size=finishers, with_unfinished=unfinished)


def only_event(world: World) -> str:
    return next(iter(world.events))
