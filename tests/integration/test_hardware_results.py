"""From the rig's sockets to unified_results: scored live, decided by people, filled from files, moved in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from project88.imports.run import ReadsOptions, import_reads
from project88.listen.scorer import Scorer, score_once
from project88.listen.service import Listening
from project88.records.entities import EventId, TimingPartnerId
from project88.sandbox.clock import SteppingClock
from project88.sandbox.entities import Event
from project88.sandbox.rig import LinkFaults, Login, RigOptions, play, rig_of
from project88.sandbox.rig.field import crossings, lines, locations
from project88.schedule.ending import broken_off
from project88.store import decisions, scoring, timing
from project88.store.connection import Database
from project88.store.events import find_event
from project88.wire.ctp01.events import DayTime
from project88.wire.ctp01.lines import write_line
from tests.integration.timing import (
    PASSWORD,
    START,
    USER,
    hardware_event,
    listener,
    misplaced,
    partner_with_account,
    race,
    results,
    rows,
    truth,
    until,
)

FIELD = 60
MISPLACED = """
select count(*)::int from (
    select overall_place, rank() over (partition by race_id order by coalesce(chip_time, gun_time)) as place
    from ct_results where overall_place is not null) p
where overall_place <> place
"""
RESULTS = """
select race_id, entry_id, bib_number, last_name, chip_time, gun_time, overall_place, gender_place, division_place,
       result_status, split_times, begin_time, finish_time from ct_results where retracted_at is null order by 1, 2
"""
LATER = START.replace(hour=23)
FAULTS = LinkFaults(cuts=20, doubled=0.05, repeated=0.05, late=0.05, garbled=0.02)


async def played(hub: Listening, event: Event, faults: LinkFaults = FAULTS, **others: Any) -> None:
    """Until every computer has sent all on a link that holds."""
    options = RigOptions(logins=[Login(user=USER, password=PASSWORD)], faults=faults, **others)
    sent = asyncio.Event()
    playing = asyncio.create_task(play(rig_of(event, SteppingClock(LATER), options), "127.0.0.1", hub.port, sent.set))
    try:
        async with asyncio.timeout(90):
            await sent.wait()
    finally:
        await broken_off(playing)


@asynccontextmanager
async def scorer(db: Database) -> AsyncIterator[None]:
    stop = asyncio.Event()
    scoring_now = asyncio.create_task(Scorer(db).run(stop))
    try:
        yield
    finally:
        stop.set()
        await scoring_now


async def bind_all(db: Database, partner: TimingPartnerId, event_id: EventId) -> None:
    for session in await timing.sessions(db, partner):
        await timing.bind_session(db, session, event_id)


async def lines_of(event: Event, faults: LinkFaults) -> int:
    found = crossings(event, faults)
    return sum(map(len, found.values()))


def messages_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of every scoring from the first read on."""
    return [record.getMessage() for record in caplog.records if " scored in " in record.getMessage()]


async def stored_race(db: Database, tmp_path: Path) -> tuple[Event, TimingPartnerId, EventId]:
    """One of which every read is stored, and which nobody has scored."""
    event = race(FIELD)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, LinkFaults())
        await bind_all(db, partner, event_id)
    return event, partner, event_id


async def test_a_race_through_cut_links_is_stored_exactly_once_and_scored_as_the_data_says(
    db: Database, tmp_path: Path
):
    event = race(FIELD)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    async with scorer(db):
        async with listener(db, tmp_path / "spool") as hub:
            await played(hub, event)
        wanted = await lines_of(event, FAULTS)
        different = "count(distinct (timing_session_id, location, sequence_number))::int"
        found = await rows(db, f"select count(*)::int as n, {different} as different from timing_reads")
        assert found == [{"n": wanted, "different": wanted}]
        await bind_all(db, partner, event_id)
        await until(db, "select count(*)::int from unified_results where result_status = 'finished'", FIELD)

    assert await results(db, event_id) == truth(event)
    assert await misplaced(db, event, event_id) == []
    statuses = {row["status"]: row["n"] for row in await rows(
        db, "select status, count(*)::int as n from timing.read_statuses group by 1")}  # fmt: skip
    assert sum(statuses.values()) == wanted
    assert set(statuses) == {"used", "ignore_window"}


@pytest.mark.parametrize("runners_at_once", [1, 200])
async def test_results_follow_the_reads_while_they_come_and_places_move(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runners_at_once: int
):
    monkeypatch.setattr("project88.listen.scorer.RUNNERS_AT_ONCE", runners_at_once)
    event = race(FIELD)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    async with scorer(db), listener(db, tmp_path / "spool") as hub:
        quiet = LinkFaults()
        await played(hub, event, quiet, computers=1)
        # What is sent is on its way to the database, and with it the session.
        await until(db, "select count(*)::int from timing.timing_sessions", 1)
        await bind_all(db, partner, event_id)
        await until(db, "select count(*)::int from unified_results where result_status = 'finished'", FIELD)
        won = "select bib_number from unified_results where overall_place = 1 and race_name = 'Runners'"
        fastest = (await rows(db, won))[0]
        await decisions.decide(
            db,
            partner,
            event_id,
            "disqualified",
            bib=fastest["bib_number"],
            read=None,
            adjustment=None,
            reason="cut the course",
            decided_by="director",
        )
        await until(db, f"select result_status from unified_results where bib_number = '{fastest['bib_number']}'", "dq")
        await until(db, "select count(*)::int from unified_results where overall_place = 1", 2)
        decision = (await decisions.decisions(db, partner, event_id))[0]
        await decisions.undo_decision(db, partner, event_id, decision["decision_id"], "director")
        await until(db, f"select overall_place from unified_results where bib_number = '{fastest['bib_number']}'", 1)
    assert await results(db, event_id) == truth(event)


async def test_reads_that_come_later_move_everybody_s_places_a_portion_at_a_time(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("project88.listen.scorer.PLACES_AT_ONCE", 7)
    event = race(FIELD)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    others = "select count(*)::int from wanted w left join unified_results u using (participant_id)"
    others += " where u.overall_place is distinct from w.overall_place"
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, LinkFaults())
    await bind_all(db, partner, event_id)
    assert await score_once(db, event_id, partner)
    async with db.connection() as connection:
        await connection.execute("create table wanted as select participant_id, overall_place from unified_results")
        await connection.execute(
            "create table late as select * from timing.timing_reads where tag_code in ("
            " select bib_number from unified_results where overall_place <= 3)"
        )
        await connection.execute("delete from timing.timing_reads where tag_code in (select tag_code from late)")
        await scoring.score_anew(db, partner, event_id)
        async with scorer(db):
            winners = "select count(*)::int from unified_results where bib_number in (select tag_code from late)"
            await until(db, winners, 0)
            assert (await rows(db, others))[0]["count"] > 2 * 7
            # As the newest reads, whatever their numbers were.
            await connection.execute("insert into timing.timing_reads overriding user value select * from late")
            await until(db, others, 0)


async def test_a_start_list_that_changes_is_followed_without_scoring_everybody_anew(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    event, partner, event_id = await stored_race(db, tmp_path)
    caplog.set_level("INFO", "project88.listen.scorer")
    async with scorer(db):
        await until(db, "select count(*)::int from unified_results where result_status = 'finished'", FIELD)
        first, second, third, fourth = max((each.entries for each in event.races), key=len)[:4]
        async with db.transaction() as connection:
            for entry, column, value in (
                (first, "declared_status", "dq"),
                (second, "last_name", "Elsewhere"),
                (third, "bib_number", fourth.bib),
                (fourth, "bib_number", third.bib),
            ):
                await connection.execute(
                    SQL("update ct_participants set {} = %s, updated_at = now() where entry_id = %s").format(
                        Identifier(column)), (value, entry.entry_id),
                )  # fmt: skip
        await until(db, "select count(*)::int from unified_results where last_name = 'Elsewhere'", 1)
        await until(db, "select count(*)::int from unified_results where overall_place is not null", FIELD - 1)
        await until(db, MISPLACED, 0)
        followed = await rows(db, RESULTS)
        # The one scoring of everybody is the first.
        assert len(messages_of(caplog)) == 1
    await scoring.score_anew(db, partner, event_id)
    assert await score_once(db, event_id, partner)
    assert followed == await rows(db, RESULTS)


async def last_read(db: Database, bib: str) -> int:
    found = await rows(
        db,
        "select r.timing_read_id from timing.timing_reads r join timing.read_statuses s"
        " using (timing_partner_id, timing_read_id)"
        f" where s.status = 'used' and r.tag_code = '{bib}' order by r.read_time desc limit 1",
    )
    return int(found[0]["timing_read_id"])


async def carried_out(db: Database) -> None:
    await until(db, "select count(*)::int from timing.scorings where is_stale", 0)
    await until(db, MISPLACED, 0)


async def test_decisions_are_followed_without_scoring_everybody_anew(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    event, partner, event_id = await stored_race(db, tmp_path)
    caplog.set_level("INFO", "project88.listen.scorer")
    runners = max((each.entries for each in event.races), key=len)
    async with scorer(db):
        await until(db, "select count(*)::int from unified_results where result_status = 'finished'", FIELD)
        whole = await rows(db, RESULTS)
        numbers = [
            await decisions.decide(db, partner, event_id, kind, bib=bib, read=read, adjustment=adjustment,
                                   reason="seen", decided_by="director")
            for kind, bib, read, adjustment in (
                ("disqualified", runners[0].bib, None, None),
                ("did_not_finish", runners[1].bib, None, None),
                ("time_adjusted", runners[2].bib, None, timedelta(minutes=-5)),
                ("read_ignored", None, await last_read(db, runners[3].bib), None),
            )
        ]  # fmt: skip
        await carried_out(db)
        decided = await rows(db, RESULTS)
        assert len(messages_of(caplog)) == 1
        await scoring.score_anew(db, partner, event_id)
        await carried_out(db)
        assert decided == await rows(db, RESULTS) != whole
        assert len(messages_of(caplog)) == 2
        for number in numbers:
            await decisions.undo_decision(db, partner, event_id, number, "director")
        await carried_out(db)
        assert whole == await rows(db, RESULTS)
        assert len(messages_of(caplog)) == 2


async def test_a_file_from_the_controller_fills_the_gaps_of_the_network_and_nothing_else(db: Database, tmp_path: Path):
    event = race(FIELD)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    quiet = LinkFaults()
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, quiet)
    await bind_all(db, partner, event_id)
    all_reads = await lines_of(event, quiet)
    async with db.connection() as connection:
        lost = await connection.execute("delete from timing.timing_reads where sequence_number % 7 = 3")
    assert 0 < lost.rowcount < all_reads

    stored = await find_event(db, event_id, partner)
    options = ReadsOptions(session_id=None, time_zone=None, day=None, order="lap_first")
    told: list[tuple[int, int]] = []
    for again in (False, True):
        done = await import_reads(db, ctff_file(event), stored, options, lambda *said: told.append(said))
        assert (done.found.reads, done.stored) == (all_reads, 0 if again else lost.rowcount)
        assert [line.raw_line for line in done.found.unread] == ["no read at all"]
    assert told[-1][0] == told[-1][1]
    assert await rows(db, "select count(*)::int as n from timing.unread_lines") == [{"n": 1}]
    assert await score_once(db, event_id, partner)
    assert await results(db, event_id) == truth(event)


def ctff_file(event: Event) -> bytes:
    """What a controller would have kept: comma-separated, times of day, lap before gator."""
    found = crossings(event, LinkFaults())
    text = ["no read at all\r\n"]
    for location in locations(event):
        for line in lines(found, location, event.zone, 0):
            local = line.seen.time.local  # type: ignore[union-attr]
            since_midnight = (local.hour * 60 + local.minute) * 60_000 + local.second * 1000 + local.microsecond // 1000
            seen = replace(line.seen, time=DayTime(milliseconds=since_midnight))
            text.append(write_line(seen, "CT01_13", "normal", "lap_first"))
    return "".join(text).encode()


async def test_reads_in_a_wrong_zone_move_with_it_and_are_scored_anew(db: Database, tmp_path: Path):
    event = race(20)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, LinkFaults())
    await bind_all(db, partner, event_id)
    for session in await timing.sessions(db, partner):
        await timing.set_time(db, session, "Asia/Tokyo", None, None)
    assert await score_once(db, event_id, partner)
    # The gun is looked for near its instant, and there is none thirteen hours earlier.
    assert {row["gun_time"] for row in await rows(db, "select gun_time from unified_results")} == {None}

    for session in await timing.sessions(db, partner):
        await timing.set_time(db, session, "America/New_York", None, None)
    assert await score_once(db, event_id, partner)
    assert await results(db, event_id) == truth(event)


async def test_an_event_without_a_course_says_why_it_is_not_scored(db: Database, tmp_path: Path):
    event = race(5)
    partner = await partner_with_account(db)
    event_id = await scoring.add_event(db, partner, "Bare", START, "UTC")
    async with listener(db, tmp_path / "spool") as hub:
        await played(hub, event, LinkFaults())
    await bind_all(db, partner, event_id)

    assert await score_once(db, event_id, partner)
    assert "import course" in str(await scoring.problem_of(db, partner, event_id))


async def test_results_leave_an_event_with_the_session_that_is_bound_to_another_one(db: Database, tmp_path: Path):
    event = race(12)
    partner = await partner_with_account(db)
    event_id = await hardware_event(db, partner, event, tmp_path / "files")
    other_id = await hardware_event(db, partner, event, tmp_path / "files")
    async with scorer(db):
        async with listener(db, tmp_path / "spool") as hub:
            await played(hub, event, LinkFaults())
        await bind_all(db, partner, event_id)
        shown = "select count(*)::int from unified_results where result_status = 'finished' and event_id = "
        await until(db, f"{shown} '{event_id}'", 12)
        for session in await timing.sessions(db, partner):
            await timing.bind_session(db, session, other_id)
        await until(db, f"{shown} '{other_id}'", 12)
        await until(db, f"{shown} '{event_id}'", 0)
    assert {row["event_id"] for row in await rows(db, "select distinct event_id from timing.read_statuses")} == {
        other_id
    }
