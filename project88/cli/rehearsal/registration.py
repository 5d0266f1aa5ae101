"""The rehearsal's start list: a registration service that knows who runs the race. Times nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project88.cli.rehearsal.hardware import NICE_OF_SERVICES, HardwareRace
from project88.edges.child import hub_process
from project88.errors import HubError
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.partners import credential, set_credentials
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.sync.event import participants_only, sync_event

#: The login is the sandbox's own default; it opens nothing else.
SECRET = "sandbox-secret"


@asynccontextmanager
async def start_list(db: Database, partner: TimingPartnerId, race: HardwareRace) -> AsyncIterator[int]:
    """Who runs, collected from a stand-in of RunSignUp that goes on until the block ends; gives how many."""
    arguments = ["sandbox", "registration", "runsignup", "--json", "--port", "0", "--start", race.starts_at.isoformat()]
    arguments += ["--speed", str(race.speed), f"--offset={race.offset_seconds!r}"]
    arguments += ["--field", str(race.field)] if race.field is not None else []
    async with hub_process(*arguments, nice=NICE_OF_SERVICES) as line:
        said = json.loads(line)
        await set_credentials(db, partner, "runsignup", said["key"], SECRET, {"base_url": said["base_url"]})
        yield await _collect(db, partner)


async def _collect(db: Database, partner: TimingPartnerId) -> int:
    async with open_account(db, await credential(db, partner, "runsignup")) as account:
        await discover(account)
        entries = 0
        for event in await events_of(db, account.source):
            outcome = await sync_event(account, event.scope(account.source), "participants", participants_only)
            if outcome.status != "completed":
                raise HubError(f"the start list did not come through: {outcome.error_message or outcome.reason}")
            entries += outcome.participants_synced
    return entries
