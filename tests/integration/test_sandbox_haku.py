"""The Haku sandbox over a real socket behaves as is known of the service, and fails as it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from project88.sandbox import (
    Fault,
    HakuClient,
    HakuSandbox,
    HakuSettings,
    SteppingClock,
    registration_world,
    serve_haku,
)
from project88.sandbox.haku.settings import OTHER_CLIENT
from project88.sandbox.registration import AssignBib, Cancel, PostResults, Register, Remove, Timed, Transfer
from tests.integration.calling import Answer, call

START = datetime(2026, 10, 18, 12, 30, tzinfo=UTC)
NOW = START - timedelta(days=5)
GRANT = {"grant_type": "client_credentials"}


async def ask_token(sandbox: HakuSandbox, session: aiohttp.ClientSession, client: HakuClient) -> Answer:
    basic = {"Authorization": aiohttp.encode_basic_auth(client.client_id, client.client_secret)}
    return await call(session, sandbox.token_url, form=GRANT, headers=basic)


class Caller:
    """A sandbox and a client that sends its token as it is."""

    def __init__(self, sandbox: HakuSandbox, session: aiohttp.ClientSession, clock: SteppingClock, token: str) -> None:
        self.sandbox = sandbox
        self.session = session
        self.clock = clock
        self.token = token
        self.edition = list(sandbox.world.editions.values())[1]

    async def get(self, path: str, authorization: str | None = None, **query: str) -> Answer:
        url = self.sandbox.base_url + path.replace("{event}", self.edition.event_id)
        return await call(self.session, url, query, headers={"Authorization": authorization or self.token})

    async def people(self, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.get("/events/{event}/participants", **query)).body
        return rows

    async def detail(self, registration_id: str) -> Answer:
        return await self.get(f"/events/{{event}}/registrations/{registration_id}")

    def registered(self, number: int = 0) -> str:
        return self.edition.categories[0].registrations[number].registration_id


Open = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def open_sandbox() -> AsyncIterator[Open]:
    """Starts sandboxes with 60 registrations whose clock stands five days before the race."""
    async with AsyncExitStack() as stack:

        async def enter(client: HakuClient | None = None, **settings: Any) -> Caller:
            clock = SteppingClock(NOW)
            served = serve_haku(registration_world(60, start=START), HakuSettings(**settings), clock=clock)
            sandbox = await stack.enter_async_context(served)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            token = await ask_token(sandbox, session, client or HakuClient())
            return Caller(sandbox, session, clock, token.body["access_token"])

        yield enter


@pytest.fixture
async def caller(open_sandbox: Open) -> Caller:
    return await open_sandbox()


async def test_a_token_is_given_for_the_clients_pair_only(caller: Caller) -> None:
    right = await ask_token(caller.sandbox, caller.session, HakuClient())
    wrong = await ask_token(caller.sandbox, caller.session, HakuClient(client_secret="no"))
    other = await call(caller.session, caller.sandbox.token_url, form={"grant_type": "password"})

    assert (right.status, right.body["expires_in"]) == (200, 3600)
    assert (wrong.status, wrong.body) == (400, {"error": "invalid_client"})
    assert (other.status, other.body) == (400, {"error": "unsupported_grant_type"})


async def test_the_token_stands_alone_in_its_header_until_it_expires(caller: Caller) -> None:
    raw = await caller.get("/events")
    bearer = await caller.get("/events", f"Bearer {caller.token}")
    caller.clock.advance(3600)

    assert (raw.status, bearer.status) == (200, 401)
    assert (await caller.get("/events")).status == 401


async def test_the_word_bearer_may_be_allowed(open_sandbox: Open) -> None:
    caller = await open_sandbox(accepts_bearer=True)

    assert (await caller.get("/events", f"Bearer {caller.token}")).status == 200


async def test_a_client_sees_the_events_of_its_own_organiser_and_past_ones_only_when_asked(
    open_sandbox: Open,
) -> None:
    ours, others = await open_sandbox(), await open_sandbox(OTHER_CLIENT)
    query = {"sort_column": "event_date", "sort_direction": "desc", "show_inactive": "true"}
    all_ours = (await ours.get("/events", **query)).body

    assert [row["event_date"] for row in all_ours] == ["2026-10-18", "2025-10-19"]
    assert [row["status"] for row in all_ours] == ["active", "inactive"]
    assert [row["id"] for row in (await ours.get("/events")).body] == [int(ours.edition.event_id)]
    assert len((await others.get("/events")).body) == 1
    assert (await others.get("/events/{event}/participants")).status == 404


async def test_no_page_is_longer_than_the_cap_whatever_is_asked_and_the_last_one_is_empty(caller: Caller) -> None:
    pages = [await caller.people(page=str(page), per_page="100") for page in (1, 2, 3, 4)]
    numbers = [row["registration_number"] for page in pages for row in page]

    assert [len(page) for page in pages] == [25, 25, 10, 0]
    assert len(set(numbers)) == 60


async def test_rows_of_the_list_are_short_and_tell_their_change_only_if_told_to(open_sandbox: Open) -> None:
    plain, telling = await open_sandbox(), await open_sandbox(rows_have_updated_at=True, stamp_style="space")
    row = (await plain.people())[0]

    assert {"bib", "tag_number", "dob", "updated_at", "id"} & set(row) == set()
    assert row["is_cancelled"] is False
    assert len((await telling.people())[0]["updated_at"]) == len("2026-10-18 12:30:00")


async def test_the_last_changed_come_first_where_the_order_is_honoured(open_sandbox: Open) -> None:
    order = {"sort_column": "updated_at", "sort_direction": "desc"}
    for honours in (True, False):
        caller = await open_sandbox(honours_sort=honours)
        caller.sandbox.world.apply(AssignBib(registration_id=caller.registered(3), bib="9"))
        rows = await caller.people(**order)
        assert (rows[0]["registration_number"] == caller.registered(3)) is honours


async def test_the_detail_has_bib_chip_address_birth_and_every_category(caller: Caller) -> None:
    first, second = (category.category_id for category in caller.edition.categories)
    person = caller.sandbox.world.registration(caller.registered()).person
    number = caller.sandbox.world.apply(
        Register(category_id=first, person=person, bib="A7", chip="C7", also=(second,))
    )[0]
    caller.sandbox.world.apply(PostResults(category_id=first, lines=(Timed(registration_id=number, seconds=3723.4),)))
    body = (await caller.detail(number)).body

    assert body["participant"]["dob"] == f"{person.dob}"
    assert body["participant"]["address"]["city"] == person.city
    assert [(each["tag_number"], each["chip_number"]) for each in body["event_categories"]] == [("A7", "C7")] * 2
    assert body["updated_at"] == "2026-10-13T12:30:00Z"
    assert body["formatted_submitted_result_time"] == "01:02:03"


async def test_who_left_is_marked_as_cancelled_and_who_was_removed_is_gone(caller: Caller) -> None:
    gone, cancelled, moved = (caller.registered(number) for number in range(3))
    new = caller.sandbox.world.apply(
        Remove(registration_id=gone),
        Cancel(registration_id=cancelled),
        Transfer(registration_id=moved, category_id=caller.edition.categories[1].category_id),
    )[-1]
    rows = [row for page in ("1", "2", "3") for row in await caller.people(page=page)]
    flags = {row["registration_number"]: row["is_cancelled"] for row in rows}

    assert (flags[cancelled], flags[moved], flags[new]) == (True, True, False)
    assert gone not in flags
    assert (await caller.detail(cancelled)).body["cancelled_at"] == "2026-10-13T12:30:00Z"
    assert (await caller.detail(gone)).status == 404


async def test_the_list_may_stand_in_an_object(open_sandbox: Open) -> None:
    caller = await open_sandbox(envelope="object")

    assert list((await caller.get("/events")).body) == ["events"]
    assert list((await caller.get("/events/{event}/participants")).body) == ["participants"]


async def test_calls_above_the_limit_are_refused_until_the_window_moves_on(open_sandbox: Open) -> None:
    caller = await open_sandbox(rate_limit=2, rate_window_seconds=60)
    statuses = [(await caller.get("/events")).status for _ in range(3)]
    caller.clock.advance(60)

    assert statuses == [200, 200, 429]
    assert (await caller.get("/events")).status == 200
    assert caller.sandbox.calls.by_login == {HakuClient().client_id: 4}


async def test_the_fault_book_fails_drops_and_repeats(caller: Caller) -> None:
    faults, some = caller.sandbox.faults, frozenset({caller.registered()})
    faults.add(Fault(kind="status", status=503, times=1), Fault(kind="html", status=200, skip=1, times=1))

    assert (await caller.get("/events")).status == 503
    assert (await caller.get("/events")).headers["content-type"].startswith("text/html")
    faults.clear()
    faults.add(Fault(kind="vanish", entry_ids=some))
    assert caller.registered() not in {row["registration_number"] for row in await caller.people()}
    faults.clear()
    faults.add(Fault(kind="repeat", entry_ids=some))
    assert [row["registration_number"] for row in await caller.people()].count(caller.registered()) == 2
    faults.clear()
    faults.add(Fault(kind="bad_row", fields=("participant.dob",), text="30 Feb"))
    assert (await caller.detail(caller.registered())).body["participant"]["dob"] == "30 Feb"
