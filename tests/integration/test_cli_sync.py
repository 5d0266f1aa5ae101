"""`project88 sync` as an operator types it, on a real database and against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from project88.sandbox import Fault, Sandbox, list_world, serve
from project88.store.connection import Database
from project88.store.history import collecting_lock
from project88.store.partners import add_partner, credentials, set_credentials
from tests.hub_command import HubCommand

PAST = datetime(2026, 5, 2, 8, tzinfo=UTC)
PARTNER = ("--timing-partner-id", "1")


@dataclass(frozen=True, slots=True)
class Season:
    """Two finished events of 3 and 7 entries, a partner who sees them, and the command."""

    hub: HubCommand
    db: Database
    sandbox: Sandbox
    #: The provider's ids, the event of 3 first.
    event_ids: list[str]


async def add_login(db: Database, sandbox: Sandbox, name: str, password: str = "sandbox-password") -> int:
    partner = await add_partner(db, name, "UTC")
    config = {"base_url": sandbox.base_url, "client_id": "sandbox-client"}
    await set_credentials(db, partner, "chronotrack_live", "sandbox@example.org", password, config)
    return partner


@pytest.fixture
async def season(database_url: str, db: Database, tmp_path: Path) -> AsyncIterator[Season]:
    world = list_world(3, 7, start=PAST)
    async with serve(world) as sandbox:
        await add_login(db, sandbox, "Summit Timing")
        yield Season(HubCommand(database_url, tmp_path), db, sandbox, list(world.events))


async def test_events_then_participants_then_results_and_a_second_time_writes_nothing(season: Season):
    hub = season.hub
    events = await hub("sync", "events", *PARTNER)
    people = await hub("sync", "participants", *PARTNER, "--json")
    results = await hub("sync", "results", *PARTNER, "--json")
    again = await hub("sync", "results", *PARTNER)

    assert [finished.code for finished in (events, people, results, again)] == [0, 0, 0, 0]
    assert events.lines[1].split() == ["completed", "2", "2", "0", "1"]
    assert {(row["participants"], row["results"], row["written"]) for row in people.json} == {(3, 0, 3), (7, 0, 7)}
    assert {(row["participants"], row["results"], row["written"]) for row in results.json} == {(3, 3, 3), (7, 7, 7)}
    assert {row["provider_event_id"] for row in results.json} == set(season.event_ids)
    assert len(results.err.splitlines()) == 2
    assert sorted(line.split()[4:8] for line in again.lines[1:]) == [
        ["completed", "3", "3", "0"],
        ["completed", "7", "7", "0"],
    ]


async def test_one_event_is_found_by_the_providers_id_and_by_ours(season: Season):
    await season.hub("sync", "events", *PARTNER)
    by_theirs = await season.hub("sync", "results", *PARTNER, "--event", season.event_ids[0], "--json")
    [row] = by_theirs.json
    by_ours = await season.hub("sync", "results", *PARTNER, "--event", row["event_id"], "--json")

    assert row["results"] == 3
    assert [each["provider_event_id"] for each in by_ours.json] == [season.event_ids[0]]


async def test_an_event_that_fails_is_told_with_exit_1_and_the_others_are_collected(season: Season):
    await season.hub("sync", "events", *PARTNER)
    season.sandbox.faults.add(
        Fault(kind="error_key", path_glob=f"/api/event/{season.event_ids[1]}/*", message="broken")
    )
    synced = await season.hub("sync", "results", *PARTNER, "--json")

    assert synced.code == 1
    states = {row["provider_event_id"]: row for row in synced.json}
    assert states[season.event_ids[0]]["status"] == "completed"
    assert states[season.event_ids[1]]["status"] == "failed"
    assert "broken" in states[season.event_ids[1]]["reason"]


async def test_an_archived_event_is_skipped_then_left_alone_and_tried_when_it_is_named(season: Season):
    await season.hub("sync", "events", *PARTNER)
    archived = season.event_ids[1]
    season.sandbox.faults.add(Fault(kind="archived", path_glob=f"/api/event/{archived}/*"))
    first = await season.hub("sync", "participants", *PARTNER, "--json")
    second = await season.hub("sync", "participants", *PARTNER, "--json")
    season.sandbox.faults.clear()
    named = await season.hub("sync", "participants", *PARTNER, "--event", archived, "--json")

    assert first.code == 1
    assert {row["provider_event_id"]: row["status"] for row in first.json}[archived] == "skipped"
    assert [row["provider_event_id"] for row in second.json] == season.event_ids[:1]
    assert second.code == 0
    assert [(row["status"], row["participants"]) for row in named.json] == [("completed", 7)]


async def test_an_event_that_another_sync_holds_is_skipped_with_exit_1(season: Season):
    await season.hub("sync", "events", *PARTNER)
    [credential] = await credentials(season.db)
    async with season.db.dedicated() as connection:
        event_id = await (
            await connection.execute(
                "select event_id from ct_events where provider_event_id = %s", season.event_ids[:1]
            )
        ).fetchone()
        assert event_id is not None
        async with collecting_lock(connection, credential.source, event_id[0]):
            synced = await season.hub("sync", "results", *PARTNER, "--event", season.event_ids[0])

    assert synced.code == 1
    assert "another sync of this event is running" in synced.out


async def test_results_are_asked_only_of_events_that_have_started(database_url: str, db: Database, tmp_path: Path):
    hub = HubCommand(database_url, tmp_path)
    async with serve(list_world(2, start=datetime.now(UTC) + timedelta(days=1))) as sandbox:
        await add_login(db, sandbox, "Summit Timing")
        await hub("sync", "events", *PARTNER)
        results = await hub("sync", "results", *PARTNER)
        people = await hub("sync", "participants", *PARTNER, "--json")

    assert results.code == 0
    assert "nothing was collected" in results.out
    assert [row["participants"] for row in people.json] == [2]


async def test_a_refused_login_stops_the_command_as_a_configuration_error(season: Season):
    await season.hub("sync", "events", *PARTNER)
    wrong = await add_login(season.db, season.sandbox, "Wrong Timing", password="not-the-password")
    refused = await season.hub("sync", "events", "--timing-partner-id", str(wrong))

    assert refused.code == 78
    assert "401" in refused.err
    assert "not-the-password" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("results", *PARTNER), 2, "project88 sync events --timing-partner-id 1"),
        (("results", *PARTNER, "--event", "nope"), 2, "event nope is not known"),
        (("events", "--timing-partner-id", "9"), 2, "timing partner 9 does not exist"),
        (("events", *PARTNER, "--provider", "haku"), 78, "no credentials for haku"),
    ],
)
async def test_what_cannot_be_synced_says_what_to_do(season: Season, arguments: tuple[str, ...], code: int, said: str):
    refused = await season.hub("sync", *arguments)

    assert refused.code == code
    assert said in refused.err


async def test_a_partner_with_several_providers_and_no_default_must_choose(season: Season):
    hub, db = season.hub, season.db
    partner = await add_partner(db, "Ridge Timing", "UTC")
    for key in ("haku", "runsignup"):
        await set_credentials(db, partner, key, "me", "secret", {})
    refused = await hub("sync", "events", "--timing-partner-id", str(partner))

    assert refused.code == 2
    assert "choose with --provider" in refused.err
    assert "haku" in refused.err


async def test_a_list_of_events_without_the_event_that_was_named_is_a_failure(season: Season):
    known = await season.hub("sync", "events", *PARTNER, "--event", season.event_ids[0])
    unknown = await season.hub("sync", "events", *PARTNER, "--event", "no-such-event")

    assert (0, 1) == (known.code, unknown.code)
    assert "no-such-event is not in the partner's list" in unknown.err


async def test_the_deployment_guides_insert_of_a_login_works_verbatim_and_twice(db: Database):
    insert = """
        INSERT INTO partner_provider_credentials (
            timing_partner_id, provider_id, principal, secret, additional_config, created_at
        ) VALUES (
            1, 1, 'actual_username', 'sha256_encoded_password_hash',
            '{"base_url": "https://chronotrack.com/api/v1", "timeout": 30, "rate_limit": 1500}', NOW()
        ) ON CONFLICT (timing_partner_id, provider_id)
        DO UPDATE SET principal = EXCLUDED.principal, secret = EXCLUDED.secret,
            additional_config = EXCLUDED.additional_config;
    """
    await add_partner(db, "Summit Timing", "UTC")
    async with db.connection() as connection:
        await connection.execute(insert)
        await connection.execute(insert)

    assert ["actual_username"] == [each.principal for each in await credentials(db)]
