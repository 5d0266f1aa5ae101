"""Who of a process's calls goes next: live ones first, and none within a pause."""

from __future__ import annotations

import asyncio

import pytest

from project88.providers.contract import Limits
from project88.records.entities import ProviderId
from project88.sandbox import Fault, serve
from project88.store import budget
from project88.store.budget import Priority
from project88.store.connection import Database
from project88.store.partners import add_partner
from project88.store.scope import Source
from project88.sync.turns import Turns
from tests.integration.collecting import account_on, race_world
from tests.integration.looking import look


@pytest.fixture
async def source(db: Database) -> Source:
    partner = await add_partner(db, "Timers", "UTC")
    return Source(timing_partner_id=partner, provider_id=ProviderId(1), data_source="chronotrack_live")


def turns_of(db: Database, source: Source, rate: float, concurrent_calls: int) -> Turns:
    return Turns(db, source, Limits(calls_per_minute=rate, timeout_seconds=1, concurrent_calls=concurrent_calls))


async def until_asked(db: Database, condition: str) -> None:
    """Wait until the budget's row is as the condition says."""
    while not await look(db, f"select 1 from call_budgets where {condition}"):
        pass


async def test_a_backfill_that_is_sent_away_holds_no_place_and_goes_after_the_live_calls(
    db: Database, source: Source
) -> None:
    turns = turns_of(db, source, 600, 1)
    await budget.reserve(db, source, 4, 600)
    went = []

    async def go(name: str, priority: Priority) -> None:
        async with turns.turn(priority):
            went.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(go("backfill", Priority.BACKFILL))
        group.create_task(go("routine", Priority.ROUTINE))
        await until_asked(db, "calls_reserved = 5")
        for number in range(3):
            group.create_task(go(f"live {number}", Priority.LIVE))

    assert went == ["routine", "live 0", "live 1", "live 2", "backfill"]


async def test_a_call_that_has_its_slot_heeds_a_pause_that_came_since(db: Database, source: Source) -> None:
    await budget.set_clock(db, 10, 0)
    turns = turns_of(db, source, 10, 4)
    await budget.reserve(db, source, 1, 10)

    async def go() -> None:
        async with turns.turn(Priority.LIVE):
            assert [] == await look(db, "select 1 from call_budgets where paused_until > hub_now()")

    async with asyncio.TaskGroup() as group:
        group.create_task(go())
        await until_asked(db, "calls_reserved = 2")
        await budget.pause(db, source, 12, "too many calls")

    [log] = await look(db, "select sum(calls)::int as calls from call_log")
    assert 2 == log["calls"]
    assert [] != await look(db, "select 1 from call_budgets where calls_reserved = 3")


async def test_a_client_tells_everybody_why_the_service_wants_a_pause(db: Database) -> None:
    throttled = Fault(kind="status", status=429, retry_after_seconds=0.2, times=1)
    async with serve(race_world(1), faults=[throttled]) as sandbox, account_on(db, sandbox) as account:
        await account.client.counting_anew("discovery").get(account.provider.events().probe())

    [row] = await look(db, "select pause_reason from call_budgets where paused_until > '-infinity'")
    assert "429" in row["pause_reason"]


async def test_a_client_is_as_urgent_as_what_its_calls_are_for(db: Database) -> None:
    async with serve(race_world(1)) as sandbox, account_on(db, sandbox) as account:
        request = account.provider.events().probe()
        await budget.pause(db, account.source, 3600, "too many calls")
        kinds = ("backfill", "verification", "participants", "discovery")
        clients = [account.client.counting_anew(kind) for kind in (*kinds, "results")]
        calls = [asyncio.create_task(client.get(request)) for client in clients]
        await until_asked(db, "calls_reserved > 0")
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    [row] = await look(db, "select calls_reserved from call_budgets")
    assert 1 == row["calls_reserved"]
