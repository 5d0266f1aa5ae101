"""The RunSignUp sandbox over a real socket behaves as the service's pages say, and fails as it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from project88.sandbox import (
    Fault,
    RunSignUpAccount,
    RunSignUpSandbox,
    RunSignUpSettings,
    SteppingClock,
    registration_world,
    rehearsal_world,
    serve_runsignup,
    start_list_world,
)
from project88.sandbox.registration import (
    AssignBib,
    Cancel,
    ChangeResult,
    PostResults,
    Remove,
    Timed,
    Transfer,
)
from tests.integration.calling import Answer, call

START = datetime(2026, 10, 18, 12, 30, tzinfo=UTC)
NOW = START - timedelta(days=5)
ACCOUNT = RunSignUpAccount()
SETTINGS = RunSignUpSettings()
PAIR = {"api_key": ACCOUNT.key, "api_secret": ACCOUNT.secret}
CALLER = {"rsu_api_reg": SETTINGS.caller_id}
CALLER_SECRET = {"X-RSU-API-REG-SECRET": SETTINGS.caller_secret}
PEOPLE = 40


class Caller:
    """A sandbox and a client that sends the key pair in the query."""

    def __init__(self, sandbox: RunSignUpSandbox, session: aiohttp.ClientSession, clock: SteppingClock) -> None:
        self.sandbox = sandbox
        self.session = session
        self.clock = clock
        self.edition = list(sandbox.world.editions.values())[min(1, len(sandbox.world.editions) - 1)]
        self.race = self.edition.series_id
        self.events = [category.category_id for category in self.edition.categories]

    async def bare(self, path: str, headers: dict[str, str] | None = None, **query: str) -> Answer:
        url = self.sandbox.base_url + path.replace("{race}", self.race)
        return await call(self.session, url, {"format": "json", **query}, headers=headers)

    async def get(self, path: str, **query: str) -> Answer:
        return await self.bare(path, **{**PAIR, **query})

    async def people(self, **query: str) -> list[dict[str, Any]]:
        """The rows of one page of the first event."""
        answer = await self.get("/race/{race}/participants", **{"event_id": self.events[0], **query})
        return [row for element in answer.body for row in element["participants"]]

    async def removed(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.get("/race/{race}/removed-participants", **{"event_id": ",".join(self.events), **query})
        return [row for element in answer.body for row in element["event"]["participants"]]

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
            served = serve_runsignup(world, RunSignUpSettings(**settings), clock=clock)
            sandbox = await stack.enter_async_context(served)
            return Caller(sandbox, await stack.enter_async_context(aiohttp.ClientSession()), clock)

        yield enter


@pytest.fixture
async def caller(open_sandbox: Open) -> Caller:
    return await open_sandbox()


def code(answer: Answer) -> tuple[int, int]:
    return answer.status, answer.body["error"]["error_code"]


async def test_with_credentials_only_own_races_are_listed_and_without_them_all_public_ones(caller: Caller) -> None:
    own = (await caller.get("/races")).body["races"]
    public = (await caller.bare("/races")).body["races"]

    assert [each["race"]["race_id"] for each in own] == [int(caller.race)]
    assert len(public) == 2
    assert "events" not in own[0]["race"]


async def test_the_list_starts_today_and_shows_the_current_events_only(caller: Caller) -> None:
    listed = (await caller.get("/races", events="T")).body["races"][0]["race"]
    whole = (await caller.get("/race/{race}")).body["race"]
    caller.clock.advance(86_400 * 30)

    assert [event["event_id"] for event in listed["events"]] == [int(event) for event in caller.events]
    assert len({event["race_event_days_id"] for event in whole["events"]}) == 2
    assert (await caller.get("/races")).body == {"races": []}
    assert len((await caller.get("/races", start_date="2020-01-01")).body["races"]) == 1


async def test_dates_stand_in_the_races_zone_and_stamps_in_us_eastern_time(open_sandbox: Open) -> None:
    caller = await open_sandbox()
    caller.edition.zone = "America/Denver"
    event = (await caller.get("/race/{race}")).body["race"]["events"][2]

    assert event["start_time"] == "10/18/2026 06:30"
    assert event["registration_opens"] == "8/19/2026 08:30"
    assert event["registration_periods"][0]["race_fee"] == "$55.00"
    assert event["volunteer"] == "F"


@pytest.mark.parametrize("base", ["rest", "Rest", "REST"])
async def test_the_path_knows_no_case(caller: Caller, base: str) -> None:
    url = f"{caller.sandbox.host_url}/{base}/Race/{caller.race}"
    answer = await call(caller.session, url, {"format": "json", **PAIR})

    assert answer.body["race"]["race_id"] == int(caller.race)


async def test_without_a_format_the_answer_is_xml(caller: Caller) -> None:
    answer = await call(caller.session, f"{caller.sandbox.old_base_url}/races", PAIR)

    assert answer.headers["content-type"].startswith("text/xml")


async def test_participants_come_as_a_list_whose_inner_list_is_always_empty(caller: Caller) -> None:
    answer = await caller.get("/race/{race}/participants", event_id=",".join(caller.events), results_per_page="2500")

    assert [element["event"]["participants"] for element in answer.body] == [[], []]
    assert sum(len(element["participants"]) for element in answer.body) == PEOPLE
    row = answer.body[0]["participants"][0]
    registration = caller.sandbox.world.registration(str(row["registration_id"]))
    assert row["user"]["last_name"] == registration.person.last_name
    assert row["last_modified"] == registration.modified_s
    assert row["amount_paid"] == "$59.30"


async def test_paging_by_id_gives_everybody_once_and_ends_with_an_empty_page(caller: Caller) -> None:
    seen: list[int] = []
    while True:
        after = str(seen[-1]) if seen else "0"
        rows = await caller.people(sort="registration_id ASC", after_registration_id=after, results_per_page="7")
        if not rows:
            break
        seen += [row["registration_id"] for row in rows]

    assert seen == sorted(int(each.registration_id) for each in caller.edition.categories[0].registrations)
    past = await caller.get("/race/{race}/participants", event_id=caller.events[0], page="9")
    assert past.body == []


async def test_a_page_is_never_longer_than_the_cap_which_may_also_be_an_error(open_sandbox: Open) -> None:
    clamping = await open_sandbox(participants_page_cap=5)
    strict = await open_sandbox(participants_page_cap=5, over_max="error")

    assert len(await clamping.people(results_per_page="9000")) == 5
    refused = await strict.get("/race/{race}/participants", event_id=strict.events[0], results_per_page="6")
    assert code(refused) == (200, 3)


async def test_the_filter_of_changes_includes_its_second_and_a_misspelt_one_is_ignored(caller: Caller) -> None:
    caller.clock.advance(60)
    caller.sandbox.world.apply(AssignBib(registration_id=caller.registered(), bib="A-12", chip="C9"))
    now = str(int(caller.clock.now_seconds()))
    rows = await caller.people(modified_after_timestamp=now)

    assert [(row["registration_id"], row["bib_num"], row["chip_num"]) for row in rows] == [
        (int(caller.registered()), "A-12", "C9")
    ]
    assert await caller.people(modified_after_timestamp=str(int(now) + 1)) == []
    assert len(await caller.people(modified_after=now)) == PEOPLE // 2
    assert len(await caller.people(modified_after_timestamp="2026-10-13")) == PEOPLE // 2


async def test_a_gender_of_x_is_hidden_unless_it_is_supported(caller: Caller) -> None:
    def genders(answer: Answer) -> set[str | None]:
        return {row["user"]["gender"] for element in answer.body for row in element["participants"]}

    events = ",".join(caller.events)

    assert genders(await caller.get("/race/{race}/participants", event_id=events)) == {"F", "M", None}
    assert genders(await caller.get("/race/{race}/participants", event_id=events, supports_nb="T")) == {"F", "M", "X"}


async def test_removed_people_stand_inside_their_event_with_reason_successor_and_eastern_stamps(
    caller: Caller,
) -> None:
    world, ids = caller.sandbox.world, [caller.registered(number) for number in range(4)]
    new = world.apply(
        Remove(registration_id=ids[0], reason="cleared"),
        Remove(registration_id=ids[1], reason="deferred"),
        Cancel(registration_id=ids[2]),
        Transfer(registration_id=ids[3], category_id=caller.events[1]),
    )[-1]
    rows = await caller.removed(sort="registration_id ASC")

    assert [(row["removed_reason"], row["new_registration_id"]) for row in rows] == [
        ("cleared", None),
        ("deferred", None),
        ("removed", None),
        ("transferred", int(new)),
    ]
    assert rows[0]["last_modified"] == "2026-10-13 08:30:00"
    assert rows[0]["last_modified_ts"] == int(NOW.timestamp())
    assert {int(each) for each in ids} & {row["registration_id"] for row in await caller.people()} == set()
    assert await caller.removed(modified_after_timestamp=str(int(NOW.timestamp()) + 1)) == []


async def test_counts_agree_with_the_list(caller: Caller) -> None:
    caller.sandbox.world.apply(Remove(registration_id=caller.registered()))
    counts = (await caller.get("/race/{race}/participant-counts", event_id=caller.events[0])).body

    assert counts == {"participant_counts": [{"event_id": int(caller.events[0]), "num_participants": 19}]}


async def test_the_pair_may_come_in_the_query_in_a_header_or_as_a_bearer(caller: Caller) -> None:
    url = f"{caller.sandbox.base_url}/v2/auth/refresh-token.json"
    form = {
        "refresh_token": ACCOUNT.refresh_token,
        "client_id": ACCOUNT.client_id,
        "client_secret": ACCOUNT.client_secret,
    }
    token = (await call(caller.session, url, form=form)).body
    header = {"X-RSU-API-SECRET": ACCOUNT.secret}
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    who = [
        await caller.get("/v2/auth-info/entity-info.json"),
        await caller.bare("/v2/auth-info/entity-info.json", header, rsu_api_key=ACCOUNT.key),
        await caller.bare("/v2/auth-info/entity-info.json", bearer),
    ]

    assert {answer.body["entity_name"] for answer in who} == {ACCOUNT.name}
    assert token["expires_in"] == 2_592_000
    caller.clock.advance(token["expires_in"])
    assert code(await caller.bare("/races", bearer)) == (200, 6)


async def test_a_refresh_token_that_is_wrong_is_a_real_401_with_a_description(caller: Caller) -> None:
    url = f"{caller.sandbox.base_url}/v2/auth/refresh-token.json"
    answer = await call(caller.session, url, form={"refresh_token": "no"})

    assert (answer.status, answer.body["error"]) == (401, "invalid_grant")
    assert (await call(caller.session, url, form={})).status == 400


async def test_refusals_come_as_http_200_with_their_numbers(caller: Caller) -> None:
    people = "/race/{race}/participants"
    other = list(caller.sandbox.world.editions.values())[2].series_id
    answers = [
        await caller.get("/races", api_secret="wrong"),
        await caller.bare(people, event_id=caller.events[0]),
        await caller.get(f"/race/{other}/participants", event_id="1"),
        await caller.get("/race/1"),
        await caller.get(people, event_id="1"),
        await caller.get(people),
        await caller.get("/raises"),
        await caller.bare("/races", {"Authorization": "Bearer made-up"}),
    ]

    assert [code(answer) for answer in answers] == [(200, number) for number in (6, 7, 7, 201, 301, 3, 1, 6)]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (CALLER, {}),
        ({}, CALLER_SECRET),
        (CALLER, {"X-RSU-API-REG-SECRET": "no"}),
        ({"rsu_api_reg": "9.x"}, CALLER_SECRET),
    ],
)
async def test_a_wrong_or_half_pair_of_the_calling_software_fails_every_call(
    caller: Caller, query: dict[str, str], headers: dict[str, str]
) -> None:
    answer = await caller.bare("/races", headers, **{**PAIR, **query})

    assert code(answer) == (400, 17)
    assert answer.body["error_details"]


async def test_the_pair_of_the_calling_software_is_optional_until_2027_and_then_needed(caller: Caller) -> None:
    async def registered() -> Answer:
        return await caller.bare("/races", CALLER_SECRET, **{**PAIR, **CALLER})

    assert "races" in (await registered()).body
    assert "races" in (await caller.get("/races")).body
    caller.clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    assert code(await caller.get("/races")) == (400, 17)
    assert "races" in (await registered()).body


async def test_a_third_call_at_once_is_told_to_wait_whoever_makes_it(caller: Caller) -> None:
    caller.sandbox.faults.add(Fault(kind="slow", times=2, chunk_bytes=64, pause_seconds=0.1))
    url, query = f"{caller.sandbox.base_url}/race/{caller.race}", {"format": "json"}
    async with (
        caller.session.get(url, params={**query, **PAIR}) as first,
        caller.session.get(url, params=query) as second,
    ):
        third = await caller.bare("/races")
        assert (first.status, second.status) == (200, 200)
        assert code(third) == (200, 14)
        await first.read()
        await second.read()

    assert "races" in (await caller.bare("/races")).body
    calls = caller.sandbox.calls
    assert (calls.highest_at_once, calls.refused) == (3, 1)


async def test_a_rate_limit_answers_with_the_number_of_throttling(open_sandbox: Open) -> None:
    caller = await open_sandbox(rate_limit=2, throttle_retry_after_seconds=30)
    answers = [await caller.get("/races") for _ in range(3)]

    assert "races" in answers[1].body
    assert code(answers[2]) == (200, 14)
    assert answers[2].headers["retry-after"] == "30"


async def post_times(caller: Caller) -> None:
    lines = [
        Timed(registration_id=caller.registered(0), seconds=3725.4, gun_seconds=3730.1, splits={"5K": 1800}),
        Timed(registration_id=caller.registered(1), seconds=1815.4),
        Timed(registration_id=caller.registered(2), outcome="DNF"),
    ]
    caller.sandbox.world.apply(PostResults(category_id=caller.events[0], lines=tuple(lines)))


async def test_results_come_in_sets_with_dynamic_columns_named_by_their_headers(caller: Caller) -> None:
    await post_times(caller)
    answer = await caller.bare(
        "/race/{race}/results/get-results", event_id=caller.events[0], include_total_finishers="T"
    )
    (one,) = answer.body["individual_results_sets"]
    keys = {label: key for key, label in one["results_headers"].items()}
    rows = one["results"]

    assert [(row["place"], row["chip_time"], row["clock_time"]) for row in rows] == [
        (1, "30:15.4", "30:15.4"),
        (2, "1:02:05.4", "1:02:10.1"),
        (None, "DNF", "DNF"),
    ]
    assert one["registration_ids"] == [int(caller.registered(number)) for number in (1, 0, 2)]
    assert one["num_finishers"] == 2
    assert rows[1][keys["5K"]] == "30:00.0"
    assert keys["5K"].startswith("split-")
    assert keys["Division"].startswith("custom-field-")
    assert rows[0][keys["Division Place"]] == 1


async def test_sets_splits_and_the_feed_describe_what_was_posted(caller: Caller) -> None:
    await post_times(caller)
    event = caller.events[0]
    (one,) = (await caller.bare("/race/{race}/results/get-result-sets", event_id=event)).body["individual_results_sets"]
    set_id = str(one["individual_result_set_id"])
    splits = await caller.bare(
        "/race/{race}/results/result-set-splits", event_id=event, individual_result_set_id=set_id
    )
    caller.clock.advance(60)
    caller.sandbox.world.apply(ChangeResult(line=Timed(registration_id=caller.registered(1), seconds=9)))
    now = str(int(caller.clock.now_seconds()))
    feed = await caller.bare("/v2/results/updated-result-sets.json", modified_since_timestamp=now)
    changed = await caller.bare("/race/{race}/results/get-results", event_id=event, modified_after_timestamp=now)

    assert "results" not in one
    assert [row["split_name"] for row in splits.body["result_set_splits"]] == ["5K"]
    assert [row["individual_result_set_id"] for row in feed.body["result_sets"]] == [int(set_id)]
    assert len(changed.body["individual_results_sets"][0]["results"]) == 1
    assert (await caller.bare("/race/{race}/results/has-result-sets")).body == {"has_results": "T"}


async def test_an_event_without_sets_answers_with_none_or_with_an_error(open_sandbox: Open) -> None:
    path = "/race/{race}/results/get-results"
    empty, error = await open_sandbox(), await open_sandbox(without_sets_code=301)

    assert (await empty.bare(path, event_id=empty.events[0])).body == {"individual_results_sets": []}
    assert code(await error.bare(path, event_id=error.events[0])) == (200, 301)


async def test_pages_past_the_end_of_the_results_are_empty(caller: Caller) -> None:
    await post_times(caller)
    path, query = "/race/{race}/results/get-results", {"event_id": caller.events[0], "results_per_page": "2"}
    pages = [
        (await caller.bare(path, **query, page=str(page))).body["individual_results_sets"][0]["results"]
        for page in (1, 2, 3)
    ]

    assert [len(page) for page in pages] == [2, 1, 0]


async def test_the_fault_book_refuses_drops_repeats_and_spoils_rows(caller: Caller) -> None:
    faults, some = caller.sandbox.faults, frozenset({caller.registered()})

    async def under(fault: Fault) -> list[dict[str, Any]]:
        faults.clear()
        faults.add(fault)
        return await caller.people(results_per_page="100")

    assert len(await under(Fault(kind="vanish", entry_ids=some))) == 19
    assert len(await under(Fault(kind="repeat", entry_ids=some))) == 21
    assert len(await under(Fault(kind="page_cap", cap=3))) == 3
    spoilt = await under(Fault(kind="bad_row", entry_ids=some, fields=("user.dob",), text="30 Feb"))
    assert [row["user"]["dob"] for row in spoilt if row["registration_id"] == int(caller.registered())] == ["30 Feb"]
    faults.clear()
    faults.add(Fault(kind="totals", rows=5, path_glob="/rest/race/*/participant-counts"))
    counts = (await caller.get("/race/{race}/participant-counts")).body["participant_counts"]
    assert [row["num_participants"] for row in counts[2:]] == [25, 25]


async def test_errors_come_as_a_number_a_status_html_or_a_cut_body(caller: Caller) -> None:
    caller.sandbox.faults.add(
        Fault(kind="error_key", code=14, message="slow down", times=1),
        Fault(kind="status", status=522, skip=1, times=1),
        Fault(kind="html", status=502, skip=2, times=1),
        Fault(kind="cut", skip=3, times=1),
    )
    throttled, away, html = [await caller.get("/races") for _ in range(3)]

    assert (code(throttled), away.status, html.status) == ((200, 14), 522, 502)
    assert html.headers["content-type"].startswith("text/html")
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.get("/races")


async def test_no_secret_stands_in_the_log_of_calls(caller: Caller) -> None:
    await caller.bare("/races", CALLER_SECRET, **{**PAIR, **CALLER}, page="1", rsu_api_key=ACCOUNT.key)

    assert [call.query for call in caller.sandbox.calls.to("/rest/races")] == [{"format": "json", "page": "1"}]
    assert caller.sandbox.calls.by_login == {ACCOUNT.name: 1}


async def test_edits_can_be_posted_and_the_state_read(caller: Caller) -> None:
    host = caller.sandbox.host_url
    edit = {"edit": "assign_bib", "registration_id": caller.registered(), "bib": "7"}
    async with caller.session.post(f"{host}/_sandbox/world", json=edit) as response:
        state = await response.json()

    assert (response.status, state["highest_at_once"]) == (200, 0)
    assert caller.sandbox.world.registration(caller.registered()).bib == "7"


async def test_the_start_list_of_a_timed_race_is_served_with_its_bibs() -> None:
    event = list(rehearsal_world(START, season=0, field_size=30).events.values())[-1]
    clock = SteppingClock(NOW)
    async with (
        serve_runsignup(start_list_world(event), clock=clock) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        caller = Caller(sandbox, session, clock)
        answer = await caller.get("/race/{race}/participants", event_id=",".join(caller.events))
    served = {str(row["bib_num"]) for element in answer.body for row in element["participants"]}

    assert served == {entry.bib for race in event.races for entry in race.entries}
