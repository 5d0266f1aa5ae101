"""A listener inside a test, a hand-driven timing computer, and the rig's race with its truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg.rows import dict_row

from project88.edges.tcp import Connection, connect
from project88.imports.lists import Wanted, import_start_list
from project88.imports.run import import_course
from project88.imports.tables import read_table
from project88.listen.rules import Rules
from project88.listen.service import Listening, ListenOptions, listening
from project88.records.entities import EventId, TimingPartnerId
from project88.sandbox import rehearsal_world
from project88.sandbox.entities import Event
from project88.sandbox.rig.files import COURSE, START_LIST, write_files
from project88.store import scoring
from project88.store.connection import Database
from project88.store.events import find_event
from project88.store.partners import add_partner, set_credentials
from project88.wire.ctp01.session import ClientSession
from project88.wire.ctp01.settings import Settings

USER, PASSWORD = "timer", "a password of the tests"
START = datetime(2026, 4, 20, 13, tzinfo=UTC)
PATIENCE_SECONDS = 60.0
LOOPBACK = ["127.0.0.1"]


async def partner_with_account(db: Database, name: str = "Timing Company", user: str = USER) -> TimingPartnerId:
    partner = await add_partner(db, name, "America/New_York")
    await set_credentials(db, partner, "chronotrack_tcp", user, PASSWORD, {})
    return partner


@asynccontextmanager
async def listener(db: Database, spool: Path, rules: Rules | None = None, **others: Any) -> AsyncIterator[Listening]:
    options = ListenOptions(rules=rules or Rules(), spool=spool, port=0, status_port=0, hosts=LOOPBACK, **others)
    async with listening(db, options, asyncio.Event()) as opened:
        yield opened


class HandComputer:
    """A timing computer that says what a test tells it to say."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.session = ClientSession("Hand", "1")
        self.heard: list[object] = []

    async def say(self, *lines: str) -> None:
        await self.connection.write("".join(f"{line}\r\n" for line in lines).encode())

    async def hear(self, wanted: type | str) -> Any:
        """What the hub said next of this kind: an event's type, or the name of a command."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for number, event in enumerate(self.heard):
                    if event_is(event, wanted):
                        return self.heard.pop(number)
                await self.connection.write(self.session.outgoing())
                data = await self.connection.read(PATIENCE_SECONDS)
                assert data is not None
                self.heard += self.session.receive(data)

    async def log_in(self, user: str = USER, password: str = PASSWORD) -> None:
        settings = await self.hear(Settings)
        if settings.authentication != "none":
            self.session.authorize(user, password)
            await self.connection.write(self.session.outgoing())

    async def introduce(self, *locations: str, event: str = "Run", number: str = "7", connection: str = "c1") -> None:
        for command, fields in (
            ("getconnectionid", (connection,)),
            ("geteventinfo", (event, number, "")),
            ("getlocations", locations),
        ):
            await self.hear(command)
            self.session.answer(command, *fields)
        await self.connection.write(self.session.outgoing())

    async def starts(self, count: int) -> dict[str, int]:
        """The next so many starts: location and number."""
        asked = [await self.hear("start") for _ in range(count)]
        return {each.fields[0]: int(each.fields[1]) for each in asked}


def event_is(event: object, wanted: type | str) -> bool:
    return getattr(event, "command", None) == wanted if isinstance(wanted, str) else isinstance(event, wanted)


@asynccontextmanager
async def computer(port: int) -> AsyncIterator[HandComputer]:
    found = await connect("127.0.0.1", port)
    assert found is not None
    try:
        yield HandComputer(found)
    finally:
        found.cut()


async def rows(db: Database, query: str, **parameters: Any) -> list[dict[str, Any]]:
    async with db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def until(db: Database, query: str, wanted: Any) -> None:
    """Until the first column of the first row is that: the listener's drain sets no event of ours."""
    found = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = next(iter((await rows(db, query))[0].values()))
                if found == wanted:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{query}: {found}, not {wanted}") from None


def race(field: int | None, unfinished: bool = False) -> Event:
    world = rehearsal_world(START, season=0, field_size=field, with_unfinished=unfinished)
    return list(world.events.values())[-1]


async def hardware_event(db: Database, partner: TimingPartnerId, event: Event, folder: Path) -> EventId:
    """The rig's race as an operator would set it up: an event, its courses, its start list."""
    event_id = await scoring.add_event(db, partner, event.name, START, event.zone)
    write_files(event, folder)
    stored = await find_event(db, event_id, partner)
    await import_course(db, msgspec.json.decode((folder / COURSE).read_bytes()), stored)
    start_list = read_table((folder / START_LIST).read_bytes())
    await import_start_list(db, Wanted(table=start_list, event=stored, complete=True))
    return event_id


def truth(event: Event) -> dict[str, tuple[int, tuple[int | None, ...]]]:
    """By entry: the chip time and the splits of the data file, in milliseconds."""
    return {
        entry.entry_id: (entry.elapsed_ms[-1], entry.elapsed_ms[:-1])
        for race in event.races
        for entry in race.entries
        if entry.elapsed_ms[-1] is not None
    }


async def results(db: Database, event_id: str) -> dict[str, tuple[int, tuple[int | None, ...]]]:
    """The same of what the hub shows."""
    names = ("5K", "10K", "20K", "Half", "25K", "30K", "35K", "40K")
    found = await rows(
        db,
        "select participant_id, (extract(epoch from chip_time) * 1000)::bigint as chip_ms, split_times "
        "from unified_results where event_id = %(event_id)s and result_status = 'finished'",
        event_id=event_id,
    )
    told = {}
    for row in found:
        splits = {split["name"]: split["elapsed_ms"] for split in row["split_times"]}
        told[row["participant_id"]] = (row["chip_ms"], tuple(splits.get(name) for name in names))
    return told


async def misplaced(db: Database, event: Event, event_id: str) -> list[str]:
    """Entries whose place is not the organiser's, who broke ties between times that round to the same value."""
    found = {
        row["participant_id"]: row
        for row in await rows(
            db,
            "select participant_id, overall_place, count(*) over (partition by race_id order by chip_time "
            "range between '1 second' preceding and '1 second' following) as near "
            "from unified_results where event_id = %(event_id)s and result_status = 'finished'",
            event_id=event_id,
        )
    }
    wrong = []
    for race in event.races:
        finishers = sorted((entry for entry in race.entries if entry.place), key=lambda entry: entry.place)
        for place, entry in enumerate(finishers, start=1):
            row = found[entry.entry_id]
            if abs(row["overall_place"] - place) > row["near"]:
                wrong.append(entry.entry_id)
    return wrong
