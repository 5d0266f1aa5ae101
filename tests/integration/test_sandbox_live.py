"""The ChronoTrack Live sandbox over a real socket behaves as the API description says, and fails as it is told to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from project88.sandbox import (
    Account,
    AddEntry,
    Fault,
    LiveSettings,
    RemoveEntry,
    Sandbox,
    SetStatus,
    SteppingClock,
    World,
    list_world,
    rehearsal_world,
    serve,
)

START = datetime(2026, 4, 20, 13, 17, tzinfo=UTC)
ACCOUNT = Account()
SIMPLE = {
    "client_id": ACCOUNT.client_id,
    "user_id": ACCOUNT.login,
    "user_pass": hashlib.sha1(ACCOUNT.password.encode()).hexdigest(),
}
RESULT_FIELDS = 26


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    def paging(self) -> tuple[int, int, int, int]:
        names = ("row-count", "page-count", "page-size", "current-page")
        rows, pages, size, current = (int(self.headers[f"x-ctlive-{name}"]) for name in names)
        return rows, pages, size, current


class Caller:
    """A sandbox and a client that logs in with the simple scheme."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, clock: SteppingClock) -> None:
        self.sandbox = sandbox
        self.session = session
        self.clock = clock
        self.event_id = list(sandbox.world.events)[-1]

    async def get(self, path: str, **query: str) -> Answer:
        url = self.sandbox.base_url + path.replace("{event}", self.event_id)
        async with self.session.get(url, params={**SIMPLE, **query}) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            raw = await response.read()
            body = json.loads(raw) if response.content_type == "application/json" else raw.decode()
            return Answer(response.status, headers, body)

    async def results(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.get("/event/{event}/results", **{"interval": "ALL", "size": "1000", **query})
        assert answer.status == 200
        rows: list[dict[str, Any]] = answer.body["event_results"]
        return rows


Open = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def open_sandbox() -> AsyncIterator[Open]:
    """Starts sandboxes with a stepping clock that stands 12 hours after the start."""
    async with AsyncExitStack() as stack:

        async def enter(world: World, *, hours: float = 12, **settings: Any) -> Caller:
            clock = SteppingClock(START + timedelta(hours=hours))
            served: AbstractAsyncContextManager[Sandbox] = serve(world, LiveSettings(**settings), clock=clock)
            sandbox = await stack.enter_async_context(served)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Caller(sandbox, session, clock)

        yield enter


@pytest.fixture
async def small(open_sandbox: Open) -> Caller:
    return await open_sandbox(rehearsal_world(START, season=2, field_size=60))


@pytest.fixture
async def lists(open_sandbox: Open) -> Caller:
    return await open_sandbox(list_world(25, start=START))


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/event", "event"),
        ("/event.json", "event"),
        ("/event/{event}/race", "event_race"),
        ("/event.json/{event}/entry", "event_entry"),
        ("/event/{event}/bracket", "event_bracket"),
        ("/event/{event}/interval", "event_interval"),
        ("/event/{event}/results", "event_results"),
    ],
)
async def test_a_list_sits_under_its_key_as_rows_of_text_with_four_paging_headers(
    small: Caller, path: str, key: str
) -> None:
    answer = await small.get(path, size="2")

    assert answer.status == 200
    assert list(answer.body) == [key]
    assert 1 <= len(answer.body[key]) <= 2
    assert all(isinstance(value, str) for row in answer.body[key] for value in row.values())
    total, pages, size, current = answer.paging()
    assert (pages, size, current) == (-(-total // 2), 2, 1)


async def test_single_entities_and_the_lists_below_them_are_found_by_their_ids(small: Caller) -> None:
    row = (await small.results())[0]
    brackets = (await small.get("/event/{event}/bracket")).body["event_bracket"]
    race, entry, interval = row["results_race_id"], row["results_entry_id"], row["results_interval_id"]
    bracket = brackets[0]["bracket_id"]

    for path, key in (
        (f"/race/{race}", "race"),
        (f"/entry/{entry}", "entry"),
        (f"/interval/{interval}", "interval"),
        (f"/bracket/{bracket}", "bracket"),
        (f"/race/{race}/entry", "race_entry"),
        (f"/race/{race}/interval", "race_interval"),
        (f"/race/{race}/bracket", "race_bracket"),
        (f"/race/{race}/results", "race_results"),
        (f"/interval/{interval}/results", "interval_results"),
        (f"/bracket/{bracket}/results", "bracket_results"),
        (f"/entry/{entry}/results", "entry_results"),
    ):
        answer = await small.get(path)
        assert (answer.status, list(answer.body)) == (200, [key]), path


@pytest.mark.parametrize(
    "path", ["/event/1", "/event/1/results", "/race/1", "/entry/1", "/event/{event}/races", "/events", "/event/"]
)
async def test_what_does_not_exist_is_404_with_an_error(small: Caller, path: str) -> None:
    answer = await small.get(path)

    assert answer.status == 404
    assert answer.body["error"]


async def test_an_unknown_event_may_be_a_200_without_the_key(open_sandbox: Open) -> None:
    caller = await open_sandbox(list_world(1, start=START), unknown_event="no_key")
    answer = await caller.get("/event/1")

    assert (answer.status, answer.body) == (200, {})


async def test_a_result_row_has_the_fields_of_the_description_and_times_that_agree(small: Caller) -> None:
    row = (await small.results(interval="Half"))[0]

    assert len(row) == RESULT_FIELDS
    assert row["results_interval_full"] == "0"
    assert row["results_bracket_name"] == "Overall"
    assert row["results_primary_bracket_name"].startswith("Wheelchair")
    hours, minutes, seconds = row["results_time"].split(":")
    elapsed = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    crossed = float(row["results_end_chip_time"]) - float(row["results_begin_chip_time"])
    assert crossed == pytest.approx(elapsed)


async def test_without_an_interval_only_the_full_course_comes_unless_switched(open_sandbox: Open) -> None:
    world = rehearsal_world(START, season=0, field_size=20, with_unfinished=False)
    full = await open_sandbox(world)
    everything = await open_sandbox(world, without_interval="all")

    assert len((await full.get("/event/{event}/results")).body["event_results"]) == 20
    assert (await everything.get("/event/{event}/results")).paging()[0] > 20 * 8


async def test_an_interval_can_be_asked_by_name_and_by_id(small: Caller) -> None:
    by_name = await small.results(interval="half")
    ids = {row["results_interval_id"] for row in by_name}
    by_id = [row for interval_id in sorted(ids) for row in await small.results(interval=interval_id)]

    assert len(ids) == 2
    assert by_id == by_name


async def test_sex_and_age_brackets_are_ranked_each_in_its_own(small: Caller) -> None:
    for bracket in ("SEX", "AGE"):
        ranks: dict[tuple[str, str], list[int]] = {}
        for row in await small.results(interval="Full Course", bracket=bracket):
            if row["results_rank"] != "0":
                key = (row["results_race_name"], row["results_bracket_name"])
                ranks.setdefault(key, []).append(int(row["results_rank"]))
        assert len(ranks) >= 3
        assert all(found == list(range(1, len(found) + 1)) for found in ranks.values())


async def test_a_bracket_by_name_holds_only_its_own(small: Caller) -> None:
    rows = await small.results(interval="Full Course", bracket="Female")

    assert {row["results_sex"] for row in rows} == {"F"}
    assert {row["results_bracket_name"] for row in rows} == {"Female"}


async def test_columns_and_elide_json_choose_the_keys(small: Caller) -> None:
    chosen = await small.results(columns="results_bib, results_time")
    elided = await small.results(elide_json="true", size="1")

    assert set(chosen[0]) == {"results_bib", "results_time"}
    assert "results_hometown" not in elided[0]


@pytest.mark.parametrize("blank", ["null", "missing"])
async def test_empty_values_can_be_null_or_missing(open_sandbox: Open, blank: str) -> None:
    caller = await open_sandbox(list_world(1, start=START), blank=blank)
    entry = (await caller.get("/event/{event}/entry")).body["event_entry"][0]

    assert entry.get("team_name", "missing") == (None if blank == "null" else "missing")


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("size", [50, 500, 1000])
async def test_all_pages_together_hold_every_row_once(open_sandbox: Open, count: int, size: int) -> None:
    caller = await open_sandbox(list_world(count, start=START))
    found: list[str] = []
    for page in range(1, -(-count // size) + 2):
        answer = await caller.get("/event/{event}/results", interval="ALL", page=str(page), size=str(size))
        assert answer.paging() == (count, -(-count // size), size, page)
        found += [row["results_bib"] for row in answer.body["event_results"]]

    assert found == [str(number) for number in range(1, count + 1)]


async def test_size_is_50_when_not_asked_and_capped_when_too_large(open_sandbox: Open) -> None:
    caller = await open_sandbox(list_world(300, start=START), page_cap=200)

    assert (await caller.get("/event/{event}/entry")).paging()[2] == 50
    capped = await caller.get("/event/{event}/entry", size="5000")
    assert capped.paging()[2] == len(capped.body["event_entry"]) == 200


@pytest.mark.parametrize("query", [{"page": "0"}, {"size": "many"}, {"format": "xml"}])
async def test_a_parameter_that_cannot_be_read_is_400(small: Caller, query: dict[str, str]) -> None:
    assert (await small.get("/event", **query)).status == 400


async def test_rows_come_with_the_clock_and_only_at_scoring_runs(open_sandbox: Open) -> None:
    caller = await open_sandbox(list_world(10, start=START), hours=0.5, scoring_every_seconds=30)

    async def count() -> int:
        return (await caller.get("/event/{event}/results", interval="ALL", size="1")).paging()[0]

    assert await count() == 0
    caller.clock.advance(29)
    assert await count() == 0
    caller.clock.advance(1)
    assert await count() == 10


async def test_who_has_started_can_be_shown_with_an_empty_end(open_sandbox: Open) -> None:
    caller = await open_sandbox(list_world(3, start=START), hours=0.25, started_rows=True)
    rows = await caller.results()

    assert [(row["results_time"], row["results_end_chip_time"], row["results_rank"]) for row in rows] == [
        ("", "", "0")
    ] * 3


async def test_the_entry_status_is_served_and_a_disqualified_row_has_rank_0(lists: Caller) -> None:
    entry_id = (await lists.results())[0]["results_entry_id"]
    lists.sandbox.world.apply(SetStatus(entry_id=entry_id, status="DQ"))

    assert (await lists.get(f"/entry/{entry_id}")).body["entry"]["entry_status"] == "DQ"
    assert (await lists.get(f"/entry/{entry_id}/results")).body["entry_results"][0]["results_rank"] == "0"


async def test_a_removed_entry_is_gone_everywhere(lists: Caller) -> None:
    entry_id = (await lists.results())[0]["results_entry_id"]
    lists.sandbox.world.apply(RemoveEntry(entry_id=entry_id))

    assert (await lists.get(f"/entry/{entry_id}")).status == 404
    assert (await lists.get("/event/{event}/entry")).paging()[0] == 24
    assert entry_id not in {row["results_entry_id"] for row in await lists.results()}


async def test_a_test_entry_is_listed_only_when_asked_for(lists: Caller) -> None:
    race_id = next(iter(lists.sandbox.world.races))
    lists.sandbox.world.apply(AddEntry(race_id=race_id, entry_id="99", bib="T1", is_test=True))

    assert (await lists.get("/event/{event}/entry")).paging()[0] == 25
    assert (await lists.get("/event/{event}/entry", include_test_entries="true")).paging()[0] == 26


async def test_an_account_sees_its_own_events_only(open_sandbox: Open) -> None:
    world = list_world(1, 2, start=START)
    first, second = world.events
    caller = await open_sandbox(world, accounts=(Account(event_ids=frozenset({first})),))

    assert [row["event_id"] for row in (await caller.get("/event")).body["event"]] == [first]
    assert (await caller.get(f"/event/{second}/entry")).status == 404


async def test_a_wrong_password_is_401_and_a_missing_client_id_400(lists: Caller) -> None:
    assert (await lists.get("/event", user_pass="0" * 40)).status == 401
    assert (await lists.get("/event", client_id="")).status == 400


async def test_an_oauth_token_opens_the_api_until_it_expires(lists: Caller) -> None:
    sandbox = lists.sandbox
    wish = {"grant_type": "password", "username": ACCOUNT.login, "password": ACCOUNT.password}
    secret = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT.client_id, ACCOUNT.client_secret)}
    async with lists.session.get(f"{sandbox.host_url}/oauth2/token", params=wish, headers=secret) as response:
        token = await response.json()

    async def status() -> int:
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        query = {"client_id": ACCOUNT.client_id}
        async with lists.session.get(f"{sandbox.base_url}/event", params=query, headers=bearer) as response:
            return response.status

    assert await status() == 200
    lists.clock.advance(token["expires_in"])
    assert await status() == 401


async def test_the_rate_limit_is_enforced_over_simulated_time_and_counted(open_sandbox: Open) -> None:
    caller = await open_sandbox(list_world(1, start=START), rate_limit=3)
    statuses = [(await caller.get("/event")).status for _ in range(5)]
    refused = await caller.get("/event")
    caller.clock.advance(60)

    assert statuses == [200, 200, 200, 429, 429]
    assert refused.headers["retry-after"] == "60"
    assert (await caller.get("/event")).status == 200
    calls = caller.sandbox.calls
    assert (calls.total, calls.refused, calls.highest_window) == (7, 3, 6)
    assert len(calls.to("/event")) == 7
    assert all("user_pass" not in call.query for call in calls.recent)


async def test_a_status_fault_hits_one_page_and_passes(lists: Caller) -> None:
    lists.sandbox.faults.add(
        Fault(kind="status", status=429, retry_after_seconds=7, path_glob="/api/event/*/entry", page=2, times=1)
    )
    first = await lists.get("/event/{event}/entry", size="10")
    second = await lists.get("/event/{event}/entry", size="10", page="2")
    again = await lists.get("/event/{event}/entry", size="10", page="2")

    assert (first.status, second.status, again.status) == (200, 429, 200)
    assert second.headers["retry-after"] == "7"


async def test_a_cut_body_ends_before_its_announced_length(lists: Caller) -> None:
    lists.sandbox.faults.add(Fault(kind="cut"))

    with pytest.raises(aiohttp.ClientPayloadError):
        await lists.get("/event/{event}/results")


async def test_a_slow_body_arrives_whole(lists: Caller) -> None:
    whole = await lists.results()
    lists.sandbox.faults.add(Fault(kind="slow", chunk_bytes=4000, pause_seconds=0.001))

    assert await lists.results() == whole


async def test_errors_come_as_html_and_inside_a_200(lists: Caller) -> None:
    html = Fault(kind="html", status=502, times=1)
    error = Fault(kind="error_key", message="no", skip=1, times=1)
    archived = Fault(kind="archived", skip=2)
    lists.sandbox.faults.add(html, error, archived)
    answers = [await lists.get("/event/{event}/entry") for _ in range(3)]

    assert [answer.status for answer in answers] == [502, 200, 200]
    assert answers[0].headers["content-type"].startswith("text/html")
    assert [answer.body for answer in answers[1:]] == [{"error": "no"}, {"error": "Event is archived."}]


async def test_paging_lies_as_it_is_told(lists: Caller) -> None:
    faults = lists.sandbox.faults

    async def page(*told: Fault, number: str = "2") -> Answer:
        faults.clear()
        faults.add(*told)
        return await lists.get("/event/{event}/entry", size="10", page=number)

    assert (await page(Fault(kind="totals", rows=-5))).paging() == (20, 2, 10, 2)
    capped = await page(Fault(kind="page_cap", cap=4))
    assert (len(capped.body["event_entry"]), capped.paging()) == (4, (25, 7, 4, 2))
    loop = await page(Fault(kind="loop"), number="900")
    assert loop.body["event_entry"] == (await page(number="1")).body["event_entry"]
    assert loop.paging()[1] > 900
    assert not any(name.startswith("x-ctlive") for name in (await page(Fault(kind="no_headers"))).headers)


async def test_faults_and_edits_can_be_posted_and_the_state_read(lists: Caller) -> None:
    host = lists.sandbox.host_url
    row = (await lists.results())[0]
    async with lists.session.post(f"{host}/_sandbox/faults", json=[{"kind": "status", "status": 503}]) as response:
        assert response.status == 200
    assert (await lists.get("/event")).status == 503
    async with lists.session.delete(f"{host}/_sandbox/faults") as response:
        assert (await response.json())["faults"] == []
    edit = {"edit": "change_time", "entry_id": row["results_entry_id"], "seconds": 60.5}
    async with lists.session.post(f"{host}/_sandbox/world", json=edit) as response:
        assert response.status == 200
    assert (await lists.results())[0]["results_time"] == "00:01:00.500"
    async with lists.session.get(f"{host}/_sandbox/state") as response:
        state = await response.json()
    assert (state["calls"], state["refused"], state["by_status"]["503"]) == (3, 0, 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [("faults", '{"kind":"x"}'), ("world", '{"edit":"restore","entry_id":"0"}'), ("world", "nonsense")],
)
async def test_what_is_posted_wrong_is_refused_with_the_reason(lists: Caller, path: str, body: str) -> None:
    async with lists.session.post(f"{lists.sandbox.host_url}/_sandbox/{path}", data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_list_that_moves_while_it_is_read_keeps_its_count(lists: Caller) -> None:
    lists.sandbox.faults.add(Fault(kind="reorder", rows=2))
    pages = [await lists.get("/event/{event}/results", size="10", page=str(page)) for page in (1, 2, 3)]
    bibs = [row["results_bib"] for page in pages for row in page.body["event_results"]]

    assert {page.paging()[0] for page in pages} == {25}
    assert len(bibs) == 25
    assert len(set(bibs)) < 25


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_says_where_it_is_and_ends_with_0_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from project88.cli.sandbox import sandbox_app; sandbox_app()",
        *("live", "--port", "0", "--json", "--field", "20", "--season", "1", "--start", "2026-04-20T13:17:00Z"),
        *("--speed", "60", "--login", "me@example.org", "--password", "secret"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    query = {**SIMPLE, "user_id": "me@example.org", "user_pass": hashlib.sha1(b"secret").hexdigest()}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{ready['base_url']}/event/{ready['event_id']}", params=query) as response,
    ):
        event = (await response.json())["event"]
    process.send_signal(number)

    assert await process.wait() == 0
    assert event["event_start_time"] == str(int(START.timestamp()))
    assert ready["starts_at"] == START.isoformat()
    assert await process.stdout.read() == b""
