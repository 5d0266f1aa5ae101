"""The call budget of a credential in PostgreSQL: no 60 s window holds more than the rate, whoever asks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from project88.records.entities import ProviderId, TimingPartnerId
from project88.store import budget
from project88.store.budget import AskAgain, Priority, Slots
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from project88.store.scope import Source
from tests.integration.looking import look

#: A process that reserves one call after the other and prints each slot, until it is killed.
RESERVER = """
import asyncio, sys
from project88.records.entities import ProviderId, TimingPartnerId
from project88.store import budget
from project88.store.connection import Database
from project88.store.scope import Source

async def main(url, partner, rate, count):
    source = Source(timing_partner_id=TimingPartnerId(partner), provider_id=ProviderId(1), data_source="x")
    async with Database.open(url) as db:
        for _ in range(count):
            print((await budget.reserve(db, source, 1, rate)).first_slot_at.isoformat(), flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
"""

#: A process that reserves as many calls of a backfill as it gets, until it is killed. It says when it has the first.
FLOODER = """
import asyncio, sys
from project88.records.entities import ProviderId, TimingPartnerId
from project88.store import budget
from project88.store.budget import AskAgain, Priority
from project88.store.connection import Database
from project88.store.scope import Source

async def main(url, partner, rate):
    source = Source(timing_partner_id=TimingPartnerId(partner), provider_id=ProviderId(1), data_source="x")
    async with Database.open(url) as db:
        while True:
            answer = await budget.reserve(db, source, 1, rate, Priority.BACKFILL)
            if isinstance(answer, AskAgain):
                print("flooded", flush=True)
                await asyncio.sleep(answer.wait_seconds)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
"""


@pytest.fixture
async def source(db: Database) -> Source:
    partner = await add_partner(db, "Timers", "UTC")
    return Source(timing_partner_id=TimingPartnerId(partner), provider_id=ProviderId(1), data_source="chronotrack_live")


def most_in_a_minute(slots: list[datetime], seconds: float = 60) -> int:
    ordered = sorted(slots)
    return max(sum(1 for slot in ordered if first <= slot < first + timedelta(seconds=seconds)) for first in ordered)


async def proof(db: Database, source: Source) -> tuple[int, datetime]:
    [row] = await look(
        db, "select * from call_windows where timing_partner_id = %(partner)s", partner=source.timing_partner_id
    )
    return row["highest_calls"], row["begins_at"]


async def reserver(url: str, source: Source, rate: int, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", RESERVER, url, str(source.timing_partner_id), str(rate), str(count),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def slots_of(process: asyncio.subprocess.Process) -> list[datetime]:
    assert process.stdout is not None
    lines = (await process.stdout.read()).decode().split()
    await process.wait()
    return [datetime.fromisoformat(line) for line in lines]


async def test_no_minute_holds_more_calls_than_the_rate_whatever_process_asks(
    db: Database, database_url: str, source: Source
) -> None:
    processes = [await reserver(database_url, source, 100, 120) for _ in range(3)]
    slots = [slot for process in processes for slot in await slots_of(process)]

    assert 360 == len(slots) == len(set(slots))
    assert 95 <= most_in_a_minute(slots) <= 100


async def test_a_killed_process_gives_nothing_back_and_breaks_nothing(
    db: Database, database_url: str, source: Source
) -> None:
    killed = await reserver(database_url, source, 50, 10_000)
    assert killed.stdout is not None
    first = [datetime.fromisoformat((await killed.stdout.readline()).decode().strip()) for _ in range(30)]
    os.kill(killed.pid, signal.SIGKILL)
    rest = await slots_of(killed)
    after = await slots_of(await reserver(database_url, source, 50, 60))

    assert most_in_a_minute([*first, *rest, *after]) <= 50


async def test_two_credentials_do_not_share_a_budget(db: Database, source: Source) -> None:
    other = Source(timing_partner_id=await add_partner(db, "Others", "UTC"), provider_id=ProviderId(1), data_source="x")
    await budget.reserve(db, source, 500, 10)

    assert 0 == (await budget.reserve(db, other, 1, 10)).wait_seconds


async def test_a_pause_holds_every_call_back(db: Database, source: Source) -> None:
    await budget.pause(db, source, 30, "too many calls")

    assert 29 < (await budget.reserve(db, source, 1, 1500)).wait_seconds <= 30


async def test_a_faster_hub_clock_shortens_the_wait_and_the_spacing(db: Database, source: Source) -> None:
    await budget.set_clock(db, 60, 0)
    slots = await budget.reserve(db, source, 1, 60)

    assert pytest.approx(1.02 / 60) == slots.spacing_seconds


async def test_less_urgent_calls_are_sent_away_beyond_their_horizon_and_take_no_slot(
    db: Database, source: Source
) -> None:
    queue = await budget.reserve(db, source, 10, 60)
    backfill = await budget.reserve(db, source, 1, 60, Priority.BACKFILL)
    routine = await budget.reserve(db, source, 1, 60, Priority.ROUTINE)
    live = await budget.reserve(db, source, 1, 60, Priority.LIVE)

    assert isinstance(backfill, AskAgain)
    assert isinstance(routine, AskAgain)
    assert 1.7 < backfill.wait_seconds - routine.wait_seconds < 1.8
    assert isinstance(live, Slots)
    assert live.first_slot_at - queue.first_slot_at == timedelta(seconds=10.2)


async def test_a_live_call_waits_for_a_flood_of_backfills_no_longer_than_their_horizon(
    db: Database, database_url: str, source: Source
) -> None:
    flooders = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", FLOODER, database_url, str(source.timing_partner_id), "600",
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for flooder in flooders:
        assert flooder.stdout is not None
        assert await flooder.stdout.readline()
    live = [await budget.reserve(db, source, 4, 600) for _ in range(5)]
    for flooder in flooders:
        flooder.kill()
        await flooder.communicate()

    assert live[0].wait_seconds <= 0.25 + 0.102
    slots = [slot.first_slot_at for slot in live]
    assert [later - slot for slot, later in pairwise(slots)] == [timedelta(seconds=4 * 0.102)] * 4


async def test_the_rate_is_used_up_to_the_horizon_where_only_backfills_ask(db: Database, source: Source) -> None:
    answers = [await budget.reserve(db, source, 1, 600, Priority.BACKFILL) for _ in range(20)]
    granted = [answer for answer in answers if isinstance(answer, Slots)]

    assert 3 <= len(granted) < 20
    assert granted[-1].first_slot_at - granted[0].first_slot_at == (len(granted) - 1) * timedelta(seconds=0.102)


async def test_the_proof_finds_the_highest_minute_of_each_credential_alone(db: Database, source: Source) -> None:
    other = Source(timing_partner_id=await add_partner(db, "Others", "UTC"), provider_id=ProviderId(1), data_source="x")
    slots = []
    for calls, rate in ((5, 60), (200, 200), (40, 1500)):
        first = (await budget.reserve(db, source, calls, rate)).first_slot_at
        slots += [first + number * timedelta(seconds=61.2 / rate) for number in range(calls)]
    await budget.reserve(db, other, 7, 600)

    highest, begins_at = await proof(db, source)
    assert most_in_a_minute(slots, 60.5) == highest >= most_in_a_minute(slots)
    assert timedelta(milliseconds=1) > min(abs(slot - begins_at) for slot in slots)
    assert 7 == (await proof(db, other))[0]


async def test_the_proof_of_a_budget_that_is_used_up_stays_within_the_rate(db: Database, source: Source) -> None:
    await budget.reserve(db, source, 5000, 1500)

    assert 1470 < (await proof(db, source))[0] <= 1500


async def test_a_slot_that_no_call_used_is_not_counted(db: Database, source: Source) -> None:
    late = (await budget.reserve(db, source, 3, 600)).first_slot_at
    await budget.reserve(db, source, 1, 600, Priority.LIVE, late)
    sent_away = await budget.reserve(db, source, 1, 600, Priority.BACKFILL, late + timedelta(seconds=0.102))

    assert isinstance(sent_away, AskAgain)
    assert 2 == (await proof(db, source))[0]


async def test_the_log_forgets_after_8_days_and_the_proof_after_one(db: Database, source: Source) -> None:
    await budget.reserve(db, source, 3, 600)
    await budget.set_clock(db, 1, timedelta(days=2).total_seconds())
    await budget.reserve(db, source, 1, 600)
    highest, _ = await proof(db, source)
    await budget.set_clock(db, 1, timedelta(days=8, hours=1).total_seconds())
    await budget.reserve(db, source, 1, 600)

    assert 1 == highest
    assert 2 == (await look(db, "select sum(calls)::int as calls from call_log"))[0]["calls"]


async def test_a_standing_tells_what_was_used_and_why_the_credential_is_paused(db: Database, source: Source) -> None:
    await set_credentials(db, source.timing_partner_id, "chronotrack_live", "me", "secret", {})
    slots = await budget.reserve(db, source, 2, 600_000)
    await budget.pause(db, source, 600, "the service asks for 10 minutes")
    await budget.pause(db, source, 5, "too many calls")
    [standing] = await budget.standings(db)

    assert (standing.used_last_minute, standing.calls_today, standing.highest_calls) == (2, 2, 2)
    assert standing.pause_reason == "the service asks for 10 minutes"
    assert standing.paused_until is not None
    assert not await budget.is_free_of_pause(db, source, slots.first_slot_at)
    assert await budget.is_free_of_pause(db, source, standing.paused_until)
