"""`project88 up` as a person types it: a whole rehearsal as real processes, and the end by Ctrl-C."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 100


#: A finisher: chip seconds, and the seconds at each split that was met.
Finisher = tuple[int, dict[str, int]]
COLUMNS = {
    "5k": "5K",
    "10k": "10K",
    "20k": "20K",
    "half": "Half",
    "25k": "25K",
    "30k": "30K",
    "35k": "35K",
    "40k": "40K",
}
FINISHERS = """
    select bib_number, extract(epoch from chip_time)::int,
           (select coalesce(jsonb_object_agg(part ->> 'name', (part ->> 'elapsed_ms')::int / 1000), '{}')
            from jsonb_array_elements(split_times) as part)
    from unified_results
    where event_name like 'Boston%%' and result_status = 'finished'
"""
#: The sources of the event, its rows beside its persons, and how many of its results have a name.
JOINED = """
    select (select array_agg(distinct data_source order by data_source) from ct_participants p
            where (p.timing_partner_id, p.event_id) = (e.timing_partner_id, e.event_id)),
           (select array_agg(distinct data_source order by data_source) from ct_results r
            where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)),
           (select count(*) from unified_results u
            where (u.timing_partner_id, u.event_id) = (e.timing_partner_id, e.event_id)),
           (select count(distinct bib_number) from unified_results u
            where (u.timing_partner_id, u.event_id) = (e.timing_partner_id, e.event_id) and last_name is not null)
    from ct_events e where event_name like 'Boston%'
"""


def published_finishers() -> dict[str, Finisher]:
    """The data file by bib, read without any of our code."""
    with gzip.open(CHECKOUT / "project88/sandbox/data/boston_2014.csv.gz", "rt") as file:
        return {
            row["bib"]: (
                int(row["official_s"]),
                {name: int(row[f"{column}_s"]) for column, name in COLUMNS.items() if row[f"{column}_s"]},
            )
            for row in csv.DictReader(file)
        }


async def finishers_of(url: str) -> dict[str, Finisher]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        rows = await (await connection.execute(FINISHERS.replace("%%", "%"))).fetchall()
    return {bib: (seconds, splits) for bib, seconds, splits in rows}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start(home: Path, database_url: str, *arguments: str) -> asyncio.subprocess.Process:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PROJECT88_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", "up", "--rehearsal", "--no-browser", "--database", database_url, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=CHECKOUT, env=environment,
    )  # fmt: skip


async def lines_of(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    assert process.stdout is not None
    async for line in process.stdout:
        yield line.decode().rstrip()


@pytest.mark.timeout(PATIENCE_SECONDS + 60)
async def test_a_rehearsal_collects_the_season_and_the_whole_race_and_ctrl_c_ends_it(
    empty_database_url: str, hub_home: Path
) -> None:
    port = free_port()
    process = await start(hub_home, empty_database_url, "--field", "150", "--speed", "1800", "--port", str(port))
    seen: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in lines_of(process):
            seen.append(line)
            if "complete: the page stays until Ctrl-C" in line:
                break
        page = await get(f"http://127.0.0.1:{port}/")
        process.send_signal(signal.SIGINT)
        rest = [line async for line in lines_of(process)]
        code = await process.wait()

    summary = rest[-1]
    assert "Boston" in page
    assert (0, True) == (code, "The race is complete." in summary), (code, seen[-3:], rest)
    assert re.search(r"Collected 25 events, \d+ participants and \d+ results", summary)
    collected = await finishers_of(empty_database_url)
    published = published_finishers()
    assert 150 == len(collected)
    assert {bib: published[bib] for bib in collected} == collected
    async with await psycopg.AsyncConnection.connect(empty_database_url) as connection:
        [(entries, results, rows, named)] = await (await connection.execute(JOINED)).fetchall()
    assert (["chronotrack_live", "runsignup"], ["chronotrack_live", "tcp_hardware"]) == (entries, results)
    assert rows == named >= 150


@pytest.mark.timeout(PATIENCE_SECONDS)
async def test_a_rehearsal_ends_by_itself_after_its_duration(empty_database_url: str, hub_home: Path) -> None:
    process = await start(hub_home, empty_database_url, "--field", "50", "--duration", "6", "--port", str(free_port()))
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert 0 == process.returncode, errors.decode()
    assert "Stopped before the race was complete." in output.decode()


@pytest.mark.parametrize("program", ["listen", "live", "rig"])
@pytest.mark.timeout(PATIENCE_SECONDS)
async def test_a_rehearsal_says_which_of_its_programs_died_and_fails(
    empty_database_url: str, hub_home: Path, program: str
) -> None:
    process = await start(hub_home, empty_database_url, "--field", "50", "--port", str(free_port()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in lines_of(process):
            if line.startswith("poll "):
                break
        victim = child_of(process.pid, program)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        output, errors = await process.communicate()

    assert 1 == process.returncode, errors.decode()
    name = "listen" if program == "listen" else "sandbox"
    assert f"project88 {name} ended with -9 while it was needed" in errors.decode()
    assert "Stopped before the race was complete." in output.decode()


def child_of(pid: int, word: str) -> int | None:
    """A process that ``pid`` started, with this word on its command line."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if word in Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0"):
            return int(child)
    return None


async def test_a_rehearsal_refuses_a_database_that_is_not_empty(database_url: str, hub_home: Path) -> None:
    process = await start(hub_home, database_url, "--port", str(free_port()))
    _, errors = await process.communicate()

    assert 78 == process.returncode
    assert "must name an empty database" in errors.decode()


async def test_the_command_line_reads_back_what_the_rehearsal_collected(
    empty_database_url: str, hub_home: Path
) -> None:
    process = await start(hub_home, empty_database_url, "--field", "50", "--duration", "8", "--port", str(free_port()))
    await process.communicate()
    partners = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", "partner", "list", "--json", stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": empty_database_url, "PROJECT88_HOME": str(hub_home)},
    )  # fmt: skip
    output, _ = await partners.communicate()

    assert ["Rehearsal Timing"] == [partner["company_name"] for partner in json.loads(output)]


async def get(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()
