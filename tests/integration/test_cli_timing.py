"""The commands of the hardware as an operator types them: events, courses, start lists, sessions, decisions, files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from project88.store.connection import Database
from project88.store.merging import settle_all
from tests.hub_command import HubCommand
from tests.integration.timing import USER, computer, listener, partner_with_account, rows, until

COURSE = [
    {
        "race_id": "r",
        "name": "Run",
        "gun": {"at": "2026-04-20T13:00:00Z"},
        "points": [{"name": "Start", "locations": ["start"]}, {"name": "Finish", "locations": ["finish"]}],
    }
]
READS = (
    "CT01_13,1,start,12,09:00:05.00,1,0FA22E,1\r\n"
    "CT01_13,2,start,13,09:00:06.00,1,0FA22E,1\r\n"
    "CT01_13,1,finish,12,09:40:05.00,1,0FA22E,1\r\n"
    "CT01_13,2,finish,77,09:41:00.00,1,0FA22E,1\r\n"
)


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> HubCommand:
    return HubCommand(database_url, tmp_path / "home")


async def event_with_files(hub: HubCommand, folder: Path) -> str:
    """Set up from files alone, as after a race without a network."""
    await hub("partner", "add", "--name", "Files", "--time-zone", "UTC")
    made = await hub("timing", "add-event", "--timing-partner-id", "1", "--name", "River Run", "--start",
                     "2026-04-20T09:00:00-04:00", "--time-zone", "America/New_York")  # fmt: skip
    event = made.out.strip()
    (folder / "course.json").write_text(json.dumps(COURSE))
    (folder / "start.csv").write_text("bib,first name,last name,gender\n12,Ada,Berg,F\n13,Bo,Dahl,M\n14,Cy,Lund,M\n")
    (folder / "reads.txt").write_text(READS)
    assert (await hub("import", "course", str(folder / "course.json"), "--event", event)).out == "Run: stored\n"
    entries = await hub("import", "entries", str(folder / "start.csv"), "--event", event)
    assert (entries.code, entries.out) == (0, "3 entries: 3 new or changed, 0 retired\n"), entries.err
    return event


async def test_a_race_from_files_alone_is_scored(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)

    first = await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event)
    again = await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event, "--json")
    scored = await hub("score", event)
    results = await hub("results", event, "--format", "json")
    unknown = await hub("timing", "reads", event, "--status", "unknown_bib", "--json")

    assert first.out == "4 reads of finish, start: 4 stored, 0 known already\n", first.err
    assert (again.json["stored"], again.json["known_already"]) == (0, 4)
    assert scored.out == "1 finished, 1 started\n", scored.err
    finished = [row for row in results.json if row["overall_place"]]
    assert [(row["bib_number"], row["last_name"], row["chip_time"]) for row in finished] == [
        ("12", "Berg", "0:40:00.000")
    ]
    assert [row["tag_code"] for row in unknown.json] == ["77"]


async def test_decisions_are_added_listed_and_undone(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event)
    by = ("--by", "Director")
    added = await hub("decisions", "add", event, "disqualified", "--bib", "12", "--reason", "cut the course", *by)
    score = await hub("score", event)
    undone = await hub("decisions", "undo", event, "1", *by)
    back = await hub("score", event)

    assert added.out == f"decision 1 stands; a listener that runs scores by itself, else: project88 score {event}\n"
    assert score.out == "1 dq, 1 started\n"
    assert undone.code == 0
    assert back.out == "1 finished, 1 started\n"
    assert "by Director" in (await hub("decisions", "list", event)).out
    assert (await hub("decisions", "undo", event, "1", *by)).code == 2
    assert (await hub("decisions", "add", event, "disqualified", "--bib", "99", "--reason", "x", *by)).code == 2
    assert (await hub("decisions", "add", event, "read_ignored", "--bib", "12", "--reason", "x", *by)).code == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("field_set", "--field", "age", "--value", "99999999999", "--reason", "x", "--by", "Director"),
        ("field_set", "--field", "age", "--value", "33", "--reason", " ", "--by", "Director"),
        ("field_set", "--field", "age", "--value", "33", "--reason", "x", "--by", ""),
        ("time_adjusted", "--seconds", "nan", "--reason", "x", "--by", "Director"),
        ("time_adjusted", "--seconds", "1e300", "--reason", "x", "--by", "Director"),
    ],
)
async def test_a_decision_that_says_nothing_or_no_number_is_typed_wrong(
    hub: HubCommand, tmp_path: Path, wrong: tuple[str, ...]
):
    event = await event_with_files(hub, tmp_path)
    kind, *rest = wrong
    assert (await hub("decisions", "add", event, kind, "--bib", "12", *rest)).code == 2
    assert (await hub("decisions", "list", event)).out == "nobody has decided anything\n"


async def test_an_event_of_the_hardware_has_a_name(hub: HubCommand):
    await hub("partner", "add", "--name", "Files", "--time-zone", "UTC")
    at = ("--start", "2026-05-02T13:00:00Z", "--time-zone", "UTC")
    assert (await hub("timing", "add-event", "--timing-partner-id", "1", "--name", " ", *at)).code == 2


async def test_a_decision_that_scoring_carries_out_opens_settled_results_and_scoring_alone_does_not(
    hub: HubCommand, db: Database, tmp_path: Path
):
    event = await event_with_files(hub, tmp_path)
    await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event)
    await hub("score", event)
    assert [{"n": 1}] == await rows(
        db, "select count(*)::int as n from ct_events where results_changed_at <= hub_now()"
    )
    async with db.connection() as connection:
        await connection.execute(b"update ct_events set results_changed_at = hub_now() - interval '25 hours'")
    assert 1 == await settle_all(db)
    shown = "select result_status, is_settled from unified_results where bib_number = '12'"
    await hub("score", event)
    assert [{"result_status": "finished", "is_settled": True}] == await rows(db, shown)
    await hub("decisions", "add", event, "disqualified", "--bib", "12", "--reason", "cut", "--by", "Director")
    await hub("score", event)
    assert [{"result_status": "dq", "is_settled": False}] == await rows(db, shown)


async def test_a_decision_stands_only_together_with_the_scoring_that_it_makes_necessary(
    hub: HubCommand, db: Database, tmp_path: Path
):
    event = await event_with_files(hub, tmp_path)
    async with db.connection() as connection:
        await connection.execute(
            b"alter table timing.scorings add constraint nobody_scores check (not is_stale) not valid"
        )
    decided = ("decisions", "add", event, "disqualified", "--bib", "12", "--reason", "cut", "--by", "Director")

    assert (await hub(*decided)).code == 1
    assert (await hub("decisions", "list", event)).out == "nobody has decided anything\n"
    async with db.connection() as connection:
        await connection.execute(b"alter table timing.scorings drop constraint nobody_scores")
    assert (await hub(*decided)).code == 0
    assert await rows(db, "select is_stale from timing.scorings") == [{"is_stale": True}]


async def test_a_bib_that_two_entries_of_a_list_have_is_nobody_s(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    (tmp_path / "twice.csv").write_text("entry id,bib,last name\na,12,Berg\nb,12,Dahl\nc,13,Lund\n")
    await hub("import", "entries", str(tmp_path / "twice.csv"), "--event", event, "--replace")
    await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event)
    await hub("score", event)
    results = await hub("results", event, "--format", "json")

    assert {row["bib_number"] for row in results.json} == {"13"}


async def test_what_cannot_be_imported_says_so(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    (tmp_path / "bad.json").write_text('[{"race_id": "r"}]')
    (tmp_path / "bad.csv").write_text("bib,age\n1,old\n2,30\n")
    (tmp_path / "bad.txt").write_text(READS + "rubbish\r\n")

    course = await hub("import", "course", str(tmp_path / "bad.json"), "--event", event)
    entries = await hub("import", "entries", str(tmp_path / "bad.csv"), "--event", event)
    reads = await hub("import", "reads", str(tmp_path / "bad.txt"), "--event", event)
    nothing = await hub("import", "reads", str(tmp_path / "bad.csv"), "--event", event)
    missing = await hub("import", "entries", str(tmp_path / "none.csv"), "--event", event)

    assert course.code == 2
    assert "docs/reference/course.md" in course.err
    assert (entries.code, reads.code) == (1, 1)
    assert "1 rows could not be read" in entries.err
    assert "1 lines could not be read" in reads.err
    assert nothing.code == 2
    assert "no line of the file is a read" in nothing.err
    assert missing.code == 2


async def test_sessions_are_listed_shown_named_bound_moved_and_closed(hub: HubCommand, db: Database, tmp_path: Path):
    await partner_with_account(db)
    async with listener(db, tmp_path / "spool") as opened, computer(opened.port) as timer:
        await timer.log_in()
        await timer.introduce("finish", event="River")
        await timer.starts(1)
        await timer.say(
            "CT01_33~1~finish~12~2026-04-20T10:00:00.00~0~0F2A38~1",
            "CT01_33~4~finish~13~2026-04-20T10:00:01.00~0~0F2A38~1",
        )
        await until(db, "select count(*)::int from timing_reads", 2)
        listed = await hub("timing", "sessions")
    event = (await hub("timing", "add-event", "--timing-partner-id", "1", "--name", "River", "--start",
                       "2026-04-20T10:00:00Z", "--time-zone", "UTC")).out.strip()  # fmt: skip
    bound = await hub("timing", "bind", "1", event)
    shown = await hub("timing", "show", "1", "--json")
    moved = await hub("timing", "zone", "1", "Europe/Berlin")
    named = await hub("timing", "name", "1", "Finish line")
    closed = await hub("timing", "close", "1")

    assert USER in listed.out
    assert "not bound" in listed.out
    assert bound.out == "bound to River: session 1\n", bound.err
    assert shown.json["locations"][0]["missing"] == [[2, 3]]
    assert moved.out == "2 reads moved\n", moved.err
    assert (named.code, closed.out) == (0, "session 1 is closed\n")
    assert "no timing computer has connected yet" in (await hub("timing", "sessions")).out
    assert "Finish line" in (await hub("timing", "sessions", "--all")).out
    assert (await hub("timing", "zone", "1", "Nowhere/Land")).code == 2
    assert (await hub("timing", "bind", "9", event)).code == 2
    assert (await rows(db, "select min(read_time) at time zone 'UTC' as at from timing_reads"))[0]["at"].hour == 8


async def test_the_listener_refuses_settings_that_would_let_anybody_in(hub: HubCommand):
    alone = await hub("listen", "--authentication", "none")
    anywhere = await hub("listen", "--authentication", "none", "--timing-partner-id", "1")
    nobody = await hub("listen", "--authentication", "none", "--timing-partner-id", "7", "--allow", "127.0.0.0/8")
    no_network = await hub("listen", "--allow", "here")
    no_zone = await hub("listen", "--time-zone", "Here", "--metrics-port", "0")

    assert [alone.code, anywhere.code, nobody.code, no_network.code, no_zone.code] == [2, 2, 78, 2, 2]
    assert "--allow NETWORK" in alone.err


async def test_watching_nobody_says_so_and_is_not_ok(hub: HubCommand):
    watched = await asyncio.wait_for(hub("listen", "--watch", "--status-port", "1", "--duration", "0.5"), 30)

    assert watched.code == 2
    assert "no listener answers" in watched.out
