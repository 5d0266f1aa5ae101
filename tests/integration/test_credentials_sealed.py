"""Sealed logins: collecting with them, sealing in place, a new key, a lost key, and what stays as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL

from project88.cli.common import seal_old_secrets
from project88.edges.redaction import redacted
from project88.edges.sealing import add_key, is_sealed, key_id_of, open_key_ring
from project88.errors import ConfigError, KeyMissing
from project88.records.entities import TimingPartnerId
from project88.sandbox import LiveSettings, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD
from project88.store import breakers
from project88.store.connection import Database
from project88.store.partners import Credential, Login, add_partner, changing_logins, credentials, set_credentials
from project88.sync import sealed_logins
from project88.sync.accounts import allowed_calls, open_account
from project88.sync.discovery import discover
from project88.sync.sealed_logins import (
    forget_old_keys,
    is_for_the_hub,
    rotate_keys,
    seal_logins,
    store_sealed,
    unsealed,
)
from tests.hub_command import HubCommand
from tests.integration.collecting import race_world

LIVE = "chronotrack_live"
SECRET = "correct horse battery"
DIGEST = "a" * 64
#: As the deployment page has it.
PAGE_INSERT = """
INSERT INTO partner_provider_credentials (
    timing_partner_id, provider_id, principal, secret, additional_config, created_at
) VALUES (
    1, 1, 'actual_username', 'sha256_encoded_password_hash',
    '{"base_url": "https://chronotrack.com/api/v1", "timeout": 30, "rate_limit": 1500}', NOW()
) ON CONFLICT (timing_partner_id, provider_id)
DO UPDATE SET
    principal = EXCLUDED.principal,
    secret = EXCLUDED.secret,
    additional_config = EXCLUDED.additional_config;
"""


@pytest.fixture
def key_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the first key goes. It does not exist yet."""
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path))
    return tmp_path / "credentials.keys"


@pytest.fixture
async def partner(db: Database, key_file: Path) -> TimingPartnerId:
    return await add_partner(db, "Summit Timing", "UTC")


async def only(db: Database) -> Credential:
    [found] = await credentials(db)
    return found


async def some_logins(db: Database, partner: TimingPartnerId) -> None:
    """A main and a further account, each with both kinds of secret, and one that the hub does not collect with."""
    other = await add_partner(db, "Other Timing", "UTC")
    await set_credentials(db, partner, LIVE, "me", SECRET, {"client_secret": "hidden"})
    await set_credentials(db, partner, LIVE, "club", DIGEST, {}, account_name="club")
    await add_stopwatch(db)
    await set_credentials(db, other, "stopwatch", "s", "stopwatch secret", {})


async def add_stopwatch(db: Database) -> None:
    """A provider that no program collects from."""
    await db.execute(SQL("insert into providers (provider_id, name, key) values (99, 'Stopwatch', 'stopwatch')"))


async def execute(url: str, statement: str) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return await cursor.fetchall() if cursor.description is not None else []


async def test_a_sealed_login_collects_and_its_secret_is_kept_out_of_the_log(db: Database, partner: TimingPartnerId):
    async with serve(race_world(5), LiveSettings()) as sandbox:
        config = {"base_url": sandbox.base_url, "client_id": CLIENT_ID, "rate_limit": 600}
        await set_credentials(db, partner, LIVE, LOGIN, PASSWORD, config)
        await seal_logins(db)
        login = await only(db)
        async with open_account(db, login) as account:
            outcome = await discover(account)

    assert is_sealed(login.secret)
    assert allowed_calls(login) == 600
    assert outcome.status == "completed"
    assert PASSWORD not in redacted(f"the login {LOGIN} with {PASSWORD}")


async def test_sealing_takes_the_hubs_logins_once_and_leaves_those_that_others_may_read(
    db: Database, database_url: str, partner: TimingPartnerId, key_file: Path
):
    await some_logins(db, partner)
    await execute(
        database_url,
        "update partner_provider_credentials set additional_config = additional_config || '{\"rate_limit\": 1.50}'"
        " where provider_id = 1",
    )
    before = {each.account_name: each for each in await credentials(db) if each.provider_key == LIVE}
    hub = HubCommand(database_url, key_file.parent)
    first, second = await hub("credentials", "seal"), await hub("credentials", "seal")
    listed = await hub("credentials", "list", "--json")
    third = await hub("credentials", "seal", "--all")
    after = await credentials(db)
    rates = await execute(
        database_url,
        "select additional_config ->> 'rate_limit' from partner_provider_credentials where provider_id = 1",
    )

    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert first.lines == [
        "sealed 2, sealed already 0",
        "left in plain 1 of stopwatch: other programs may read them; --all seals them too",
    ]
    assert second.lines[0] == "sealed 0, sealed already 2"
    assert third.lines == [
        "sealed 1, sealed already 2",
        "note: other programs that read logins of stopwatch no longer understand them",
    ]
    assert [each["secret"] for each in listed.json] == ["sealed password", "sealed SHA-256 digest", "password"]
    assert all(is_sealed(each.secret) for each in after)
    assert is_sealed(after[0].additional_config["client_secret"])
    assert rates == [("1.50",)]
    assert {each.account_name: unsealed(each) for each in after if each.provider_key == LIVE} == before
    for each in (first, second, third, listed):
        assert SECRET not in each.out + each.err


async def test_only_the_chosen_login_is_sealed(db: Database, partner: TimingPartnerId):
    await some_logins(db, partner)
    count = await seal_logins(db, lambda each: each.account_name == "club")
    nothing = await seal_logins(db, lambda each: each.account_name == "club")

    assert (count.sealed, nothing.sealed, nothing.were_sealed) == (1, 0, 1)
    assert [is_sealed(each.secret) for each in await credentials(db)] == [False, True, False]


async def test_the_pages_insert_works_twice_also_over_a_sealed_login(
    db: Database, database_url: str, partner: TimingPartnerId
):
    await execute(database_url, PAGE_INSERT)
    await seal_logins(db)
    await execute(database_url, PAGE_INSERT)
    await execute(database_url, PAGE_INSERT)
    written = await only(db)
    await seal_logins(db)

    assert written.secret == "sha256_encoded_password_hash"
    assert unsealed(await only(db)) == written


async def test_sealing_and_a_new_key_are_no_new_login_but_a_new_secret_is(
    db: Database, database_url: str, partner: TimingPartnerId
):
    await some_logins(db, partner)
    main, club, _ = [each.source for each in await credentials(db)]
    await execute(database_url, "delete from schedule_changes")
    for source in (main, club):
        await breakers.login_refused(db, source)
    await seal_logins(db)
    await rotate_keys(db)
    left_alone = [(await breakers.admit(db, each)).admitted for each in (main, club)]
    planned_anew = await execute(database_url, "select * from schedule_changes")
    await store_sealed(db, login(partner, "another secret"))
    tried = (await breakers.admit(db, main)).admitted

    assert left_alone == [False, False]
    assert planned_anew == []
    assert tried
    assert await execute(database_url, "select * from schedule_changes") != []


async def test_a_new_key_seals_every_sealed_login_and_old_keys_go_only_when_nobody_needs_them(
    db: Database, database_url: str, partner: TimingPartnerId, key_file: Path
):
    await some_logins(db, partner)
    await seal_logins(db)
    before = [unsealed(each) for each in await credentials(db)]
    [old] = open_key_ring().key_ids
    hub = HubCommand(database_url, key_file.parent)
    rotated = await hub("credentials", "rotate")
    new, *kept = open_key_ring().key_ids
    after = await credentials(db)
    forgot, again = [await hub("credentials", "rotate", "--forget-old") for _ in range(2)]

    assert (rotated.code, forgot.code, again.code) == (0, 0, 0)
    assert f"made the key {new} and sealed 2 logins with it" in rotated.out
    assert kept == [old]
    assert {key_id_of(each.secret) for each in after if is_sealed(each.secret)} == {new}
    assert after[2].secret == "stopwatch secret"
    assert [unsealed(each) for each in after] == before
    assert (forgot.out, again.out[:18]) == (f"removed {old}\n", "no key was removed")
    assert open_key_ring().key_ids == (new,)
    assert [unsealed(each) for each in await credentials(db)] == before


async def test_a_rotation_that_dies_after_its_key_was_made_leaves_every_login_readable(
    db: Database, partner: TimingPartnerId, monkeypatch: pytest.MonkeyPatch
):
    await some_logins(db, partner)
    await seal_logins(db)

    def die_with_the_key() -> None:
        add_key()
        raise KeyboardInterrupt

    monkeypatch.setattr(sealed_logins, "add_key", die_with_the_key)
    with pytest.raises(KeyboardInterrupt):
        await rotate_keys(db)
    monkeypatch.setattr(sealed_logins, "add_key", add_key)
    readable = [unsealed(each).secret for each in await credentials(db)]
    done = await rotate_keys(db)
    forgotten = await forget_old_keys(db)

    assert readable == [SECRET, DIGEST, "stopwatch secret"]
    assert len(done.old_key_ids) == 2
    assert set(forgotten) == set(done.old_key_ids)
    assert [unsealed(each).secret for each in await credentials(db)] == readable


async def test_a_rotation_changes_nothing_where_a_login_cannot_be_opened(
    db: Database, partner: TimingPartnerId, key_file: Path
):
    await store_sealed(db, login(partner, SECRET))
    key_file.unlink()
    await store_sealed(db, login(partner, SECRET, "club"), with_new_key=True)
    before, keys = await credentials(db), key_file.read_text()
    with pytest.raises(KeyMissing, match=key_id_of(before[0].secret)):
        await rotate_keys(db)

    assert (await credentials(db), key_file.read_text()) == (before, keys)


async def test_secrets_that_are_stored_while_the_key_changes_can_all_be_read(db: Database, partner: TimingPartnerId):
    await store_sealed(db, login(partner, SECRET))
    names = [f"account {number}" for number in range(6)]
    changes = [rotate_keys(db), forget_old_keys(db), rotate_keys(db), forget_old_keys(db)]
    await asyncio.gather(*(store_sealed(db, login(partner, SECRET, name)) for name in names), *changes)

    assert ["", *names] == [each.account_name for each in await credentials(db)]
    assert {unsealed(each).secret for each in await credentials(db)} == {SECRET}


async def test_without_its_key_a_login_is_listed_but_neither_used_nor_is_another_key_made(
    db: Database, database_url: str, partner: TimingPartnerId, key_file: Path
):
    await store_sealed(db, login(partner, SECRET))
    stored = await only(db)
    key_file.unlink()
    hub = HubCommand(database_url, key_file.parent)
    listed, tested = await hub("credentials", "list", "--json"), await hub("credentials", "test", "--json")
    arguments = ("--timing-partner-id", "1", "--provider", LIVE, "--principal", "me", "--secret-stdin")
    refused = await hub("credentials", "set", *arguments, stdin=SECRET.encode())
    collected = await hub("sync", "events", "--timing-partner-id", "1")
    still_missing = not key_file.exists()
    anew = await hub("credentials", "set", *arguments, "--new-key", stdin=SECRET.encode())

    key_id = key_id_of(stored.secret)
    assert [(each["secret"], key_id in each["note"]) for each in listed.json] == [("sealed, key missing", True)]
    assert [(each["state"], str(key_file) in each["remedy"]) for each in tested.json] == [("wrong settings", True)]
    assert (listed.code, tested.code, refused.code, collected.code) == (0, 1, 78, 78)
    assert key_id in refused.err
    assert str(key_file) in refused.err
    assert "--new-key" in refused.err
    assert still_missing
    assert anew.code == 0
    assert unsealed(await only(db)).secret == SECRET


async def test_a_sealed_secret_that_is_moved_to_another_login_opens_nothing(
    db: Database, database_url: str, partner: TimingPartnerId
):
    other = await add_partner(db, "Other Timing", "UTC")
    await store_sealed(db, login(partner, SECRET))
    await store_sealed(db, login(other, "their secret"))
    await execute(
        database_url,
        f"update partner_provider_credentials set secret = (select secret from partner_provider_credentials"
        f" where timing_partner_id = {partner}) where timing_partner_id = {other}",
    )
    [own] = await credentials(db, partner)
    [moved] = await credentials(db, other)

    assert unsealed(own).secret == SECRET
    with pytest.raises(ConfigError, match=f"timing partner {other} with chronotrack_live.*another login"):
        async with open_account(db, moved):
            pass


async def test_migrating_seals_what_earlier_versions_stored_and_says_how_much(
    db: Database, database_url: str, partner: TimingPartnerId, key_file: Path
):
    await some_logins(db, partner)
    hub = HubCommand(database_url, key_file.parent)
    first, second = await hub("db", "migrate"), await hub("db", "migrate")

    assert (first.code, second.code) == (0, 0)
    assert "logins whose secrets were in plain and are sealed now: 2" in first.lines
    assert "sealed" not in second.out
    assert [is_sealed(each.secret) for each in await credentials(db)] == [True, True, False]


async def test_migrating_where_no_key_can_be_written_leaves_the_secrets_and_says_so(
    db: Database, partner: TimingPartnerId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PROJECT88_KEY_FILE", str(tmp_path / "missing" / "keys"))
    await set_credentials(db, partner, LIVE, "me", SECRET, {})
    said = await seal_old_secrets(db)

    assert said.startswith("note: secrets stay in plain: ")
    assert (await only(db)).secret == SECRET


async def test_no_key_is_made_where_there_is_nothing_to_seal(db: Database, partner: TimingPartnerId, key_file: Path):
    await set_credentials(db, partner, "haku", "me", "", {})
    said = await seal_old_secrets(db)
    empty = await seal_logins(db, lambda _: True)

    assert (said, empty.sealed) == ("", 0)
    assert not key_file.exists()


def test_logins_of_collectors_and_of_the_timing_boxes_are_sealed_unasked():
    keys = (LIVE, "chronotrack_tcp", "stopwatch")

    assert [True, True, False] == [is_for_the_hub(login(TimingPartnerId(1), "", key=key)) for key in keys]


async def test_whoever_writes_logins_waits_and_whoever_reads_them_does_not(
    db: Database, database_url: str, partner: TimingPartnerId
):
    async with changing_logins(db) as changes:
        await changes.store(login(partner, SECRET))
        seen = await credentials(db)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await execute(database_url, "set lock_timeout = '50ms'; " + PAGE_INSERT)

    assert seen == []


def login(partner: TimingPartnerId, secret: str, account_name: str = "", *, key: str = LIVE) -> Login:
    return Login(
        timing_partner_id=partner,
        provider_key=key,
        account_name=account_name,
        principal="me",
        secret=secret,
        additional_config={},
    )
