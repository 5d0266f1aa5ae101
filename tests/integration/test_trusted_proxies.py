"""Readers behind a reverse proxy: whose word on their address and on TLS counts, and whose changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from project88.store.connection import Database
from project88.web import screens
from project88.web.operator.gate import SESSION_COOKIE
from tests.hub_command import HubCommand
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, PASSWORD, TOKEN, add_users, fill, serving

#: As seen by the hub, every test is a proxy of this address.
PROXY = "127.0.0.1"
ANN, BOB = "203.0.113.7", "2001:db8::7"
EVENTS = "/api/v1/events"


@pytest.fixture(autouse=True)
async def two_calls_a_minute(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "2")
    monkeypatch.setattr(screens, "TRIES_PER_ADDRESS", 2)
    await fill(db)


@asynccontextmanager
async def site_behind(db: Database, *trusted: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(db, trusted_proxies=trusted) as site, aiohttp.ClientSession(site.address) as http:
        yield http


async def statuses(site: aiohttp.ClientSession, forwarded: Sequence[str], path: str = EVENTS) -> list[int]:
    """Of a request for each value of X-Forwarded-For; one with a line break is two headers."""
    found = []
    for value in forwarded:
        headers = [("X-Forwarded-For", line) for line in value.split("\n")]
        async with site.get(path, headers=headers) as answer:
            found.append(answer.status)
    return found


@pytest.mark.parametrize("trusted", [[PROXY], ["127.0.0.0/8"], ["192.0.2.1", "127.0.0.0/30"]])
async def test_from_a_trusted_proxy_each_reader_is_counted_alone(db: Database, trusted: list[str]):
    async with site_behind(db, *trusted) as site:
        assert [200, 200, 429] == await statuses(site, [ANN, ANN, ANN])
        assert [200, 200, 429] == await statuses(site, [BOB, BOB, BOB])
        assert [404, 404, 429, 404] == await statuses(site, [ANN, ANN, ANN, BOB], "/display/guessed")


@pytest.mark.parametrize("trusted", [[], ["192.0.2.1"], ["10.0.0.0/8", "::1"]])
async def test_from_anybody_else_the_header_changes_nothing(db: Database, trusted: list[str]):
    async with site_behind(db, *trusted) as site:
        assert [200, 200, 429, 429] == await statuses(site, [ANN, BOB, "198.51.100.1", PROXY])
        assert [404, 404, 429] == await statuses(site, [ANN, BOB, PROXY], "/display/guessed")


@pytest.mark.parametrize(
    "spoofed",
    [
        "198.51.100.{0}, {1}",
        "10.0.0.{0}, 198.51.100.{0}, {1}",
        "198.51.100.{0}\n{1}",
        "10.0.0.{0}, {1}, 10.0.0.1",
        "{1}:4{0}",
        "a word {0}, {1}",
    ],
)
async def test_what_a_reader_puts_before_the_proxys_own_word_does_not_help(db: Database, spoofed: str):
    async with site_behind(db, PROXY, "10.0.0.0/8") as site:
        assert [200, 200, 429] == await statuses(site, [spoofed.format(number, ANN) for number in range(3)])
        assert [200] == await statuses(site, [BOB])


async def test_a_proxy_that_says_nothing_is_the_reader(db: Database):
    async with site_behind(db, PROXY) as site:
        assert [200, 200, 429] == await statuses(site, ["", " ", PROXY])


@pytest.mark.parametrize(
    ("trusted", "said", "is_secure", "address"),
    [
        ([PROXY], "https", True, ANN),
        ([PROXY], "http", False, ANN),
        ([PROXY], "HTTPS, http", False, ANN),
        (["192.0.2.1"], "https", False, PROXY),
        ([], "https", False, PROXY),
    ],
)
async def test_cookie_and_failed_login_follow_the_trusted_proxy_alone(
    db: Database, trusted: list[str], said: str, is_secure: bool, address: str
):
    await add_users(db)
    headers = {"X-Forwarded-Proto": said, "X-Forwarded-For": ANN}
    async with site_behind(db, *trusted) as site:
        async with site.get("/operator/login", headers=headers) as answer:
            door = list(answer.cookies.values())
            found = TOKEN.search(await answer.text())
        assert found is not None and [bool(each["secure"]) for each in door] == [is_secure]
        form = {"email": ADMIN, "password": "wrong", "form_token": found[1]}
        cookies = {each.key: each.value for each in door}
        async with site.post("/operator/login", data=form, headers=headers, cookies=cookies) as answer:
            assert answer.status == 401
        form["password"] = PASSWORD
        assert [{"address": address}] == await look(db, "select address from login_failures")
        async with site.post(
            "/operator/login", data=form, headers=headers, cookies=cookies, allow_redirects=False
        ) as answer:
            assert bool(answer.cookies[SESSION_COOKIE]["secure"]) is is_secure


@pytest.mark.parametrize(
    ("arguments", "variable", "status"),
    [
        (["--trusted-proxy", "192.0.2.1", "--trusted-proxy", "127.0.0.0/8"], "", 200),
        ([], "192.0.2.1, 127.0.0.1", 200),
        (["--trusted-proxy", "192.0.2.1"], "127.0.0.1", 429),
        ([], "", 429),
    ],
)
async def test_the_command_names_proxies_by_option_or_variable(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str, status: int
):
    monkeypatch.setenv("PROJECT88_WEB_TRUSTED_PROXIES", variable)
    async with HubCommand(database_url, tmp_path).web(*arguments) as address, aiohttp.ClientSession(address) as site:
        assert [200, 200, status] == await statuses(site, [ANN, ANN, BOB])


@pytest.mark.parametrize("wrong", ["*", "proxy.example.org", "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0.0/99"])
async def test_what_is_no_address_and_no_network_is_refused(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
):
    hub = HubCommand(database_url, tmp_path)
    for command in ("web", "up"):
        refused = await hub(command, "--port", "0", "--trusted-proxy", wrong)
        assert refused.code == 2 and wrong in refused.err
    monkeypatch.setenv("PROJECT88_WEB_TRUSTED_PROXIES", f"127.0.0.1 {wrong}")
    refused = await hub("web", "--port", "0")
    assert refused.code == 78 and wrong in refused.err
