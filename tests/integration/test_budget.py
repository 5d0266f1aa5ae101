"""The call budget of a credential in PostgreSQL: no 60 s window holds more than the rate, whoever asks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta

import pytest

from project88.records.entities import ProviderId, TimingPartnerId
from project88.store import budget
from project88.store.connection import Database
from project88.store.partners import add_partner
from project88.store.scope import Source

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


@pytest.fixture
async def source(db: Database) -> Source:
    partner = await add_partner(db, "Timers", "UTC")
    return Source(timing_partner_id=TimingPartnerId(partner), provider_id=ProviderId(1), data_source="chronotrack_live")


def most_in_a_minute(slots: list[datetime]) -> int:
    ordered = sorted(slots)
    return max(sum(1 for slot in ordered if first <= slot < first + timedelta(seconds=60)) for first in ordered)


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
    await budget.pause(db, source, 30)

    assert 29 < (await budget.reserve(db, source, 1, 1500)).wait_seconds <= 30


async def test_a_faster_hub_clock_shortens_the_wait_and_the_spacing(db: Database, source: Source) -> None:
    await budget.set_clock(db, 60, 0)
    slots = await budget.reserve(db, source, 1, 60)

    assert pytest.approx(1.02 / 60) == slots.spacing_seconds
