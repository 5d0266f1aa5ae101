"""An event of the hardware made on the operator's page: by whom, what is refused, and what the page says comes next."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from project88.store.connection import Database
from tests.hub_command import HubCommand
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, READER, RIVER, SUMMIT, Operators

FORM = "/operator/events/new"
RUN = {"name": "Harbor Run", "day": "2026-05-02", "time": "09:00", "zone": "America/New_York"}
MADE = """
    select timing_partner_id as partner, event_id, event_name, start_date at time zone 'UTC' as start, time_zone
    from ct_events where event_id not in ('live', 'hard') order by 1, 2
"""


async def made(db: Database) -> list[dict[str, Any]]:
    return await look(db, MADE)


async def test_an_event_is_made_and_its_page_says_what_comes_next(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        assert FORM in await browser.read("/operator/events")
        form = await browser.read(FORM)
        assert 'value="America/New_York"' in form and 'name="partner"' not in form
        page = await browser.post(FORM, **RUN | {"name": "  Harbor Run "})
    [event] = await made(site.db)
    number = event["event_id"]
    assert (1, "Harbor Run", "2026-05-02 13:00:00", "America/New_York") == (
        event["partner"], event["event_name"], str(event["start"]), event["time_zone"],
    )  # fmt: skip
    assert f"event {number} is made" in page and "<h1>Harbor Run</h1>" in page
    for command in ("import course course.json --event", "import entries start.csv --event", "timing bind SESSION"):
        assert f"project88 {command} {number}</code>" in page
    assert "may be" not in page


async def test_what_was_made_is_on_the_events_record(site: Operators):
    async with site.as_user(ADMIN) as browser:
        page = await browser.post(FORM, **RUN, partner="2")
        record = await browser.read("/operator/record")
    [event] = await made(site.db)
    [action] = await look(site.db, "select timing_partner_id, email, action, subject, outcome from user_actions")
    number = event["event_id"]
    assert {
        "timing_partner_id": 2,
        "email": ADMIN,
        "action": "add an event",
        "subject": f"event {number}",
        "outcome": f"event {number} is made",
    } == action
    assert "What people did" in page and "add an event" in page and "add an event" in record


async def test_the_steps_are_shown_until_each_is_done(site: Operators):
    place = "/operator/events/1/hard"
    async with site.as_user(SUMMIT) as browser:
        assert (await browser.read(place)).count("state-missing") == 3
        await look(
            site.db,
            "insert into timing.courses (timing_partner_id, event_id, race_id, course) values (1, 'hard', '1', '{}')",
        )
        await look(site.db, "update timing.timing_sessions set event_id = 'hard' where timing_session_id = 1")
        assert (await browser.read(place)).count("state-missing") == 1
        await look(
            site.db,
            "insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, race_id, bib_number)"
            " values (1, 'hard', 'tcp_hardware', '1', '1', '1')",
        )
        assert "What it needs" not in await browser.read(place)
        assert "What it needs" not in await browser.read("/operator/events/1/live")


async def test_one_that_may_be_a_collected_event_waits_for_a_decision_and_says_so(site: Operators):
    [live] = await look(
        site.db,
        "select event_name, to_char(start_date at time zone 'UTC', 'YYYY-MM-DD') as day,"
        " to_char(start_date at time zone 'UTC', 'HH24:MI') as time from ct_events"
        " where event_id = 'live' and timing_partner_id = 1",
    )
    await look(site.db, "delete from ct_events where event_id = 'hard'")
    async with site.as_user(SUMMIT) as browser:
        page = await browser.post(FORM, name=live["event_name"], day=live["day"], time=live["time"], zone="UTC")
        [pair] = await look(site.db, "select event_source_id, decision from event_sources where timing_partner_id = 1")
        decide = f"/operator/duplicates/1/{pair['event_source_id']}"
        assert "it may be event 841" in page and f'href="{decide}"' in page
        assert f'href="{decide}"' in await browser.read("/operator/events/1/live")
        await browser.post(f"{decide}/keep-both")
        assert f'href="{decide}"' not in await browser.read("/operator/events/1/live")
    assert pair["decision"] == "review"


async def test_a_form_that_is_sent_twice_at_once_makes_one_event(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        form = RUN | {"form_token": await browser.token()}

        async def send(name: str) -> tuple[int, str]:
            async with browser.http.post(FORM, data=form | {"name": name}) as answer:
                return answer.status, await answer.text()

        both = sorted(await asyncio.gather(send("Harbor Run"), send("HARBOR  run")))
        [event] = await made(site.db)
        assert [200, 409] == [status for status, _ in both]
        assert f"event {event['event_id']} of the hardware has this name and this start already" in both[1][1]
        await browser.post(FORM, **RUN | {"time": "09:30"})
    async with site.as_user(RIVER) as browser:
        await browser.post(FORM, **RUN)
    assert [1, 1, 2] == [event["partner"] for event in await made(site.db)]
    refused = await look(site.db, "select outcome from user_actions where outcome like 'refused%%'")
    assert len(refused) == 1


async def test_the_command_makes_a_second_one_of_the_same_name(site: Operators, database_url: str, tmp_path: Path):
    async with site.as_user(SUMMIT) as browser:
        await browser.post(FORM, **RUN)
    add = ("timing", "add-event", "--timing-partner-id", "1", "--time-zone", "America/New_York", "--name", "harbor run")
    made_too = await HubCommand(database_url, tmp_path)(*add, "--start", "2026-05-02T13:00:00Z")
    assert [made_too.out.strip()] == [
        row["event_id"] for row in await made(site.db) if row["event_name"] == "harbor run"
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "two\nlines"},
        {"day": ""},
        {"day": "2026-02-30"},
        {"day": "0001-01-01"},
        {"day": "9999-12-31"},
        {"time": ""},
        {"time": "25:00"},
        {"time": "09:00+02:00"},
        {"zone": ""},
        {"zone": "Mars/Base"},
        {"zone": "../../etc/passwd"},
        {"zone": "America"},
        {"zone": "EDT"},
        {"zone": "x" * 300},
    ],
)
async def test_what_no_event_can_be_is_a_clear_400(site: Operators, wrong: dict[str, str]):
    async with site.as_user(SUMMIT) as browser:
        assert "This was not done" in await browser.post(FORM, 400, **RUN | wrong)
    assert [] == await made(site.db) == await look(site.db, "select * from user_actions")


@pytest.mark.parametrize(
    ("day", "said"), [("2026-03-08", "skip 02:30 on 2026-03-08"), ("2026-11-01", "show 01:30 twice on 2026-11-01")]
)
async def test_a_time_that_no_clock_shows_or_one_shows_twice_is_not_guessed(site: Operators, day: str, said: str):
    time = said.split()[1]
    async with site.as_user(SUMMIT) as browser:
        assert said in await browser.post(FORM, 400, **RUN | {"day": day, "time": time})
        assert "is made" in await browser.post(FORM, **RUN | {"day": day, "time": time, "zone": "UTC"})


@pytest.mark.parametrize("partner", ["", "9", "x", "-1"])
async def test_an_admin_says_whose_event_it_is(site: Operators, partner: str):
    async with site.as_user(ADMIN) as browser:
        form = await browser.read(FORM)
        assert "Summit Timing</option>" in form and "River Timing</option>" in form
        await browser.post(FORM, 400, **RUN, partner=partner)
    assert [] == await made(site.db)


async def test_staff_make_events_of_their_own_partner_whatever_the_form_says(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        assert "River" not in await browser.read(FORM)
        await browser.post(FORM, **RUN, partner="2")
    assert [1] == [event["partner"] for event in await made(site.db)]


async def test_whoever_may_only_look_and_whoever_lacks_the_token_makes_none(site: Operators):
    async with site.as_user(READER) as browser:
        assert FORM not in await browser.read("/operator/events")
        await browser.read(FORM, 403)
        await browser.post(FORM, 403, **RUN)
    async with site.as_user(SUMMIT) as browser:
        await browser.post(FORM, 403, **RUN, form_token="0" * 64)
    async with site.browser() as browser:
        assert "<h1>Log in</h1>" in await browser.post(FORM, **RUN, form_token="0" * 64)
    assert [] == await made(site.db)
