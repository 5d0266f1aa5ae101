"""The operator's pages with data and without, whose rows they show, and that each button does what its command does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from project88.sandbox import LiveSettings, list_world
from project88.sandbox import serve as serve_sandbox
from project88.store.connection import Database
from project88.store.duplicates import pairs
from tests.integration.collecting import account_on, days_ago
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, READER, RIVER, SUMMIT, Browser, Operators, add_users, serving

LISTS = ("", "/events", "/polls", "/duplicates", "/duplicates?all=1", "/retractions", "/retractions?all=1", "/timing",
         "/timing?all=1", "/displays", "/displays?all=1", "/backfill", "/record")  # fmt: skip
OF_PARTNER = ("/events/{0}/live", "/events/{0}/live/changes", "/events/{0}/live/changes?bib=7&every=on",
              "/events/{0}/live/reconcile", "/events/{0}/live/display", "/events/{0}/hard",
              "/duplicates/{0}/{0}", "/timing/{0}/{0}")  # fmt: skip
#: Each action with a form that is in order, and what would tell that it was done.
ACTIONS = (
    "/events/{0}/live/sync", "/events/{0}/live/pause", "/events/{0}/live/resume", "/polls/{0}/{1}/pause",
    "/duplicates/{0}/{0}/merge", "/duplicates/{0}/{0}/keep-both", "/duplicates/{0}/{0}/undo",
    "/retractions/{0}/{0}/apply", "/retractions/{0}/{0}/dismiss", "/events/{0}/live/display",
    "/displays/{0}/{0}/revoke",
)  # fmt: skip


@pytest.fixture
async def empty_site(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Operators]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await look(db, "insert into timing_partners (company_name) values ('Summit Timing'), ('River Timing')")
    await add_users(db)
    async with serving(db) as operators:
        yield operators


async def one(db: Database, statement: str) -> Any:
    [row] = await look(db, statement)
    [value] = row.values()
    return value


async def done(site: Operators) -> list[tuple[Any, ...]]:
    rows = await look(site.db, "select timing_partner_id, email, action, subject from user_actions order by 1, 2")
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("email", [ADMIN, SUMMIT, READER])
async def test_every_list_renders_with_nothing_in_it(empty_site: Operators, email: str):
    async with empty_site.as_user(email) as browser:
        for place in LISTS:
            assert 'class="empty"' in await browser.read(f"/operator{place}"), place


async def test_an_admin_sees_every_page_of_every_partner(site: Operators):
    async with site.as_user(ADMIN) as browser:
        for place in LISTS:
            page = await browser.read(f"/operator{place}")
            if place != "/record":
                assert "Summit" in page and "River" in page, place
        for number in (1, 2):
            for place in OF_PARTNER:
                await browser.read(f"/operator{place.format(number)}")


@pytest.mark.parametrize(("email", "own", "other"), [(SUMMIT, 1, 2), (RIVER, 2, 1), (READER, 1, 2)])
async def test_others_see_the_rows_of_their_partner_on_every_page_and_of_nobody_else(
    site: Operators, email: str, own: int, other: int
):
    name, foreign = ("Summit", "River") if own == 1 else ("River", "Summit")
    async with site.as_user(email) as browser:
        for place in LISTS:
            page = await browser.read(f"/operator{place}")
            assert name in page and foreign not in page and foreign.upper() not in page, place
        for place in OF_PARTNER:
            page = await browser.read(f"/operator{place.format(own)}")
            assert foreign not in page and foreign.upper() not in page, place
            assert "Not found" in await browser.read(f"/operator{place.format(other)}", status=404)


async def test_the_monitor_tells_a_partner_nothing_of_others_nor_of_the_machine(site: Operators):
    async with site.as_user(ADMIN) as admin, site.as_user(SUMMIT) as summit:
        whole, part = await admin.read("/operator"), await summit.read("/operator")
    assert '<td data-label="Who">hub</td>' in whole and '<td data-label="Who">hub</td>' not in part
    assert '<td data-label="Who">Summit Timing</td>' in part and "mass retractions are held" in part


async def test_no_action_reaches_the_rows_of_another_partner(site: Operators):
    state = (
        "select md5(string_agg(t::text, ' ' order by t::text)) from (select e::text from event_sources e union all"
        " select h::text from held_retractions h union all select p::text from schedule_plan p) t"
    )
    before = await one(site.db, state)
    plan_id = await one(site.db, "select min(schedule_plan_id) from schedule_plan where timing_partner_id = 2")
    async with site.as_user(SUMMIT) as browser:
        token = await browser.token()
        for place in ACTIONS:
            await browser.post(f"/operator{place.format(2, plan_id)}", status=404, form_token=token)
        # Numbers of the other partner below one's own.
        for place in (f"/polls/1/{plan_id}/pause", "/retractions/1/2/apply", "/duplicates/1/2/merge"):
            await browser.post(f"/operator{place}", status=404, form_token=token)
    assert before == await one(site.db, state)
    assert [] == await done(site)


@pytest.mark.parametrize(
    "place",
    ["/events/1/x", "/events/9/live", "/events/99999999999999/live", "/events/1/a%00b", "/duplicates/1/99",
     "/timing/1/99", "/timing/1/99999999999999999999", "/nothing"],
)  # fmt: skip
async def test_what_does_not_exist_is_a_clear_404(site: Operators, place: str):
    async with site.as_user(ADMIN) as browser:
        assert "Not found" in await browser.read(f"/operator{place}", status=404)


@pytest.mark.parametrize(
    "query", ["/events?page=0", "/events?q=" + 101 * "a", "/events?q=a%00", "/events/1/live/changes?bib=%00"]
)
async def test_an_address_that_cannot_be_read_is_a_clear_400(site: Operators, query: str):
    async with site.as_user(ADMIN) as browser:
        assert "This was not done" in await browser.read(f"/operator{query}", status=400)


async def test_polls_are_paused_resumed_and_made_due_by_their_buttons(site: Operators):
    states = "select string_agg(state, ' ' order by schedule_plan_id) from schedule_plan where timing_partner_id = 1"
    async with site.as_user(SUMMIT) as browser:
        page = await browser.post("/operator/events/1/live/pause")
        assert "2 polls: are paused" in page and f"paused by {SUMMIT}" in page
        assert "parked parked waiting" == await one(site.db, states)
        assert "2 polls: go on now" in await browser.post("/operator/events/1/live/resume")
        assert "waiting waiting waiting" == await one(site.db, states)
        assert 2 == await one(
            site.db, "select count(*) from schedule_plan where timing_partner_id = 1 and next_due <= now()"
        )
        discovery = await one(site.db, "select schedule_plan_id from schedule_plan where kind = 'discovery' limit 1")
        assert "1 poll: are due now" in await browser.post(f"/operator/polls/1/{discovery}/sync")
        assert "nothing was changed" in await browser.post("/operator/events/1/live/resume", status=409)
        await browser.post("/operator/events/1/live/explode", status=404)
        record = await browser.read("/operator/record")
    assert ("waiting parked waiting") == await one(site.db, states.replace("= 1", "= 2"))
    assert (1, SUMMIT, "pause", "event live") in await done(site)
    assert "refused: nothing was changed" in record


async def test_a_retraction_is_applied_and_dismissed_as_by_the_command(site: Operators):
    shown = "select count(*) from unified_results where timing_partner_id = {} and event_id = 'live'"
    async with site.as_user(ADMIN) as browser:
        assert "20 of 20 results are hidden" in await browser.post("/operator/retractions/1/1/apply")
        assert 20 == await one(site.db, shown.format(1))
        assert "was already applied" in await browser.post("/operator/retractions/1/1/dismiss", status=409)
        assert "20 results stay visible" in await browser.post("/operator/retractions/2/2/dismiss")
        assert 40 == await one(site.db, shown.format(2))
        assert "retraction 1" in await browser.read("/operator/events/1/live/changes")
    assert (1, ADMIN, "apply retraction 1", "event live") in await done(site)


async def test_duplicates_are_merged_kept_and_undone_by_the_user_who_pressed_the_button(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        before = await browser.read("/operator/duplicates/1/1")
        assert "40 entries and 40 results move to event hard" in before and "Undo</button>" not in before
        merged = await browser.post("/operator/duplicates/1/1/merge", reason="the same race")
        assert "40 participants, 40 results" in merged and "the same race" in merged
        [pair] = [each for each in await pairs(site.db, decided_too=True) if each.timing_partner_id == 1]
        assert ("merged", SUMMIT, "the same race") == (pair.decision, pair.decided_by, pair.reason)
        assert [] == await look(site.db, "select 1 from ct_events where timing_partner_id = 1 and event_id = 'live'")
        assert "is merged already" in await browser.post("/operator/duplicates/1/1/merge", status=409)

        assert "is undone" in await browser.post("/operator/duplicates/1/1/undo")
        assert 40 == await one(
            site.db, "select count(*) from ct_results where timing_partner_id = 1 and event_id = 'live'"
        )
        assert "are two events" in await browser.post("/operator/duplicates/1/1/keep-both")
        [pair] = [each for each in await pairs(site.db, decided_too=True) if each.timing_partner_id == 1]
        assert ("kept_both", SUMMIT) == (pair.decision, pair.decided_by)
    assert ["keep-both", "merge", "merge", "undo"] == sorted(action for _, _, action, _ in await done(site))


@pytest.mark.parametrize("decision", ["skipped", "merged"])
async def test_the_overview_says_what_becomes_of_a_certain_duplicate_that_nobody_decided_on(
    site: Operators, decision: str
):
    await look(site.db, f"update event_sources set decision = '{decision}' where timing_partner_id = 1")
    async with site.as_user(SUMMIT) as browser:
        assert f"Certain duplicates that are {decision} until a person decides: 1, " in await browser.read("/operator")


async def test_a_second_event_of_the_hardware_says_what_is_decided_with_the_first_and_offers_what_is_possible(
    site: Operators,
):
    async with site.as_user(SUMMIT) as browser:
        await browser.post("/operator/duplicates/1/1/merge")
        await look(
            site.db,
            "insert into ct_events (timing_partner_id, event_id, event_name, start_date)"
            " select 1, 'hard2', event_name, start_date from ct_events"
            " where timing_partner_id = 1 and event_id = 'hard'",
        )
        [pair] = [each for each in await pairs(site.db) if each.event_id == "hard2"]
        place = f"/operator/duplicates/1/{pair.event_source_id}"
        page = await browser.read(place)
        assert f"A second event of the hardware: with event hard the decision is merged, by {SUMMIT}" in page
        assert "Merge</button>" not in page and "Keep both</button>" in page
        assert "two events of the hardware cannot be merged" in await browser.post(f"{place}/merge", status=409)
        assert "are two events" in await browser.post(f"{place}/keep-both")


async def test_a_timing_session_shows_its_rate_and_the_numbers_that_are_missing(site: Operators):
    # Nobody knows how slow this machine is: they stay new for a while.
    await look(site.db, "update timing.timing_reads set received_at = now() + interval '1 hour'")
    async with site.as_user(SUMMIT) as browser:
        page = await browser.read("/operator/timing/1/1")
    assert "4–5" in page and "<dt>Reads per second, of 10 s</dt><dd>0.6</dd>" in page


async def test_the_history_of_an_event_names_field_value_and_cause(site: Operators):
    async with site.as_user(SUMMIT) as browser:
        page = await browser.read("/operator/events/1/live/changes?bib=7")
        assert "chip time" in page and "by hand" in page and "First stored" in page
        assert "There is one source only: chronotrack live." in await browser.read("/operator/events/1/live/reconcile")


async def finished(browser: Browser, site: Operators, kind: str) -> str:
    """The page once the backfill is done; each look yields to it."""
    while True:
        page = await browser.read("/operator/backfill")
        if f"<h2>{kind} by" in page and "state-running" not in page:
            return page


async def test_a_backfill_is_planned_and_run_from_the_page(empty_site: Operators):
    db = empty_site.db
    world = list_world(12, start=days_ago(3))
    async with (
        serve_sandbox(world, LiveSettings(rate_limit=1_000_000)) as sandbox,
        account_on(db, sandbox),
        empty_site.as_user(ADMIN) as browser,
    ):
        assert "the plan is being made" in await browser.post("/operator/backfill", word="plan", limit_events="5")
        plan = await finished(browser, empty_site, "Plan")
        assert "Events to import: 1;" in plan
        assert 0 == await one(db, "select count(*) from ct_results")
        await browser.post("/operator/backfill", word="start")
        page = await finished(browser, empty_site, "Backfill")
        assert "Events imported: 1," in page and "1 of 1 events" in page
        assert 12 == await one(db, "select count(*) from ct_results")
        await browser.post("/operator/backfill", status=400, word="start", limit_events="-1")
        await browser.post("/operator/backfill", status=400, word="start", since="May")
        await browser.post("/operator/backfill", status=400, word="start", partner="99")
        await browser.post("/operator/backfill", status=400, word="explode")
