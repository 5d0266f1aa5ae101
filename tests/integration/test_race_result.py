"""Links of RACE RESULT's simple API: every form of an answer, the limit, the cache, and a key that nothing shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from project88.edges.redaction import redacted
from project88.errors import ConfigError, Gone, Permanent, Throttled, Transient
from project88.imports.race_result import call, fetch, read_answer, read_link
from project88.imports.tables import Table
from project88.sandbox.clock import SteppingClock
from project88.sandbox.race_result import FixedLink, Form, RaceResult, serve_race_result
from project88.store.connection import Database
from project88.store.partners import add_partner
from project88.wire.messages import Request, Response
from tests.hub_command import Finished, HubCommand
from tests.integration.timing import rows

KEY = "QX7NOTAREALKEY42"
VARIABLE = "TEST_RACE_RESULT_LINK"
MAPS = ("--map", "BIB=bib", "--map", "AnzeigeName=name", "--map", "TIME=gun time", "--race", "10 km")
FORMS: list[Form] = ["objects", "arrays", "groups", "csv", "txt"]


@dataclass(frozen=True, slots=True)
class Served:
    service: RaceResult
    link: FixedLink
    clock: SteppingClock

    @property
    def url(self) -> str:
        return self.service.url(self.link)

    async def ask(self) -> Table:
        return read_answer(await call(read_link(self.url)))


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    link = FixedLink(
        event_id="123456",
        key=KEY,
        columns=["BIB", "AnzeigeName", "TIME"],
        rows=[[12, "Berg, Ada", "40:05,5"], [13, "Dahl, Bo", "DNF"], [14, "Lund, Cy", None]],
    )
    clock = SteppingClock(datetime(2026, 5, 2, tzinfo=UTC))
    async with serve_race_result([link], clock) as service:
        yield Served(service, link, clock)


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_an_answer_is_the_same_table(form: Form, served: Served):
    served.link.form = form
    table = await served.ask()

    assert list(table.columns) == ["BIB", "AnzeigeName", "TIME"]
    assert [list(row.cells.values()) for row in table.rows] == [
        ["12", "Berg, Ada", "40:05,5"],
        ["13", "Dahl, Bo", "DNF"],
        ["14", "Lund, Cy", ""],
    ]


async def test_a_second_call_within_a_second_is_throttled_and_an_answer_is_kept_for_ten(served: Served):
    await served.ask()
    with pytest.raises(Throttled, match="406"):
        await served.ask()
    served.link.rows.pop()
    served.clock.advance(2)
    kept = await served.ask()
    served.clock.advance(10)

    assert len(kept.rows) == 3
    assert len((await served.ask()).rows) == 2
    assert served.service.statuses == [200, 406, 200, 200]


async def test_calls_to_one_link_are_ten_seconds_apart_whoever_makes_them(db: Database, served: Served):
    partner = await add_partner(db, "Files", "UTC")
    await fetch(db, read_link(served.url), partner)
    [budget] = await rows(
        db,
        "select account_name, calls_reserved, next_slot_at > hub_now() + interval '8 seconds' as is_far "
        "from call_budgets",
    )

    assert (budget["calls_reserved"], budget["is_far"]) == (1, True)
    assert budget["account_name"].startswith("race-result ")
    assert KEY not in budget["account_name"]


@pytest.mark.parametrize(
    ("status", "content_type", "body", "error"),
    [
        (404, "text/plain", b"no", Gone),
        (500, "text/plain", b"no", Transient),
        (200, "text/html", b" <html></html>", Permanent),
        (200, "application/json", b'{"error": "x"}', Permanent),
        (200, "application/json", b"[1, 2]", Permanent),
        (200, "application/json", b"[]", Transient),
        (200, "application/json", b"[{}]", Permanent),
        (200, "application/json", b'{"DataFields": ["a"], "data": 3}', Permanent),
        (200, "application/json", b'[{"a": 1}', Transient),
        (200, "text/csv", b'a\n"b\n', Permanent),
        (200, "text/csv", b"", Permanent),
    ],
)
def test_an_answer_that_is_no_table_is_an_error_by_what_to_do_next(
    status: int, content_type: str, body: bytes, error: type[Exception]
):
    with pytest.raises(error):
        read_answer(Response(status=status, headers={"content-type": content_type}, body=body))


@pytest.mark.parametrize(
    "link",
    [
        f"http://api.raceresult.com/123456/{KEY}",
        f"ftp://127.0.0.1/123456/{KEY}",
        f"https://api.raceresult.com/{KEY}",
        "https://api.raceresult.com/123456/short",
        "",
    ],
)
def test_what_is_no_link_is_refused_without_being_quoted(link: str):
    with pytest.raises(ConfigError) as refused:
        read_link(link)

    assert KEY not in str(refused.value)


async def test_no_repr_no_message_and_no_log_shows_the_key():
    link = read_link(f"http://127.0.0.1:9/123456/{KEY}")
    with pytest.raises(Transient) as failed:
        await call(link)

    assert KEY not in repr(link)
    assert KEY not in repr(Request(url=link.host_url, secret_path=link.path))
    assert KEY not in f"{failed.value} {failed.value.__cause__}"
    assert KEY not in redacted(f"GET {link.host_url}{link.path}")


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> HubCommand:
    return HubCommand(database_url, tmp_path / "home")


async def results_from(hub: HubCommand, served: Served, folder: Path, *arguments: str) -> Finished:
    """The link in a file, as the command takes it."""
    file = folder / "link.txt"
    file.write_text(f"{served.url}\n")
    return await hub("import", "race-result", *arguments, "--link-file", str(file))


@pytest.fixture
async def event(hub: HubCommand, tmp_path: Path) -> str:
    """An event of files that the results of the link are for."""
    await hub("partner", "add", "--name", "Files", "--time-zone", "UTC")
    (tmp_path / "first.csv").write_text("bib,name,gun time\n11,Eve Foss,39:00\n")
    new = ("--new-event", "Spring Run", "--start", "2026-05-02T09:00:00Z", "--time-zone", "UTC", "--race", "10 km")
    made = await hub("import", "results", "spring", str(tmp_path / "first.csv"), "--timing-partner-id", "1", *new)
    assert made.code == 0, made.err
    return "spring"


async def test_a_link_is_imported_with_its_own_names_of_columns(
    hub: HubCommand, served: Served, event: str, tmp_path: Path
):
    imported = await results_from(hub, served, tmp_path, event, *MAPS)
    found = (await hub("results", event, "--format", "json")).json

    assert "2 results of event p1: 2 new, 0 changed, 0 unchanged, 0 retired" in imported.out, imported.err
    assert (imported.code, "the row has neither a time nor a status" in imported.err) == (1, True)
    assert [(row["bib_number"], row["last_name"], row["gun_time"], row["result_status"]) for row in found] == [
        ("11", "Foss", "0:39:00.000", "finished"),
        ("12", "Berg", "0:40:05.500", "finished"),
        ("13", "Dahl", None, "dnf"),
    ]


async def test_a_failing_link_changes_nothing_and_stays_secret(
    hub: HubCommand, served: Served, event: str, tmp_path: Path
):
    (tmp_path / "gone.txt").write_text(served.url.replace(KEY, f"{KEY}GONE"))
    gone = await hub("import", "race-result", event, "--link-file", str(tmp_path / "gone.txt"), *MAPS)
    unset = await hub("import", "race-result", event, "--link-env", VARIABLE, *MAPS)
    neither = await hub("import", "race-result", event, *MAPS)

    assert (gone.code, "HTTP 404" in gone.err) == (1, True)
    assert KEY not in gone.err + gone.out
    assert (unset.code, VARIABLE in unset.err) == (78, True)
    assert neither.code == 2
    assert len((await hub("results", event, "--format", "json")).json) == 1


async def test_the_link_may_stand_in_the_environment(
    hub: HubCommand, served: Served, event: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(VARIABLE, served.url)
    imported = await hub("import", "race-result", event, "--link-env", VARIABLE, *MAPS, "--preview")

    assert "2 results of event p1: 2 new" in imported.out, imported.err
    assert imported.out.endswith("nothing was written\n")
