"""How fast reads become durable, how soon they are rows, and how long scoring takes. The listener is the real one."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier
from rich.console import Console

from bench import postgres, programs
from bench.hardware_drill import PASSWORD, START, USER, free_port
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import BenchDatabase
from bench.statements import queries
from bench.tables import Section, Table
from project88.edges.http import local_document
from project88.edges.tcp import Connection, connect
from project88.sandbox import rehearsal_world
from project88.sandbox.rig.faults import LinkFaults
from project88.sandbox.rig.field import crossings
from project88.sandbox.rig.files import course_of
from project88.scoring.course import read_course
from project88.scoring.event import EventScore
from project88.scoring.facts import Decisions, Entry, Read
from project88.store.connection import Database
from project88.store.partners import add_partner, partners, set_credentials
from project88.store.timing import READS_CHANNEL
from project88.wire.ctp01.events import Asked
from project88.wire.ctp01.session import ClientSession
from project88.wire.ctp01.settings import Settings

COMPUTERS = 3
LINES = 600_000
LINES_QUICK = 60_000
RATE = 500
RATE_SECONDS = 60
RATE_SECONDS_QUICK = 10
LOOK_SECONDS = 0.02
NEW_READS = 500
INTRODUCTION = """
Three connections of one process send lines of the format CT01_33 as fast as `project88 listen` takes them. Durable:
through fdatasync of the spool, by the listener's own status. Rows: committed in `timing_reads`. Beside it, in the same
run, the same lines are written to a file with one fdatasync for 1,000 lines, and copied into a table without any key.
Then one connection sends 500 lines a second; a read counts as a row once another connection that was notified of the
commit sees it. Scoring is measured without a database, over the reads of the whole race.
"""
NOTES = (
    "Sender, listener and PostgreSQL share the machine's cores.",
    "From socket to row: from the moment before the line is written to the socket until the watching connection has "
    "asked for the newest row and got it.",
)


@dataclass(slots=True)
class Sender:
    """A connection that the listener has let begin."""

    connection: Connection
    location: str

    async def send(self, data: bytes) -> None:
        if not await self.connection.write(data):
            raise RuntimeError("the listener took no more")


async def measure(options: RunOptions, console: Console) -> Section:
    is_full = options.field_size is None
    with tempfile.TemporaryDirectory(prefix="project88-bench-hub-") as name:
        async with (
            postgres.server(statement_times=False) as running,
            postgres.database(running, "bench_hardware") as db,
        ):
            console.print("sending as fast as it goes")
            speed = await _throughput(db, Path(name), LINES if is_full else LINES_QUICK)
            console.print(f"sending {RATE} lines a second")
            waits = await _latency(db, Path(name), RATE_SECONDS if is_full else RATE_SECONDS_QUICK)
            server_version = (await db.rows("version"))[0]["server_version"]
    console.print("scoring")
    return _section(options, speed, waits, _scoring(options.field_size), server_version)


def _line(number: int, location: str) -> str:
    """Each chip passes each mat once; the clock runs with the numbers."""
    at = START.replace(tzinfo=None) + timedelta(milliseconds=10 * number)
    return f"CT01_33~{number}~{location}~{number}~{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 10_000:02}~1~0FA22E~1\r\n"


async def _throughput(db: BenchDatabase, folder: Path, lines: int) -> list[tuple[str, float]]:
    """Lines a second: what, how many."""
    each = lines // COMPUTERS
    texts = {f"mat {n}": [_line(number, f"mat {n}") for number in range(1, each + 1)] for n in range(COMPUTERS)}
    data = {location: "".join(found).encode() for location, found in texts.items()}
    every = [line for found in texts.values() for line in found]
    plain = _plain_file(folder / "plain", every)
    copied = await _plain_copy(db, every)
    async with _listening(db, folder) as (port, status_port):
        senders = [await _sender(port, location) for location in data]
        began = time.perf_counter()
        sending = [asyncio.create_task(sender.send(data[sender.location])) for sender in senders]
        await _until_durable(status_port, each * COMPUTERS)
        durable = time.perf_counter() - began
        await asyncio.gather(*sending)
        await _until_rows(db, each * COMPUTERS)
        rows = time.perf_counter() - began
        for sender in senders:
            sender.connection.cut()
    total = each * COMPUTERS
    return [
        ("a file, fdatasync for 1,000 lines", total / plain),
        ("COPY into a table without keys", total / copied),
        ("listen, durable on disk", total / durable),
        ("listen, committed rows", total / rows),
    ]


async def _latency(db: BenchDatabase, folder: Path, seconds: int) -> list[float]:
    """Milliseconds from before the write to a row that another connection sees."""
    sent: dict[int, float] = {}
    seen: dict[int, float] = {}
    async with _listening(db, folder) as (port, _), _watching(db, seen):
        sender = await _sender(port, "timed")
        began = time.perf_counter()
        for number in range(1, RATE * seconds + 1):
            pause = began + number / RATE - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            sent[number] = time.perf_counter()
            await sender.send(_line(number, "timed").encode())
        while max(seen, default=0) < RATE * seconds:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(LOOK_SECONDS)
        sender.connection.cut()
    arrivals = sorted(seen.items())
    waits = []
    for number, at in sent.items():
        waits.append((next(when for highest, when in arrivals if highest >= number) - at) * 1000)
    return waits


@asynccontextmanager
async def _watching(db: BenchDatabase, seen: dict[int, float]) -> AsyncIterator[None]:
    """Notes when which highest number was first visible."""

    async def watch() -> None:
        async with (
            await psycopg.AsyncConnection.connect(db.url, autocommit=True) as listening,
            await psycopg.AsyncConnection.connect(db.url, autocommit=True) as asking,
        ):
            await listening.execute(SQL("listen {}").format(Identifier(READS_CHANNEL)))
            async for _ in listening.notifies():
                row = await (await asking.execute(queries["newest_number"])).fetchone()
                assert row is not None
                seen.setdefault(int(row[0]), time.perf_counter())

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@asynccontextmanager
async def _listening(db: BenchDatabase, folder: Path) -> AsyncIterator[tuple[int, int]]:
    async with Database.open(db.url) as hub:
        if not await partners(hub):
            partner = await add_partner(hub, "Bench", "UTC")
            await set_credentials(hub, partner, "chronotrack_tcp", USER, PASSWORD, {})
    port, status_port = free_port(), free_port()
    ports = ("--port", str(port), "--status-port", str(status_port), "--metrics-port", "0", "--bind", "127.0.0.1")
    async with programs.running(db.url, folder, ("listen", *ports)):
        while await local_document(f"http://127.0.0.1:{status_port}/status") is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        yield port, status_port


async def _sender(port: int, location: str) -> Sender:
    """Greeted, let in, introduced and told to start."""
    connection = await connect("127.0.0.1", port)
    assert connection is not None
    session = ClientSession("Bench", "1")
    answers = {"getconnectionid": (location,), "geteventinfo": ("Bench", "1", ""), "getlocations": (location,)}
    while True:
        await connection.write(session.outgoing())
        for event in session.receive(await connection.read(30.0) or b""):
            if isinstance(event, Settings):
                session.authorize(USER, PASSWORD)
            elif isinstance(event, Asked) and event.command in answers:
                session.answer(event.command, *answers[event.command])
            elif isinstance(event, Asked) and event.command == "start":
                return Sender(connection, location)


async def _until_durable(status_port: int, reads: int) -> None:
    while True:
        said = await local_document(f"http://127.0.0.1:{status_port}/status")
        if said is not None and msgspec.json.decode(said)["reads"] >= reads:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _until_rows(db: BenchDatabase, reads: int) -> None:
    while (await db.rows("timing_totals"))[0]["stored"] < reads:  # noqa: ASYNC110 - rows tell nobody
        await asyncio.sleep(LOOK_SECONDS)


def _plain_file(path: Path, lines: list[str]) -> float:
    began = time.perf_counter()
    with path.open("wb") as file:
        for begin in range(0, len(lines), 1000):
            file.write("".join(lines[begin : begin + 1000]).encode())
            file.flush()
            os.fdatasync(file.fileno())
    return time.perf_counter() - began


async def _plain_copy(db: BenchDatabase, lines: list[str]) -> float:
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as connection:
        await connection.execute(queries["plain_lines"])
        began = time.perf_counter()
        async with connection.cursor().copy(queries["copy_lines"]) as copy:
            for line in lines:
                await copy.write_row((line,))
        return time.perf_counter() - began


def _scoring(field_size: int | None) -> list[tuple[str, str]]:
    event = list(rehearsal_world(START, season=0, field_size=field_size).events.values())[-1]
    reads: list[Read] = []
    guns: list[Read] = []
    for location, found in crossings(event, LinkFaults(repeated=0.05)).items():
        for sequence, each in enumerate(found, start=1):
            read = Read(each.at_ms, location, sequence, "0FA22E", each.tag, len(reads) + len(guns) + 1)
            (guns if each.is_gun else reads).append(read)
    courses = [read_course(course_of(race)) for race in event.races]
    entries = [
        Entry(entry_id=entry.entry_id, race_id=race.race_id, bib=entry.bib, gender=entry.sex, division=entry.division)
        for race in event.races
        for entry in race.entries
    ]
    began = time.perf_counter()
    scored = EventScore(courses, entries, Decisions())
    scored.load(reads, guns)
    scored.score_all()
    places = [scored.places(score) for score in scored.scores()]
    whole = time.perf_counter() - began
    waits = []
    for number, read in enumerate(reads[:NEW_READS]):
        began = time.perf_counter()
        changes = scored.take([msgspec.structs.replace(read, at_ms=read.at_ms + 100, number=10**9 + number)])
        _ = [scored.places(score) for score in changes.scores.values() if score is not None]
        waits.append((time.perf_counter() - began) * 1000)
    return [
        ("runners", f"{len(places):,}"),
        ("reads", f"{len(reads):,}"),
        ("from scratch, with places, s", f"{whole:.2f}"),
        ("one new read, p50, ms", f"{median(waits):.3f}"),
        ("one new read, p95, ms", f"{quantiles(waits, n=20)[-1]:.3f}"),
    ]


def _section(
    options: RunOptions,
    speed: list[tuple[str, float]],
    waits: list[float],
    scoring: list[tuple[str, str]],
    server_version: str,
) -> Section:
    base = speed[1][1]
    cuts = quantiles(waits, n=100)
    return Section(
        name="hardware-speed",
        title="Reads of the hardware",
        command=options.command,
        introduction=INTRODUCTION,
        tables=[
            Table(
                title="Lines a second",
                columns=("way", "lines/s", "beside the plain COPY"),
                rows=[(name, f"{rate:,.0f}", f"{rate / base:.2f}") for name, rate in speed],
            ),
            Table(
                title=f"From socket to row at {RATE} lines a second, ms",
                columns=("reads", "p50", "p95", "p99", "longest"),
                rows=[(f"{len(waits):,}", *(f"{cuts[n - 1]:.0f}" for n in (50, 95, 99)), f"{max(waits):.0f}")],
            ),
            Table(title="Scoring", columns=("figure", "value"), rows=scoring),
            machine_table(server_version, postgres.SETTINGS),
        ],
        notes=NOTES,
    )
