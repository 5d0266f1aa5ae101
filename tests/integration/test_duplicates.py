"""Events of ChronoTrack Live that may be events of the hardware: found, held back, decided on, undone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg
import pytest

from project88.errors import UsageError
from project88.records.entities import EventId, TimingPartnerId
from project88.sandbox import LiveSettings, RemoveEntry, World, list_world, serve
from project88.store import duplicates
from project88.store.backfill import staged_events
from project88.store.connection import Database
from project88.store.partners import add_partner, credential
from project88.store.retractions import retractions
from project88.store.staging import Stage
from project88.sync.collecting import collect
from project88.sync.discovery import discover
from tests.integration.collecting import PROVIDER, Hub, account_on, days_ago, only_event, race_world

START = datetime.fromisoformat("2026-05-02T08:00:00+00:00")
NEAR, FAR = timedelta(hours=23, minutes=59), timedelta(hours=24, minutes=1)
BY = "Race director"
ALIKE = [
    ("City Marathon", START, "city  MARATHON", START, "same_name"),
    ("City Marathon", START, "CityMarathon", START + NEAR, "same_name"),
    ("City Marathon", START, "City Marathon", START - NEAR, "same_name"),
    ("City Marathon", START, "City Marathon", START + FAR, None),
    ("City Marathon", START, "City Marathon", START - FAR, None),
    ("City Marathon", START, "City Marathon", START + timedelta(hours=24), None),
    ("City Marathon", None, "City Marathon", START, "no_date"),
    ("City Marathon 2026", START, "City Marathon", None, "no_date"),
    ("City Marathon 2026", START, "City Marathon 2025", START, "similar_name"),
    ("City Marathon!", START, "City-Marathon", START, "similar_name"),
    ("São Paulo Run", START, "SAO PAULO RUN", START, "similar_name"),
    ("SÃO PAULO RUN", START, "são paulo run", START, "same_name"),
    ("Harbor City Marathon", START, "Harbour City Marathon", START, "similar_name"),
    ("City Marathon2026", START, "City Marathon", START, "similar_name"),
    ("CityMarathon 2026", START, "City Marathon", START, "similar_name"),
    ("Half-Marathon", START, "Halfmarathon", START, "similar_name"),
    ("Łódź Run", START, "Lodz Run", START, "similar_name"),
    ("Straßenlauf", START, "Strassenlauf", START, "similar_name"),
    ("ŁÓDŹ RUN", START, "łódź run", START, "same_name"),
    ("МОСКВА", START, "Москва", START, "same_name"),
    ("Москва", START, "Казань", START, None),
    ("Москва – 2026", START, "Москва", START, "similar_name"),
    ("東京マラソン", START, "大阪マラソン", START, None),
    ("東京マラソン2026", START, "東京マラソン", START, "similar_name"),
    ("Run 10000", START, "Run 12026", START, None),
    ("Spring 5K Run", START, "Spring 10K Run", START, None),
    (None, START, "City Marathon", START, "no_name"),
    ("  ", START, "City Marathon", START + FAR, None),
    (None, None, None, None, "no_name"),
]


@pytest.mark.parametrize(("name", "start", "other", "other_start", "likeness"), ALIKE)
def test_how_alike_two_events_are_is_the_same_from_both_sides(
    database_url: str,
    name: str | None,
    start: datetime | None,
    other: str | None,
    other_start: datetime | None,
    likeness: str | None,
):
    with psycopg.connect(database_url) as connection:
        ask = "select event_likeness(%s, %s, %s, %s)"
        assert connection.execute(ask, (name, start, other, other_start)).fetchone() == (likeness,)
        assert connection.execute(ask, (other, other_start, name, start)).fetchone() == (likeness,)


async def hardware_event(
    db: Database, partner: int, name: str | None, start: datetime | None, **columns: Any
) -> EventId:
    names = ["timing_partner_id", "event_name", "start_date", *columns]
    values = [partner, name, start, *columns.values()]
    places = ", ".join(["%s"] * len(values))
    async with db.connection() as connection:
        query = f"insert into ct_events ({', '.join(names)}) values ({places}) returning event_id"
        row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return EventId(row[0])


@asynccontextmanager
async def hub_with_twin(db: Database, world: World, name: str | None = None, **columns: Any) -> AsyncIterator[Hub]:
    """A hub that knows the world's event from the hardware, before discovery."""
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        own = world.events[only_event(world)].name if name is None else name
        await hardware_event(db, account.source.timing_partner_id, own, days_ago(3), **columns)
        yield Hub(db, account, sandbox)


async def the_pair(db: Database) -> duplicates.Pair:
    [pair] = await duplicates.pairs(db, decided_too=True)
    return pair


async def pages_query(hub: Hub) -> list[dict[str, Any]]:
    return await hub.look(
        "select e1.event_name from ct_events e1 join ct_events e2 on e1.timing_partner_id = e2.timing_partner_id"
        " and lower(e1.event_name) = lower(e2.event_name)"
        " and abs(extract(epoch from (e1.start_date - e2.start_date))) < 86400"
        " where e1.data_source = 'chronotrack_live' and e2.data_source = 'tcp_hardware'"
    )


async def test_an_event_that_the_hardware_has_is_skipped_and_costs_no_call(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        outcome = await discover(hub.account)

        [held] = outcome.held_back
        assert ("skipped", "same_name") == (held.decision, held.likeness)
        assert [] == await hub.look("select from ct_events where data_source = 'chronotrack_live'")
        with pytest.raises(UsageError, match=f"held back as a possible duplicate of event {held.event_id}"):
            await hub.event(only_event(world))
        assert [] == await hub.look("select from schedule_plan where kind <> 'discovery'")
        await discover(hub.account)
        assert 1 == await hub.one("select count(*) from event_sources")


@pytest.mark.parametrize(
    ("columns", "name"),
    [({}, "{} 2025"), ({"start_date": None}, "{}")],
    ids=["another year in its name", "no date"],
)
async def test_a_doubtful_duplicate_waits_for_a_person(db: Database, columns: dict[str, Any], name: str):
    world = race_world(30)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        start = columns.get("start_date", days_ago(3))
        own = name.format(world.events[only_event(world)].name)
        await hardware_event(db, account.source.timing_partner_id, own, start)
        outcome = await discover(account)

        assert ["review"] == [each.decision for each in outcome.held_back]
        assert "review" == (await the_pair(db)).decision


async def test_a_legacy_row_with_the_providers_id_is_certainly_the_same_event(db: Database):
    world = race_world(30)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        partner = account.source.timing_partner_id
        await hardware_event(db, partner, "Another name", days_ago(300), event_id=only_event(world))
        outcome = await discover(account)

        assert [("same_id", "skipped")] == [(each.likeness, each.decision) for each in outcome.held_back]


async def test_an_event_of_another_partner_holds_nothing_back(db: Database):
    world = race_world(30)
    other = await add_partner(db, "Other Timers", "UTC")
    await hardware_event(db, other, world.events[only_event(world)].name, days_ago(3))
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        assert () == (await discover(account)).held_back


async def test_what_is_held_back_is_imported_once_the_hardware_event_is_gone_or_another(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        await discover(hub.account)
        await hub.look("update ct_events set event_name = 'Something else entirely'")
        assert () == (await discover(hub.account)).held_back
        assert [] == await hub.look("select from event_sources")


async def test_the_database_itself_refuses_an_event_that_is_inserted_beside_its_twin(db: Database):
    partner = await add_partner(db, "Timers", "UTC")
    await hardware_event(db, partner, "City Run", START)
    live = "insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)"

    async with db.connection() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation, match="may be event p1 of the hardware"):
            await connection.execute(
                f"{live} values (%s, 'chronotrack_live', '7', 'CITY RUN', %s)".encode(), (partner, START + NEAR)
            )
        await connection.execute(
            f"{live} values (%s, 'chronotrack_live', '7', 'CITY RUN', %s)".encode(), (partner, START + FAR)
        )


async def test_a_hardware_event_that_comes_after_its_twin_is_flagged_and_nothing_is_hidden(db: Database):
    world = race_world(30)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        hub = Hub(db, account, sandbox)
        await discover(account)
        await hub.sync(only_event(world))
        name = world.events[only_event(world)].name
        twin = await hardware_event(db, account.source.timing_partner_id, name.upper(), days_ago(3))

        pair = await the_pair(db)
        assert ("review", "same_name", twin) == (pair.decision, pair.likeness, pair.event_id)
        assert 1 == len(await pages_query(hub))
        assert 30 == await hub.one("select count(*) from unified_results")


async def test_a_name_or_date_that_changes_is_looked_at_again(db: Database):
    partner = await add_partner(db, "Timers", "UTC")
    async with db.connection() as connection:
        await connection.execute(
            b"insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)"
            b" values (%s, 'chronotrack_live', '7', 'City Run', %s)",
            (partner, START),
        )
        await hardware_event(db, partner, "City Run", START + FAR)
        assert [] == await duplicates.pairs(db)
        await connection.execute(b"update ct_events set start_date = %s where data_source = 'tcp_hardware'", [START])
        assert "review" == (await the_pair(db)).decision
        await connection.execute(b"update ct_events set event_name = 'Moon Walk' where data_source <> 'tcp_hardware'")
        assert [] == await duplicates.pairs(db)


async def test_a_merge_of_a_held_back_event_collects_it_under_the_hardware_event_and_is_undone(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        pair = await the_pair(db)
        await duplicates.merge(db, pair, BY, "the same race")

        outcome = await hub.sync(only_event(world), data_source=PROVIDER)
        assert "completed" == outcome.status
        assert pair.event_id == outcome.event_id
        assert [{"event_id": pair.event_id, "n": 30}] == await hub.look(
            "select event_id, count(*) as n from ct_results where data_source = 'chronotrack_live' group by 1"
        )
        assert () == (await discover(hub.account)).held_back
        assert [] == await pages_query(hub)

        await duplicates.undo(db, pair, BY)
        assert 0 == await hub.one("select count(*) from unified_results")
        now = await the_pair(db)
        assert "skipped" == now.decision
        assert [("merged", BY)] == [(each["decision"], each["by"]) for each in now.earlier if each["by"]]

        await duplicates.merge(db, pair, BY, None)
        await hub.sync(only_event(world), data_source=PROVIDER)
        assert 30 == await hub.one("select count(*) from unified_results")


async def test_a_merge_of_two_stored_events_moves_the_rows_and_its_undoing_restores_every_one(db: Database):
    world = race_world(30)
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        hub = Hub(db, account, sandbox)
        await discover(account)
        await hub.sync(only_event(world))
        name = world.events[only_event(world)].name
        twin = await hardware_event(db, account.source.timing_partner_id, name, days_ago(3))
        before = await stored(hub)

        moved = await duplicates.merge(db, await the_pair(db), BY, None)
        assert 30 == moved.results
        assert [{"event_id": twin}] == await hub.look("select distinct event_id from unified_results")
        assert [{"event_id": twin}] == await hub.look("select event_id from ct_events")
        assert "completed" == (await hub.sync(only_event(world), data_source=PROVIDER)).status
        assert 0 == await hub.one("select rows_written from sync_history order by sync_history_id desc limit 1")

        await duplicates.undo(db, await the_pair(db), BY)
        assert before == await stored(hub)
        assert "review" == (await the_pair(db)).decision
        outcome = await hub.sync(only_event(world))
        assert ("completed", 0) == (outcome.status, outcome.rows_written)


async def stored(hub: Hub) -> list[dict[str, Any]]:
    return [
        *await hub.look(
            "select to_jsonb(e) - 'updated_at' - 'raw_payload' as it, raw_payload::text as said from ct_events e"
            " order by event_id"
        ),
        *await hub.look("select to_jsonb(r) as it from ct_results r order by entry_id"),
        *await hub.look("select to_jsonb(p) as it from ct_participants p order by entry_id"),
        *await hub.look("select event_id, list_name, row_count from collected_lists order by list_name"),
    ]


async def test_keeping_both_imports_the_event_without_a_call_and_the_monitor_leaves_it_out(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        calls = hub.sandbox.calls.total
        await duplicates.keep_both(db, await the_pair(db), BY, None)

        assert calls == hub.sandbox.calls.total
        assert 1 == len(await pages_query(hub))
        assert "completed" == (await hub.sync(only_event(world))).status
        assert () == (await discover(hub.account)).held_back
        await duplicates.undo(db, await the_pair(db), BY)
        assert "review" == (await the_pair(db)).decision


async def test_an_event_that_was_merged_and_then_kept_can_be_merged_again(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        for _ in range(2):
            await duplicates.merge(db, await the_pair(db), BY, None)
            await hub.sync(only_event(world), data_source=PROVIDER)
            assert 30 == await hub.one("select count(*) from unified_results")
            await duplicates.undo(db, await the_pair(db), BY)
            await duplicates.keep_both(db, await the_pair(db), BY, None)
            await hub.sync(only_event(world))
            assert 30 == await hub.one("select count(*) from unified_results")
            await duplicates.undo(db, await the_pair(db), BY)
        await duplicates.merge(db, await the_pair(db), BY, None)
        assert [{"n": 30, "events": 1}] == await hub.look(
            "select count(*) as n, count(distinct event_id) as events from unified_results"
        )


async def test_a_mass_retraction_of_rows_that_an_undone_merge_hid_waits_for_nobody(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        await duplicates.merge(db, await the_pair(db), BY, None)
        await hub.sync(only_event(world), data_source=PROVIDER)
        world.apply(*(RemoveEntry(entry_id=entry_id) for entry_id in list(world.entries)[:15]))
        await hub.sync(only_event(world), data_source=PROVIDER)
        assert {"participants", "results"} == {each.stream for each in await retractions(db)}
        await duplicates.undo(db, await the_pair(db), BY)
        assert [] == await retractions(db)


async def test_the_partners_rule_merges_certain_duplicates_and_leaves_doubtful_ones(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await duplicates.set_rule(db, hub.account.source.timing_partner_id, "merged")
        assert () == (await discover(hub.account)).held_back
        assert "merged" == (await the_pair(db)).decision
        assert "completed" == (await hub.sync(only_event(world), data_source=PROVIDER)).status


async def test_a_merge_of_the_rule_that_is_undone_is_not_made_again(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await duplicates.set_rule(db, hub.account.source.timing_partner_id, "merged")
        await discover(hub.account)
        await hub.sync(only_event(world), data_source=PROVIDER)
        await duplicates.undo(db, await the_pair(db), BY)
        for _ in range(2):
            assert ["skipped"] == [each.decision for each in (await discover(hub.account)).held_back]
        pair = await the_pair(db)
        assert ("skipped", BY) == (pair.decision, pair.decided_by)
        with pytest.raises(UsageError, match="nobody has decided"):
            await duplicates.undo(db, pair, BY)
        await duplicates.merge(db, pair, BY, None)
        await hub.sync(only_event(world), data_source=PROVIDER)
        assert 30 == await hub.one("select count(*) from unified_results")


@pytest.mark.parametrize("rule", ["skipped", "merged"])
async def test_one_event_of_a_provider_is_merged_into_an_event(db: Database, rule: Literal["skipped", "merged"]):
    world = list_world(5, 6, start=days_ago(3))
    for event in world.events.values():
        event.name = "City Run"
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        partner = account.source.timing_partner_id
        await duplicates.set_rule(db, partner, rule)
        await hardware_event(db, partner, "City Run", days_ago(3))
        await discover(account)
        waiting = "skipped" if rule == "skipped" else "review"
        first, second = await duplicates.pairs(db)
        assert [waiting, waiting] == [first.decision, second.decision]
        await duplicates.merge(db, first, BY, None)
        with pytest.raises(UsageError, match=f"event {first.provider_event_id} of {PROVIDER} is merged into event p1"):
            await duplicates.merge(db, second, BY, None)
        await discover(account)
        assert [waiting] == [each.decision for each in await duplicates.pairs(db)]
        await duplicates.keep_both(db, second, BY, None)
        for event_id in world.events:
            await Hub(db, account, sandbox).sync(event_id, data_source=PROVIDER)
        assert 11 == await Hub(db, account, sandbox).one("select count(*) from unified_results")


async def test_a_dry_run_of_the_backfill_sees_the_duplicate_and_writes_nothing(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub, db.dedicated() as connection:
        stage = Stage(connection)
        await stage.prepare()
        await collect(hub.account.client, hub.account.provider.events(), 1, stage, None)
        login = await credential(db, hub.account.source.timing_partner_id, PROVIDER)
        [found] = await staged_events(connection, login)

        assert found.is_duplicate
        assert [] == await duplicates.pairs(db, decided_too=True)


async def test_no_decision_is_made_twice_and_none_without_a_pair(db: Database):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        await discover(hub.account)
        pair = await the_pair(db)
        with pytest.raises(UsageError, match="nobody has decided"):
            await duplicates.undo(db, pair, BY)
        await duplicates.merge(db, pair, BY, None)
        with pytest.raises(UsageError, match="merged already"):
            await duplicates.merge(db, pair, BY, None)
        with pytest.raises(UsageError, match="undo that first"):
            await duplicates.keep_both(db, pair, BY, None)
        with pytest.raises(UsageError, match="is not held to be a duplicate"):
            await duplicates.find_pair(db, "nothing", TimingPartnerId(hub.account.source.timing_partner_id))
