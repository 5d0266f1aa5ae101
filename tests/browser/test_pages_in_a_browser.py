"""The pages for everyone in a real browser: on a phone, by keys, without scripts, live, and free of grave faults."""

from __future__ import annotations

from datetime import timedelta

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from project88.store import displays
from project88.store.connection import Database
from project88.store.displays import Kind, Wanted
from project88.store.results_page import EventKey
from tests.browser.looking import DESK, PHONE, Browser
from tests.integration.public_event import EVENT, run

RUNNER = f"{EVENT}/runner?race=10&id=e7"
PAGES = ["/", "/?q=nobody", EVENT, f"{EVENT}?q=7", f"{EVENT}/charts?race=10", RUNNER, "/events/1/p3", "/nothing"]

OUTLINE = "const style = getComputedStyle(document.activeElement); return [style.outlineStyle, style.outlineWidth]"
#: The runner with bib 60 comes in.
FINISHED = """
update ct_results set result_status = 'finished', chip_time = '0:41:41', overall_place = 60, finish_time = now(),
       updated_at = clock_timestamp()
where event_id = 'p1' and entry_id = 'e60'
"""


async def display_path(db: Database, kind: Kind) -> str:
    wanted = Wanted(
        key=EventKey(1, "p1"),
        kind=kind,
        timing_session_id=None,
        race_id=None,
        created_by="tests",
        lifetime=timedelta(hours=1),
    )
    return f"/display/{(await displays.create(db, wanted))[0]}"


# Colours do not depend on the width: each look once, each width once.
@pytest.mark.parametrize(("width", "look"), [(PHONE, "dark"), (DESK, "light")])
async def test_no_page_has_a_grave_fault_or_is_wider_than_its_screen(browser: Browser, db: Database, width, look):
    paths = [*PAGES, await display_path(db, "announcer"), await display_path(db, "wall")]
    found = {}
    for path in paths:
        browser.open(path, width=width, look=look)
        found[path] = browser.faults(width=width)

    assert {path: faults for path, faults in found.items() if faults} == {}


async def test_a_runner_is_found_from_the_start_page_by_keys_alone(browser: Browser):
    browser.open("/")
    browser.press(Keys.TAB)
    assert browser.focused.text == "Skip to the results"
    for words, found in (("harbor run", "Harbor Run"), ("first7", "First7 Last7")):
        browser.tab_to(element_id="words")
        with browser.new_page():
            browser.press(words, Keys.ENTER)
        browser.tab_to(text=found)
        with browser.new_page():
            browser.press(Keys.ENTER)

    assert browser.find("h1").text == "First7 Last7"
    assert "Bridge" in browser.text


@pytest.mark.parametrize("path", ["/", EVENT, RUNNER, f"{EVENT}/charts"])
async def test_what_has_the_focus_can_be_seen(browser: Browser, path: str):
    browser.open(path)
    for _ in range(4):
        browser.press(Keys.TAB)
        style = browser.run(OUTLINE)
        assert style == ["solid", "3px"], browser.focused.text


async def test_the_pages_are_usable_without_scripts(browser_without_scripts: Browser):
    browser = browser_without_scripts
    browser.open(EVENT)
    assert "Reload for newer results" in browser.text and "First1 Last1" in browser.text
    browser.write("#division", "F 10-99")
    browser.click(".pick button")
    assert "Ten, F 10-99" in browser.text and "First3 Last3" in browser.text
    with browser.new_page():
        browser.driver.find_element(By.LINK_TEXT, "First3 Last3").click()
    assert "Link to this page" in browser.text and "Bridge" in browser.text


@pytest.mark.parametrize("path", [EVENT, f"{EVENT}/runner?race=10&id=e60"])
async def test_an_open_page_changes_by_itself(browser: Browser, db: Database, path: str):
    browser.open(path)
    browser.wait_for("Updates by itself")
    await run(db, FINISHED)
    browser.wait_for("0:41:41")


async def test_a_screen_follows_its_event_and_goes_blank_when_it_is_revoked(browser: Browser, db: Database):
    browser.open(await display_path(db, "announcer"))
    browser.wait_for("Updates by itself")
    await run(db, FINISHED)
    browser.wait_for("0:41:41")
    await run(db, "update displays set revoked_at = now()")
    browser.wait_for("has ended")
    assert "First60" not in browser.text


async def test_nothing_is_logged_as_an_error_by_the_browser(browser: Browser):
    for path in (EVENT, RUNNER, "/"):
        browser.open(path)
        browser.wait_for("Updates by itself")
    logged = browser.driver.get_log("browser")

    assert [line["message"] for line in logged if line["level"] == "SEVERE"] == []
