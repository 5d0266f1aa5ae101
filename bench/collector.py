"""The hub's own way from the API into the database, as a child process. Measures nothing itself."""

from __future__ import annotations

from dataclasses import replace

from bench.children import Task, answer
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.partners import add_partner, credential, set_credentials
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.sync.event import sync_event

PROVIDER = "chronotrack_live"
PARTNER = TimingPartnerId(1)
#: As fast as the server answers; what the service allows is not what is measured here.
CONFIG = {"rate_limit": 999_999, "page_size": 1000, "max_concurrency": 4}


async def prepare(database_url: str, base_url: str) -> None:
    """One partner, its login and its discovered event."""
    async with Database.open(database_url) as db:
        partner = await add_partner(db, "Benchmark", "UTC")
        assert partner == PARTNER
        await set_credentials(db, partner, PROVIDER, "bench@example.org", "no secret", {**CONFIG, "base_url": base_url})
        async with open_account(db, await credential(db, partner, PROVIDER)) as account:
            outcome = await discover(account)
            if outcome.events_synced != 1:
                raise RuntimeError(f"discovery is {outcome.status}: {outcome.error_message or outcome.reason}")


async def collect(task: Task) -> None:
    """Collect the one event whole. A list that lacks rows would not be completed."""
    async with Database.open(task.database_url) as db:
        login = await credential(db, PARTNER, PROVIDER)
        login = replace(login, additional_config={**login.additional_config, "base_url": task.source})
        async with open_account(db, login) as account:
            event = (await events_of(db, account.source))[0]
            outcome = await sync_event(account, event.scope(account.source), "results")
    if outcome.status != "completed" or outcome.reason is not None:
        raise RuntimeError(f"the sync is {outcome.status}: {outcome.error_message or outcome.reason}")


if __name__ == "__main__":
    answer(collect)
