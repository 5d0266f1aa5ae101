"""The listener over real sockets and a real database: who may come, what is asked, kept, resumed and told."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from project88.edges.http import local_document
from project88.listen.accounts import TimingAccount
from project88.listen.rules import Rules
from project88.store import timing
from project88.store.connection import Database
from project88.store.events import find_event
from project88.store.partners import add_partner
from project88.store.scoring import add_event
from project88.wire.ctp01.authentication import response
from project88.wire.ctp01.events import Refused
from project88.wire.ctp01.settings import AUTHENTICATIONS, Settings
from tests.integration.timing import (
    PASSWORD,
    START,
    USER,
    HandComputer,
    computer,
    listener,
    partner_with_account,
    rows,
    until,
)

READS = "select count(*)::int from timing_reads"


def line(number: int, location: str = "finish", tag: str = "12", at: str = "2026-04-20T10:00:00.00") -> str:
    return f"CT01_33~{number}~{location}~{tag}~{at}~0~0F2A38~1"


@pytest.mark.parametrize("kind", [kind for kind in AUTHENTICATIONS if kind != "none"])
async def test_every_authentication_lets_the_right_password_in_and_no_other(db: Database, tmp_path: Path, kind: str):
    await partner_with_account(db)
    async with listener(db, tmp_path, Rules(authentication=kind)) as hub:  # type: ignore[arg-type]
        async with computer(hub.port) as wrong:
            await wrong.log_in(password="another one")
            assert (await wrong.hear(Refused)).command == "authorize"
            assert await wrong.connection.read(10) == b""
        async with computer(hub.port) as right:
            await right.log_in()
            await right.introduce("finish")
            assert await right.starts(1) == {"finish": 1}
        async with computer(hub.port) as unknown:
            await unknown.log_in(user="nobody")
            assert (await unknown.hear(Refused)).command == "authorize"
        assert hub.status().refused_connections == 2


async def test_a_seed_is_fresh_for_each_connection_so_that_no_answer_works_twice(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as first, computer(hub.port) as second:
        settings = await first.hear(Settings)
        await second.hear(Settings)
        old = response("hmac-sha1", PASSWORD, settings.authentication_seed)
        await second.say(f"authorize~{USER}~{old}")
        assert (await second.hear(Refused)).command == "authorize"


async def test_what_is_asked_for_is_push_mode_gun_times_new_locations_connection_id_and_dates(
    db: Database, tmp_path: Path
):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        settings = await timer.hear(Settings)

    assert (settings.stream_mode, settings.guntimes, settings.newlocations, settings.connection_id) == (
        "push", True, True, True)  # fmt: skip
    assert (settings.time_format, settings.authentication) == ("iso", "hmac-sha1")


async def test_nobody_needs_a_password_only_from_a_network_that_is_allowed(db: Database, tmp_path: Path):
    partner = await add_partner(db, "Open", "UTC")
    anybody = TimingAccount(timing_partner_id=partner, user=None)
    rules = Rules(authentication="none", anybody=anybody, networks=(ip_network("127.0.0.0/8"),))
    async with listener(db, tmp_path / "a", rules) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.say(line(1))
        await until(db, READS, 1)
    assert {row["timing_partner_id"] for row in await rows(db, "select * from timing_reads")} == {partner}

    rules = Rules(authentication="none", anybody=anybody, networks=(ip_network("10.0.0.0/8"),))
    async with listener(db, tmp_path / "b", rules) as hub, computer(hub.port) as timer:
        assert await timer.connection.read(10) == b""


async def test_reads_gun_times_and_new_locations_are_kept_as_what_they_are(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("start")
        assert await timer.starts(1) == {"start": 1}
        await timer.say(
            "CT01_33~1~start~guntime~2026-04-20T09:00:00.25~0~DF239A~0",
            "CT01_33~2038~30k~newlocation~2026-04-20T09:00:01.00~0~ED932A~0",
            line(2, "start", "9478"),
        )
        assert await timer.starts(1) == {"30k": 1}
        await until(db, READS, 2)

    gun, read = await rows(db, "select * from timing_reads order by sequence_number")
    assert (gun["kind"], gun["tag_code"], gun["reader_id"]) == ("guntime", None, "DF239A")
    assert gun["read_time"] == datetime(2026, 4, 20, 13, 0, 0, 250_000, tzinfo=UTC)
    assert (read["kind"], read["tag_code"], read["reader_id"], read["gator_number"], read["lap_count"]) == (
        "read", "9478", "0F2A38", 0, 1)  # fmt: skip
    assert read["zone_is_assumed"] is True
    assert read["raw_line"] == line(2, "start", "9478")
    places = await rows(db, "select location, controller_id from timing.timing_locations order by location")
    assert places == [{"location": "30k", "controller_id": "ED932A"}, {"location": "start", "controller_id": None}]


async def test_a_computer_that_comes_back_goes_on_where_it_stopped_and_nothing_is_stored_twice(
    db: Database, tmp_path: Path
):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub:
        async with computer(hub.port) as timer:
            await timer.log_in()
            await timer.introduce("finish")
            await timer.starts(1)
            await timer.say(line(1), line(2), line(3), line(3))
            await until(db, READS, 3)
        async with computer(hub.port) as timer:
            await timer.log_in()
            await timer.introduce("finish")
            assert await timer.starts(1) == {"finish": 4}
            await timer.say(line(2), line(3), line(4))
            await until(db, READS, 4)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        assert await timer.starts(1) == {"finish": 5}
    assert len(await rows(db, "select 1 from timing.timing_sessions")) == 1
    reasons = await rows(db, "select reason from timing.timing_links order by closed_at")
    assert (len(reasons), reasons[0]["reason"]) == (3, "the computer ended it")


async def test_a_gap_is_shown_asked_for_and_filled(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path, Rules(gap_seconds=0.1, silent_seconds=0.2)) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.starts(1)
        await timer.say(line(1), line(4))
        assert await timer.starts(1) == {"finish": 2}
        assert hub.status().sessions[0].locations[0].missing == [(2, 3)]
        assert any("lacks reads of finish" in problem for problem in hub.status().problems)
        await timer.say(line(2), line(3), line(4))
        await until(db, READS, 4)
        assert hub.status().sessions[0].locations[0].missing == []
    received = await rows(db, "select received::text from timing.timing_locations")
    assert received == [{"received": "{[1,5)}"}]


async def test_a_line_that_is_no_read_is_kept_with_its_reason_and_the_conversation_goes_on(
    db: Database, tmp_path: Path
):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        bell = line(1, tag="\a")
        await timer.say("CT01_33~oops", "what is this", "CT01_33~oops", line(1, at="25:61:00"), bell, line(1))
        await until(db, READS, 1)
        await until(db, "select count(*)::int from timing.unread_lines", 4)
    found = await rows(db, "select raw_line, reason from timing.unread_lines order by unread_line_id")
    assert [row["raw_line"] for row in found] == ["CT01_33~oops", "what is this", line(1, at="25:61:00"), bell]
    assert all(row["reason"] for row in found)


async def test_a_password_that_nobody_asked_for_is_not_kept(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.starts(1)
        await timer.say(f"authorize~{USER}~{PASSWORD}~more")
        await until(db, "select count(*)::int from timing.unread_lines", 1)
    assert [row["raw_line"] for row in await rows(db, "select raw_line from timing.unread_lines")] == [
        f"authorize~{USER}~***"
    ]
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("*"))


async def test_an_over_long_line_ends_the_link_and_a_stranger_s_lines_leave_nothing_behind(
    db: Database, tmp_path: Path
):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub:
        async with computer(hub.port) as stranger:
            await stranger.say("GET / HTTP/1.1", "Host: x")
            await stranger.connection.write(b"x" * 10_000)
            assert await stranger.connection.read(10) == b""
        async with computer(hub.port) as timer:
            await timer.log_in()
            await timer.introduce("finish")
            await timer.starts(1)
            await timer.connection.write(b"y" * 10_000)
            assert await timer.connection.read(10) == b""
        await until(db, "select count(*)::int from timing.unread_lines", 1)


async def test_reads_that_are_still_on_their_way_are_no_sign_of_a_second_computer(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The computer has gone and is back on another link while the first one still brings what it had sent."""
    monkeypatch.setattr("project88.listen.link.ANSWER_SECONDS", 0.5)
    await partner_with_account(db)

    async def bring(gone: HandComputer) -> None:
        for number in itertools.count(1):
            if not await gone.connection.write(f"{line(number)}\r\n".encode()):
                return

    async with listener(db, tmp_path) as hub, computer(hub.port) as gone, computer(hub.port) as back:
        for timer in (gone, back):
            await timer.log_in()
        await gone.introduce("finish")
        await gone.starts(1)
        bringing = asyncio.create_task(bring(gone))
        await back.introduce("finish")
        [number] = (await back.starts(1)).values()
        async with asyncio.timeout(10):
            await bringing
    assert number > 1
    assert [{"n": 1}] == await rows(db, "select count(*)::int as n from timing.timing_sessions")
    twice = "select count(*)::int - count(distinct (location, sequence_number))::int as n from timing.timing_reads"
    assert [{"n": 0}] == await rows(db, twice)


async def test_a_second_computer_that_says_the_same_is_kept_apart_while_the_first_answers(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as one, computer(hub.port) as other:
        for timer in (one, other):
            await timer.log_in()
        await one.introduce("finish")
        await one.starts(1)
        # What it hears is answered while it waits for another start.
        waiting = asyncio.create_task(one.hear("start"))
        await other.introduce("finish")
        assert await other.starts(1) == {"finish": 1}
        waiting.cancel()
        await until(db, "select count(*)::int from timing.timing_sessions", 2)


async def test_a_silent_computer_is_asked_and_one_that_is_gone_is_let_go(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path, Rules(silent_seconds=0.2)) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.starts(1)
        # From here on it hears pings and answers none.
        async with asyncio.timeout(30):
            while await timer.connection.read(5) != b"":
                pass
    await until(db, "select max(reason) from timing.timing_links", "it does not answer")


async def test_the_other_side_may_ping_too(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.starts(1)
        await timer.say("ping")
        assert await timer.connection.read(10) == b"ack~ping\r\n"


async def test_two_partners_with_the_same_user_name_never_mix(db: Database, tmp_path: Path):
    one = await partner_with_account(db, "One")
    two = await add_partner(db, "Two", "UTC")
    from project88.store.partners import set_credentials

    await set_credentials(db, two, "chronotrack_tcp", USER, "the other password", {})
    async with listener(db, tmp_path) as hub:
        for password in (PASSWORD, "the other password"):
            async with computer(hub.port) as timer:
                await timer.log_in(password=password)
                await timer.introduce("finish")
                assert await timer.starts(1) == {"finish": 1}
                await timer.say(line(1))
                await asyncio.sleep(0.05)
        await until(db, READS, 2)
    found = await rows(db, "select timing_partner_id, count(*) from timing_reads group by 1 order by 1")
    assert [row["timing_partner_id"] for row in found] == [one, two]


async def test_two_computers_that_say_the_same_of_themselves_are_told_and_lose_nothing(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub, computer(hub.port) as first, computer(hub.port) as second:
        await first.log_in()
        await first.introduce("finish")
        await first.starts(1)
        await first.say(line(1, tag="1"))
        await until(db, READS, 1)
        listens = asyncio.create_task(first.hear("never"))
        await second.log_in()
        await second.introduce("finish")
        assert await second.starts(1) == {"finish": 1}
        await second.say(line(1, tag="2"))
        await until(db, READS, 2)
        listens.cancel()
    assert "give each computer an account of its own" in " ".join(caplog.text.split())


async def test_a_full_spool_lets_no_read_in_until_the_database_has_some_of_it(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path, spool_limit_bytes=0) as hub, computer(hub.port) as timer:
        await timer.say("Hand~1~CTP01")
        assert await timer.connection.read(0.5) is None
        assert hub.status().status == "failing"
        assert any("--spool-limit" in problem for problem in hub.status().problems)


async def test_sessions_are_bound_named_moved_to_a_zone_and_closed(db: Database, tmp_path: Path):
    partner = await partner_with_account(db)
    event_id = await add_event(db, partner, "Run", START, "Europe/Berlin")
    async with listener(db, tmp_path) as hub:
        for connection in ("c1", "c2"):
            async with computer(hub.port) as timer:
                await timer.log_in()
                await timer.introduce("finish", connection=connection)
                await timer.starts(1)
                await timer.say(line(1, at="2026-04-20T10:00:00.00"))
                await asyncio.sleep(0.05)
        await until(db, READS, 2)
    first = (await timing.sessions(db))[0]
    assert await timing.bind_session(db, first, event_id) == [
        row["timing_session_id"] for row in await timing.sessions(db)
    ]
    assert {row["read_time"] for row in await rows(db, "select * from timing_reads where not zone_is_assumed")} == {
        datetime(2026, 4, 20, 8, tzinfo=UTC)}  # fmt: skip

    assert await timing.set_time(db, first, "America/Denver", None, None) == 1
    assert await timing.set_time(db, first, "UTC", "finish", None) == 1
    await timing.name_session(db, first, "Finish line")
    assert await timing.close_session(db, first)
    assert not await timing.close_session(db, first)
    assert [row["session_name"] for row in await timing.sessions(db)] == [None]
    times = sorted(row["read_time"].hour for row in await rows(db, "select * from timing_reads"))
    assert times == [8, 10]


async def test_a_later_session_of_the_same_timing_event_is_bound_as_the_first_one(db: Database, tmp_path: Path):
    partner = await partner_with_account(db)
    event_id = await add_event(db, partner, "Run", START, "UTC")
    async with listener(db, tmp_path) as hub:
        async with computer(hub.port) as timer:
            await timer.log_in()
            await timer.introduce("start")
            await timer.starts(1)
        await until(db, "select count(*)::int from timing.timing_sessions", 1)
        await timing.bind_session(db, (await timing.sessions(db))[0], event_id)
        async with computer(hub.port) as timer:
            await timer.log_in()
            await timer.introduce("finish", connection="c9")
            await timer.starts(1)
        await until(db, "select count(*)::int from timing.timing_sessions", 2)
    assert {row["event_id"] for row in await timing.sessions(db)} == {event_id}
    assert (await find_event(db, event_id)).data_source == "tcp_hardware"


async def test_a_clock_that_is_hours_off_is_told(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path, time_zone="UTC") as hub, computer(hub.port) as timer:
        await timer.log_in()
        await timer.introduce("finish")
        await timer.starts(1)
        now = datetime.now(UTC) - timedelta(hours=4)
        await timer.say(line(1, at=now.strftime("%Y-%m-%dT%H:%M:%S.00")))
        await until(db, READS, 1)
        assert hub.status().sessions[0].link is not None
        assert hub.status().sessions[0].link.wrong_hours == -4
        assert any("wrong time zone" in problem for problem in hub.status().problems)


async def test_the_status_is_served_on_loopback_and_is_not_ok_while_something_is_not(db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path) as hub:
        said = await local_document(f"http://127.0.0.1:{hub.status_port}/status")
        assert said is not None
        assert b'"status":"degraded"' in said
        assert b"no timing computer is connected" in said
    assert await local_document(f"http://127.0.0.1:{hub.status_port}/status") is None
