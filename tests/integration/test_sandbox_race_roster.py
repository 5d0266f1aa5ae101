"""The Race Roster sandbox over a real socket behaves as is known of the service, and fails as it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from project88.sandbox import (
    Fault,
    RaceRosterAccount,
    RaceRosterSandbox,
    RaceRosterSettings,
    SteppingClock,
    registration_world,
    serve_race_roster,
)
from project88.sandbox.registration import AssignBib, Cancel, PostResults, Remove, Timed
from tests.integration.calling import Answer, call

START = datetime(2026, 10, 18, 12, 30, tzinfo=UTC)
NOW = START - timedelta(days=5)
PEOPLE = 60
ACCOUNT = RaceRosterAccount()
CLIENT = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
LOGIN = {**CLIENT, "grant_type": "access_token", "username": ACCOUNT.username, "password": ACCOUNT.password}


class Caller:
    """A sandbox and a client with a token."""

    def __init__(self, sandbox: RaceRosterSandbox, session: aiohttp.ClientSession, clock: SteppingClock) -> None:
        self.sandbox = sandbox
        self.session = session
        self.clock = clock
        self.token = ""
        self.editions = list(sandbox.world.editions.values())
        self.edition = self.editions[1]

    async def authorize(self, **form: str) -> Answer:
        return await call(self.session, self.sandbox.token_url, form=form)

    async def get(self, path: str, **query: str) -> Answer:
        url = self.sandbox.base_url + path.replace("{event}", self.edition.event_id)
        return await call(self.session, url, query, headers={"Authorization": f"Bearer {self.token}"})

    async def public(self, path: str, **query: str) -> Answer:
        url = self.sandbox.results_url + path.replace("{code}", f"rr{self.edition.event_id}")
        return await call(self.session, url, query)

    async def people(self, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.get("/events/{event}/participants", **query)).body["data"]
        return rows

    def registered(self, number: int = 0) -> str:
        return self.edition.categories[0].registrations[number].registration_id


Open = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def open_sandbox() -> AsyncIterator[Open]:
    """Starts sandboxes whose clock stands five days before the race."""
    async with AsyncExitStack() as stack:

        async def enter(**settings: Any) -> Caller:
            clock = SteppingClock(NOW)
            world = registration_world(PEOPLE, start=START)
            served = serve_race_roster(world, RaceRosterSettings(**settings), clock=clock)
            sandbox = await stack.enter_async_context(served)
            caller = Caller(sandbox, await stack.enter_async_context(aiohttp.ClientSession()), clock)
            body = (await caller.authorize(**LOGIN)).body
            caller.token = (body["data"][0] if "data" in body else body)["access_token"]
            return caller

        yield enter


@pytest.fixture
async def caller(open_sandbox: Open) -> Caller:
    return await open_sandbox()


async def test_a_token_comes_for_client_and_password_together_flat_or_wrapped(open_sandbox: Open) -> None:
    flat, wrapped = await open_sandbox(), await open_sandbox(token_reply="wrapped")

    assert (await flat.authorize(**LOGIN)).body["expires_in"] == 86_400
    assert list((await wrapped.authorize(**LOGIN)).body) == ["data"]
    assert (await wrapped.get("/events")).status == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"password": "no"}, 401), ({"client_secret": "no"}, 401), ({"grant_type": "password"}, 400)],
)
async def test_a_wrong_login_is_refused_with_error_description_and_hint(
    caller: Caller, changed: dict[str, str], status: int
) -> None:
    answer = await caller.authorize(**{**LOGIN, **changed})

    assert answer.status == status
    assert set(answer.body) == {"error", "error_description", "hint"}


async def test_a_token_expires_and_is_refreshed_without_the_password(caller: Caller) -> None:
    refresh = {**CLIENT, "grant_type": "refresh_token"}
    token = (await caller.authorize(**LOGIN)).body
    caller.clock.advance(86_400)
    assert (await caller.get("/events")).status == 401
    renewed = await caller.authorize(**refresh, refresh_token=token["refresh_token"])
    caller.token = renewed.body["access_token"]

    assert (await caller.get("/events")).status == 200
    assert (await caller.authorize(**refresh, refresh_token="made-up")).status == 401


async def test_a_refresh_token_may_work_only_once(open_sandbox: Open) -> None:
    caller = await open_sandbox(rotates_refresh=True)
    first = (await caller.authorize(**LOGIN)).body["refresh_token"]
    refresh = {**CLIENT, "grant_type": "refresh_token", "refresh_token": first}
    second = (await caller.authorize(**refresh)).body["refresh_token"]

    assert second != first
    assert (await caller.authorize(**refresh)).status == 401
    assert (await caller.authorize(**{**refresh, "refresh_token": second})).status == 200


async def test_events_of_the_account_are_listed_by_offset_and_cut_by_date(open_sandbox: Open) -> None:
    caller, future_only = await open_sandbox(), await open_sandbox(lists_past_events=False)
    ids = [int(edition.event_id) for edition in caller.editions[:2]]

    async def listed(who: Caller, **query: str) -> list[int]:
        return [row["eventId"] for row in (await who.get("/events", **query)).body["data"]]

    assert await listed(caller, sort="startDate", order="asc") == ids
    assert await listed(caller, offset="1", limit="50") == ids[1:]
    assert await listed(caller, eventDateFrom="2026-01-01T00:00:00Z", eventDateTo="2026-12-31T00:00:00Z") == ids[1:]
    assert await listed(caller, eventId=str(ids[0])) == ids[:1]
    assert await listed(future_only) == ids[1:]
    assert (await caller.get("/events", eventDateFrom="2026-01-01")).status == 400


async def test_an_event_has_all_its_sub_events_and_its_start_at_its_place(caller: Caller) -> None:
    event = (await caller.get("/events/{event}")).body["data"]

    assert [each["name"] for each in event["subEvents"]["data"]] == ["10K", "5K"]
    assert event["subEvents"]["data"][0]["subEventDistance"]["inMeters"] == 10_000
    assert (event["startDate"], event["timeZone"]) == ("2026-10-18T08:30:00-04:00", "America/New_York")


async def test_what_is_not_there_not_allowed_or_not_understood_has_its_status(caller: Caller) -> None:
    answers = [
        await caller.get("/events/1"),
        await caller.get(f"/events/{caller.editions[2].event_id}"),
        await caller.get("/events/{event}/participants", page="x"),
        await caller.get("/nothing"),
    ]

    assert [answer.status for answer in answers] == [404, 403, 400, 404]
    assert all(set(answer.body) == {"message", "code"} for answer in answers)


async def test_participants_come_in_pages_with_the_count_in_the_metadata(caller: Caller) -> None:
    page = (await caller.get("/events/{event}/participants", page="2", perPage="25")).body
    pages = [await caller.people(page=str(number), perPage="25") for number in (1, 2, 3, 4)]

    assert page["metadata"] == {"page": 2, "perPage": 25, "total": PEOPLE}
    assert [len(rows) for rows in pages] == [25, 25, 10, 0]
    assert len({row["registrationId"] for rows in pages for row in rows}) == PEOPLE
    row = pages[0][0]
    person = caller.sandbox.world.registration(str(row["registrationId"])).person
    assert (row["lastName"], row["gender"]) == (person.last_name, {"M": 1, "F": 2, "X": 9}[person.gender])


async def test_every_name_can_be_played_otherwise_and_the_paging_too(open_sandbox: Open) -> None:
    names = {"bib": "bibNumber", "offset": "skip", "limit": "take", "total": "count", "metadata": "meta"}
    caller = await open_sandbox(names=names, paging="offset", status_words={"cancelled": "CANCELED"})
    caller.sandbox.world.apply(Cancel(registration_id=caller.registered()))
    body = (await caller.get("/events/{event}/participants", skip="0", take="2")).body

    assert body["meta"] == {"skip": 0, "take": 2, "count": PEOPLE}
    assert "bibNumber" in body["data"][0]
    assert "bib" not in body["data"][0]
    assert body["data"][0]["status"] == "CANCELED"


async def test_people_are_filtered_by_change_only_where_that_is_played(open_sandbox: Open) -> None:
    plain, filtering = await open_sandbox(), await open_sandbox(people_since="lastModifiedDate")
    for caller, count in ((plain, 50), (filtering, 1)):
        caller.sandbox.world.apply(AssignBib(registration_id=caller.registered(), bib="9"))
        assert len(await caller.people(lastModifiedDate=NOW.isoformat())) == count


async def test_who_was_removed_is_gone_and_who_cancelled_stays_where_that_is_shown(open_sandbox: Open) -> None:
    for shown, count in ((frozenset({"registered", "cancelled"}), 59), (frozenset({"registered"}), 58)):
        caller = await open_sandbox(shown=shown)
        caller.sandbox.world.apply(
            Remove(registration_id=caller.registered(0)), Cancel(registration_id=caller.registered(1))
        )
        body = (await caller.get("/events/{event}/participants")).body
        assert body["metadata"]["total"] == count


def post_times(caller: Caller) -> str:
    """Three results of the first sub-event, whose id is given."""
    category = caller.edition.categories[0]
    lines = (
        Timed(registration_id=caller.registered(0), seconds=3725.4, gun_seconds=3730.1, splits={"5K": 1800}),
        Timed(registration_id=caller.registered(1), seconds=1815.4),
        Timed(registration_id=caller.registered(2), outcome="DNF"),
    )
    caller.sandbox.world.apply(PostResults(category_id=category.category_id, lines=lines))
    return category.category_id


async def test_the_partners_results_link_bib_and_registration(caller: Caller) -> None:
    post_times(caller)
    rows = (await caller.get("/events/{event}/results", page="1", perPage="2")).body["data"]

    assert [row["registrationId"] for row in rows] == [int(caller.registered(number)) for number in (1, 0)]
    assert [row["chipTime"] for row in rows] == ["0:30:15.4", "1:02:05.4"]


async def test_public_results_need_no_login_and_page_by_start_and_a_limit_of_the_list(caller: Caller) -> None:
    assert (await caller.public("/events/{code}")).body["data"]["event"]["resultEventId"] is None
    sub_event = post_times(caller)
    event = (await caller.public("/events/{code}")).body["data"]["event"]
    path = f"/result-events/{event['resultEventId']}/sub-events/{sub_event}/results"
    first = (await caller.public(path, start="0", limit="50")).body

    assert first["meta"] == {"totalResults": 3, "filteredResults": 3}
    assert [(row["overallPlace"], row["chipTime"]) for row in first["data"]] == [
        (1, "0:30:15.4"),
        (2, "1:02:05.4"),
        (None, ""),
    ]
    assert (await caller.public(path, start="3", limit="50")).body["data"] == []
    refused = [{"limit": "30"}, {"limit": "50", "page": "1"}, {"limit": "50", "offset": "0"}]
    assert [(await caller.public(path, **query)).status for query in refused] == [400, 400, 400]
    sub = (await caller.public(f"/events/{{code}}/sub-events/{sub_event}")).body["data"]
    assert (sub["resultCount"], sub["distance"]) == (3, 10)


async def test_a_public_result_in_full_tells_whether_the_race_was_completed(caller: Caller) -> None:
    post_times(caller)
    registration = caller.sandbox.world.registration(caller.registered(0))
    name = f"{registration.person.first_name} {registration.person.last_name}"
    found = (await caller.public("/events/{code}/participant-search", phrase=name)).body["data"]["exact"][0]
    detail = (await caller.public(f"/events/{{code}}/detail/{found['id']}")).body["data"]

    assert detail["result"]["raceStatus"] == "COMPLETE"
    assert detail["result"]["gunTimeSec"] == 3730.1
    assert detail["segmentResults"] == [{"name": "5K", "chipTime": "0:30:00.0"}]
    outcome = caller.edition.categories[0].results[caller.registered(2)].result_id
    assert (await caller.public(f"/events/{{code}}/detail/{outcome}")).body["data"]["result"]["raceStatus"] == "DNF"


async def test_the_fault_book_refuses_throttles_drops_and_miscounts(caller: Caller) -> None:
    faults = caller.sandbox.faults
    faults.add(Fault(kind="status", status=429, retry_after_seconds=5, times=1))
    throttled = await caller.get("/events")
    faults.clear()
    faults.add(
        Fault(kind="vanish", entry_ids=frozenset({caller.registered()})),
        Fault(kind="totals", rows=7, path_glob="/api/v1/events/*/participants"),
    )
    body = (await caller.get("/events/{event}/participants", perPage="100")).body

    assert (throttled.status, throttled.headers["retry-after"]) == (429, "5")
    assert (len(body["data"]), body["metadata"]["total"]) == (PEOPLE - 1, PEOPLE + 7)
    faults.clear()
    faults.add(Fault(kind="cut"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.get("/events")


async def test_no_secret_stands_in_the_log_of_calls(caller: Caller) -> None:
    await caller.get("/events", access_token="x", password="y", limit="5")

    logged = [each.query for each in caller.sandbox.calls.recent]
    assert logged == [{}, {"limit": "5"}]
