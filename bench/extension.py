"""How long the schema extension takes on a legacy database with results by the million, beside a plain copy of them."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import Identifier
from rich.console import Console

from bench import postgres
from bench.machine import machine_table
from bench.options import RunOptions
from bench.postgres import SETTINGS
from bench.statements import queries
from bench.tables import Section, Table
from project88.edges.embedded import Server
from project88.edges.embedded.binaries import wheel_folder
from project88.store.connection import ensure_database

CHECKOUT = Path(__file__).resolve().parents[1]
FIXTURE = CHECKOUT / "tests" / "migration" / "legacy" / "variant_m.sql"
EXTENSION = "database/chronotrack_live_schema_extension.sql"
#: Events, and participants with 3.2 rows of results each.
SIZES = {"full": ((1_000, 31_250), (10_000, 312_500)), "quick": ((100, 3_125),)}
INTRODUCTION = """
The script that a DBA runs, `psql -f database/chronotrack_live_schema_extension.sql`, on a legacy database of variant M
with its keys, views, logins and history, and 3.2 rows of results per participant. Beside it, in the same database and
just before it, `create table ... as select` of the four big tables: what the server needs to write the rows once.
"""
NOTES = (
    "Copy: events, races, participants and results, without a key or an index.",
    "Extension: one transaction, from psql's start to its end, the self-check and the indexes included.",
    "Again: the same script on the database that it has converted.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One size; all in seconds."""

    events: int
    results: int
    copy: float
    extension: float
    again: float


async def measure(options: RunOptions, console: Console) -> Section:
    sizes = SIZES["full" if options.field_size is None else "quick"]
    async with postgres.server(statement_times=False, settings={"work_mem": "4MB", "autovacuum": "on"}) as running:
        figures = [await _measure_one(running, *size, console) for size in sizes]
        version = (await postgres.BenchDatabase(running.url("postgres")).rows("version"))[0]["server_version"]
    return section(figures, options, version)


async def _measure_one(running: Server, events: int, participants: int, console: Console) -> Figures:
    name = f"legacy_{participants}"
    await ensure_database(running.url("postgres"), name)
    url = running.url(name)
    console.print(f"filling a legacy database with {participants} participants")
    await _psql(url, "-v", f"events={events}", "-v", f"participants={participants}", "-f", str(FIXTURE))
    found = Figures(
        events=events,
        results=await postgres.BenchDatabase(url).count("count_legacy_results", {}),
        copy=await _copied(url),
        extension=await _psql(url, "-f", EXTENSION),
        again=await _psql(url, "-f", EXTENSION),
    )
    await _drop(running, name)
    return found


async def _copied(url: str) -> float:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(queries["checkpoint"])
        began = time.perf_counter()
        await connection.execute(queries["copy_legacy"])
        seconds = time.perf_counter() - began
        await connection.execute(queries["drop_legacy_copies"])
    return seconds


async def _psql(url: str, *arguments: str) -> float:
    """Seconds that it took. Raises where it fails."""
    folder = wheel_folder()
    program = str(folder / "psql") if folder and (folder / "psql").exists() else shutil.which("psql")
    if program is None:
        raise RuntimeError("psql is not on this machine")
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(program, "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments),
        cwd=CHECKOUT,
        env={"PGSERVICEFILE": "/dev/null", **_variables(url)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"psql ended with {process.returncode}: {said.decode()[-500:]}")
    return time.perf_counter() - began


def _variables(url: str) -> dict[str, str]:
    """The address without a password in the arguments, which everybody on the machine can list."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return {variable: str(parts[part]) for part, variable in names.items()}


async def _drop(running: Server, name: str) -> None:
    async with await psycopg.AsyncConnection.connect(running.url("postgres"), autocommit=True) as connection:
        await connection.execute(queries["drop_database"].format(name=Identifier(name)))


def section(figures: Sequence[Figures], options: RunOptions, server_version: str) -> Section:
    rows = [
        (
            f"{each.events:,}",
            f"{each.results:,}",
            f"{each.copy:.1f}",
            f"{each.extension:.1f}",
            f"{each.extension / each.copy:.1f}",
            f"{each.results / each.extension:,.0f}",
            f"{each.again:.1f}",
        )
        for each in figures
    ]
    columns = ("events", "results", "copy, s", "extension, s", "extension / copy", "results/s", "again, s")
    settings = {**SETTINGS, "work_mem": "4MB", "autovacuum": "on"}
    return Section(
        name="extension",
        title="The schema extension on a legacy database",
        command=options.command_of("extension"),
        introduction=INTRODUCTION,
        tables=(Table(title="Extension", columns=columns, rows=rows), machine_table(server_version, settings)),
        notes=NOTES,
    )
