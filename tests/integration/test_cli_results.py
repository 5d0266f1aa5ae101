"""`project88 results` as an operator types it, on a real database filled by a sync from the sandbox."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.sql import SQL

from project88.sandbox import World, rehearsal_world, serve
from project88.store.connection import Database
from project88.store.events import events_of
from project88.store.partners import add_partner, credentials, set_credentials
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.sync.event import sync_event
from tests.hub_command import HubCommand

FINISHERS = 60
RETRACT_ALL = SQL("update ct_results set retracted_at = now()")


@dataclass(frozen=True, slots=True)
class Collected:
    hub: HubCommand
    db: Database
    world: World
    provider_event_id: str


async def collect(db: Database, name: str, base_url: str) -> None:
    partner = await add_partner(db, name, "America/New_York")
    config = {"base_url": base_url, "client_id": "sandbox-client"}
    await set_credentials(db, partner, "chronotrack_live", "sandbox@example.org", "sandbox-password", config)
    [credential] = await credentials(db, partner)
    async with open_account(db, credential) as account:
        await discover(account)
        for event in await events_of(db, account.source):
            await sync_event(account, event.scope(account.source), "results")


@pytest.fixture
async def collected(database_url: str, db: Database, tmp_path: Path) -> AsyncIterator[Collected]:
    world = rehearsal_world(
        datetime(2026, 4, 20, 14, tzinfo=UTC), season=0, field_size=FINISHERS, with_unfinished=False
    )
    async with serve(world) as sandbox:
        await collect(db, "Summit Timing", sandbox.base_url)
        yield Collected(HubCommand(database_url, tmp_path), db, world, list(world.events)[-1])


async def test_csv_and_json_carry_every_column_of_the_view_and_every_row(collected: Collected):
    as_csv = await collected.hub("results", collected.provider_event_id, "--format", "csv")
    as_json = await collected.hub("results", collected.provider_event_id, "--format", "json")
    rows = list(csv.DictReader(as_csv.out.splitlines()))
    async with collected.db.connection() as connection:
        cursor = await connection.execute("select * from unified_results limit 0")
        columns = [column.name for column in cursor.description or ()]

    assert (as_csv.code, as_json.code) == (0, 0)
    assert len(rows) == len(as_json.json) == FINISHERS
    assert list(rows[0]) == list(as_json.json[0]) == columns
    for text, value in zip(rows, as_json.json, strict=True):
        assert text["chip_time"] == value["chip_time"]
        assert json.loads(text["split_times"]) == value["split_times"]
        assert text["overall_place"] == str(value["overall_place"])
    assert value["chip_time"].count(":") == 2
    assert value["chip_time"][-4] == "."


async def test_rows_come_race_by_race_in_order_of_place(collected: Collected):
    found = (await collected.hub("results", collected.provider_event_id, "--format", "json")).json
    order = [(row["race_id"], row["overall_place"]) for row in found]

    assert order == sorted(order)
    assert len({race_id for race_id, _ in order}) == 2


async def test_a_table_shows_50_rows_and_says_how_many_more_there_are(collected: Collected):
    table = await collected.hub("results", collected.provider_event_id)
    all_of_them = await collected.hub("results", collected.provider_event_id, "--limit", "1000")

    assert sum(" finished " in line for line in table.lines) == 50
    assert f"{FINISHERS - 50} more" in table.out
    assert sum(" finished " in line for line in all_of_them.lines) == FINISHERS
    assert "more" not in all_of_them.out


async def test_one_race_is_chosen_by_its_name_or_its_id(collected: Collected):
    by_name = await collected.hub("results", collected.provider_event_id, "--race", "runners", "--format", "json")
    [race_id] = {row["race_id"] for row in by_name.json}
    by_id = await collected.hub("results", collected.provider_event_id, "--race", race_id, "--format", "json")
    nobody = await collected.hub("results", collected.provider_event_id, "--race", "nope")

    assert by_id.json == by_name.json
    assert 0 < len(by_id.json) < FINISHERS
    assert nobody.code == 2
    assert race_id in nobody.err


async def test_an_event_of_two_partners_must_be_narrowed(collected: Collected):
    async with serve(collected.world) as sandbox:
        await collect(collected.db, "Ridge Timing", sandbox.base_url)
    unclear = await collected.hub("results", collected.provider_event_id, "--format", "csv")
    narrowed = await collected.hub(
        "results", collected.provider_event_id, "--timing-partner-id", "2", "--format", "json", "--limit", "5"
    )

    assert (unclear.code, unclear.out) == (2, "")
    assert "timing partner 1" in unclear.err
    assert "timing partner 2" in unclear.err
    assert [row["timing_partner_id"] for row in narrowed.json] == [2] * 5


async def test_an_event_without_results_is_told_so_in_each_format(collected: Collected):
    await collected.db.execute(RETRACT_ALL)
    table, as_json, as_csv = [
        await collected.hub("results", collected.provider_event_id, "--format", form)
        for form in ("table", "json", "csv")
    ]

    assert "has no results yet" in table.out
    assert as_json.json == []
    assert len(as_csv.lines) == 1


async def test_an_event_that_nobody_knows_is_a_usage_error(collected: Collected):
    refused = await collected.hub("results", "nope")

    assert refused.code == 2
    assert "event nope is not known" in refused.err
