"""The operator's page in a real browser: login and decisions by its buttons, without scripts, free of grave faults."""

from __future__ import annotations

import pytest

from project88.store.connection import Database
from tests.browser.looking import DESK, PHONE, Browser, Look
from tests.integration.looking import look as rows_of
from tests.integration.operator_site import ADMIN, PASSWORD

PAGES = {
    "overview": "",
    "events": "/events",
    "event-new": "/events/new",
    "event-made": "/events/1/hard",
    "timeline": "/events/1/live",
    "changes": "/events/1/live/changes?bib=7",
    "reconcile": "/events/1/live/reconcile",
    "polls": "/polls",
    "duplicates": "/duplicates",
    "duplicate": "/duplicates/1/1",
    "retractions": "/retractions",
    "timing": "/timing",
    "session": "/timing/1/1",
    "displays": "/displays",
    "display": "/events/1/live/display?kind=wall",
    "users": "/users",
    "backfill": "/backfill",
    "record": "/record",
}
#: One whose address nobody knows.
A_DISPLAY = """
insert into displays (timing_partner_id, event_id, kind, token_hash, created_by, expires_at, last_seen_at)
values (1, 'live', 'announcer', '', 'ann@example.org', now() + interval '1 day', now())
"""


def log_in(browser: Browser, email: str = ADMIN) -> None:
    browser.open("/operator")
    browser.write("#email", email)
    browser.write("#password", PASSWORD)
    browser.click(".door .button")
    assert "Waits for a person" in browser.text


async def test_a_person_logs_in_decides_on_a_duplicate_and_logs_out(operator: Browser, db: Database):
    log_in(operator)
    operator.click(".todo a[href='/operator/duplicates/1/1']")
    operator.write("#reason-keep-both", "two courses")
    operator.click("form[action$='/keep-both'] button")
    assert "are two events" in operator.find(".said").text
    operator.click("form[action='/operator/logout'] button")
    assert operator.path == "/operator/login"
    [row] = await rows_of(db, "select decision, decided_by, reason from event_sources where timing_partner_id = 1")
    assert {"decision": "kept_both", "decided_by": ADMIN, "reason": "two courses"} == row


async def test_an_open_page_shows_what_somebody_else_did_and_ends_with_the_session(operator: Browser, db: Database):
    log_in(operator)
    operator.open("/operator/events/1/live")
    operator.wait_for("Updates by itself")
    await rows_of(db, "update schedule_plan set reason = 'said elsewhere' where kind = 'results'")
    operator.wait_for("said elsewhere")
    await rows_of(db, "delete from user_sessions")
    operator.wait_for("you are logged out")
    assert "said elsewhere" not in operator.text


async def test_a_display_is_made_and_opened_by_the_address_that_is_told(operator: Browser):
    log_in(operator)
    operator.open("/operator/events/1/live/display?kind=wall")
    operator.click("form[method=post][action$='/display'] button")
    told = operator.find("#address").get_attribute("value")
    operator.picture("operator-display-made")
    operator.driver.get(told)
    assert "Summit Run" in operator.find("h1").text


async def test_an_event_is_added_and_its_page_says_what_comes_next(operator: Browser, db: Database):
    log_in(operator)
    operator.open("/operator/events")
    operator.click("a[href='/operator/events/new']")
    operator.find("#partner option[value='2']").click()
    for field, text in (("name", "Harbor Run"), ("day", "05022026"), ("time", "0900AM"), ("zone", "Europe/Paris")):
        operator.write(f"#{field}", text)
    operator.click("form[action='/operator/events/new'] button")
    [row] = await rows_of(db, "select event_id, start_date::text from ct_events where event_name = 'Harbor Run'")
    assert row["start_date"].startswith("2026-05-02 07:00:00")
    assert operator.path.startswith(f"/operator/events/2/{row['event_id']}")
    assert f"project88 timing bind SESSION {row['event_id']}" in operator.text


async def test_the_operators_page_needs_no_script(operator_without_scripts: Browser):
    browser = operator_without_scripts
    log_in(browser)
    browser.open("/operator/retractions")
    browser.click("form[action='/operator/retractions/1/1/dismiss'] button")
    assert "20 results stay visible" in browser.find(".said").text


# Colours do not depend on the width: each look once, each width once.
@pytest.mark.parametrize(("width", "look"), [(PHONE, "dark"), (DESK, "light")])
async def test_no_operators_page_has_a_grave_fault_or_is_wider_than_its_screen(
    operator: Browser, db: Database, width: int, look: Look
):
    operator.open("/operator/login", width=width, look=look)
    found = {"login": operator.faults(width=width)}
    # The list has something to show.
    await rows_of(db, A_DISPLAY)
    log_in(operator)
    for name, place in PAGES.items():
        operator.open(f"/operator{place}", width=width, look=look)
        found[name] = operator.faults(width=width)
        if look == "light":
            operator.picture(f"operator-{name}")

    assert {name: faults for name, faults in found.items() if faults} == {}
