"""`project88 credentials` as an operator types it, on a real database and against the sandbox."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from project88.records.entities import TimingPartnerId
from project88.sandbox import list_world, serve
from project88.store.connection import Database
from project88.store.partners import add_partner, credentials, set_credentials
from tests.hub_command import CHECKOUT, HubCommand

LIVE = ("--timing-partner-id", "1", "--provider", "chronotrack_live", "--principal", "me@example.org")
SECRET = "correct horse battery"
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@pytest.fixture
async def hub(database_url: str, db: Database, tmp_path: Path) -> HubCommand:
    await add_partner(db, "Summit Timing", "UTC")
    return HubCommand(database_url, tmp_path)


async def test_a_secret_from_standard_input_is_stored_as_it_is_and_shown_nowhere(hub: HubCommand, db: Database):
    secret = f" {SECRET}\n"
    config = json.dumps({"client_id": "c", "client_secret": "hidden-too", "auth": "oauth2"})
    stored = await hub("credentials", "set", *LIVE, "--secret-stdin", "--config", config, stdin=f"{secret}\n".encode())
    listed = await hub("credentials", "list")
    as_json = await hub("credentials", "list", "--timing-partner-id", "1", "--json")
    [found] = await credentials(db)

    assert (stored.code, listed.code, as_json.code) == (0, 0, 0)
    assert found.secret == secret
    assert found.additional_config == json.loads(config)
    assert as_json.json == [
        {
            "timing_partner_id": 1,
            "company_name": "Summit Timing",
            "provider": "chronotrack_live",
            "principal": "me@example.org",
            "secret": "password",
            "auth": "oauth2",
            "base_url_host": "api.chronotrack.com",
            "has_client_id": True,
            "note": None,
        }
    ]
    for finished in (stored, listed, as_json):
        assert SECRET not in finished.out + finished.err
        assert "hidden-too" not in finished.out + finished.err


async def test_a_secret_typed_at_the_prompt_is_not_echoed(hub: HubCommand, db: Database):
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
    assert [found.secret for found in await credentials(db)] == [SECRET]


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
    hub: HubCommand, db: Database, config: str, code: int, said: str
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
    ],
)
async def test_a_login_of_nobody_is_a_usage_error(hub: HubCommand, arguments: tuple[str, ...], stdin: bytes, said: str):
    refused = await hub("credentials", "set", *arguments, "--principal", "me", "--secret-stdin", stdin=stdin)

    assert refused.code == 2
    assert said in refused.err


async def test_without_a_terminal_the_secret_must_be_piped_in(hub: HubCommand):
    refused = await hub("credentials", "set", *LIVE, stdin=b"secret\n")

    assert refused.code == 2
    assert "--secret-stdin" in refused.err


async def test_a_new_secret_keeps_the_settings_unless_new_ones_are_given(hub: HubCommand, db: Database):
    partner = TimingPartnerId(1)
    await set_credentials(db, partner, "chronotrack_live", "old", "old secret", {"page_size": 100})
    changed = await hub("credentials", "set", *LIVE, "--secret-stdin", stdin=SECRET.encode())
    [kept] = await credentials(db)
    await hub("credentials", "set", *LIVE, "--secret-stdin", "--config", "{}", stdin=SECRET.encode())
    [replaced] = await credentials(db)

    assert "page_size" in changed.out
    assert (kept.principal, kept.secret, kept.additional_config) == ("me@example.org", SECRET, {"page_size": 100})
    assert replaced.additional_config == {}


async def test_a_provider_that_cannot_be_collected_from_yet_is_stored_with_a_note(hub: HubCommand, db: Database):
    arguments = ("--timing-partner-id", "1", "--provider", "runsignup", "--principal", "key")
    stored = await hub("credentials", "set", *arguments, "--secret-stdin", stdin=b"secret")

    assert stored.code == 0
    assert "runsignup cannot be collected from yet" in stored.out
    assert [found.provider_key for found in await credentials(db)] == ["runsignup"]


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
    hub: HubCommand, database_url: str, config: str, host: str
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


async def test_testing_tells_a_wrong_login_from_a_service_that_does_not_answer(hub: HubCommand, db: Database):
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


async def test_testing_nothing_is_not_a_success(hub: HubCommand):
    tested = await hub("credentials", "test")

    assert tested.code == 78
    assert "project88 credentials set" in tested.err
