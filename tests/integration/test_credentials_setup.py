"""database/chronotrack_live_credentials_setup.sql in a real psql: what it stores, and when it stores nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER
from project88.store.partners import Credential, add_partner, credentials
from tests.hub_command import HubCommand
from tests.migration.test_psql_and_program_agree import program

SCRIPT = DATABASE_FOLDER / "chronotrack_live_credentials_setup.sql"
SECRET = 'it\'s "a" $ecret\\n %s ; ünd :more'
GIVEN = {"timing_partner_id": "1", "principal": "me@example.org", "base_url": "", "client_id": "issued"}


def set_up(
    url: str, *, secret: str | None = None, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({} if secret is None else {"PROJECT88_SECRET": secret})}
    settings = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
    command = [program("psql"), "-X", "-e", "-d", url, *settings, "-f", str(SCRIPT)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
async def partner_url(database_url: str, db: Database) -> str:
    await add_partner(db, "Summit Timing", "UTC")
    return database_url


async def only_login(db: Database) -> Credential:
    [found] = await credentials(db)
    return found


async def test_it_stores_the_login_with_a_secret_that_no_statement_shows(partner_url: str, db: Database):
    done = set_up(partner_url, secret=SECRET, **GIVEN)
    found = await only_login(db)

    assert done.returncode == 0, done.stderr
    assert (found.principal, found.secret) == ("me@example.org", SECRET)
    assert found.additional_config == {"client_id": "issued"}
    assert "$ecret" not in done.stdout + done.stderr
    assert "project88 credentials seal --timing-partner-id 1" in done.stdout
    assert "project88 credentials test --timing-partner-id 1" in done.stdout


async def test_it_asks_for_what_it_is_not_told_and_replaces_an_earlier_login_also_a_sealed_one(
    partner_url: str, db: Database, tmp_path: Path
):
    set_up(partner_url, secret="old", **GIVEN)
    hub = HubCommand(partner_url, tmp_path)
    assert (await hub("credentials", "seal")).code == 0
    done = set_up(partner_url, stdin=f"1\nyou\nhttps://example.org/api\n\n{SECRET}\n")
    found = await only_login(db)
    sealed = await hub("credentials", "seal")

    assert done.returncode == 0, done.stderr
    assert (found.principal, found.secret) == ("you", SECRET)
    assert found.additional_config == {"base_url": "https://example.org/api"}
    assert sealed.out == "sealed 1, sealed already 0\n"


@pytest.mark.parametrize(
    ("secret", "changes", "said"),
    [
        (None, {}, "give the password"),
        ("", {}, "give the password"),
        (SECRET, {"timing_partner_id": "7"}, "timing partner 7 does not exist"),
        (SECRET, {"timing_partner_id": "1; drop table timing_partners"}, "give the number"),
        (SECRET, {"principal": ""}, "give the user name"),
        (SECRET, {"base_url": "http://example.org"}, "must begin with https"),
    ],
)
async def test_with_an_answer_that_cannot_be_it_stops_and_stores_nothing(
    partner_url: str, db: Database, secret: str | None, changes: dict[str, str], said: str
):
    stopped = set_up(partner_url, secret=secret, stdin="\n", **{**GIVEN, **changes})

    assert stopped.returncode != 0
    assert said in stopped.stderr
    assert "$ecret" not in stopped.stdout + stopped.stderr
    assert await credentials(db) == []


@pytest.mark.parametrize("stdin", ["", "\n" * 5])
async def test_unedited_and_without_answers_it_stops_and_stores_nothing(partner_url: str, db: Database, stdin: str):
    stopped = set_up(partner_url, stdin=stdin)

    assert stopped.returncode != 0
    assert stopped.stderr
    assert await credentials(db) == []


async def test_without_the_schema_it_stops(empty_database_url: str):
    stopped = set_up(empty_database_url, secret=SECRET, **GIVEN)

    assert stopped.returncode != 0
    assert "$ecret" not in stopped.stdout + stopped.stderr
