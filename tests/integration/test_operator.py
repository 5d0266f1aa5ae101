"""The door of the operator's page: logins, sessions, forms of others, roles. A real server and a real database."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from project88.edges.password_hash import hashed
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.users import (
    FAILURES_OF_ACCOUNT,
    FAILURES_OF_ACCOUNT_HERE,
    FAILURES_OF_ADDRESS,
    NewUser,
    add_user,
    set_password,
)
from project88.web.operator.gate import DOOR_COOKIE, SESSION_COOKIE
from tests.hub_command import HubCommand
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, PASSWORD, READER, RIVER, SUMMIT, Operators
from tests.integration.test_web import serving as serving_pages


async def test_a_user_logs_in_sees_the_overview_and_logs_out(site: Operators):
    async with site.browser() as browser:
        assert "<h1>Log in</h1>" in await browser.read("/operator")
        overview = await browser.log_in(" Admin@Example.org ")
        assert "Waits for a person" in overview and "all partners" in overview
        await browser.post("/operator/logout")
        assert "<h1>Log in</h1>" in await browser.read("/operator")
    assert [] == await look(site.db, "select * from user_sessions")


@pytest.mark.parametrize(
    ("email", "password"), [(ADMIN, PASSWORD + "!"), (ADMIN, ""), ("nobody@example.org", PASSWORD), ("", "")]
)
async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(site: Operators, email: str, password: str):
    async with site.browser() as browser:
        page = await browser.log_in(email, password, status=401)
        assert "These are not the address and the password of a user." in page
        assert "<h1>Log in</h1>" in await browser.read("/operator")


async def test_an_unknown_address_costs_the_same_hash(site: Operators, monkeypatch: pytest.MonkeyPatch):
    await set_password(site.db, ADMIN, hashed(PASSWORD))
    asked: list[dict[str, int]] = []
    scrypt = hashlib.scrypt

    def listened(text: bytes, **numbers: Any) -> bytes:
        asked.append({name: value for name, value in numbers.items() if name != "salt"})
        return scrypt(text, **numbers)

    monkeypatch.setattr(hashlib, "scrypt", listened)
    async with site.browser() as browser:
        await browser.log_in("nobody@example.org", "wrong", status=401)
        await browser.log_in(ADMIN, "wrong", status=401)

    of_nobody, of_admin = asked
    assert of_nobody == of_admin


async def test_after_some_failures_even_the_right_password_is_not_looked_at(site: Operators):
    async with site.browser() as browser:
        for _ in range(FAILURES_OF_ACCOUNT_HERE):
            await browser.log_in(ADMIN, "wrong", status=401)
        assert "Too many logins have failed" in await browser.log_in(ADMIN, status=429)
        assert "Overview" in await browser.log_in(SUMMIT)
    await look(site.db, "update login_failures set failed_at = now() - interval '1 hour'")
    async with site.as_user(ADMIN) as browser:
        assert "Overview" in await browser.read("/operator")
    assert [] == await look(site.db, "select 1 from login_failures where failed_at > now() - interval '1 minute'")


@pytest.mark.parametrize(
    ("account", "address", "failures", "status"),
    [
        ("x", "127.0.0.1", FAILURES_OF_ADDRESS, 429),
        ("x", "127.0.0.1", FAILURES_OF_ADDRESS - 1, 200),
        (ADMIN, "192.0.2.1", FAILURES_OF_ACCOUNT, 429),
        (ADMIN, "192.0.2.1", FAILURES_OF_ACCOUNT - 1, 200),
    ],
)
async def test_an_address_that_tries_many_accounts_and_an_account_that_is_tried_from_many_are_refused(
    site: Operators, account: str, address: str, failures: int, status: int
):
    await look(
        site.db,
        "insert into login_failures (account_sha256, address)"
        " select sha256(%(account)s::bytea), %(address)s from generate_series(1, %(failures)s)",
        account=account,
        address=address,
        failures=failures,
    )
    async with site.browser() as browser:
        await browser.log_in(ADMIN, status=status)


async def test_neither_password_token_nor_typed_address_stands_in_the_database(site: Operators):
    await set_password(site.db, ADMIN, hashed(PASSWORD))
    async with site.browser() as browser:
        await browser.log_in("a secret in the wrong field", status=401)
        await browser.log_in(ADMIN)
        [token] = [cookie.value for cookie in browser.http.cookie_jar if cookie.key == SESSION_COOKIE]
    [kept] = await look(
        site.db,
        "select (select string_agg(u::text, '') from project88_users u) || (select string_agg(s::text, '') from"
        " user_sessions s) || coalesce((select string_agg(f::text, '') from login_failures f), '') as text",
    )
    for secret in (PASSWORD, token, "a secret in the wrong field"):
        assert secret not in kept["text"] and secret.encode().hex() not in kept["text"]
    assert "scrypt$15$8$3$" in kept["text"]


async def test_the_session_cookie_is_for_no_script_and_no_other_site(site: Operators):
    async with site.browser() as browser:
        form = {"email": ADMIN, "password": PASSWORD, "form_token": await browser.token("/operator/login")}
        async with browser.http.post("/operator/login", data=form, allow_redirects=False) as answer:
            cookie = answer.cookies[SESSION_COOKIE]
            assert answer.status == 303
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/operator")


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_form_without_the_token_of_its_session_does_nothing(site: Operators, token: str):
    async with site.as_user(ADMIN) as browser, site.as_user(SUMMIT) as other:
        foreign = await other.token()
        for sent in (token, foreign):
            page = await browser.post("/operator/retractions/1/1/apply", status=403, form_token=sent)
            assert "not sent from a page of yours" in page
            await browser.post("/operator/logout", status=403, form_token=sent)
        assert "Overview" in await browser.read("/operator")
    assert [] == await look(site.db, "select * from user_actions")


async def test_a_login_form_needs_the_token_of_its_own_page(site: Operators):
    async with site.browser() as browser:
        form = {"email": ADMIN, "password": PASSWORD}
        async with browser.http.post("/operator/login", data=form) as answer:
            assert answer.status == 403
        async with browser.http.post("/operator/login", data=form | {"form_token": "0" * 64}) as answer:
            assert answer.status == 403
        await browser.read("/operator/login")
        assert [DOOR_COOKIE] == [cookie.key for cookie in browser.http.cookie_jar]
    assert [] == await look(site.db, "select * from login_failures")


@pytest.mark.parametrize(
    "ending",
    [
        "update user_sessions set ends_at = now()",
        "update user_sessions set last_seen_at = now() - interval '3 hours'",
        "update project88_users set is_active = false",
        "delete from user_sessions",
    ],
)
async def test_a_session_that_has_ended_leads_to_the_login_and_back_to_the_page(site: Operators, ending: str):
    async with site.as_user(ADMIN) as browser:
        form_token = await browser.token()
        await look(site.db, ending)
        page = await browser.read("/operator/duplicates")
        assert 'name="next" value="/operator/duplicates"' in page
        await browser.post("/operator/retractions/1/1/apply", form_token=form_token)
        assert ["held", "held"] == [row["state"] for row in await look(site.db, "select state from held_retractions")]
        if "is_active" not in ending:
            token = await browser.token("/operator/login")
            form = {"email": ADMIN, "password": PASSWORD, "form_token": token, "next": "/operator/duplicates"}
            assert "Nobody decided" in await browser.post("/operator/login", **form)
        else:
            await browser.log_in(ADMIN, status=401)


@pytest.mark.parametrize(
    "wanted", ["https://example.org/", "//example.org", "/operator\\x", "/events", "/operator/login"]
)
async def test_the_way_back_leads_nowhere_but_to_our_pages(site: Operators, wanted: str):
    async with site.browser() as browser:
        form = {"email": ADMIN, "password": PASSWORD, "form_token": await browser.token("/operator/login")}
        async with browser.http.post("/operator/login", data=form | {"next": wanted}, allow_redirects=False) as answer:
            assert (303, "/operator") == (answer.status, answer.headers["Location"])


async def test_whoever_may_only_look_changes_nothing(site: Operators):
    async with site.as_user(READER) as browser:
        assert "/apply" not in await browser.read("/operator/retractions")
        for address in (
            "/operator/retractions/1/1/apply",
            "/operator/duplicates/1/1/merge",
            "/operator/events/1/live/pause",
            "/operator/polls/1/1/sync",
            "/operator/events/1/live/display",
            "/operator/backfill",
        ):
            assert "You may look and change nothing." in await browser.post(address, status=403, word="start")
    assert [] == await look(site.db, "select * from user_actions")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_the_operators_part_takes_forms_and_nothing_else(site: Operators, method: str):
    async with site.as_user(ADMIN) as browser:
        async with browser.http.request(method, "/operator/retractions/1/1/apply") as answer:
            assert answer.status == 405
        async with browser.http.post("/operator/retractions/1/1/apply", json={}) as answer:
            assert answer.status == 415
        async with browser.http.post("/operator/retractions/1/1/apply", data={"x": "y" * 20_000}) as answer:
            assert answer.status == 413
        async with browser.http.post("/") as answer:
            assert answer.status == 405


async def test_every_answer_of_the_operators_part_forbids_foreign_content_and_is_kept_nowhere(site: Operators):
    async with site.as_user(ADMIN) as browser:
        for address in ("/operator", "/operator/login", "/operator/nothing", "/operator/events/1/nothing"):
            async with browser.http.get(address) as answer:
                text = await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
            assert " style=" not in text and "<script>" not in text and "https://" not in text


async def test_a_site_without_a_database_to_write_to_has_no_operators_part(db: Database):
    async with serving_pages(db) as address, Operators(db, address).browser() as browser:
        await browser.read("/operator", status=404)


async def test_users_are_added_listed_given_a_password_and_deactivated(
    site: Operators, database_url: str, tmp_path: Path
):
    hub = HubCommand(database_url, tmp_path)
    add = ("user", "add", "Dee@example.org", "--name", "Dee", "--role", "partner_staff", "--timing-partner-id", "2")
    added = await hub(*add, "--password-stdin", stdin=f"{PASSWORD}\n".encode())
    again = await hub(*add, "--password-stdin", stdin=f"{PASSWORD}\n".encode())
    short = await hub("user", "set-password", "dee@example.org", "--password-stdin", stdin=b"short\n")
    listed = await hub("user", "list", "--json")
    assert (0, 2, 2) == (added.code, again.code, short.code)
    assert "at least 12 characters" in short.err and "exists already" in again.err
    assert ("dee@example.org", "partner_staff", 2) in [
        (row["email"], row["role"], row["timing_partner_id"]) for row in listed.json
    ]
    assert "password" not in listed.out and "scrypt" not in listed.out

    async with site.as_user("dee@example.org") as browser:
        other = "another long password"
        assert (
            0 == (await hub("user", "set-password", "dee@example.org", "--password-stdin", stdin=other.encode())).code
        )
        assert "<h1>Log in</h1>" in await browser.read("/operator")
        await browser.log_in("dee@example.org", status=401)
        assert "River Timing" in await browser.log_in("dee@example.org", other)
        assert 0 == (await hub("user", "deactivate", "dee@example.org")).code
        await browser.log_in("dee@example.org", other, status=401)
    unknown = await hub("user", "deactivate", "nobody@example.org")
    wrong = await hub("user", "add", "e@example.org", "--name", "E", "--role", "admin", "--timing-partner-id", "1")
    assert (2, 2) == (unknown.code, wrong.code)


async def test_a_password_of_other_letters_of_the_same_look_is_the_same(site: Operators):
    new = NewUser(email="f@example.org", name="F", role="read_only", timing_partner_id=TimingPartnerId(1))
    await add_user(site.db, new, hashed("Ziel über alles"))
    async with site.browser() as browser:
        assert "Overview" in await browser.log_in("f@example.org", "Ziel u\u0308ber alles")


async def test_two_users_are_told_apart_by_their_sessions(site: Operators):
    async with site.as_user(SUMMIT) as summit, site.as_user(RIVER) as river:
        assert "Summit Timing" in await summit.read("/operator")
        assert "River Timing" in await river.read("/operator")
        await summit.post("/operator/logout")
        assert "River Timing" in await river.read("/operator")
