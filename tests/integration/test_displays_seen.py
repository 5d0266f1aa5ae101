"""When a display was last seen: noted beside the answers, once a minute, by a login that may write nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.cli.pages import pages_database
from project88.store import displays
from project88.store.connection import Database
from project88.store.displays import secret_hash
from project88.web import sightings
from project88.web.pictures import Pictures
from project88.web.sightings import Sightings
from project88.web.updates import Updates
from tests.hub_command import HubCommand
from tests.integration.looking import look
from tests.integration.operator_site import SUMMIT, add_users, serving
from tests.integration.public_event import TWO_PARTNERS, run
from tests.integration.scheduling import until
from tests.integration.test_displays import ENDED, HARBOR, made

#: Whether it was noted within the last seconds, and which version of the row stands there.
NOTED = "select last_seen_at > now() - interval '50 seconds' as is_new, xmin::text as version from displays"
LONG_AGO = "update displays set last_seen_at = now() - interval '61 seconds'"


@pytest.fixture(autouse=True)
async def two_partners(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await run(db, TWO_PARTNERS)


@asynccontextmanager
async def process(db: Database) -> AsyncIterator[tuple[Sightings, Updates]]:
    """What a process that serves pages knows of displays; it works by the pages' own login."""
    async with pages_database(db) as pages:
        updates = Updates(pages, Pictures(pages))
        yield Sightings(pages, updates), updates


async def display(db: Database) -> bytes:
    return secret_hash((await made(db)).removeprefix("/display/"))


async def is_new(db: Database) -> bool | None:
    [row] = await look(db, NOTED)
    return row["is_new"]


async def version(db: Database) -> str:
    [row] = await look(db, NOTED)
    return str(row["version"])


async def test_the_list_says_when_a_screen_last_asked_for_a_display(db: Database, database_url: str, tmp_path: Path):
    path = await made(db)
    await add_users(db)
    async with serving(db) as site, site.as_user(SUMMIT) as browser:
        assert 'data-label="Last seen">never<' in await browser.read("/operator/displays")
        async with aiohttp.ClientSession(site.address) as screen, screen.get(path) as answer:
            assert answer.status == 200
        await until(lambda: is_new(db))
        assert 'data-label="Last seen"><time' in await browser.read("/operator/displays")
    (row,) = (await HubCommand(database_url, tmp_path)("display", "list", "--json")).json
    assert row["last_seen_at"] is not None


async def test_it_is_noted_once_a_minute_however_often_it_is_asked_for(db: Database):
    wanted = await display(db)
    async with process(db) as (here, _), process(db) as (elsewhere, _):
        for each in (here, here, elsewhere):
            each.saw(wanted)
            await each.note()
            first = await version(db)
        assert await is_new(db)
        await run(db, LONG_AGO)
        here.saw(wanted)
        await here.note()
        assert not await is_new(db)
        async with process(db) as (later, _):
            later.saw(wanted)
            await later.note()
        assert await is_new(db)
    assert first != await version(db)


async def test_another_process_notes_none_that_was_noted_within_the_minute(db: Database):
    wanted = await display(db)
    async with process(db) as (here, _), process(db) as (elsewhere, _):
        here.saw(wanted)
        await here.note()
        before = await version(db)
        elsewhere.saw(wanted)
        await elsewhere.note()
    assert before == await version(db)


async def test_one_that_a_screen_follows_is_seen_though_nobody_asks(db: Database):
    wanted = await display(db)
    async with process(db) as (here, updates):
        with updates.listen(HARBOR, "", wanted):
            await here.note()
            assert await is_new(db)
        await run(db, "update displays set last_seen_at = null")
    async with process(db) as (here, _):
        await here.note()
    assert await is_new(db) is None


@pytest.mark.parametrize("how", ENDED)
async def test_one_that_has_ended_is_seen_no_more(db: Database, how: str):
    wanted = await display(db)
    await run(db, ENDED[how])
    async with process(db) as (here, _):
        here.saw(wanted)
        await here.note()
    assert await is_new(db) is None


async def test_a_failure_to_note_is_logged_once_and_what_failed_is_noted_later(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(sightings, "NOTE_EVERY_SECONDS", 0.0)
    wanted = await display(db)
    async with process(db) as (here, _):
        await run(db, "revoke execute on function note_displays_seen(bytea[]) from project88_reader")
        with caplog.at_level(logging.WARNING, sightings.__name__):
            for _ in range(3):
                here.saw(wanted)
                await here.note()
            assert len(caplog.records) == 1 and "permission denied" in caplog.text
            await run(db, "grant execute on function note_displays_seen(bytea[]) to project88_reader")
            here.saw(wanted)
            await here.note()
    assert await is_new(db)
    assert len(caplog.records) == 1 and wanted.hex() not in caplog.text


async def test_a_reader_notes_by_a_secret_and_changes_no_display(db: Database):
    await display(db)
    await display(db)
    async with pages_database(db) as pages:
        assert await displays.note_seen(pages, [secret_hash("guessed"), b""]) == 0
        assert [{"seen": 0}] == await look(db, "select count(last_seen_at) as seen from displays")
        hashes = [row["token_hash"] for row in await db.rows(SQL("select token_hash from displays"))]
        assert await displays.note_seen(pages, hashes) == 2
        assert await displays.note_seen(pages, hashes) == 0
