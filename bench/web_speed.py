"""How many readers the pages of a marathon bear: answers a second, streams that are told, pages made anew."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
from rich.console import Console

from bench import crowd, postgres, web_world
from bench.crowd import Asked, Asking, Followed, Following
from bench.machine import machine_table
from bench.options import RunOptions
from bench.tables import Section, Table
from bench.web_world import Committed, WebWorld, change

READERS = 64
STREAMS = 2_000
ASKING_SECONDS = 10.0
FIRST_PAGES = 100
CHANGES = 15
#: From one change to the next, drawn so that they meet the looks at any moment.
PAUSES = (1.5, 2.5)
SETTLE_SECONDS = 5.0
QUICK = {"streams": 200, "seconds": 3.0, "pages": 20, "changes": 4}
FULL = {"streams": STREAMS, "seconds": ASKING_SECONDS, "pages": FIRST_PAGES, "changes": CHANGES}
EXPORTS = ("csv", "json", "xlsx")
INTRODUCTION = """
`project88 web` in one process over a marathon of {runners} runners with its start list, collected by the hub.
The readers are a process of their own; the database, the pages and the readers share the machine's cores. A change is
one runner's corrected time, committed by another connection.
"""
NOTES = (
    "Asking: {readers} connections, each asks again as soon as it has the answer, saying which version it has. The "
    "race changes every two seconds, or not.",
    "Streams: from the moment before the commit until the message is at the reader. Then each reader fetches the part "
    "of the page as the pages' script does; from the same moment until that is there.",
    "First pages: each after a change of its own and at an address that was never asked for. The rows are read anew; "
    "the figures beside them are at most five seconds old and follow by the stream.",
    "Exports: pages that another reader asks for, one after the other, while a file of the whole race is made.",
)


async def measure(options: RunOptions, console: Console) -> Section:
    sizes = FULL if options.field_size is None else QUICK
    with tempfile.TemporaryDirectory(prefix="project88-bench-hub-") as name:
        async with web_world.served(options, console, Path(name)) as world:
            await _warm(world)
            console.print("first pages")
            pages = await _first_pages(world, int(sizes["pages"]))
            console.print("conditional requests")
            asked = await _asked(world, sizes["seconds"])
            console.print(f"{sizes['streams']:,.0f} streams")
            streams = await _streams(world, int(sizes["streams"]), int(sizes["changes"]))
            console.print("exports")
            exports = await _exports(world)
            version = world.server_version
    return Section(
        name="web",
        title="Readers of the pages",
        command="python -m bench --only web",
        introduction=INTRODUCTION.format(runners=options.finishers),
        tables=[_asked_table(asked), streams, _waits_table(pages, exports), machine_table(version, postgres.SETTINGS)],
        notes=[note.format(readers=READERS) for note in NOTES],
    )


async def _warm(world: WebWorld) -> None:
    """A server that has just started compiles its templates and plans its statements."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{world.port}") as session:
        for number in range(10):
            await _timed(session, f"{world.path}?warm={number}")


async def _first_pages(world: WebWorld, count: int) -> list[float]:
    waits = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{world.port}") as session:
        for number in range(count):
            await change(world, [0.0], first_place=number + 1)
            waits.append(await _timed(session, f"{world.path}?first={number}"))
    return waits


async def _timed(session: aiohttp.ClientSession, path: str) -> float:
    """Milliseconds until the whole answer is here."""
    began = time.perf_counter()
    async with session.get(path) as answer:
        await answer.read()
        answer.raise_for_status()
    return (time.perf_counter() - began) * 1000


async def _asked(world: WebWorld, seconds: float) -> dict[str, Asked]:
    api = f"/api/v1{world.path}/results"
    found = {}
    for words, path in (("page", world.path), ("live part", f"{world.path}/live"), ("API, results", api)):
        asking = Asking(port=world.port, path=path, readers=READERS, seconds=seconds)
        found[words] = await crowd.ask(asking)
        changing = asyncio.create_task(change(world, [2.0] * int(seconds / 2)))
        found[f"{words}, the race changes"] = await crowd.ask(asking)
        await changing
    return found


def _asked_table(asked: Mapping[str, Asked]) -> Table:
    rows = [
        [
            words,
            f"{found.a_second(304):,.0f}",
            f"{found.a_second(200):,.0f}",
            *_percentiles(found.waits_ms),
        ]
        for words, found in asked.items()
    ]
    columns = ("asked for", "304 a second", "200 a second", "p50, ms", "p95, ms", "longest, ms")
    return Table(title="Conditional requests", columns=columns, rows=rows)


async def _streams(world: WebWorld, count: int, changes: int) -> Table:
    task = Following(
        port=world.port, stream=f"{world.path}/stream", part=f"{world.path}/live", readers=count, pause_seconds=1.0
    )
    chance = random.Random(88)
    async with crowd.following(task) as readers:
        await asyncio.sleep(SETTLE_SECONDS)
        made = await change(world, [chance.uniform(*PAUSES) for _ in range(changes)])
        await asyncio.sleep(SETTLE_SECONDS)
        followed = await readers.leave()
    return _streams_table(made, followed, count)


def _streams_table(made: Sequence[Committed], followed: Followed, count: int) -> Table:
    rows = []
    for words, instants in (("told", followed.told), ("part fetched", followed.shown)):
        waits = [wait for each in made for wait in _waits(each, instants)]
        missing = len(made) * count - len(waits)
        rows.append([words, f"{len(waits):,}", f"{missing:,}", *_percentiles(waits)])
    columns = ("from the commit until", "readers", "missed", "p50, ms", "p95, ms", "longest, ms")
    return Table(title=f"{count:,} open streams", columns=columns, rows=rows)


def _waits(made: Committed, instants: Mapping[str, Sequence[float]]) -> list[float]:
    """Told first are the rows; where the figures were as new already, both at once."""
    found = instants.get(f"{made.version}-behind") or instants.get(made.version) or ()
    return [(at - made.at) * 1000 for at in found]


async def _exports(world: WebWorld) -> dict[str, tuple[float, list[float]]]:
    """By file: the seconds that it took, and how long pages waited meanwhile."""
    found = {}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{world.port}") as session:
        for ending in EXPORTS:
            making = asyncio.create_task(_timed(session, f"{world.path}/results.{ending}"))
            waits: list[float] = []
            while not making.done():
                waits.append(await _timed(session, f"{world.path}?during={ending}{len(waits)}"))
            found[ending] = (await making / 1000, waits)
    return found


def _waits_table(pages: Sequence[float], exports: Mapping[str, tuple[float, Sequence[float]]]) -> Table:
    rows = [["after a change each", f"{len(pages):,}", *_percentiles(pages), "–"]]
    for ending, (seconds, waits) in exports.items():
        rows.append([f"during an export, {ending}", f"{len(waits):,}", *_percentiles(waits), f"{seconds:.1f}"])
    columns = ("first page of the race", "pages", "p50, ms", "p95, ms", "longest, ms", "export, s")
    return Table(title="Pages that nobody asked for before", columns=columns, rows=rows)


def _percentiles(waits: Sequence[float]) -> list[str]:
    if not waits:
        return ["–", "–", "–"]
    ordered = sorted(waits)
    return [f"{ordered[min(int(len(ordered) * share), len(ordered) - 1)]:.0f}" for share in (0.5, 0.95, 1.0)]
