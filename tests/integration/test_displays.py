"""Displays: what their address opens, for how long, and that none shows another event's or another session's data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.errors import UsageError
from project88.store import displays
from project88.store.connection import Database
from project88.store.displays import Kind, Wanted
from project88.store.results_page import EventKey
from project88.web import screens
from tests.hub_command import HubCommand
from tests.integration.public_event import READS, TWO_PARTNERS, read, run
from tests.integration.test_web import next_event, serving, version_of

HARBOR, STRANGE = EventKey(1, "p1"), EventKey(2, "p9")


@pytest.fixture
async def site(db: Database) -> AsyncIterator[aiohttp.ClientSession]:
    await run(db, TWO_PARTNERS)
    await run(db, READS)
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        yield session


async def made(
    db: Database, kind: Kind = "announcer", key: EventKey = HARBOR, session: str | None = None, race: str | None = None
) -> str:
    """The path of a new display."""
    secret, _ = await displays.create(
        db,
        Wanted(
            key=key,
            kind=kind,
            timing_session_id=await session_id(db, session) if session else None,
            race_id=race,
            created_by="tests",
            lifetime=timedelta(hours=1),
        ),
    )
    return f"/display/{secret}"


async def session_id(db: Database, name: str) -> int:
    found = await db.value(
        SQL("select timing_session_id from timing.timing_sessions where session_key = %(name)s"), {"name": name}
    )
    return int(found)


async def test_the_announcer_sees_who_finished_and_who_approaches_in_the_order_of_arrival(
    site: aiohttp.ClientSession, db: Database
):
    page = await read(site, await made(db))

    finished, approaching = page.partition("Approaching</h2>")[::2]
    assert finished.index("First59 Last59") < finished.index("First58 Last58")
    assert approaching.index("First60 Last60") < approaching.index("First61 Last61")
    assert "Bridge" in approaching and "First59" not in approaching


async def test_the_wall_shows_the_leaders_of_each_race(site: aiohttp.ClientSession, db: Database):
    page = await read(site, await made(db, "wall"))

    assert page.index("First1 Last1") < page.index("First2 Last2") < page.index("First15 Last15")
    assert "First16 Last16" not in page and "Short &amp; Fun" in page


async def test_a_display_of_a_race_shows_that_race(site: aiohttp.ClientSession, db: Database):
    page = await read(site, await made(db, "wall", race="20"))

    assert "Short &amp; Fun" in page and "First1 " not in page


@pytest.mark.parametrize(
    ("session", "kind", "shown", "hidden"),
    [
        ("north", "announcer", ["First1 ", "First2 ", "First3 ", "First61 "], ["First4 ", "First62 ", "First59 "]),
        ("south", "announcer", ["First4 ", "First62 "], ["First1 ", "First61 ", "First59 "]),
        ("north", "wall", ["First1 ", "First3 "], ["First4 ", "First5 "]),
        ("south", "wall", ["First4 "], ["First1 ", "First5 "]),
    ],
)
async def test_a_display_of_a_session_shows_only_who_was_read_by_it(
    site: aiohttp.ClientSession, db: Database, session: str, kind: Kind, shown: list[str], hidden: list[str]
):
    page = await read(site, await made(db, kind, session=session))

    assert [name for name in shown if name not in page] == []
    assert [name for name in hidden if name in page] == []


@pytest.mark.parametrize("kind", ["announcer", "wall"])
async def test_no_display_shows_another_partners_event(site: aiohttp.ClientSession, db: Database, kind: Kind):
    ours, theirs = await made(db, kind), await made(db, kind, key=STRANGE)

    assert "Strange" not in await read(site, ours)
    strange = await read(site, theirs)
    assert "Strange" in strange and "First" not in strange


async def test_a_session_of_another_event_or_partner_is_refused(site: aiohttp.ClientSession, db: Database):
    with pytest.raises(UsageError, match="is not bound to event p1"):
        await made(db, session="strange")
    with pytest.raises(UsageError, match="is not bound to event p9"):
        await made(db, key=STRANGE, session="north")


async def test_a_display_ends_when_its_session_is_bound_to_another_event(site: aiohttp.ClientSession, db: Database):
    display = await made(db, session="north")
    await run(db, "update timing.timing_sessions set event_id = 'p2' where session_key = 'north'")

    assert "This display has ended" in await read(site, display, 404)


ENDED = {
    "expired": "update displays set expires_at = now() - interval '1 second'",
    "revoked": "update displays set revoked_at = now()",
}


@pytest.mark.parametrize("how", ENDED)
@pytest.mark.parametrize("part", ["", "/live", "/stream"])
async def test_a_display_that_has_ended_opens_nothing(site: aiohttp.ClientSession, db: Database, how: str, part: str):
    display = await made(db)
    await run(db, ENDED[how])

    page = await read(site, display + part, 404)
    assert "This display has ended" in page and "Harbor" not in page


@pytest.mark.parametrize("secret", ["x", 32 * "A", 500 * "a", "%00", "%F0%9F%98%80", "..%2F..", "%27%20or%201=1"])
async def test_a_guessed_address_opens_nothing(site: aiohttp.ClientSession, db: Database, secret: str):
    await made(db)

    assert "Harbor" not in await read(site, f"/display/{secret}", 404)


async def test_an_address_has_at_least_128_bits_that_are_not_kept(site: aiohttp.ClientSession, db: Database):
    secrets = [(await made(db)).removeprefix("/display/") for _ in range(2)]

    assert all(len(secret) >= 128 / 6 for secret in secrets) and len(set(secrets)) == 2
    rows = str(await db.rows(SQL("select d.*, encode(token_hash, 'escape') from displays d")))
    assert not [secret for secret in secrets if secret in rows]


async def test_every_open_screen_is_told_of_a_change(site: aiohttp.ClientSession, db: Database):
    path = await made(db)
    before = version_of(await read(site, path))
    async with (
        site.get(f"{path}/stream", params={"since": before}) as first,
        site.get(f"{path}/stream", params={"since": before}) as second,
    ):
        await run(
            db,
            "update ct_results set result_status = 'finished', chip_time = '1 hour', finish_time = now(),"
            " updated_at = clock_timestamp() where event_id = 'p1' and entry_id = 'e60'",
        )
        told = {await next_event(first), await next_event(second)}

    page = await read(site, f"{path}/live", version=told.pop())
    assert told == set()
    assert "First60 Last60" in page.partition("Approaching</h2>")[0]


async def test_an_open_screen_is_told_that_its_display_was_revoked(site: aiohttp.ClientSession, db: Database):
    path = await made(db)
    before = version_of(await read(site, path))
    async with site.get(f"{path}/stream", params={"since": before}) as stream:
        await run(db, ENDED["revoked"])
        assert await next_event(stream) == "gone"


async def test_a_name_that_is_withheld_is_on_no_display(site: aiohttp.ClientSession, db: Database):
    await run(
        db,
        "insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by) values (1, 'p1', '1', 'x'),"
        " (1, 'p1', '61', 'x')",
    )
    for kind in ("announcer", "wall"):
        page = await read(site, await made(db, kind, session="north"))
        assert "First1 " not in page and "First61 " not in page and "Name withheld" in page


async def test_the_commands_make_list_and_revoke_a_display(
    site: aiohttp.ClientSession, db: Database, database_url: str, tmp_path: Path
):
    hub = HubCommand(database_url, tmp_path)
    path = (await hub("display", "create", "p1", "--kind", "wall", "--hours", "2", "--by", "Office")).out.strip()
    path = path.removeprefix("http://127.0.0.1:8088")
    assert "First1 Last1" in await read(site, path)

    (row,) = (await hub("display", "list", "--json")).json
    assert (row["state"], row["kind"], row["created_by"]) == ("open", "wall", "Office")
    assert path.removeprefix("/display/") not in str(row)

    await hub("display", "revoke", str(row["display_id"]))
    # Not the address of before, whose answer is kept for an instant.
    await read(site, f"{path}/live", 404)
    assert [row["state"] for row in (await hub("display", "list", "--json")).json] == ["revoked"]
    assert (await hub("display", "revoke", "99")).code != 0


async def test_the_commands_withhold_and_show_a_name_and_ages(
    site: aiohttp.ClientSession, database_url: str, tmp_path: Path
):
    hub = HubCommand(database_url, tmp_path)
    await hub("privacy", "withhold", "p1", "1", "--by", "Office")
    assert "First1 Last1" not in await read(site, "/events/1/p1?page=1&race=10")
    await hub("privacy", "show", "p1", "1")
    assert "First1 Last1" in await read(site, "/events/1/p1?race=10")

    await hub("privacy", "ages", "none", "--timing-partner-id", "1")
    assert "<dt>Age</dt>" not in await read(site, "/events/1/p1/runner?race=10&id=e1")
    await hub("privacy", "ages", "all", "--event", "p1")
    assert "<dt>Age</dt>" in await read(site, "/events/1/p1/runner?id=e1&race=10")


async def test_the_pages_run_by_themselves_until_they_are_told_to_end(db: Database, database_url: str, tmp_path: Path):
    await run(db, TWO_PARTNERS)
    async with HubCommand(database_url, tmp_path).web() as address, aiohttp.ClientSession(address) as session:
        assert "Harbor Run" in await read(session, "/")


async def test_who_guesses_addresses_has_to_wait_and_an_open_display_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(screens, "TRIES_PER_ADDRESS", 1)
    await run(db, TWO_PARTNERS)
    known, unopened = await made(db), await made(db)
    async with serving(db) as address, aiohttp.ClientSession(address) as site:
        await read(site, known)
        for path in ("/display/guessed", unopened):
            async with site.get(path) as answer:
                assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (429, True)
        await read(site, f"{known}/live")
