"""A second event of the hardware that may be an event of ChronoTrack Live on which there is a decision already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from project88.errors import UsageError
from project88.store import duplicates, monitor
from project88.store.connection import Database
from project88.sync.discovery import discover
from tests.hub_command import HubCommand
from tests.integration.collecting import PROVIDER, Hub, days_ago, only_event, race_world
from tests.integration.fields import BY
from tests.integration.test_duplicates import hardware_event, hub_with_twin

DECISIONS = ("skipped", "merged", "kept_both")
every_decision = pytest.mark.parametrize("decision", DECISIONS)


async def decided(hub: Hub, decision: str) -> duplicates.Pair:
    """The event of the provider and the first event of the hardware, after a decision."""
    await discover(hub.account)
    [pair] = await duplicates.pairs(hub.db)
    if decision == "merged":
        await duplicates.merge(hub.db, pair, BY, None)
        await hub.sync(pair.provider_event_id, data_source=PROVIDER)
    if decision == "kept_both":
        await duplicates.keep_both(hub.db, pair, BY, None)
        await hub.sync(pair.provider_event_id)
    [pair] = await duplicates.pairs(hub.db, decided_too=True)
    assert decision == pair.decision
    return pair


async def second_twin(hub: Hub, name: str | None = None, hours: float = 1) -> str:
    [row] = await hub.look("select event_name, timing_partner_id as partner from ct_events where event_id = 'p1'")
    return await hardware_event(hub.db, row["partner"], name or row["event_name"], days_ago(3 + hours / 24))


async def both(db: Database) -> list[duplicates.Pair]:
    found = await duplicates.pairs(db, decided_too=True)
    return sorted(found, key=lambda pair: pair.event_source_id)


async def of_event(db: Database, event_id: str) -> duplicates.Pair:
    [pair] = [each for each in await duplicates.pairs(db, decided_too=True) if each.event_id == event_id]
    return pair


async def page(hub: Hub) -> list[dict[str, Any]]:
    return await hub.look("select * from unified_results order by event_id, participant_id")


@every_decision
async def test_it_is_flagged_and_the_decision_stands(db: Database, decision: str):
    async with hub_with_twin(db, race_world(30)) as hub:
        first, shown = await decided(hub, decision), await page(hub)
        event_id = await second_twin(hub)

        one, other = await both(db)
        assert (first.event_id, decision, first.decided_by) == (one.event_id, one.decision, one.decided_by)
        assert (event_id, "review", "same_name") == (other.event_id, other.decision, other.likeness)
        assert [(first.event_id, decision)] == [(each["event_id"], each["decision"]) for each in other.others]
        waiting = [row["hardware_event_id"] for row in await monitor.asked(db, "duplicates")]
        assert [event_id] == waiting
        held = (await discover(hub.account)).held_back
        assert [] == [each for each in held if each.decision == "merged"]
        assert [one, other] == await both(db)
        assert shown == await page(hub)


@every_decision
async def test_one_that_gets_the_name_later_is_flagged_and_forgotten_when_it_gets_another(db: Database, decision: str):
    async with hub_with_twin(db, race_world(30)) as hub:
        await decided(hub, decision)
        event_id = await second_twin(hub, "Something else entirely")
        assert 1 == len(await both(db))
        rename = "update ct_events set event_name = {} where event_id = %(id)s"
        await hub.look(rename.format("(select event_name from ct_events where event_id = 'p1')"), id=event_id)
        assert "review" == (await of_event(db, event_id)).decision
        await hub.look(rename.format("'Moon Walk'"), id=event_id)
        assert 1 == len(await both(db))


@every_decision
async def test_an_event_that_is_renamed_by_the_provider_is_looked_at_with_the_next_list(db: Database, decision: str):
    world = race_world(30)
    async with hub_with_twin(db, world) as hub:
        first = await decided(hub, decision)
        event_id = await second_twin(hub, "Moonlight Marathon")
        world.events[only_event(world)].name = "Moonlight  MARATHON"
        if decision == "skipped":
            # The first one is called that, too, or it would be a duplicate no more.
            await hub.look("update ct_events set event_name = 'Moonlight Marathon' where event_id = 'p1'")
        await discover(hub.account)
        assert (await of_event(db, first.event_id)).decision == decision
        assert ("review", "same_name") == (
            (await of_event(db, event_id)).decision,
            (await of_event(db, event_id)).likeness,
        )


async def test_two_that_were_there_before_the_provider_told_of_the_event_are_both_named(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        event_id = await second_twin(hub)
        for _ in range(2):
            outcome = await discover(hub.account)
            decisions = {pair.event_id: pair.decision for pair in await both(db)}
            assert {"p1", event_id} == set(decisions)
            assert ["review", "skipped"] == sorted(decisions.values())
        assert ["review"] == [each.decision for each in outcome.held_back]
        assert [] == await hub.look("select from ct_events where data_source = 'chronotrack_live'")


@every_decision
async def test_one_with_a_like_name_is_asked_about_only_where_the_event_stands_alone(db: Database, decision: str):
    async with hub_with_twin(db, race_world(30)) as hub:
        await decided(hub, decision)
        [row] = await hub.look("select event_name from ct_events where event_id = 'p1'")
        await second_twin(hub, f"{row['event_name']} 2025")
        assert (2 if decision == "kept_both" else 1) == len(await both(db))


@every_decision
async def test_it_is_kept_apart_and_nothing_else_changes(db: Database, decision: str):
    async with hub_with_twin(db, race_world(30)) as hub:
        first, shown = await decided(hub, decision), await page(hub)
        event_id = await second_twin(hub)
        await duplicates.keep_both(db, await of_event(db, event_id), BY, "the children's race")
        await discover(hub.account)

        assert decision == (await of_event(db, first.event_id)).decision
        pair = await of_event(db, event_id)
        assert ("kept_both", BY) == (pair.decision, pair.decided_by)
        assert shown == await page(hub)
        assert (decision == "kept_both") == bool(
            await hub.look("select from ct_events where data_source = 'chronotrack_live'")
        )
        assert [] == await monitor.asked(db, "duplicates")
        await duplicates.undo(db, pair, BY)
        assert "review" == (await of_event(db, event_id)).decision
        assert [event_id] == [row["hardware_event_id"] for row in await monitor.asked(db, "duplicates")]
        await hub.look("update ct_events set event_description = 'x', start_date = start_date - interval '1 s'")
        assert 2 == len(await both(db))


async def test_an_event_that_is_merged_is_not_merged_into_a_second_one(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        first, shown = await decided(hub, "merged"), await page(hub)
        event_id = await second_twin(hub)
        with pytest.raises(UsageError, match="is merged into event p1 already") as refused:
            await duplicates.merge(db, await of_event(db, event_id), BY, None)
        assert "two events of the hardware cannot be merged" in str(refused.value)
        assert f"--hardware {first.event_id}" in str(refused.value)
        assert shown == await page(hub)

        await duplicates.undo(db, first, BY)
        await duplicates.merge(db, await of_event(db, event_id), BY, None)
        await hub.sync(first.provider_event_id, data_source=PROVIDER)
        assert [event_id] == [
            row["event_id"] for row in await hub.look("select distinct event_id from unified_results")
        ]
        with pytest.raises(UsageError, match=f"is merged into event {event_id} already"):
            await duplicates.merge(db, await of_event(db, first.event_id), BY, None)


async def test_a_skipped_event_is_merged_into_the_second_one_and_skipped_again_when_that_is_undone(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        first = await decided(hub, "skipped")
        event_id = await second_twin(hub)
        await duplicates.merge(db, await of_event(db, event_id), BY, None)
        await discover(hub.account)
        await hub.sync(first.provider_event_id, data_source=PROVIDER)
        assert [{"event_id": event_id, "n": 30}] == await hub.look(
            "select event_id, count(*) as n from unified_results group by 1"
        )
        assert "skipped" == (await of_event(db, first.event_id)).decision
        await duplicates.undo(db, await of_event(db, event_id), BY)
        await discover(hub.account)
        assert ["skipped", "review"] == [each.decision for each in await both(db)]
        assert [] == await page(hub)
        with pytest.raises(UsageError, match="held back as a possible duplicate"):
            await hub.event(first.provider_event_id)


async def test_an_event_that_was_kept_is_merged_into_the_second_one_and_given_back(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        first, shown = await decided(hub, "kept_both"), await page(hub)
        event_id = await second_twin(hub)
        await duplicates.merge(db, await of_event(db, event_id), BY, None)
        assert [{"event_id": event_id}] == await hub.look("select distinct event_id from unified_results")
        assert "kept_both" == (await of_event(db, first.event_id)).decision
        await discover(hub.account)
        await duplicates.undo(db, await of_event(db, event_id), BY)
        assert shown == await page(hub)
        assert ["kept_both", "review"] == [each.decision for each in await both(db)]


async def test_when_the_first_one_is_deleted_the_second_one_counts(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        await decided(hub, "skipped")
        event_id = await second_twin(hub)
        await hub.look("delete from ct_events where event_id = 'p1'")
        [held] = (await discover(hub.account)).held_back
        assert (event_id, "skipped") == (held.event_id, held.decision)
        [pair] = await both(db)
        assert (event_id, "skipped") == (pair.event_id, pair.decision)


async def test_an_event_is_imported_only_when_it_was_kept_apart_from_every_twin(db: Database):
    async with hub_with_twin(db, race_world(30)) as hub:
        first = await decided(hub, "skipped")
        event_id = await second_twin(hub)
        await duplicates.keep_both(db, first, BY, None)
        await discover(hub.account)
        assert [] == await hub.look("select from ct_events where data_source = 'chronotrack_live'")
        async with db.connection() as connection:
            with pytest.raises(psycopg.errors.UniqueViolation, match=f"may be event {event_id} of the hardware"):
                await connection.execute(
                    b"insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)"
                    b" select timing_partner_id, 'chronotrack_live', %s, event_name, start_date from ct_events"
                    b" where event_id = 'p1'", [first.provider_event_id],
                )  # fmt: skip
        await duplicates.keep_both(db, await of_event(db, event_id), BY, None)
        assert "completed" == (await hub.sync(first.provider_event_id)).status
        assert [] == await monitor.asked(db, "duplicates")


async def test_the_command_says_why_and_which_of_two_it_means(db: Database, database_url: str, tmp_path: Path):
    command = HubCommand(database_url, tmp_path)
    async with hub_with_twin(db, race_world(30)) as hub:
        first = await decided(hub, "merged")
        event_id = await second_twin(hub)
        live = first.provider_event_id
        listed = await command("duplicates", "list")
        assert event_id in listed.out
        shown = await command("duplicates", "show", live)
        assert 2 == shown.out.count("why: same name but for case and spacing")
        assert f"a second event of the hardware: {live} is merged into event p1 by {BY}" in shown.out
        unclear = await command("duplicates", "keep-both", live, "--by", BY)
        assert 2 == unclear.code
        assert f"--hardware {event_id}" in unclear.err
        refused = await command("duplicates", "merge", event_id, "--by", BY)
        assert "two events of the hardware cannot be merged" in refused.err
        done = await command("duplicates", "keep-both", live, "--hardware", event_id, "--by", BY)
        assert (0, f"event {live} and event {event_id} are two events\n") == (done.code, done.out)
        assert [] == await hub.look("select from ct_events where event_id = %(live)s", live=live)
        undone = await command("duplicates", "undo", live, "--hardware", "p1", "--by", BY)
        assert 0 == undone.code, undone.err
        assert ["skipped", "kept_both"] == [each.decision for each in await both(db)]


async def test_the_command_says_on_what_an_import_still_waits(db: Database, database_url: str, tmp_path: Path):
    command = HubCommand(database_url, tmp_path)
    async with hub_with_twin(db, race_world(30)) as hub:
        live = (await decided(hub, "skipped")).provider_event_id
        event_id = await second_twin(hub)
        kept = await command("duplicates", "keep-both", live, "--hardware", "p1", "--by", BY)
        assert f"{live} is not imported yet: whether {live} is event {event_id} waits for you, too" in kept.out
