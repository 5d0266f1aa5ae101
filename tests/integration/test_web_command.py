"""``project88 web``: with whose login it serves what, and when it leaves the operator's page out."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from project88.store.connection import Database
from project88.store.roles import apply_roles
from tests.hub_command import HubCommand
from tests.integration.operator_site import ADMIN, Browser, add_users, fill
from tests.integration.test_roles import login


async def status_of(address: str, path: str) -> int:
    async with aiohttp.ClientSession(address) as session, session.get(path) as answer:
        return answer.status


async def test_the_operators_page_is_served_beside_the_results(db: Database, database_url: str, tmp_path: Path):
    await fill(db)
    await add_users(db)
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        HubCommand(database_url, tmp_path).web() as address,
        aiohttp.ClientSession(address, cookie_jar=jar) as http,
    ):
        browser = Browser(http)
        assert "Summit Run" in await browser.read("/")
        assert "Overview" in await browser.log_in(ADMIN)
        assert "are paused" in await browser.post("/operator/events/1/live/pause")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 200),
        (["--no-operator"], 404),
        (["--host", "127.0.0.2"], 404),
        (["--host", "127.0.0.2", "--operator"], 200),
    ],
)
async def test_it_is_left_out_when_that_is_said_and_on_an_address_for_others_unless_it_is_asked_for(
    database_url: str, tmp_path: Path, arguments: list[str], status: int
):
    async with HubCommand(database_url, tmp_path).web(*arguments) as address:
        assert status == await status_of(address, "/operator/login")


async def test_a_login_that_may_only_read_serves_the_results_alone(db: Database, database_url: str, tmp_path: Path):
    await apply_roles(db)
    async with login(database_url, "project88_reader") as reader:
        hub = HubCommand(reader, tmp_path)
        async with hub.web() as address:
            assert (200, 404) == (await status_of(address, "/"), await status_of(address, "/operator/login"))
        refused = await hub("web", "--port", "0", "--operator")
    assert refused.code == 2 and "needs the hub's own login" in refused.err
