"""The JSON API over a real database and a real socket, by a login that may read only, with two timing partners."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.cli.pages import pages_database
from project88.store import api_tokens
from project88.store.api_tokens import SCOPES
from project88.store.connection import Database
from project88.web.api.routes import ENDPOINTS, VERSION
from project88.web.app import serve
from project88.web.monitoring import Monitoring
from tests.integration.test_web import fill

EVENT = "/events/1/p1"
WAIT_SECONDS = 20
FOREIGN = "/events/2/q1"

TWO_PARTNERS = """
insert into timing_partners (timing_partner_id, company_name, time_zone)
values (1, 'Example Timing', 'America/New_York'), (2, 'Sample Timing', 'UTC');
insert into ct_events (timing_partner_id, event_id, event_name, start_date) values
    (1, 'p1', 'Harbor Run', '2026-05-02 12:00:00Z'), (1, 'p2', 'Old Mill 5K', '2020-05-02 03:30:00Z'),
    (1, 'p3', 'Undated Walk', null), (2, 'q1', 'Secret Marathon', '2026-06-01 08:00:00Z');
insert into ct_races (timing_partner_id, event_id, race_id, race_name) values
    (1, 'p1', '10', 'Half'), (1, 'p1', '20', 'Relay'), (2, 'q1', '10', 'Full');
insert into ct_participants (timing_partner_id, event_id, entry_id, race_id, bib_number, first_name, last_name, gender,
                             email)
select partner, case partner when 1 then 'p1' else 'q1' end, 'e' || n, '10', n::text, 'First' || n,
       'Last' || n || case partner when 2 then 'hidden' else '' end, case when n % 3 = 0 then 'F' else 'M' end,
       'runner' || n || '@example.org'
from generate_series(1, 30) n, generate_series(1, 2) partner;
insert into ct_results (timing_partner_id, event_id, race_id, entry_id, chip_time, overall_place, division,
                        result_status, split_times, finish_time)
select partner, case partner when 1 then 'p1' else 'q1' end, '10', 'e' || n, make_interval(secs => 4000 + n),
       case when n < 28 then n end, case when n % 2 = 0 then 'M30' else 'M40' end,
       case when n < 28 then 'finished' else 'started' end,
       jsonb_build_array(jsonb_build_object('name', '5K', 'elapsed_ms', 1200000, 'cumulative_ms', 1200000 + n * 1000)),
       '2026-05-02 13:00:00Z'
from generate_series(1, 30) n, generate_series(1, 2) partner;
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: Any


@dataclass(frozen=True)
class Site:
    session: aiohttp.ClientSession
    hub: Database
    tokens: dict[int, str]

    async def get(self, path: str, partner: int | None = None, headers: Any = None, status: int = 200) -> Answer:
        headers = {**(headers or {}), **({"Authorization": f"Bearer {self.tokens[partner]}"} if partner else {})}
        async with self.session.get(VERSION + path, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return Answer(answer.status, answer.headers, json.loads(text) if text else None)


@asynccontextmanager
async def serving(db: Database) -> AsyncIterator[str]:
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with pages_database(db) as pages, asyncio.TaskGroup() as group:
        group.create_task(serve(pages, port=0, stop=stop, on_listening=address.set_result, hub=db))
        try:
            yield (await address).removesuffix("/")
        finally:
            stop.set()


@pytest.fixture
async def site(db: Database, monkeypatch, tmp_path) -> AsyncIterator[Site]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await fill(db, TWO_PARTNERS)
    tokens = {partner: (await api_tokens.add(db, partner, "test", SCOPES, None)).token for partner in (1, 2)}
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        yield Site(session, db, tokens)


async def test_events_are_listed_newest_first_and_found_by_a_part_of_the_name(site: Site):
    listed = await site.get("/events")
    found = await site.get("/events?q=MILL")

    assert [each["event_id"] for each in listed.body["data"]] == ["q1", "p1", "p2", "p3"]
    assert listed.body["data"][2]["date"] == "2020-05-01"
    assert [each["name"] for each in found.body["data"]] == ["Old Mill 5K"]
    assert found.body["next_cursor"] is None


async def test_events_come_page_by_page(site: Site):
    seen, cursor = [], ""
    while cursor is not None:
        page = (await site.get(f"/events?limit=1{cursor and '&cursor=' + cursor}")).body
        seen += [each["event_id"] for each in page["data"]]
        cursor = page["next_cursor"]

    assert seen == ["q1", "p1", "p2", "p3"]


async def test_events_of_some_days_can_be_asked_for(site: Site):
    found = await site.get("/events?from_date=2020-05-01&to_date=2026-05-02")

    assert [each["event_id"] for each in found.body["data"]] == ["p1", "p2"]


async def test_an_event_says_its_source_whether_it_is_settled_and_how_old_its_data_is(site: Site):
    event = await site.get(EVENT)

    assert (event.body["source"], event.body["is_settled"]) == ("chronotrack_tcp", False)
    assert 0 <= int(event.headers["Data-Age-Seconds"]) < 600


async def test_races_tell_how_many_results_they_have(site: Site):
    races = (await site.get(EVENT + "/races")).body["data"]

    assert [(each["race_id"], each["name"], each["results"]) for each in races] == [
        ("10", "Half", 30),
        ("20", "Relay", 0),
    ]


async def test_the_leaderboard_is_in_order_of_place_and_ends_with_who_has_none(site: Site):
    found = (await site.get(EVENT + "/results")).body["data"]

    assert [each["overall_place"] for each in found] == [*range(1, 28), None, None, None]
    assert (found[0]["chip_time_ms"], found[0]["bib"], found[0]["race_name"]) == (4_001_000, "1", "Half")


@pytest.mark.parametrize(
    ("query", "bibs"),
    [("race_id=10&gender=F&division=M30", ["6", "12", "18", "24", "30"]), ("bib=7", ["7"]), ("race_id=20", [])],
)
async def test_results_of_a_gender_a_division_or_a_bib_can_be_asked_for(site: Site, query: str, bibs: list[str]):
    found = await site.get(f"{EVENT}/results?{query}")

    assert [each["bib"] for each in found.body["data"]] == bibs


async def test_pages_of_results_stay_whole_while_rows_change_between_them(site: Site):
    first = (await site.get(EVENT + "/results?limit=10")).body
    await fill(
        site.hub, "update ct_results set retracted_at = now(), updated_at = now() where entry_id in ('e3', 'e10')"
    )
    second = (await site.get(f"{EVENT}/results?limit=10&cursor={first['next_cursor']}")).body
    third = (await site.get(f"{EVENT}/results?limit=10&cursor={second['next_cursor']}")).body

    bibs = [each["bib"] for page in (first, second, third) for each in page["data"]]
    assert sorted(bibs, key=int) == [str(n) for n in range(1, 31)]
    assert third["next_cursor"] is None


async def test_a_runner_is_shown_with_splits(site: Site):
    runner = (await site.get(EVENT + "/results/10/e5")).body

    assert (runner["last_name"], runner["status"]) == ("Last5", "finished")
    assert runner["splits"] == [
        {"name": "5K", "elapsed_ms": 1_200_000, "cumulative_ms": 1_205_000, "at": None, "rank": None}
    ]


async def test_results_as_of_an_instant_say_what_they_said_then(site: Site):
    before = (await site.hub.value(SQL("select clock_timestamp()"))).isoformat().replace("+", "%2B")
    await fill(site.hub, "update ct_results set chip_time = '1 hour', updated_at = now() where entry_id = 'e1'")

    now = (await site.get(EVENT + "/results?bib=1")).body
    then = (await site.get(f"{EVENT}/results?bib=1&as_of={before}")).body
    runner = (await site.get(f"{EVENT}/results/10/e1?as_of={before}")).body
    assert [page["data"][0]["chip_time_ms"] for page in (now, then)] == [3_600_000, 4_001_000]
    assert runner["chip_time_ms"] == 4_001_000


async def test_participants_need_a_token_and_the_pages_show_no_address(site: Site):
    refused = await site.get(EVENT + "/participants", status=401)
    own = await site.get(EVENT + "/participants?limit=2&bib=4", partner=1)

    assert refused.body["type"] == "/api/v1/problems/token-needed"
    assert [each["email"] for each in own.body["data"]] == ["runner4@example.org"]
    assert "@" not in json.dumps((await site.get(EVENT + "/results")).body)


async def follow(
    site: Site, path: str, cursor: str, partner: int | None = None, *, expected: int = 1
) -> tuple[list[dict[str, Any]], str]:
    """The entries behind a cursor, by pages of two, and the cursor behind them; at least as many as are expected.

    The feed waits while a transaction of the server may be one of its database, also for those of other tests.
    """
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            page = (await site.get(f"{path}?limit=2&cursor={cursor}", partner)).body
            found += page["data"]
            cursor = page["cursor"]
            if not page["data"] and not page["has_more"] and len(found) >= expected:
                return found, cursor


async def test_the_feed_tells_of_every_row_and_then_of_what_changes(site: Site):
    start = (await site.get("/changes?start=now", 1)).body["cursor"]
    first = (await site.get("/changes?limit=1", 1)).body
    begun, cursor = await follow(site, "/changes", first["cursor"], 1, expected=30)
    await fill(site.hub, "update ct_results set result_status = 'dq', updated_at = now() where entry_id = 'e2'")
    changed, _ = await follow(site, "/changes", cursor, 1)
    since_start, _ = await follow(site, "/changes", start, 1)

    assert len([each for each in first["data"] + begun if each["type"] == "result"]) == 30
    assert [(each["participant_id"], each["deleted"], each["result"]["status"]) for each in changed] == [
        ("e2", False, "dq")
    ]
    assert [each["participant_id"] for each in since_start] == ["e2"]


@pytest.mark.parametrize(
    ("statement", "deleted"),
    [
        ("update ct_results set retracted_at = now(), updated_at = now() where entry_id = 'e2'", [("10", "e2")]),
        ("delete from ct_results where entry_id = 'e2'", [("10", "e2")]),
        ("delete from ct_events where event_id = 'p2'", [(None, None)]),
        ("update ct_events set retracted_at = now(), updated_at = now() where event_id = 'p3'", [(None, None)]),
    ],
)
async def test_what_is_gone_is_a_deletion_in_the_feed(site: Site, statement: str, deleted: list[Any]):
    cursor = (await site.get("/changes?start=now", 1)).body["cursor"]
    await fill(site.hub, statement)
    entries, _ = await follow(site, "/changes", cursor, 1)

    assert [(each["race_id"], each["participant_id"]) for each in entries if each["deleted"]] == deleted
    assert [each for each in entries if not each["deleted"]] == []


async def test_a_corrected_name_of_an_entry_is_a_change_of_its_result(site: Site):
    cursor = (await site.get(EVENT + "/changes?start=now")).body["cursor"]
    await fill(site.hub, "update ct_participants set last_name = 'New', updated_at = now() where entry_id = 'e9'")
    entries, _ = await follow(site, EVENT + "/changes", cursor)

    assert [(each["participant_id"], each["result"]["last_name"]) for each in entries] == [("e9", "New")]


async def test_the_feed_waits_for_a_transaction_that_may_still_have_earlier_changes(site: Site):
    cursor = (await site.get("/changes?start=now", 1)).body["cursor"]
    change = "update ct_results set result_status = 'dq', updated_at = now() where entry_id = '{}'"
    async with site.hub.transaction() as slow:
        await slow.execute(change.format("e1").encode())
        await fill(site.hub, change.format("e2"))
        early, cursor = await follow(site, "/changes", cursor, 1, expected=0)
    late, _ = await follow(site, "/changes", cursor, 1, expected=2)

    assert early == []
    assert {each["participant_id"] for each in late} == {"e1", "e2"}


async def test_a_cursor_of_another_server_is_gone(site: Site):
    from project88.web.api.parameters import pack

    lost = pack([1, 5, "", "", "", "2026-01-01T00:00:00Z"])

    assert (await site.get(f"/changes?cursor={lost}", 1, status=410)).body["title"] == "This cursor leads on no more"


async def test_providers_tell_of_the_partners_own_accounts(site: Site):
    await fill(
        site.hub,
        "insert into partner_provider_credentials (timing_partner_id, provider_id, principal, secret)"
        " values (2, 2, 'somebody', 'p88:1:00000000:AAAA')",
    )
    found = {
        partner: {each["key"]: each["accounts"] for each in (await site.get("/providers", partner)).body["data"]}
        for partner in (1, 2)
    }

    assert (found[1]["runsignup"], found[2]["runsignup"]) == (0, 1)
    assert "somebody" not in json.dumps(found)


async def test_the_monitor_tells_states_and_no_causes(site: Site):
    body = (await site.get("/monitor", 1)).body

    assert body["status"] in {"healthy", "degraded", "unhealthy"}
    assert {name for check in body["checks"] for name in check} == {"check", "state"}
    assert "database" in {check["check"] for check in body["checks"]} or body["checks"]


async def test_the_hub_is_looked_at_once_for_all_who_ask_at_the_same_time(db: Database):
    monitoring = Monitoring(3.0)

    first, second = await asyncio.gather(monitoring.status(db), monitoring.status(db))

    assert first is second


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_a_token_shows_nothing_of_another_partner(site: Site, endpoint):
    path = endpoint.path.format(timing_partner_id=2, event_id="q1", race_id="10", participant_id="e1")
    async with site.session.get(VERSION + path, headers={"Authorization": f"Bearer {site.tokens[1]}"}) as answer:
        text = await answer.text()
        status = answer.status

    assert status == (404 if "{" in endpoint.path else 200)
    assert "hidden" not in text and "Secret" not in text and '"q1"' not in text


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_the_same_answer_is_not_sent_twice(site: Site, endpoint):
    path = endpoint.path.format(timing_partner_id=1, event_id="p1", race_id="10", participant_id="e1")
    if "changes" in endpoint.path:
        path += f"?cursor={(await site.get(path + '?start=now', 1)).body['cursor']}"
    first = await site.get(path, 1)
    if "changes" in endpoint.path:
        return
    again = await site.get(path, 1, {"If-None-Match": first.headers["ETag"]}, status=304)

    assert again.body is None
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


async def test_a_change_a_page_and_a_caller_have_versions_of_their_own(site: Site):
    path = EVENT + "/results"
    tag = {"If-None-Match": (await site.get(path)).headers["ETag"]}

    await site.get(path, headers=tag, status=304)
    await site.get(path + "?limit=5", headers=tag)
    await site.get(path, 1, headers=tag)
    await fill(
        site.hub, "update ct_results set result_status = 'dq', updated_at = clock_timestamp() where entry_id = 'e2'"
    )
    await site.get(path, headers=tag)


async def test_answers_are_compressed_for_who_wants_it(site: Site):
    async with aiohttp.ClientSession(auto_decompress=False) as raw:
        url = str(site.session._base_url).rstrip("/") + VERSION + EVENT + "/results"
        async with raw.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            packed = await answer.read()
            assert answer.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in answer.headers["Vary"] and "Authorization" in answer.headers["Vary"]

    assert len(json.loads(gzip.decompress(packed))["data"]) == 30


@pytest.mark.parametrize(
    ("path", "status", "kind", "parameter"),
    [
        ("/events?nosuch=1", 400, "unknown-parameter", "nosuch"),
        ("/events?limit=0", 400, "unreadable-parameter", "limit"),
        ("/events?limit=x", 400, "unreadable-parameter", "limit"),
        ("/events?limit=1&limit=2", 400, "unreadable-parameter", "limit"),
        ("/events?from_date=tomorrow", 400, "unreadable-parameter", "from_date"),
        ("/events?q=a%00b", 400, "unreadable-parameter", "q"),
        ("/events?cursor=bm90aGluZw", 400, "unreadable-cursor", "cursor"),
        ("/events?cursor=%C3%A4", 400, "unreadable-cursor", "cursor"),
        (EVENT + "/results?as_of=2026-01-01T00:00:00", 400, "unreadable-parameter", "as_of"),
        (EVENT + "/results?event_id=q1", 400, "unknown-parameter", "event_id"),
        (EVENT + "/results?bib=%27%3B--", 200, None, None),
        (EVENT + "/results/10/e99", 404, "not-found", None),
        ("/events/1/nothing", 404, "not-found", None),
        ("/events/99999999999999/p1", 404, "not-found", None),
        ("/events/" + 5000 * "9" + "/p1", 404, "not-found", None),
        ("/events/1/a%00b", 404, "not-found", None),
        ("/nothing", 404, "not-found", None),
    ],
)
async def test_what_cannot_be_answered_is_a_problem_that_names_it(
    site: Site, path: str, status: int, kind: str | None, parameter: str | None
):
    answer = await site.get(path, status=status)
    if kind:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.body["type"] == f"/api/v1/problems/{kind}"
        assert (answer.body["status"], answer.body.get("parameter")) == (status, parameter)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_but_get_is_answered(site: Site, method: str):
    async with site.session.request(method, VERSION + "/events") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "ending",
    [
        "update api_tokens set revoked_at = now()",
        "update api_tokens set expires_at = now() - interval '1 second'",
        "update timing_partners set api_access_enabled = false",
    ],
)
async def test_a_token_that_has_ended_is_refused_at_once(site: Site, ending: str):
    await site.get("/events", 1)
    await fill(site.hub, ending)
    refused = await site.get("/events", 1, status=401)

    assert refused.body["type"] == "/api/v1/problems/token-refused"
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("shown", ["Bearer p88_guess", "Basic eDp5", "Bearer", "x", "Bearer \xe4"])
async def test_what_is_no_token_is_refused(site: Site, shown: str):
    await site.get("/events", headers={"Authorization": shown}, status=401)


async def test_a_token_reads_what_its_scopes_say(site: Site):
    short = await api_tokens.add(site.hub, 1, "narrow", ["results"], timedelta(days=1))
    headers = {"Authorization": f"Bearer {short.token}"}

    await site.get("/events", headers=headers)
    refused = await site.get("/providers", headers=headers, status=403)
    assert "status" in refused.body["detail"]


async def test_the_token_itself_is_not_stored(site: Site):
    [row, *_] = await api_tokens.listed(site.hub, 1)
    stored = await site.hub.value(SQL("select string_agg(to_jsonb(t)::text, '') from api_tokens t"))
    await site.get("/events", 1)

    assert site.tokens[1] not in stored and site.tokens[1][4:] not in stored
    assert row["last_used_at"] is None
    assert (await api_tokens.listed(site.hub, 1))[0]["last_used_at"] is not None


async def test_too_many_requests_are_refused_with_how_long_to_wait(db: Database, monkeypatch, tmp_path):
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "2")
    await fill(db, TWO_PARTNERS)
    token = (await api_tokens.add(db, 1, "test", SCOPES, None)).token
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        site = Site(session, db, {1: token})
        first = await site.get("/events")
        await site.get("/events", headers={"Authorization": "Bearer guess"}, status=401)
        refused = await site.get("/events", status=429)
        guessed = await site.get("/events", headers={"Authorization": "Bearer guess"}, status=429)
        await site.get("/events", 1)

    assert first.headers["RateLimit-Policy"] == '"address";q=2;w=60'
    assert first.headers["RateLimit"] == '"address";r=1;t=30'
    assert 0 < int(refused.headers["Retry-After"]) <= 30
    assert guessed.body["type"] == "/api/v1/problems/too-many-requests"


async def test_the_addresses_for_programs_that_watch(site: Site):
    await site.get("/events")
    async with site.session.get("/healthz") as alive, site.session.get("/readyz") as ready:
        assert (alive.status, ready.status) == (200, 200)
    async with site.session.get("/metrics") as figures:
        text = await figures.text()

    assert 'project88_api_requests_total{operation="listEvents",status="200"} 1.0' in text


async def test_a_database_without_its_schema_is_not_ready_and_the_process_lives(site: Site):
    await fill(site.hub, "drop view call_windows")
    async with site.session.get("/readyz") as ready, site.session.get("/healthz") as alive:
        assert (ready.status, alive.status) == (503, 200)
        assert "project88 db status" in await ready.text()


async def test_the_description_names_every_endpoint_and_every_schema_it_uses(site: Site):
    found = (await site.get("/openapi.json")).body
    text = json.dumps(found)

    assert found["openapi"] == "3.1.0"
    assert set(found["paths"]) == {endpoint.path for endpoint in ENDPOINTS}
    used = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used <= set(found["components"]["schemas"])
