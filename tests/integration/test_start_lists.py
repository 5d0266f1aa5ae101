"""Start lists of registration systems under the events that are timed: found, merged, undone, and scored with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from project88.imports.run import import_course
from project88.listen.scorer import score_once
from project88.replay import replay
from project88.sandbox import start_list_world
from project88.sandbox.rig import LinkFaults
from project88.sandbox.rig.files import COURSE, write_files
from project88.store.connection import Database
from project88.store.duplicates import merge, pairs, undo
from project88.store.events import events_of, find_event
from project88.store.scoring import add_event
from tests.integration.registration import SERVICES, Registration, discovered, registration_on
from tests.integration.test_hardware_results import bind_all, played
from tests.integration.timing import START, listener, partner_with_account, race, truth

every_service = pytest.mark.parametrize("key", SERVICES)


async def hardware_event(db: Database, hub: Registration, name: str | None = None, hours: float = 0) -> str:
    event = await hub.stored() if await events_of(db, hub.account.source) else None
    start = datetime.fromtimestamp(hub.edition.start_s, UTC) + timedelta(hours=hours)
    called = name or (event.event_name if event and event.event_name else hub.edition.name)
    found = await add_event(db, hub.account.source.timing_partner_id, called, start, hub.edition.zone)
    return str(found)


@every_service
async def test_a_start_list_of_an_event_that_the_hardware_times_stands_under_it(db: Database, key: str):
    async with registration_on(db, key) as hub:
        event_id = await hardware_event(db, hub)
        await discovered(hub)
        outcome = await hub.sync_entries()
        assert "completed" == outcome.status
        assert (60, event_id) == (
            await hub.one("select count(*) from unified_participants"),
            await hub.one("select distinct event_id from unified_participants"),
        )
        assert 0 == await hub.one(
            "select count(*) from ct_events where data_source = %(key)s and start_date > now()", key=key
        )


async def test_a_hardware_event_that_comes_later_takes_the_start_list_with_the_next_sync(db: Database):
    async with registration_on(db, "runsignup") as hub:
        await discovered(hub)
        await hub.sync_entries()
        own = (await hub.stored()).event_id
        event_id = await hardware_event(db, hub)
        outcome = await hub.sync_entries()
        assert ("completed", 0) == (outcome.status, outcome.participants_written)
        assert event_id == await hub.one("select distinct event_id from unified_participants")
        assert own != event_id
        [pair] = await pairs(db, decided_too=True)
        assert ("merged", None) == (pair.decision, pair.decided_by)
        await undo(db, pair, "Director")
        await hub.sync_entries()
        assert own == await hub.one("select distinct event_id from unified_participants")


async def test_another_name_or_day_is_left_to_a_person(db: Database):
    async with registration_on(db, "runsignup") as hub:
        await hardware_event(db, hub, name=f"{hub.edition.name} 2025")
        await hardware_event(db, hub, hours=-24 * 30)
        await discovered(hub)
        await hub.sync_entries()
        assert "runsignup" == await hub.one("select distinct data_source from unified_participants")
        [pair] = await pairs(db)
        assert ("review", "similar_name") == (pair.decision, pair.likeness)
        await merge(db, pair, "Director", None)
        await hub.sync_entries()
        assert pair.event_id == await hub.one("select distinct event_id from unified_participants")


async def test_a_start_list_under_a_live_event_goes_along_when_that_is_merged(db: Database):
    async with registration_on(db, "runsignup") as hub:
        partner = hub.account.source.timing_partner_id
        await hub.look(
            "insert into ct_events"
            " (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date)"
            " values (%(partner)s, 'l1', 'chronotrack_live', '4101', %(name)s, %(start)s)",
            partner=partner, name=hub.edition.name, start=datetime.fromtimestamp(hub.edition.start_s, UTC),
        )  # fmt: skip
        await discovered(hub)
        await hub.sync_entries()
        assert "l1" == await hub.one("select distinct event_id from unified_participants")
        event_id = await hardware_event(db, hub)
        pair = next(each for each in await pairs(db) if each.provider_key == "chronotrack_live")
        await merge(db, pair, "Director", None)
        assert (60, event_id) == (
            await hub.one("select count(*) from unified_participants"),
            await hub.one("select distinct event_id from unified_participants"),
        )
        outcome = await hub.sync_entries()
        assert ("completed", 0) == (outcome.status, outcome.rows_written)


async def test_hardware_scores_with_the_bibs_of_the_registration_and_shows_its_names(db: Database, tmp_path: Path):
    event = race(60)
    world = start_list_world(event)
    partner = await partner_with_account(db)
    event_id = await add_event(db, partner, event.name, START, event.zone)
    write_files(event, tmp_path)
    await import_course(db, msgspec.json.decode((tmp_path / COURSE).read_bytes()), await find_event(db, event_id))
    async with listener(db, tmp_path / "spool") as rig:
        await played(rig, event, LinkFaults())
    await bind_all(db, partner, event_id)
    async with registration_on(db, "runsignup", world=world, partner=partner) as hub:
        await discovered(hub)
        await hub.sync_entries()
        assert await score_once(db, event_id, partner)
        shown_now = await hub.look(
            "select bib_number, first_name, last_name, race_name from unified_results where result_status = 'finished'"
        )
        people = {entry.bib: entry for race in event.races for entry in race.entries}
        assert len(shown_now) == len(truth(event))
        for row in shown_now:
            entry = people[row["bib_number"]]
            assert (entry.first_name, entry.last_name) == (row["first_name"], row["last_name"])
        assert truth_by_bib(event) == {
            row["bib_number"]: row["chip_ms"]
            for row in await hub.look(
                "select bib_number, (extract(epoch from chip_time) * 1000)::bigint as chip_ms from unified_results"
                " where result_status = 'finished'"
            )
        }
        assert (await replay(db, await find_event(db, event_id))).is_proved


def truth_by_bib(event: Any) -> dict[str, int]:
    times = truth(event)
    return {
        entry.bib: times[entry.entry_id][0] for race in event.races for entry in race.entries if entry.entry_id in times
    }
