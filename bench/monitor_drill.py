"""How long the monitor takes to turn red after a fault, and green again after it. The programs are the real ones."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from bench import postgres, programs
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import SETTINGS
from bench.statements import queries
from bench.tables import Section, Table
from project88.records.entities import TimingPartnerId
from project88.sandbox import LiveSettings, list_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials

#: The only one.
PARTNER = TimingPartnerId(1)
STATES = ("skipped", "healthy", "degraded", "unhealthy")
#: Fault, check, seconds until it was red and until it was green again.
Row = tuple[str, str, float, float]

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 300.0
SCHEDULER = ("schedule", "--with-worker", "--metrics-port", "0")
INTRODUCTION = """
`project88 schedule --with-worker` collects from the sandbox, and `project88 monitor --json` is asked every second.
Each fault is made and taken back by the real means: SIGKILL to the scheduler, a wrong secret and the right one again,
an index dropped and made again.
"""
NOTES = (
    "Red: until the check of the fault is unhealthy, from the moment of the fault. Green: until it is healthy again, "
    "from the moment of the remedy. Each look takes about a second itself.",
    "A scheduler that says nothing is taken for dead after 60 s; it says that it lives every 15 s.",
)


@dataclass(frozen=True, slots=True)
class Drill:
    """A hub whose scheduler runs, and who looks at it."""

    db: Database
    url: str
    folder: Path
    base_url: str

    async def until(self, check: str, state: str) -> float:
        """Seconds until the monitor says so of a check."""
        began = time.perf_counter()
        async with asyncio.timeout(LONGEST_SECONDS):
            # What is waited for is what another process says.
            while await self._state(check) != state:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter() - began

    async def _state(self, check: str) -> str | None:
        """The worst that the monitor says of it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "project88", "monitor", "--json"),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "DATABASE_URL": self.url, "PROJECT88_HOME": str(self.folder)},
        )
        said, _ = await process.communicate()
        found = [each["state"] for each in json.loads(said)["checks"] if each["check"] == check]
        return max(found, key=STATES.index, default=None)

    async def log_in_with(self, password: str) -> None:
        config = {"base_url": self.base_url, "client_id": CLIENT_ID, "rate_limit": 1500}
        await set_credentials(self.db, PARTNER, "chronotrack_live", LOGIN, password, config)
        # A login is found out when it is used; the next list of events is hours away.
        await self.db.execute(queries["make_discovery_due"])


async def measure(options: RunOptions, console: Console) -> Section:
    world = list_world(30, 12, start=datetime.now(UTC) - timedelta(days=3))
    async with (
        postgres.server(statement_times=False) as running,
        postgres.database(running, "bench_monitor") as bench,
        Database.open(bench.url) as db,
        serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox,
    ):
        await add_partner(db, "Peak", "UTC")
        with tempfile.TemporaryDirectory(prefix="project88-drill-") as name:
            drill = Drill(db, bench.url, Path(name), sandbox.base_url)
            await drill.log_in_with(PASSWORD)
            rows = [await _killed_scheduler(drill, console)]
            async with programs.running(bench.url, drill.folder, SCHEDULER):
                await drill.until("programs", "healthy")
                rows += [await _wrong_secret(drill, console), await _dropped_index(drill, console)]
        version = (await bench.rows("version"))[0]["server_version"]
    return section(rows, options, version)


async def _killed_scheduler(drill: Drill, console: Console) -> Row:
    console.print("killing the scheduler")
    async with programs.running(drill.url, drill.folder, SCHEDULER) as (scheduler,):
        await drill.until("programs", "healthy")
        await programs.kill(scheduler)
        red = await drill.until("programs", "unhealthy")
    async with programs.running(drill.url, drill.folder, SCHEDULER):
        return "scheduler killed", "programs", red, await drill.until("programs", "healthy")


async def _wrong_secret(drill: Drill, console: Console) -> Row:
    console.print("changing the secret")
    await drill.log_in_with("not-the-password")
    red = await drill.until("logins refused", "unhealthy")
    await drill.log_in_with(PASSWORD)
    return "wrong secret", "logins refused", red, await drill.until("logins refused", "healthy")


async def _dropped_index(drill: Drill, console: Console) -> Row:
    console.print("dropping an index")
    await drill.db.execute(queries["drop_a_key"])
    red = await drill.until("schema", "unhealthy")
    await drill.db.execute(queries["make_the_key_again"])
    return "index dropped", "schema", red, await drill.until("schema", "healthy")


def section(rows: Sequence[Row], options: RunOptions, server_version: str) -> Section:
    shown = [(fault, check, f"{red:.0f}", f"{green:.0f}") for fault, check, red, green in rows]
    columns = ("fault", "check", "red after, s", "green after, s")
    return Section(
        name="monitor",
        title="The monitor under faults",
        command=options.command_of("monitor"),
        introduction=INTRODUCTION,
        tables=(Table(title="Faults", columns=columns, rows=shown), machine_table(server_version, SETTINGS)),
        notes=NOTES,
    )
