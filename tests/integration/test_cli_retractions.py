"""`project88 retractions` as an operator types it, after a real sync that saw half of an event vanish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from project88.sandbox import Fault, Sandbox, list_world, serve
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.history import Outcome
from project88.store.partners import add_partner, credentials, set_credentials
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.sync.event import sync_event
from tests.hub_command import HubCommand

ENTRIES = 40


@dataclass(frozen=True, slots=True)
class Event:
    hub: HubCommand
    db: Database
    sandbox: Sandbox
    provider_event_id: str
    entry_ids: list[str] = field(default_factory=list)

    async def sync(self) -> Outcome:
        [credential] = await credentials(self.db)
        async with open_account(self.db, credential) as account:
            await discover(account)
            [event] = await events_of(self.db, account.source)
            return await sync_event(account, event.scope(account.source), "results")

    async def shown(self) -> int:
        return len((await self.hub("results", self.provider_event_id, "--format", "json")).json)

    def vanish(self, count: int) -> None:
        """From now on the results of so many entries are missing upstream."""
        gone = frozenset(self.entry_ids[:count])
        self.sandbox.faults.add(Fault(kind="vanish", path_glob="/api/*/results", entry_ids=gone))


@pytest.fixture
async def event(database_url: str, db: Database, tmp_path: Path) -> AsyncIterator[Event]:
    world = list_world(ENTRIES, start=datetime(2026, 5, 2, 8, tzinfo=UTC))
    [[provider_event_id, listed]] = world.events.items()
    async with serve(world) as sandbox:
        partner = await add_partner(db, "Summit Timing", "UTC")
        config = {"base_url": sandbox.base_url, "client_id": "sandbox-client"}
        await set_credentials(db, partner, "chronotrack_live", "sandbox@example.org", "sandbox-password", config)
        entry_ids = [entry.entry_id for race in listed.races for entry in race.entries]
        event = Event(HubCommand(database_url, tmp_path), db, sandbox, provider_event_id, entry_ids)
        await event.sync()
        event.vanish(20)
        await event.sync()
        yield event


async def test_a_held_retraction_is_listed_applied_once_and_undone_when_the_rows_return(event: Event):
    listed = await event.hub("retractions", "list", "--json")
    shown_before = await event.shown()
    applied = await event.hub("retractions", "apply", str(listed.json[0]["held_retraction_id"]))
    again = await event.hub("retractions", "apply", str(listed.json[0]["held_retraction_id"]))
    shown_after = await event.shown()
    settled = await event.sync()
    event.sandbox.faults.clear()
    await event.sync()

    assert [(row["stream"], row["rows_gone"], row["rows_before"], row["state"]) for row in listed.json] == [
        ("results", 20, 40, "held")
    ]
    assert shown_before == 40
    assert applied.code == 0
    assert "20 of 20 results retracted" in applied.out
    assert again.code == 2
    assert "was already applied" in again.err
    assert shown_after == 20
    assert (settled.status, settled.rows_written, settled.rows_held) == ("completed", 0, 0)
    assert await event.shown() == 40


async def test_a_dismissed_retraction_keeps_the_rows_and_stands(event: Event):
    dismissed = await event.hub("retractions", "dismiss", "--all", "--timing-partner-id", "1", "--json")
    await event.sync()
    waiting = await event.hub("retractions", "list")
    decided = await event.hub("retractions", "list", "--all", "--json")

    assert [(row["state"], row["rows_named"], row["rows_retracted"]) for row in dismissed.json] == [
        ("dismissed", 20, 0)
    ]
    assert "no retraction waits" in waiting.out
    assert [row["state"] for row in decided.json] == ["dismissed"]
    assert await event.shown() == 40


async def test_a_retraction_that_other_rows_replaced_can_no_longer_be_applied(event: Event):
    [first] = (await event.hub("retractions", "list", "--json")).json
    event.vanish(25)
    await event.sync()
    refused = await event.hub("retractions", "apply", str(first["held_retraction_id"]))
    [second] = (await event.hub("retractions", "list", "--json")).json

    assert refused.code == 2
    assert "no longer stands" in refused.err
    assert second["rows_gone"] == 25
    assert await event.shown() == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("apply",), "either the ID of one retraction or --all"),
        (("apply", "1", "--all"), "either the ID of one retraction or --all"),
        (("dismiss", "999"), "retraction 999 is not known"),
        (("apply", "1", "--timing-partner-id", "2"), "retraction 1 is not known"),
    ],
)
async def test_a_decision_about_nothing_is_a_usage_error(event: Event, arguments: tuple[str, ...], said: str):
    refused = await event.hub("retractions", *arguments)

    assert refused.code == 2
    assert said in refused.err
