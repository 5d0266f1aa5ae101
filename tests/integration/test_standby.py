"""Reads at a real streaming standby: what goes there, what never does, and when nothing does."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.cli.pages import reading_database
from project88.edges import embedded
from project88.edges.password_hash import hashed
from project88.monitor import look
from project88.monitor.findings import Finding
from project88.store import api_tokens, displays, results_page
from project88.store.api_tokens import SCOPES
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate
from project88.store.reads import Reads, at_primary
from project88.store.results_page import EventKey
from project88.store.roles import apply_roles
from project88.store.users import NewUser, add_user
from project88.web.app import serve
from project88.web.pictures import BEHIND
from tests.conftest import TEST_BINARIES, new_database
from tests.integration.operator_site import PASSWORD, Browser
from tests.integration.public_event import EVENT, TWO_PARTNERS, read, run
from tests.integration.standby_server import SETTINGS, Standby, eventually, standby_of
from tests.integration.test_roles import login
from tests.integration.test_web import next_event, version_of

TEMPLATE = "template_of_a_hub"
KEY = EventKey(1, "p1")
RENAME = "update ct_events set event_name = 'Dune Run', updated_at = clock_timestamp() where event_id = 'p1'"
OLD, NEW = "Harbor Run", "Dune Run"
TOUCH = "update ct_results set updated_at = clock_timestamp() where event_id = 'p1' and entry_id = '{}'"
#: Takes ten minutes at a standby and no time at the primary.
SLOW_THERE = SQL("select pg_is_in_recovery() as there, case when pg_is_in_recovery() then pg_sleep(600) end as slept")
SLEEPING = "select exists (select from pg_stat_activity where wait_event = 'PgSleep')"

numbers = itertools.count()


@pytest.fixture(scope="module")
def primary() -> Iterator[embedded.Server]:
    """A server of its own, which may be followed."""
    folder = Path(tempfile.mkdtemp(prefix="p88-"))
    folder.chmod(0o755)
    home = folder / "home"
    options = embedded.Options(
        binaries=Path(TEST_BINARIES) if TEST_BINARIES else None, settings=SETTINGS, initdb_arguments=("--no-sync",)
    )

    async def start() -> embedded.Server:
        server = await embedded.ensure_running(home, options=options)
        await ensure_database(server.url("postgres"), TEMPLATE)
        async with Database.open(server.url(TEMPLATE)) as db:
            await migrate(db)
            await apply_roles(db)
        return server

    yield asyncio.run(start())
    asyncio.run(embedded.stop(home))
    shutil.rmtree(folder)


@pytest.fixture
async def database_url(primary: embedded.Server) -> AsyncIterator[str]:
    """Of the primary."""
    async with new_database(primary.url(TEMPLATE), TEMPLATE) as url:
        yield url


@pytest.fixture
async def standby(primary: embedded.Server, database_url: str, open_folder: Path) -> AsyncIterator[Standby]:
    async with standby_of(primary, open_folder / "standby") as standby:
        yield standby


@dataclass
class Hub:
    """The running pages, and both servers behind them."""

    db: Database
    reads: Reads
    standby: Standby
    site: aiohttp.ClientSession

    async def page(self, path: str = EVENT, status: int = 200, **asked: str) -> str:
        """Past the answers that are kept for an instant."""
        return await read(self.site, path, status, n=str(next(numbers)), **asked)

    async def where(self) -> str:
        return str(json.loads(await read(self.site, "/readyz"))["reads"])

    async def until(self, words: str) -> None:
        async def is_so() -> bool:
            return (await self.where()).startswith(words)

        await eventually(is_so)

    async def figure(self, name: str) -> float:
        found = re.search(rf"^project88_standby_{name} (\S+)$", await read(self.site, "/metrics"), re.MULTILINE)
        assert found is not None
        return float(found[1])

    async def replayed(self) -> None:
        """Until the standby has what is committed now."""
        place = await self.db.value(SQL("select pg_current_wal_flush_lsn()::text"))
        await eventually(lambda: self.standby.says(f"select pg_last_wal_replay_lsn() >= '{place}'"))

    async def monitor(self) -> Finding:
        [finding] = [each for each in (await look(self.db, with_metrics=False)).checks if each.check == "standby"]
        return finding


@asynccontextmanager
async def hub_on(db: Database, standby: Standby) -> AsyncIterator[Hub]:
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with reading_database(db) as reads, asyncio.TaskGroup() as group:
        assert isinstance(reads, Reads)
        group.create_task(serve(reads, port=0, stop=stop, on_listening=address.set_result, hub=db))
        try:
            async with aiohttp.ClientSession((await address).removesuffix("/")) as site:
                yield Hub(db, reads, standby, site)
        finally:
            stop.set()


@pytest.fixture
def settings(database_url: str, standby: Standby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """How the hub is told of the standby; the pages' own login is used there."""
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_REPLICA_URL", address_without_login(standby, database_url))
    monkeypatch.setenv("DATABASE_REPLICA_MAX_LAG_SECONDS", "60")
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "100000")
    return monkeypatch.setenv


@pytest.fixture
async def hub(settings: Any, db: Database, standby: Standby) -> AsyncIterator[Hub]:
    """Reads go to the standby, which has an event of each of two partners."""
    await run(db, TWO_PARTNERS)
    async with hub_on(db, standby) as hub:
        await hub.until("standby")
        yield hub


@pytest.fixture
def bound_of_a_second(settings: Any) -> None:
    settings("DATABASE_REPLICA_MAX_LAG_SECONDS", "1")


def address_without_login(standby: Standby, database_url: str) -> str:
    return (
        f"postgresql://127.0.0.1:{standby.url.rpartition(':')[2].partition('/')[0]}/{database_url.rpartition('/')[2]}"
    )


async def a_display(db: Database) -> tuple[str, int]:
    wanted = displays.Wanted(
        key=KEY, kind="wall", timing_session_id=None, race_id=None, created_by="x", lifetime=timedelta(hours=1)
    )
    secret, row = await displays.create(db, wanted)
    return f"/display/{secret}", row["display_id"]


async def test_what_people_and_programs_read_is_read_at_the_standby(hub: Hub):
    await hub.standby.pause()
    await run(hub.db, RENAME)
    display, _ = await a_display(hub.db)
    token = (await api_tokens.add(hub.db, 1, "x", SCOPES, None)).token
    by_token = {"Authorization": f"Bearer {token}"}

    for path in (
        "/",
        "/live",
        EVENT,
        EVENT + "/live",
        EVENT + "/runner",
        EVENT + "/charts",
        display,
        display + "/live",
    ):
        page = await hub.page(path, **({"race": "10", "id": "e1"} if path.endswith("runner") else {}))
        assert OLD in page or path.endswith("live"), path
        assert NEW not in page, path
    assert OLD in await read(hub.site, EVENT + "/results.json")
    assert OLD in await read(hub.site, EVENT + "/results.csv")
    for path in ("/events", EVENT):
        async with hub.site.get("/api/v1" + path, headers=by_token) as answer:
            assert OLD in await answer.text(), path
    for path in ("/races", "/results", "/results/10/e1", "/participants", "/changes"):
        async with hub.site.get("/api/v1" + EVENT + path, headers=by_token) as answer:
            assert answer.status == 200, await answer.text()
            assert NEW not in await answer.text()


async def test_what_decides_is_asked_at_the_primary(hub: Hub):
    await hub.standby.pause()
    ann = NewUser(email="ann@example.org", name="Ann", role="admin", timing_partner_id=None)
    await add_user(hub.db, ann, hashed(PASSWORD))
    await run(hub.db, RENAME)
    display, number = await a_display(hub.db)

    async with hub.site.get(display) as answer:
        assert answer.status == 200
    await displays.revoke(hub.db, number)
    await hub.page(display, 404)
    async with aiohttp.ClientSession(hub.site._base_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(http)
        await browser.log_in("ann@example.org")
        assert NEW in await browser.read("/operator/events")
        assert NEW in await browser.read("/operator/events/1/p1")
    async with hub.site.get("/api/v1/providers", headers={"Authorization": "Bearer p88_x"}) as answer:
        assert answer.status == 401
    assert await hub.where() == "standby"


async def test_the_rows_of_a_partner_who_is_not_named_are_not_seen_there(hub: Hub):
    asked = SQL("select distinct timing_partner_id, pg_is_in_recovery() as here from ct_results")

    assert await hub.reads.of_partners([2]).rows(asked) == [{"timing_partner_id": 2, "here": True}]
    assert await hub.reads.of_partners([1]).rows(asked) == [{"timing_partner_id": 1, "here": True}]
    assert await hub.reads.of_partners([]).rows(asked) == await hub.reads.rows(asked) == []
    assert len(await hub.reads.of_all_partners().rows(asked)) == 2


async def test_a_page_says_how_old_its_data_may_be(hub: Hub):
    async with hub.site.get("/api/v1" + EVENT) as answer:
        assert "Data-Lag-Seconds" not in answer.headers
    await hub.standby.pause()
    await run(hub.db, RENAME)

    async def says_it() -> bool:
        return re.search(r"As of [1-9]\d* s ago", await hub.page()) is not None

    await eventually(says_it)
    async with hub.site.get("/api/v1" + EVENT) as answer:
        assert int(answer.headers["Data-Lag-Seconds"]) >= 1
    assert await hub.figure("lag_seconds") >= 1 == await hub.figure("reads")


async def test_what_is_older_than_the_bound_is_read_at_the_primary_until_the_standby_has_caught_up(
    bound_of_a_second: None, hub: Hub, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "project88.web.standby")
    caplog.clear()
    await hub.standby.pause()
    await run(hub.db, RENAME)
    await hub.until("primary; the standby: it")

    assert NEW in await hub.page()
    assert await hub.figure("reads") == 0
    assert await hub.figure("lag_seconds") > 1
    await eventually(lambda: said(caplog, "reads go to the primary; the standby: it", 1))
    await hub.standby.resume()
    await hub.until("standby")
    assert NEW in await hub.page()
    await eventually(lambda: said(caplog, "reads go to the standby", 1))
    assert len(caplog.messages) == 2


async def said(caplog: pytest.LogCaptureFixture, words: str, times: int) -> bool:
    return sum(message.startswith(words) for message in caplog.messages) == times


async def test_a_standby_of_a_primary_that_nobody_writes_to_is_not_behind(bound_of_a_second: None, hub: Hub):
    idle = "select now() - pg_last_xact_replay_timestamp() > interval '3 seconds'"
    await run(hub.db, RENAME)
    await hub.replayed()
    while not await hub.standby.says(idle):
        assert await hub.where() == "standby"

    assert await hub.figure("lag_seconds") < 1


async def test_a_standby_that_is_killed_costs_no_answer(hub: Hub):
    asking = asyncio.create_task(asked_on_and_on(hub))
    await hub.standby.kill()
    await hub.until("primary; the standby: cannot connect")
    await run(hub.db, RENAME)
    assert NEW in await hub.page()

    await hub.standby.start()
    await hub.until("standby")
    assert NEW in await hub.page()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def asked_on_and_on(hub: Hub) -> None:
    """Fails where a page does."""
    while True:
        await hub.page()
        await hub.page("/")


async def test_a_standby_that_hangs_keeps_nobody_waiting_for_long(hub: Hub):
    asked = asyncio.create_task(
        hub.reads.of_partners([1]).value(SQL("select case when pg_is_in_recovery() then pg_sleep(600) end"))
    )
    sleeping = "select exists (select from pg_stat_activity where wait_event = 'PgSleep')"
    await eventually(lambda: hub.standby.says(sleeping))
    hub.standby.signal(signal.SIGSTOP)
    try:
        await hub.until("primary")
        assert OLD in await hub.page()
        await asked
    finally:
        hub.standby.signal(signal.SIGCONT)
    await hub.until("standby")


async def test_a_standby_that_was_promoted_is_one_no_more(hub: Hub):
    await hub.standby.promote()
    await hub.until("primary; the standby: it is no standby: it takes writes of its own")

    await run(hub.db, RENAME)
    assert NEW in await hub.page()


async def test_a_standby_without_the_newest_schema_is_not_read(hub: Hub):
    await hub.standby.pause()
    await run(hub.db, "insert into applied_migrations (name) values ('schema/999_new.sql')")
    await hub.until("primary; the standby: it has another schema")

    await hub.standby.resume()
    await hub.until("standby")


async def test_another_database_of_the_same_standby_is_not_ours(
    hub: Hub, primary: embedded.Server, settings: Any, db: Database
):
    settings("DATABASE_REPLICA_URL", address_without_login(hub.standby, primary.url(TEMPLATE)))
    async with hub_on(db, hub.standby) as other:
        await other.until(f"primary; the standby: it is the database {TEMPLATE}, ours is test_")

        assert OLD in await other.page()


async def test_a_server_of_its_own_is_no_standby(hub: Hub, template_url: str, settings: Any, db: Database):
    settings("DATABASE_REPLICA_URL", template_url)
    async with hub_on(db, hub.standby) as other:
        await other.until("primary; the standby: it is no standby")


@pytest.mark.parametrize("role", ["project88_writer", "project88_owner"])
async def test_a_login_that_may_do_more_than_read_is_not_used(
    hub: Hub, settings: Any, db: Database, database_url: str, role: str
):
    async with login(database_url, role) as named:
        await hub.replayed()
        settings("DATABASE_REPLICA_URL", hub.standby.url_of(named))
        async with hub_on(db, hub.standby) as other:
            await other.until("primary; the standby: its login login_")
            assert "must not be used for pages" in await other.where()


async def test_a_read_that_the_standby_breaks_off_is_answered_by_the_primary(hub: Hub):
    """What was removed is to be removed there as well, and a statement that may still see it is in the way."""
    waiting = asyncio.create_task(hub.reads.of_partners([1]).row(SLOW_THERE))
    await eventually(lambda: hub.standby.says(SLEEPING))
    await run(hub.db, "delete from ct_results where entry_id = 'e9'")
    await run(hub.db, "vacuum ct_results")

    assert (await waiting or {})["there"] is False
    assert await hub.figure("retried_reads") == 1
    await hub.until("standby")


async def test_a_reader_who_was_told_of_a_version_by_another_process_gets_no_older_one(hub: Hub):
    await hub.standby.pause()
    await run(hub.db, RENAME)
    event = await results_page.event(at_primary(hub.reads), KEY)
    assert event is not None
    display, _ = await a_display(hub.db)

    for path in (EVENT + "/live", display + "/live"):
        assert version_of(await hub.page(path)) != event.change.version
        told = version_of(await hub.page(path, version=event.change.version))
        # The figures beside the rows may follow.
        assert told.removesuffix(BEHIND) == event.change.version
    assert await hub.where() == "standby"


async def test_an_open_page_is_told_of_what_the_standby_has_and_then_gets_it(hub: Hub):
    before = version_of(await hub.page())
    async with hub.site.get(EVENT + "/stream", params={"since": before}) as stream:
        await stream.content.readuntil(b": listening\n")
        await hub.standby.pause()
        await run(hub.db, RENAME)
        assert version_of(await hub.page()) == before
        await hub.standby.resume()
        told = await next_event(stream)

    assert version_of(await hub.page(EVENT + "/live", version=told)) == told != before


async def test_the_feed_leaves_out_no_change_of_a_transaction_that_was_under_way(hub: Hub):
    async def changed(cursor: str) -> tuple[set[str], str]:
        asked = {"cursor": cursor} if cursor else {"start": "now"}
        body = json.loads(await read(hub.site, "/api/v1" + EVENT + "/changes", **asked))
        return {each["participant_id"] for each in body["data"] if each["participant_id"]}, body["cursor"]

    _, cursor = await changed("")
    async with hub.db.transaction() as slow:
        await slow.execute(TOUCH.format("e1").encode())
        await run(hub.db, TOUCH.format("e2"))
        await hub.replayed()
        _, cursor = await changed(cursor)
    await hub.replayed()
    first, cursor = await changed(cursor)

    assert "e1" in first
    assert await hub.where() == "standby"


async def test_what_is_read_never_goes_back_however_reads_move(settings: Any, db: Database, standby: Standby):
    settings("DATABASE_REPLICA_MAX_LAG_SECONDS", "2")
    async with hub_on(db, standby) as hub:
        await hub.until("standby")
        await counted_on_and_on(hub)


async def counted_on_and_on(hub: Hub) -> None:
    await run(hub.db, "create table counted (n integer); insert into counted values (0)")
    await run(hub.db, "grant select on counted to project88_reader")
    await hub.replayed()
    # Always behind a little, so that what the primary has just told is not there yet.
    await hub.standby.run("alter system set recovery_min_apply_delay = '300ms'")
    await hub.standby.run("select pg_reload_conf()")
    done = asyncio.Event()

    async def count() -> None:
        while not done.is_set():
            await run(hub.db, "update counted set n = n + 1")

    async def watch() -> int:
        seen = -1
        while not done.is_set():
            now = await hub.reads.of_partners([1]).value(SQL("select n from counted"))
            assert now >= seen
            seen = now
        return seen

    async with asyncio.TaskGroup() as group:
        group.create_task(count())
        watching = [group.create_task(watch()) for _ in range(3)]
        for _ in range(2):
            await hub.standby.pause()
            await hub.until("primary")
            await hub.standby.resume()
            await hub.until("standby")
        await hub.standby.kill()
        await hub.until("primary")
        await hub.standby.start()
        await hub.until("standby")
        done.set()
    assert min(each.result() for each in watching) > 0


async def test_the_monitor_says_where_reads_go_and_how_new_the_standby_is(
    bound_of_a_second: None, hub: Hub, settings: Any
):
    found = await hub.monitor()
    assert (found.state, found.cause.partition(" within ")[0]) == (
        "healthy",
        "reads go to the standby, which caught up",
    )
    await hub.standby.pause()
    await run(hub.db, RENAME)
    found = await hub.monitor()
    assert (found.state, found.cause) == (
        "degraded",
        "reads go to the primary; the standby: it did not catch up within 1 s",
    )
    await hub.standby.kill()
    found = await hub.monitor()
    assert found.state == "degraded" and "cannot connect" in found.cause
    settings("DATABASE_REPLICA_URL", "")
    assert (await hub.monitor()).state == "skipped"
