"""Start lists and results from files as an operator types them: previews, mappings, joins, history, retirement."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from project88.store.connection import Database
from tests.hub_command import HubCommand
from tests.integration.test_cli_timing import event_with_files
from tests.integration.timing import rows

NEW = ("--timing-partner-id", "1", "--new-event", "Spring Run", "--start", "2026-05-02T09:00:00-04:00", "--time-zone",
       "America/New_York")  # fmt: skip
RESULTS = (
    "Race,Bib,Name,Sex,Place,Time,5K\n"
    "10 km,1,Ada Berg,F,1,40:05.5,19:30\n"
    "10 km,2,Bo Dahl,M,2,41:00,20:10\n"
    "Fun Run,3,Cy Lund,M,,DNF,\n"
    "Fun Run,4,Di Moe,F,,DNS,\n"
)


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> HubCommand:
    return HubCommand(database_url, tmp_path / "home")


@pytest.fixture
async def spring(hub: HubCommand, tmp_path: Path) -> Path:
    """A partner and a file of results of an event that the hub does not have."""
    await hub("partner", "add", "--name", "Files", "--time-zone", "UTC")
    file = tmp_path / "results.csv"
    file.write_text(RESULTS)
    return file


async def shown(hub: HubCommand, event: str, *columns: str) -> list[tuple[Any, ...]]:
    found = await hub("results", event, "--format", "json")
    assert found.code == 0, found.err
    return [tuple(row[column] for column in columns) for row in found.json]


async def stamps(db: Database) -> list[dict[str, Any]]:
    return await rows(db, "select entry_id, created_at, updated_at from ct_results order by entry_id")


async def test_a_file_makes_an_event_and_typed_again_writes_no_row(hub: HubCommand, db: Database, spring: Path):
    command = ("import", "results", "spring-2026", str(spring), *NEW, "--split", "5K")
    first = await hub(*command)
    before = await stamps(db)
    again = await hub(*command)
    found = await shown(hub, "spring-2026", "race_name", "bib_number", "last_name", "result_status", "chip_time")

    assert (first.code, first.err) == (0, "")
    assert first.out == "4 results of event p1: 4 new, 0 changed, 0 unchanged, 0 retired\n"
    assert again.out == "4 results of event p1: 0 new, 0 changed, 4 unchanged, 0 retired\n"
    assert await stamps(db) == before
    assert await rows(db, "select from row_changes where subject = 'result'") == []
    assert found == [
        ("10 km", "1", "Berg", "finished", "0:40:05.500"),
        ("10 km", "2", "Dahl", "finished", "0:41:00.000"),
        ("Fun Run", "3", "Lund", "dnf", None),
        ("Fun Run", "4", "Moe", "dns", None),
    ]
    assert {row["data_source"] for row in await rows(db, "select data_source from unified_results")} == {"file"}
    assert await rows(db, "select event_name, data_source, time_zone from unified_events") == [
        {"event_name": "Spring Run", "data_source": "file", "time_zone": "America/New_York"}
    ]


async def test_a_preview_says_what_the_import_will_do_and_writes_nothing(hub: HubCommand, db: Database, spring: Path):
    command = ("import", "results", "spring-2026", str(spring), *NEW, "--split", "5K=5 km")
    made = await hub(*command, "--preview")
    events = await rows(db, "select from ct_events")
    await hub(*command)
    spring.write_text(
        RESULTS.replace("41:00", "40:59").replace("Fun Run,4,Di Moe,F,,DNS,\n", "Fun Run,5,Ed Noe,M,,late,\n")
    )
    before = await stamps(db)
    changed = await hub(*command, "--preview", "--complete")
    as_json = (await hub(*command, "--preview", "--json")).json

    assert made.code == 0, made.err
    assert made.lines[-2:] == [
        "4 results of a new event: 4 new, 0 changed, 0 unchanged, 0 would be retired",
        "nothing was written",
    ]
    assert events == []
    assert changed.code == 1
    assert "3 results of event p2: 0 new, 1 changed, 2 unchanged, 0 would be retired" in changed.out
    assert "nobody is retired while some row cannot be read" in changed.out
    assert "Time: not a number: 'late'" in changed.err
    assert await stamps(db) == before
    assert await rows(db, "select from quarantine") == []
    assert as_json["columns"]["Time"] == "chip_time"
    assert (as_json["first_rows"][0]["chip_time"], as_json["first_rows"][0]["5 km"]) == ("0:40:05.500", "0:19:30")


async def test_a_bad_row_is_kept_with_its_text_and_a_corrected_time_has_a_history(
    hub: HubCommand, db: Database, spring: Path
):
    command = ("import", "results", "spring-2026", str(spring), *NEW)
    await hub(*command)
    spring.write_text(RESULTS.replace("41:00", "40:59").replace("40:05.5", "soon"))
    partly = await hub(*command)
    history = await hub("changes", "spring-2026", "--bib", "2")

    assert partly.code == 1
    assert "3 results of event p1: 0 new, 1 changed, 2 unchanged, 0 retired" in partly.out
    [kept] = await rows(db, "select stream, reason, raw_text from quarantine")
    assert (kept["stream"], "soon" in kept["reason"], '"Name":"Ada Berg"' in kept["raw_text"]) == (
        "results",
        True,
        True,
    )
    assert "import" in history.out
    assert await shown(hub, "spring-2026", "bib_number", "chip_time") == [
        ("1", "0:40:05.500"),
        ("2", "0:40:59.000"),
        ("3", None),
        ("4", None),
    ]


async def test_a_complete_file_retires_who_is_missing_and_any_other_retires_nobody(hub: HubCommand, spring: Path):
    command = ("import", "results", "spring-2026", str(spring), *NEW)
    await hub(*command)
    spring.write_text("".join(RESULTS.splitlines(keepends=True)[:-1]))
    partial = await hub(*command)
    complete = await hub(*command, "--complete")

    assert "3 unchanged, 0 retired" in partial.out
    assert "3 unchanged, 1 retired" in complete.out
    assert [bib for (bib,) in await shown(hub, "spring-2026", "bib_number")] == ["1", "2", "3"]


async def test_an_empty_file_that_is_everybody_is_refused_and_a_race_of_bad_rows_alone_is_none(
    hub: HubCommand, db: Database, spring: Path
):
    command = ("import", "results", "spring-2026", str(spring), *NEW)
    await hub(*command)
    spring.write_text("Bib,Race,Time\n9,Relay,soon\n")
    bad = await hub(*command)
    spring.write_text("Bib,Race,Time\n")
    empty = await hub(*command, "--complete")

    assert bad.code == 1
    assert [row["race_id"] for row in await rows(db, "select race_id from ct_races order by 1")] == ["10-km", "fun-run"]
    assert (empty.code, "everybody would be retired" in empty.err) == (2, True)
    assert len(await shown(hub, "spring-2026", "bib_number")) == 4


async def test_a_status_that_a_file_takes_back_is_taken_back(hub: HubCommand, spring: Path):
    command = ("import", "results", "spring-2026", str(spring), *NEW)
    await hub(*command)
    spring.write_text(RESULTS.replace("DNF", "1:02:03").replace("40:05.5", "DSQ"))
    await hub(*command)

    assert await shown(hub, "spring-2026", "bib_number", "result_status", "chip_time") == [
        ("1", "dq", None),
        ("2", "finished", "0:41:00.000"),
        ("3", "finished", "1:02:03.000"),
        ("4", "dns", None),
    ]


async def test_results_of_a_file_are_joined_with_those_of_the_hardware_and_count_less(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    await hub("import", "reads", str(tmp_path / "reads.txt"), "--event", event)
    await hub("score", event)
    (tmp_path / "file.csv").write_text("bib,name,city,time\n12,Ada Berg,Oslo,41:00\n14,Cy Lund,,55:00\n")
    imported = await hub("import", "results", event, str(tmp_path / "file.csv"))
    found = await shown(hub, event, "bib_number", "city", "chip_time", "data_source", "race_name")

    assert imported.out == "2 results of event p1: 2 new, 0 changed, 0 unchanged, 0 retired\n", imported.err
    assert found == [
        ("12", "Oslo", "0:40:00.000", "tcp_hardware", "Run"),
        ("13", None, None, "tcp_hardware", "Run"),
        ("14", None, "0:55:00.000", "file", "Run"),
    ]


async def test_a_start_list_of_an_event_of_files_names_its_results(hub: HubCommand, db: Database, spring: Path):
    spring.write_text("bib,race,time\n1,10 km,40:05\n")
    await hub("import", "results", "spring-2026", str(spring), *NEW)
    spring.write_text("bib,race,name,club,status\n1,10 km,Ada Berg,Owls,\n2,Fun Run,Bo Dahl,Owls,DQ\n")
    listed = await hub("import", "start-list", "spring-2026", str(spring))
    people = await rows(db, "select bib_number, race_id, team_name, data_source from unified_participants order by 1")

    assert listed.out == "2 entries of event p1: 2 new, 0 changed, 0 unchanged, 0 retired\n", listed.err
    assert await shown(hub, "spring-2026", "bib_number", "last_name") == [("1", "Berg")]
    assert [tuple(row.values()) for row in people] == [("1", "10-km", "Owls", "file"), ("2", "fun-run", "Owls", "file")]


async def test_a_race_that_the_event_s_own_source_does_not_have_is_a_bad_row(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    (tmp_path / "file.csv").write_text("bib,race,time\n12,Relay,41:00\n")
    imported = await hub("import", "results", event, str(tmp_path / "file.csv"))

    assert imported.code == 1
    assert "the event has no race 'Relay'; it has Run" in imported.err


async def test_a_start_list_is_mapped_looked_at_and_its_mapping_kept_for_the_next_one(
    hub: HubCommand, db: Database, tmp_path: Path
):
    event = await event_with_files(hub, tmp_path)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (["Chest", "Runner", "Born"], [12, "Ada Berg", "5/2/1990"], [21, "Flo Ness", "31/1/1991"]):
        sheet.append(line)
    book.save(tmp_path / "start.xlsx")
    file = ("import", "start-list", event, str(tmp_path / "start.xlsx"))
    mapped = ("--map", "Chest=bib", "--map", "Born=date of birth", "--dates", "day-first")
    without = await hub(*file)
    preview = await hub(*file, *mapped, "--preview", "--complete")
    stored = await hub(*file, *mapped, "--save-mapping", "club")
    again = await hub(*file, "--mapping", "club", "--json")
    unknown = await hub(*file, "--mapping", "other")

    assert (without.code, "--map 'COLUMN=bib'" in without.err) == (2, True)
    assert "2 entries of event p1: 1 new, 1 changed, 0 unchanged, 2 would be retired" in preview.out, preview.err
    assert [line.split() for line in preview.lines[:4]] == [
        ["column", "is"],
        ["Chest", "bib"],
        ["Runner", "name"],
        ["Born", "date", "of", "birth"],
    ]
    assert "2 entries of event p1: 1 new, 1 changed, 0 unchanged, 0 retired" in stored.out, stored.err
    assert (again.json["new"], again.json["changed"], again.json["unchanged"]) == (0, 0, 2)
    assert (unknown.code, "it has club" in unknown.err) == (2, True)
    people = await rows(
        db,
        "select bib_number, last_name, date_of_birth::text as born, data_source from ct_participants "
        "where date_of_birth is not null order by 1",
    )
    assert [tuple(row.values()) for row in people] == [
        ("12", "Berg", "1990-02-05", "tcp_hardware"),
        ("21", "Ness", "1991-01-31", "tcp_hardware"),
    ]


async def test_a_start_list_that_lacks_many_waits_for_a_person_who_can_decide(hub: HubCommand, tmp_path: Path):
    event = await event_with_files(hub, tmp_path)
    lines = [f"{bib},P{bib}" for bib in range(100, 130)]
    (tmp_path / "many.csv").write_text("\n".join(["bib,last name", *lines, "12,Berg", "13,Dahl", "14,Lund"]))
    (tmp_path / "few.csv").write_text("\n".join(["bib,last name", *lines[:5]]))
    await hub("import", "start-list", event, str(tmp_path / "many.csv"))
    held = await hub("import", "start-list", event, str(tmp_path / "few.csv"), "--complete")
    decided = await hub("retractions", "apply", "1")

    assert held.code == 1
    assert "28 would be retired at once and wait for you: project88 retractions list" in held.out
    assert decided.code == 0, decided.err


async def test_what_makes_no_event_says_why(hub: HubCommand, spring: Path, tmp_path: Path):
    command = ("import", "results", "spring-2026", str(spring))
    unknown = await hub(*command)
    nobody = await hub(*command, "--new-event", "Spring", "--start", "2026-05-02T09:00:00Z", "--time-zone", "UTC")
    no_zone = await hub(*command, *NEW[:-2])
    bad_zone = await hub(*command, *NEW[:-1], "Nowhere/Land")
    naive = await hub(*command, *NEW, "--start", "2026-05-02T09:00:00")
    alone = await hub(*command, "--start", "2026-05-02T09:00:00Z")
    event = await event_with_files(hub, tmp_path)
    taken = await hub("import", "results", event, str(spring), *NEW[:2], "--new-event", "X")

    assert [each.code for each in (unknown, nobody, no_zone, bad_zone, naive, alone, taken)] == [2] * 7
    assert "--timing-partner-id" in nobody.err
    assert "came from tcp_hardware: leave out --new-event" in taken.err


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_export_holds_no_formula_and_can_be_imported_again(
    form: str, database_url: str, tmp_path: Path, spring: Path
):
    hub = HubCommand(database_url, tmp_path / "home")
    spring.write_text("bib,first name,last name,city,time\n1,Ada,=1+1,+47 Oslo,40:05.5\n2,Bo,@Dahl,-5,41:00\n")
    await hub("import", "results", "spring-2026", str(spring), *NEW, "--race", "10 km")
    exported = await exported_bytes(hub, "results", "spring-2026", "--format", form)
    (tmp_path / f"export.{form}").write_bytes(exported)
    table = list(csv.reader(io.StringIO(exported.decode()))) if form == "csv" else sheet_rows(exported)
    names = table[0]
    again = await hub("import", "results", "copy", str(tmp_path / f"export.{form}"), *NEW, "--map",
                      "race_name=race", "--map", "bib_number=bib")  # fmt: skip

    assert [row[names.index("last_name")] for row in table[1:]] == ["'=1+1", "'@Dahl"]
    assert [row[names.index("city")] for row in table[1:]] == ["'+47 Oslo", "-5"]
    assert "2 new" in again.out, again.err
    assert await shown(hub, "copy", "last_name", "city", "chip_time") == [
        ("=1+1", "+47 Oslo", "0:40:05.500"),
        ("@Dahl", "-5", "0:41:00.000"),
    ]


def sheet_rows(data: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row}.isdisjoint({"f"})
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


async def exported_bytes(hub: HubCommand, *arguments: str) -> bytes:
    """What the command writes, byte for byte."""
    import asyncio

    process = await asyncio.create_subprocess_exec(
        *hub.line(*arguments), stdout=asyncio.subprocess.PIPE, env=hub.environment
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out
