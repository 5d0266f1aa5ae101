"""The pages over the real race, and changes of its results. Measures nothing."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from rich.console import Console

from bench import collect, programs
from bench.options import RunOptions
from bench.statements import queries
from project88.store import results_page
from project88.store.connection import Database
from project88.store.results_page import EventKey

ADDRESS = re.compile(rb"http://[^:]+:(\d+)/")
#: The bench asks from one address, as often as it likes.
ENVIRONMENT = {"PROJECT88_API_CALLS_PER_ADDRESS": "10000000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebWorld:
    """A race whose pages are served by a process of their own."""

    url: str
    port: int
    event: EventKey
    server: Process
    server_version: str

    @property
    def path(self) -> str:
        return f"/events/{self.event.timing_partner_id}/{self.event.event_id}"


@asynccontextmanager
async def served(options: RunOptions, console: Console, folder: Path) -> AsyncIterator[WebWorld]:
    """The race of the collecting benchmark with its start list, collected by the hub, and ``project88 web``."""
    sizes = replace(options, with_entries=True, memory_rows=None)
    async with collect.prepared(sizes, console) as bench, collect.fresh_database(bench, "bench_web") as db:
        await bench.measure(db, "hub", "first")
        async with Database.open(db.url) as hub:
            [event] = await results_page.events(hub, 1, 0)
        version = str((await db.rows("version"))[0]["server_version"])
        async with pages(db.url, folder) as (server, port):
            yield WebWorld(url=db.url, port=port, event=event.key, server=server, server_version=version)


@asynccontextmanager
async def pages(url: str, folder: Path) -> AsyncIterator[tuple[Process, int]]:
    """``project88 web`` on a free port of the loopback."""
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": url, "PROJECT88_HOME": str(folder)}
    with (folder / "web.log").open("ab") as log:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "project88", "web", "--port", "0", stdout=PIPE, stderr=log, env=environment
        )
    assert server.stdout is not None
    try:
        found = ADDRESS.search(await server.stdout.readline())
        if found is None:
            raise RuntimeError(f"the pages did not start; see {folder / 'web.log'}")
        yield server, int(found[1])
    finally:
        await programs.kill(server)


@dataclass(frozen=True, slots=True)
class Committed:
    """The version of the event that a change made, and the instant before its commit."""

    version: str
    at: float


async def change(world: WebWorld, pauses: Sequence[float], *, first_place: int = 1) -> list[Committed]:
    """Correct one result after each pause, from a place on."""
    made = []
    async with (
        Database.open(world.url) as hub,
        await psycopg.AsyncConnection.connect(world.url) as connection,
    ):
        for place, pause in enumerate(pauses, start=first_place):
            await asyncio.sleep(pause)
            await connection.execute(queries["correct_a_result"], {**world.event._asdict(), "place": place})
            at = time.monotonic()
            await connection.commit()
            made.append(Committed((await results_page.changes(hub, [world.event]))[world.event].version, at))
    return made
