"""Displays on the operator's page: previewed, made, told once, listed, ended; each of one partner and one session."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from project88.store.connection import Database
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, READER, RIVER, SUMMIT, Operators, add_users, serving
from tests.integration.public_event import READS, TWO_PARTNERS, run
from tests.integration.test_web import next_event, version_of

BUILDER = "/operator/events/1/p1/display"
TOLD = re.compile(r'id="address" value="(https?://[^/"]+)(/display/[\w-]{32})"')


@pytest.fixture
async def site(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Operators]:
    """Partner 1 has the event p1, timed by the sessions 1 (north) and 2 (south); partner 2 has p9 and session 3."""
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await run(db, TWO_PARTNERS)
    await run(db, READS)
    await add_users(db)
    async with serving(db) as operators:
        yield operators


async def made(site: Operators, email: str = SUMMIT, builder: str = BUILDER, **chosen: str) -> str:
    """The path that the page told."""
    async with site.as_user(email) as browser:
        found = TOLD.search(await browser.post(builder, **chosen))
    assert found is not None and found[1] == site.address
    return found[2]


async def test_a_display_is_previewed_with_its_real_data_before_anybody_can_open_it(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        announcer = await browser.read(f"{BUILDER}?kind=announcer")
        wall = await browser.read(f"{BUILDER}?kind=wall&race=20&hours=3")
    assert "Just finished" in announcer and "First59 Last59" in announcer and "First60 Last60" in announcer
    assert "Short &amp; Fun</h2>" in wall and "Ten</h2>" not in wall and "for 3 hours" in wall
    assert [] == await look(site.db, "select 1 from displays")


async def test_the_address_is_told_once_and_kept_nowhere(site: Operators):
    path = await made(site, kind="wall", race="10", hours="2")
    async with site.as_user(SUMMIT) as browser:
        assert "First1 Last1" in await browser.read(path)
        for place in ("/operator/displays", "/operator/record", "/operator?done=1"):
            page = await browser.read(place)
            assert path not in page and ("display 1 is made" in page or place == "/operator/displays")
    [row] = await look(site.db, "select d::text as kept, a::text as done, expires_at - d.created_at as hours,"
                                " created_by from displays d, user_actions a")  # fmt: skip
    assert path.removeprefix("/display/") not in row["kept"] + row["done"]
    assert (SUMMIT, "2:00:00") == (row["created_by"], str(row["hours"]))


@pytest.mark.parametrize(("trusted", "scheme"), [(["127.0.0.1"], "https"), (["192.0.2.1"], "http"), ([], "http")])
async def test_the_address_is_the_one_by_which_the_maker_sees_the_page(
    site: Operators, trusted: list[str], scheme: str
):
    async with serving(site.db, trusted_proxies=trusted) as behind, behind.as_user(SUMMIT) as browser:
        form = {"form_token": await browser.token(), "kind": "wall"}
        of_proxy = {"Host": "results.example.org", "X-Forwarded-Proto": "https"}
        async with browser.http.post(BUILDER, data=form, headers=of_proxy) as answer:
            found = TOLD.search(await answer.text())
    assert found is not None and found[1] == f"{scheme}://results.example.org"


async def test_many_screens_follow_one_address_and_the_list_counts_them(site: Operators):
    path = await made(site, kind="announcer")
    async with site.as_user(SUMMIT) as browser:
        version = version_of(await browser.read(path))
        first = browser.http.get(f"{path}/stream", params={"since": version})
        second = browser.http.get(f"{path}/stream", params={"since": version})
        async with first as one, second as two:
            assert (200, 200) == (one.status, two.status)
            assert '"Screens now" class="num">2<' in await browser.read("/operator/displays")
            await browser.post("/operator/displays/1/1/revoke")
            assert ["gone", "gone"] == [await next_event(one), await next_event(two)]
        assert '"Screens now" class="num">' not in await browser.read("/operator/displays")


async def test_a_display_is_revoked_by_its_button_and_stays_on_record(site: Operators):
    path = await made(site, kind="announcer")
    async with site.as_user(SUMMIT) as browser:
        assert "is revoked" in await browser.post("/operator/displays/1/1/revoke")
        await browser.read(path, status=404)
        assert "No display is open" in await browser.read("/operator/displays")
        assert "revoked" in await browser.read("/operator/displays?all=1")
        assert "was revoked before" in await browser.post("/operator/displays/1/1/revoke")
        assert "revoke display 1" in await browser.read("/operator/record")


@pytest.mark.parametrize(
    ("session", "shown", "hidden"),
    [("1", ["First1 ", "First61 "], ["First4 ", "First62 "]), ("2", ["First4 ", "First62 "], ["First1 ", "First61 "])],
)
async def test_neither_preview_nor_display_of_a_session_shows_what_another_session_read(
    site: Operators, session: str, shown: list[str], hidden: list[str]
):
    async with site.as_user(SUMMIT) as browser:
        preview = await browser.read(f"{BUILDER}?session={session}")
        display = await browser.read(await made(site, session=session))
    for page in (preview, display):
        assert [name for name in shown if name not in page] == []
        assert [name for name in hidden if name in page] == []


async def test_a_session_of_another_event_or_partner_makes_no_display(site: Operators):
    await run(site.db, "update timing.timing_sessions set event_id = 'p2' where session_key = 'south'")
    async with site.as_user(ADMIN) as browser:
        for session in ("2", "3", "99"):
            assert "is not bound to event p1" in await browser.read(f"{BUILDER}?session={session}", status=400)
            await browser.post(BUILDER, status=400, session=session)
    assert [] == await look(site.db, "select 1 from displays")


async def test_a_display_whose_session_was_moved_says_why_it_is_blank(site: Operators):
    path = await made(site, session="2")
    await run(site.db, "update timing.timing_sessions set event_id = 'p2' where session_key = 'south'")
    async with site.as_user(SUMMIT) as browser:
        await browser.read(path, status=404)
        assert "its session belongs to another event" in await browser.read("/operator/displays")


async def test_nobody_sees_previews_makes_or_ends_a_display_of_another_partner(site: Operators):
    ours = await made(site)
    theirs = await made(site, RIVER, "/operator/events/2/p9/display")
    async with site.as_user(SUMMIT) as browser:
        assert "Strange" not in await browser.read("/operator/displays?all=1")
        await browser.read("/operator/events/2/p9/display", status=404)
        await browser.post("/operator/events/2/p9/display", status=404)
        for place in ("2/2", "1/2", "2/1"):
            await browser.post(f"/operator/displays/{place}/revoke", status=404)
        assert "Strange" not in await browser.read(ours)
        shown = await browser.read(theirs)
        assert "Strange59 " in shown and "First" not in shown


async def test_whoever_may_only_look_sees_the_list_and_a_preview_and_makes_nothing(site: Operators):
    await made(site)
    async with site.as_user(READER) as browser:
        page = await browser.read("/operator/displays") + await browser.read(BUILDER)
        assert "First59 Last59" in page and 'method="post" action="/operator/events' not in page
        assert "/revoke" not in page
        await browser.post(BUILDER, status=403)
        await browser.post("/operator/displays/1/1/revoke", status=403)
    assert [{"revoked_at": None}] == await look(site.db, "select revoked_at from displays")


@pytest.mark.parametrize(
    "query", ["kind=x", "session=x", "session=-1", "race=99", "hours=0", "hours=9999", "hours=1.5"]
)
async def test_what_no_display_can_be_is_a_clear_400(site: Operators, query: str):
    async with site.as_user(SUMMIT) as browser:
        await browser.read(f"{BUILDER}?{query}", status=400)
        await browser.post(BUILDER, status=400, **dict([query.split("=")]))
    assert [] == await look(site.db, "select 1 from displays")
