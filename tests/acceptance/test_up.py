"""`project88 up` with credentials configured: it collects from the service and shows what it has."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.sandbox import LiveSettings, rehearsal_world, serve
from project88.store.connection import Database
from tests.acceptance.test_rehearsal import CHECKOUT, free_port, get
from tests.integration.collecting import account_on

PATIENCE_SECONDS = 60
FINISHED = SQL("select count(*) from unified_results where result_status = 'finished'")


async def start(home: Path, database_url: str, *arguments: str) -> asyncio.subprocess.Process:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PROJECT88_HOME": str(home),
        "DATABASE_URL": database_url,
        "PROJECT88_LOG_LEVEL": "INFO",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", "up", "--no-browser", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=CHECKOUT, env=environment,
    )  # fmt: skip


async def until_logged(process: asyncio.subprocess.Process, fact: str) -> list[str]:
    """The log lines up to the one that tells ``fact``."""
    assert process.stderr is not None
    lines: list[str] = []
    async for line in process.stderr:
        lines.append(line.decode())
        if fact in lines[-1]:
            return lines
    raise AssertionError(f"the process ended before it logged {fact!r}: {lines}")


@pytest.mark.timeout(PATIENCE_SECONDS * 2)
async def test_a_running_race_is_collected_and_shown_and_ctrl_c_is_a_clean_end(
    db: Database, database_url: str, hub_home: Path
) -> None:
    world = rehearsal_world(datetime.now(UTC) - timedelta(hours=4, minutes=30), season=1, field_size=80)
    port = free_port()
    async with serve(world, LiveSettings()) as sandbox, account_on(db, sandbox):
        process = await start(hub_home, database_url, "--port", str(port))
        async with asyncio.timeout(PATIENCE_SECONDS):
            logged = await until_logged(process, "results of event")
        page = await get(f"http://127.0.0.1:{port}/")
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/stream") as stream:
            assert 200 == stream.status
            process.send_signal(signal.SIGINT)
            output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert 0 == process.returncode, errors.decode()
    assert "Boston" in page
    assert "The hub holds 2 events" in output.decode()
    assert re.search(r"In this run [1-9]\d* attempts with [1-9]\d* calls wrote [1-9]\d* rows; 0", output.decode())
    assert " completed, " in logged[-1]
    assert "Traceback" not in errors.decode()
    assert not [line for line in [*logged, errors.decode()] if "sandbox-password" in line or "user_pass" in line]
    assert await db.value(FINISHED)
