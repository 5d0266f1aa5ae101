"""`project88 credentials` as an operator types it, on a real database and against the sandbox."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from psycopg.sql import SQL

from project88.edges.sealing import is_sealed
from project88.records.entities import TimingPartnerId
from project88.sandbox import LiveSettings, Sandbox, list_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD, Account
from project88.store import budget
from project88.store.connection import Database
from project88.store.partners import add_partner, credentials, set_credentials
from project88.sync.sealed_logins import unsealed
from tests.hub_command import CHECKOUT, HubCommand

LIVE = ("--timing-partner-id", "1", "--provider", "chronotrack_live", "--principal", "me@example.org")
SECRET = "correct horse battery"
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


class Typed(HubCommand):
    """The command, and the one way to store a login that most tests need."""

    async def set(self, principal: str, secret: str, config: dict[str, str] | None, *options: str) -> None:
        login = ("--timing-partner-id", "1", "--provider", "chronotrack_live", "--principal", principal)
        settings = () if config is None else ("--config", json.dumps(config))
        done = await self("credentials", "set", *login, *settings, *options, "--secret-stdin", stdin=secret.encode())
        assert done.code == 0, done.err


@pytest.fixture
async def hub(database_url: str, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """This process unseals with the keys in the command's home too."""
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path))
    await add_partner(db, "Summit Timing", "UTC")
    return Typed(database_url, tmp_path)


def sandbox_of(*accounts: Account) -> AbstractAsyncContextManager[Sandbox]:
    return serve(list_world(1, start=datetime(2026, 5, 2, 8, tzinfo=UTC)), LiveSettings(accounts=accounts))


async def test_a_secret_from_standard_input_is_stored_sealed_and_shown_nowhere(hub: Typed, db: Database):
    secret = f" {SECRET}\n"
    config = json.dumps({"client_id": "c", "client_secret": "hidden-too", "auth": "oauth2"})
    stored = await hub("credentials", "set", *LIVE, "--secret-stdin", "--config", config, stdin=f"{secret}\n".encode())
    listed = await hub("credentials", "list")
    as_json = await hub("credentials", "list", "--timing-partner-id", "1", "--json")
    [found] = await credentials(db)

    assert (stored.code, listed.code, as_json.code) == (0, 0, 0)
    assert is_sealed(found.secret)
    assert is_sealed(found.additional_config["client_secret"])
    assert unsealed(found).secret == secret
    assert unsealed(found).additional_config == json.loads(config)
    assert as_json.json == [
        {
            "timing_partner_id": 1,
            "company_name": "Summit Timing",
            "provider": "chronotrack_live",
            "account": "",
            "principal": "me@example.org",
            "secret": "sealed password",
            "auth": "oauth2",
            "base_url_host": "api.chronotrack.com",
            "has_client_id": True,
            "note": None,
        }
    ]
    for finished in (stored, listed, as_json):
        assert SECRET not in finished.out + finished.err
        assert "hidden-too" not in finished.out + finished.err


async def test_a_secret_typed_at_the_prompt_is_not_echoed(hub: Typed, db: Database):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        IN_A_TERMINAL,
        *hub.line("credentials", "set", *LIVE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=hub.environment,
        cwd=CHECKOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    shown = await process.stdout.readuntil(b"Secret of me@example.org: ")
    process.stdin.write(f"{SECRET}\n".encode())
    shown += await process.stdout.read()
    process.stdin.close()
    code = await process.wait()

    assert code == 0
    assert SECRET.encode() not in shown
    assert [unsealed(found).secret for found in await credentials(db)] == [SECRET]


@pytest.mark.parametrize(
    ("config", "code", "said"),
    [
        ("{", 2, "--config"),
        ("[]", 2, "must be a JSON object"),
        ('{"base_url": "http://example.org/api"}', 78, "must begin with https"),
        ('{"colour": "blue"}', 78, "colour"),
        ('{"auth": "oauth2"}', 78, "client_id"),
        ('{"rate_limit": 0}', 78, "rate_limit"),
    ],
)
async def test_settings_that_cannot_work_are_refused_and_nothing_is_stored(
    hub: Typed, db: Database, config: str, code: int, said: str
):
    refused = await hub("credentials", "set", *LIVE, "--secret-stdin", "--config", config, stdin=SECRET.encode())

    assert refused.code == code
    assert said in refused.err
    assert SECRET not in refused.err
    assert await credentials(db) == []


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("--timing-partner-id", "7", "--provider", "chronotrack_live"), b"x", "timing partner 7 does not exist"),
        (("--timing-partner-id", "1", "--provider", "nobody"), b"x", "provider nobody does not exist"),
        (("--timing-partner-id", "1", "--provider", "chronotrack_live"), b"\n", "must not be empty"),
        (("--timing-partner-id", "1", "--provider", "chronotrack_live"), b"\xff", "not UTF-8"),
        (("--timing-partner-id", "1", "--provider", "haku"), b"p88:1:01234567:AAAA", "sealed secret"),
    ],
)
async def test_a_login_of_nobody_is_a_usage_error(hub: Typed, arguments: tuple[str, ...], stdin: bytes, said: str):
    refused = await hub("credentials", "set", *arguments, "--principal", "me", "--secret-stdin", stdin=stdin)

    assert refused.code == 2
    assert said in refused.err


async def test_without_a_terminal_the_secret_must_be_piped_in(hub: Typed):
    refused = await hub("credentials", "set", *LIVE, stdin=b"secret\n")

    assert refused.code == 2
    assert "--secret-stdin" in refused.err


async def test_a_new_secret_keeps_the_settings_unless_new_ones_are_given(hub: Typed, db: Database):
    partner = TimingPartnerId(1)
    config = {"page_size": 100, "client_secret": "c"}
    await set_credentials(db, partner, "chronotrack_live", "old", "old secret", config)
    changed = await hub("credentials", "set", *LIVE, "--secret-stdin", stdin=SECRET.encode())
    kept = unsealed((await credentials(db))[0])
    await hub("credentials", "set", *LIVE, "--secret-stdin", "--config", "{}", stdin=SECRET.encode())
    [replaced] = await credentials(db)

    assert "page_size" in changed.out
    assert (kept.principal, kept.secret, kept.additional_config) == ("me@example.org", SECRET, config)
    assert replaced.additional_config == {}


async def test_a_provider_that_cannot_be_collected_from_yet_is_stored_with_a_note(hub: Typed, db: Database):
    await db.execute(SQL("insert into providers (provider_id, name, key) values (99, 'Stopwatch', 'stopwatch')"))
    arguments = ("--timing-partner-id", "1", "--provider", "stopwatch", "--principal", "key")
    stored = await hub("credentials", "set", *arguments, "--secret-stdin", stdin=b"secret")

    assert stored.code == 0
    assert "stopwatch cannot be collected from yet" in stored.out
    assert [found.provider_key for found in await credentials(db)] == ["stopwatch"]


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ("[1, 2]", "api.chronotrack.com"),
        ("null", "api.chronotrack.com"),
        ('{"base_url": 5, "auth": ["x"], "client_id": 7}', "unknown"),
        ('{"base_url": "https://user:hidden@[::1:x"}', "unknown"),
        ('{"base_url": "https://user:hidden@example.org:8443/api?q=1"}', "example.org:8443"),
    ],
)
async def test_a_login_written_by_hand_is_listed_whatever_its_settings(
    hub: Typed, database_url: str, config: str, host: str
):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "insert into partner_provider_credentials (timing_partner_id, provider_id, principal, secret,"
            " additional_config) values (1, 1, 'me', %s, %s::jsonb)",
            ("a" * 64, config),
        )
    listed = await hub("credentials", "list", "--json")

    assert listed.code == 0
    [found] = listed.json
    assert found["secret"] == "SHA-256 digest"
    assert found["base_url_host"] == host
    assert found["note"].startswith("wrong settings: ")
    assert "hidden" not in listed.out


async def test_testing_tells_a_wrong_login_from_a_service_that_does_not_answer(hub: Typed, db: Database):
    async with serve(list_world(1, start=datetime(2026, 5, 2, 8, tzinfo=UTC))) as sandbox:
        config = {"base_url": sandbox.base_url, "client_id": "sandbox-client"}
        right, wrong, away = [await add_partner(db, name, "UTC") for name in ("right", "wrong", "away")]
        await set_credentials(db, right, "chronotrack_live", "sandbox@example.org", "sandbox-password", config)
        await set_credentials(db, wrong, "chronotrack_live", "sandbox@example.org", "not-the-password", config)
        nowhere = {**config, "base_url": "http://127.0.0.1:1/api"}
        await set_credentials(db, away, "chronotrack_live", "sandbox@example.org", "sandbox-password", nowhere)
        all_three = await hub("credentials", "test", "--json")
        one = await hub("credentials", "test", "--timing-partner-id", str(right))

    assert all_three.code == 1
    assert {row["timing_partner_id"]: row["state"] for row in all_three.json} == {
        right: "ok",
        wrong: "refused",
        away: "unreachable",
    }
    remedies = {row["timing_partner_id"]: row["remedy"] for row in all_three.json}
    assert "credentials set" in remedies[wrong]
    assert "base_url and the network" in remedies[away]
    for secret in ("sandbox-password", "not-the-password"):
        assert secret not in all_three.out + all_three.err
    assert one.code == 0
    assert "ok" in one.out


@pytest.mark.parametrize(("form", "calls"), [("sha1", 1), ("plain", 2), ("sha256", 3)])
async def test_testing_finds_the_form_of_the_password_that_the_service_takes_and_keeps_it_on_request(
    hub: Typed, db: Database, form: Literal["sha1", "plain", "sha256"], calls: int
):
    async with sandbox_of(Account(only_form=form)) as sandbox:
        config = {"base_url": sandbox.base_url, "client_id": CLIENT_ID, "client_secret": "c"}
        await hub.set(LOGIN, PASSWORD, config)
        found = await hub("credentials", "test", "--json")
        asked = len(sandbox.calls.to("/event"))
        kept = await hub("credentials", "test", "--keep", "--json")
        again = await hub("credentials", "test", "--json")
        [stored] = await credentials(db)
        standing, *_ = await budget.standings(db)

    first, second, third = found.json[0], kept.json[0], again.json[0]
    assert asked == calls
    assert standing.calls_today == len(sandbox.calls.to("/event"))
    assert [each["takes"] for each in (first, second, third)] == [form] * 3
    assert (second["state"], third["state"], third["remedy"]) == ("ok", "ok", None)
    if form == "sha1":
        assert (found.code, first["state"]) == (0, "ok")
    else:
        assert (found.code, first["state"]) == (1, "wrong settings")
        assert first["remedy"].endswith("--timing-partner-id 1 --provider chronotrack_live --keep")
        assert unsealed(stored).additional_config == {**config, "secret_encoding": form}
    assert is_sealed(stored.secret)
    assert is_sealed(stored.additional_config["client_secret"])


@pytest.mark.parametrize(
    ("secret", "config", "calls"),
    [
        ("wrong", {}, 3),
        ("wrong", {"secret_encoding": "sha1"}, 1),
        (hashlib.sha256(PASSWORD.encode()).hexdigest(), {}, 1),
        ("wrong", {"auth": "basic"}, 1),
    ],
)
async def test_a_login_that_is_refused_in_every_form_is_tried_three_times_at_most(
    hub: Typed, secret: str, config: dict[str, str], calls: int
):
    async with sandbox_of(Account()) as sandbox:
        await hub.set(LOGIN, secret, {"base_url": sandbox.base_url, "client_id": CLIENT_ID, **config})
        tested = await hub("credentials", "test", "--keep", "--json")

    [found] = tested.json
    assert (tested.code, found["state"], found["takes"]) == (1, "refused", None)
    assert len(sandbox.calls.to("/event")) == calls
    assert ("store the password itself" in found["remedy"]) == (len(secret) == 64)


async def test_accounts_of_a_partner_are_stored_listed_and_tested_by_name(hub: Typed, db: Database):
    club = Account(login="club@example.org", password="club-password")
    async with sandbox_of(Account(), club) as sandbox:
        config = {"base_url": sandbox.base_url, "client_id": CLIENT_ID}
        await hub.set(LOGIN, PASSWORD, config)
        without = await hub("credentials", "list")
        await hub.set("club@example.org", "not it", config, "--account", "club")
        wrong = await hub("credentials", "test", "--json")
        await hub.set("club@example.org", "club-password", None, "--account", "club")
        listed, one = await hub("credentials", "list"), await hub("credentials", "list", "--account", "club", "--json")
        right = await hub("credentials", "test")
        main = await hub("credentials", "test", "--account", "", "--json")

    assert "account" not in without.lines[0]
    assert "account" in listed.lines[0]
    assert ["", "club"] == [each.account_name for each in await credentials(db)]
    assert [(each["account"], each["secret"]) for each in one.json] == [("club", "sealed password")]
    assert [(each["account"], each["state"]) for each in wrong.json] == [("", "ok"), ("club", "refused")]
    assert (right.code, main.code) == (0, 0)
    assert [each["account"] for each in main.json] == [""]


async def test_testing_nothing_is_not_a_success(hub: Typed):
    tested = await hub("credentials", "test")

    assert tested.code == 78
    assert "project88 credentials set" in tested.err
