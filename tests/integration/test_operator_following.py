"""Open pages of the operator's part: what they are told, by whom they may be held open, and what ends them."""

from __future__ import annotations

import re

import aiohttp
import pytest

from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, SUMMIT, Browser, Operators
from tests.integration.test_web import next_event, version_of

TIMELINE = "/operator/events/1/live"
FOLLOWED = ("", "/polls", "/events/1/live", "/timing", "/timing/1/1", "/displays", "/backfill")
STREAM = re.compile(r'data-stream="([^"]+)"')


async def part_of(browser: Browser, place: str, status: int = 200) -> str:
    return await browser.read(f"{place}?live=part", status)


def stream_of(browser: Browser, place: str, version: str) -> aiohttp.client._RequestContextManager:
    return browser.http.get(place, params={"live": "stream", "since": version})


@pytest.mark.parametrize("place", FOLLOWED)
async def test_a_page_names_its_stream_and_its_part_is_what_it_shows(site: Operators, place: str):
    async with site.as_user(SUMMIT) as browser:
        page = await browser.read(f"/operator{place}")
        part = await part_of(browser, f"/operator{place}")
    found = STREAM.search(page)
    assert found is not None and found[1] == f"/operator{place}?live=stream"
    assert '<nav class="tabs"' not in part and part.partition("\n")[2].strip() in page


async def test_an_open_page_is_told_what_somebody_else_did(site: Operators):
    async with site.as_user(SUMMIT) as summit, site.as_user(ADMIN) as admin:
        version = version_of(await summit.read(TIMELINE))
        async with stream_of(summit, TIMELINE, version) as stream:
            await admin.post(f"{TIMELINE}/pause")
            told = await next_event(stream)
        part = await part_of(summit, TIMELINE)
    assert told == version_of(part) != version
    assert f"paused by {ADMIN}" in part


async def test_what_the_page_was_asked_for_stays_in_its_stream_and_an_outcome_does_not(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        page = await browser.read("/operator/timing?all=1&done=1")
    assert 'data-part="/operator/timing?all=1&amp;live=part"' in page


@pytest.mark.parametrize(
    "ending",
    [
        "delete from user_sessions",
        "update user_sessions set ends_at = now()",
        "update user_sessions set last_seen_at = now() - interval '3 hours'",
        "update project88_users set is_active = false",
    ],
)
async def test_a_stream_ends_with_its_session(site: Operators, ending: str):
    async with site.as_user(SUMMIT) as browser:
        version = version_of(await browser.read(TIMELINE))
        async with stream_of(browser, TIMELINE, version) as stream:
            await look(site.db, ending)
            assert "gone" == await next_event(stream)
            assert b"" == (await stream.content.read()).strip(b"\n")
        assert "log in again" in (await part_of(browser, TIMELINE, status=401)).lower()


async def test_a_logout_ends_the_streams_of_the_session_and_of_no_other(site: Operators):
    async with site.as_user(SUMMIT) as summit, site.as_user(ADMIN) as admin:
        version = version_of(await admin.read(TIMELINE))
        async with stream_of(summit, TIMELINE, "") as ended, stream_of(admin, TIMELINE, version) as other:
            assert "gone" != await next_event(ended)
            await summit.post("/operator/logout")
            assert "gone" == await next_event(ended)
            await admin.post(f"{TIMELINE}/pause")
            assert "gone" != await next_event(other)


async def test_an_open_page_keeps_no_session_alive(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        version = version_of(await browser.read(TIMELINE))
        await look(site.db, "update user_sessions set last_seen_at = now() - interval '1 hour'")
        await part_of(browser, TIMELINE)
        async with stream_of(browser, TIMELINE, version) as stream, stream_of(browser, TIMELINE, "") as another:
            await next_event(another)
            await look(site.db, "delete from schedule_plan")
            await next_event(stream)
    [session] = await look(site.db, "select last_seen_at < now() - interval '30 minutes' as is_idle from user_sessions")
    assert session["is_idle"]


@pytest.mark.parametrize("wanted", ["part", "stream"])
async def test_nothing_is_followed_without_a_login_of_the_partner_or_where_a_form_is_filled_in(
    site: Operators, wanted: str
):
    async with site.browser() as stranger, site.as_user(SUMMIT) as browser:
        await stranger.read(f"{TIMELINE}?live={wanted}", status=401)
        for place in (
            "/operator/events/2/live",
            "/operator/timing/2/2",
            "/operator/duplicates/1/1",
            "/operator/events",
        ):
            async with browser.http.get(place, params={"live": wanted}) as answer:
                text = await answer.text()
            assert "Not found" in text if wanted == "part" else "data: gone" in text
