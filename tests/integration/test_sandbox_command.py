"""``project88 sandbox registration`` serves the service that is asked for, with the race that hardware times."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from project88.sandbox import RaceRosterAccount, RunSignUpAccount, rehearsal_world
from tests.integration.calling import call

START = datetime(2026, 4, 20, 13, 17, tzinfo=UTC)
RACE = ("--field", "20", "--season", "0", "--start", "2026-04-20T13:17:00Z")
#: Simulated time ten days before the start: the clock stands still at it.
CLOCK = ("--speed", "0", "--offset", str(START.timestamp() - 10 * 86_400))


@asynccontextmanager
async def served(service: str, *options: str) -> AsyncIterator[dict[str, Any]]:
    """The line the command prints; it is told to end and must do so with 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from project88.cli.sandbox import sandbox_app; sandbox_app()",
        *("registration", service, "--port", "0", "--json", *CLOCK, *options),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_runsignup_shows_the_bibs_of_the_rehearsals_race() -> None:
    account = RunSignUpAccount()
    query = {"format": "json", "api_key": account.key, "api_secret": account.secret, "events": "T"}
    async with served("runsignup", *RACE) as ready, aiohttp.ClientSession() as session:
        race = (await call(session, f"{ready['base_url']}/races", query)).body["races"][0]["race"]
        events = ",".join(str(event["event_id"]) for event in race["events"])
        url = f"{ready['base_url']}/race/{race['race_id']}/participants"
        elements = (await call(session, url, {**query, "event_id": events, "results_per_page": "100"})).body
    bibs = {str(row["bib_num"]) for element in elements for row in element["participants"]}
    world = rehearsal_world(START, season=0, field_size=20)

    assert bibs == {entry.bib for race in world.races.values() for entry in race.entries}
    assert (ready["key"], ready["starts_at"]) == (account.key, START.isoformat())


@pytest.mark.parametrize("service", ["haku", "race-roster"])
async def test_the_other_services_say_where_their_token_call_is_and_no_secret(service: str) -> None:
    async with served(service, "--people", "3", *RACE[4:]) as ready, aiohttp.ClientSession() as session:
        answer = await call(session, ready["token_url"], form={"grant_type": "x"})

    assert answer.status == 400
    assert RaceRosterAccount().client_secret not in ready.values()
