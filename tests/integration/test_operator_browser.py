"""The operator's page in a real headless Chromium: login and a decision by its buttons, with and without JavaScript.

A picture of a page is written into the folder that TEST_PICTURES names; docs/images has some of them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from project88.store.connection import Database
from tests.integration.chromium import BROWSER, DRIVER, Chromium, chromium
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, PASSWORD, Operators, add_users, fill, serving

pytestmark = pytest.mark.skipif(not (DRIVER and BROWSER), reason="chromium and chromedriver are not installed")

PICTURES = os.environ.get("TEST_PICTURES")
SCREENS = ((1440, 900), (390, 844))
PAGES = {
    "overview": "", "events": "/events", "timeline": "/events/1/live", "changes": "/events/1/live/changes?bib=7",
    "reconcile": "/events/1/live/reconcile", "polls": "/polls", "duplicates": "/duplicates",
    "duplicate": "/duplicates/1/1", "retractions": "/retractions", "timing": "/timing", "session": "/timing/1/1",
    "backfill": "/backfill", "record": "/record",
}  # fmt: skip
#: What a screen reader needs: a name for every field and button, one first heading, headings in tables, no id twice.
FAULTS = """
const faults = [];
const named = (e) => e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label");
document.querySelectorAll("input:not([type=hidden]), select, button, a, progress").forEach((e) => {
  if (!named(e)) faults.push("no name: " + e.outerHTML);
});
if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
document.querySelectorAll("th").forEach((e) => { if (!e.scope) faults.push("no scope: " + e.outerHTML); });
const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
if (new Set(ids).size !== ids.length) faults.push("an id twice");
if (!document.documentElement.lang || !document.title) faults.push("no language or title");
return faults;
"""
#: How little the weakest text stands out from what is behind it, by the formula of WCAG.
CONTRAST = """
const parts = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => parts(c).slice(0, 3).map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (parts(c).length === 3 || parts(c)[3] === 1) return c;
  }
  return "rgb(255, 255, 255)";
};
let weakest = [21, ""];
for (const e of document.querySelectorAll("body *")) {
  const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.getClientRects().length) continue;
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < weakest[0]) weakest = [contrast, e.outerHTML.slice(0, 200)];
}
return weakest;
"""


@pytest.fixture
async def site(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Operators]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await fill(db)
    await add_users(db)
    async with serving(db) as operators:
        yield operators


async def log_in(browser: Chromium, site: Operators) -> None:
    await browser.open(f"{site.address}/operator")
    await browser.write("#email", ADMIN)
    await browser.write("#password", PASSWORD)
    await browser.click(".door .button")
    assert "Waits for a person" in await browser.text()


async def test_a_person_logs_in_decides_on_a_duplicate_and_logs_out(site: Operators):
    async with chromium() as browser:
        await log_in(browser, site)
        await browser.click(".todo a[href='/operator/duplicates/1/1']")
        await browser.write("#reason-keep-both", "two courses")
        await browser.click("form[action$='/keep-both'] button")
        assert "are two events" in await browser.text(".said")
        await browser.click("form[action='/operator/logout'] button")
        assert (await browser.address()).endswith("/operator/login")
    [row] = await look(site.db, "select decision, decided_by, reason from event_sources where timing_partner_id = 1")
    assert {"decision": "kept_both", "decided_by": ADMIN, "reason": "two courses"} == row


async def test_no_script_is_needed(site: Operators):
    async with chromium() as browser:
        await browser.without_scripts()
        await log_in(browser, site)
        await browser.open(f"{site.address}/operator/retractions")
        await browser.click("form[action='/operator/retractions/1/1/dismiss'] button")
        assert "20 results stay visible" in await browser.text(".said")


async def test_every_page_fits_the_screen_and_can_be_read_by_everybody(site: Operators):
    async with chromium() as browser:
        await browser.resize(1440, 900)
        await browser.open(f"{site.address}/operator/login")
        assert [] == await browser.run(FAULTS)
        await log_in(browser, site)
        for width, height in SCREENS:
            for dark in (False, True):
                await browser.resize(width, height, dark=dark)
                for name, place in PAGES.items():
                    await browser.open(f"{site.address}/operator{place}")
                    assert width >= await browser.run("return document.documentElement.scrollWidth"), (name, width)
                    assert [] == await browser.run(FAULTS), name
                    weakest, where = await browser.run(CONTRAST)
                    assert weakest >= 4.5, (name, width, dark, weakest, where)
                    if PICTURES and not dark:
                        await browser.picture(Path(PICTURES) / f"operator-{name}-{width}.png")
