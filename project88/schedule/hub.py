"""Collects from every configured account: discovery every 6 h, each live event at its planned polls."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from project88.edges import clock
from project88.errors import CredentialsRefused
from project88.schedule.live import LiveCollector
from project88.schedule.plan import RESULTS
from project88.store.budget import hub_clock
from project88.store.connection import Database
from project88.store.events import StoredEvent, events_of
from project88.store.partners import Credential
from project88.sync.accounts import Account, collectable_credentials, open_account
from project88.sync.discovery import discover
from project88.sync.event import participants_only, sync_event

log = logging.getLogger(__name__)

DISCOVERY_EVERY = timedelta(hours=6)
PARTICIPANTS_EVERY = timedelta(hours=24)
#: Events whose start is nearer than this have their entries collected daily.
PARTICIPANTS_AHEAD = timedelta(days=30)
LOOK_SECONDS = 5.0


async def collect_everything(db: Database) -> None:
    """Run until cancelled. One account's refused login ends that account's collecting only."""
    async with asyncio.TaskGroup() as tasks:
        for credential in await collectable_credentials(db, None, None):
            tasks.create_task(_collect_account(db, credential))


async def _collect_account(db: Database, credential: Credential) -> None:
    try:
        async with open_account(db, credential) as account, asyncio.TaskGroup() as tasks:
            await _AccountCollecting(account, tasks).run()
    except* CredentialsRefused as group:
        log.error(
            "timing partner %s: %s; its collecting has ended",
            credential.timing_partner_id,
            group.exceptions[0],
            extra={"action": "credentials_refused"},
        )


class _AccountCollecting:
    def __init__(self, account: Account, tasks: asyncio.TaskGroup) -> None:
        self._account = account
        self._tasks = tasks
        self._live: dict[str, asyncio.Task[None]] = {}
        self._participants_due: dict[str, datetime] = {}
        self._discovery_due: datetime | None = None

    async def run(self) -> None:
        while True:
            now = (await hub_clock(self._account.db)).now
            if self._discovery_due is None or now >= self._discovery_due:
                await discover(self._account)
                self._discovery_due = now + DISCOVERY_EVERY
            for event in await events_of(self._account.db, self._account.source):
                await self._look_at(event, now)
            await clock.sleep(LOOK_SECONDS)

    async def _look_at(self, event: StoredEvent, now: datetime) -> None:
        if event.start_date is None or event.upstream_state is not None:
            return
        if event.start_date <= now <= event.start_date + RESULTS[-1].ends:
            self._begin_live(event, event.start_date)
        elif now < event.start_date < now + PARTICIPANTS_AHEAD and now >= self._participants_due.get(
            event.event_id, now
        ):
            self._participants_due[event.event_id] = now + PARTICIPANTS_EVERY
            await sync_event(self._account, event.scope(self._account.source), "participants", participants_only)

    def _begin_live(self, event: StoredEvent, start: datetime) -> None:
        if event.event_id not in self._live:
            collector = LiveCollector(self._account, event.scope(self._account.source), start, lambda _: None)
            self._live[event.event_id] = self._tasks.create_task(collector.run())
