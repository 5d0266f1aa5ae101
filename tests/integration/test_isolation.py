"""What one timing partner can never see of another: every table and view, every route, with the other one's ids.

The relations come from the catalogue and the routes from the application: whoever adds one and says nothing about it
here finds a test that fails.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from starlette.routing import BaseRoute, Mount, Route

from project88.store.connection import Database
from project88.store.roles import apply_roles
from project88.web.api.routes import VERSION
from project88.web.app import application
from tests.integration.looking import look
from tests.integration.marked import MARKERS, foreign_words, mark, own_event, two_marked_partners
from tests.integration.operator_site import RIVER, SUMMIT, Operators, serving
from tests.integration.test_roles import fill_tables, login

#: Relations without a timing partner that a login of the pages may read, and why that tells nothing of anybody.
OF_NOBODY = {
    "applied_migrations": "names of files of the program",
    "cadence_rules": "how often services are asked, the same for all",
    "hub_clock": "the clock of a rehearsal",
    "providers": "the services that the program knows",
    "source_ranks": "which source counts before which, the same for all",
}
#: Relations of which a login of the pages may read no column.
UNREADABLE = {
    "alert_messages", "alerts", "api_tokens", "backups", "displays", "heartbeats", "login_failures",
    "partner_provider_accounts", "partner_provider_credentials", "pgqueuer.pgqueuer", "pgqueuer.pgqueuer_log",
    "pgqueuer.pgqueuer_schedules", "pgqueuer.pgqueuer_statistics", "project88_users", "timing.spools", "user_actions",
    "user_sessions", "webhooks",
}  # fmt: skip
#: Functions that look past row-level security, and what they tell.
PAST_THE_POLICIES = {
    "published_partners()": "numbers of partners",
    "shown_display(bytea)": "the display of a secret that only whoever has its address knows",
    "note_displays_seen(bytea[])": "how many displays of such secrets were noted",
    "refresh_statistics()": "how many tables were analyzed",
}
#: Relations of partners whose texts are all keys, or words that the hub reads.
WITHOUT_TEXTS = {
    "backfill_runs", "call_log", "call_windows", "feed_marks", "held_retractions", "schedule_changes",
    "timing.read_statuses",
}  # fmt: skip
RELATIONS = """
    select c.oid::regclass::text as relation, c.relkind::text as kind, c.relrowsecurity as is_secured,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'timing_partner_id')
               as of_partners,
           has_any_column_privilege('project88_reader', c.oid, 'select') as is_read,
           coalesce('security_invoker=true' = any (c.reloptions), false) as asks_as_caller,
           array(select p.polname::text || ' ' || p.polpermissive from pg_policy p where p.polrelid = c.oid order by 1)
               as policies,
           array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                 and not a.attisdropped and has_column_privilege('project88_reader', c.oid, a.attnum, 'select')
                 order by a.attnum) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1
"""
POLICIES = ["everybody true", "reader_sees_named_partners false"]


class Address(NamedTuple):
    """A route of the application: its template and a method."""

    method: str
    template: str


@pytest.fixture
async def relations(db: Database) -> list[dict[str, Any]]:
    assert await apply_roles(db) is None
    return await look(db, RELATIONS)


async def test_every_relation_is_under_the_policies_or_unreadable_or_named_as_nobodys(relations: list[dict[str, Any]]):
    by_name = {each["relation"]: each for each in relations}
    read = {name for name, each in by_name.items() if each["is_read"]}

    assert by_name.keys() - read == UNREADABLE
    assert {name for name in read if not by_name[name]["of_partners"]} == set(OF_NOBODY)
    for name, each in by_name.items():
        if each["of_partners"] and each["kind"] == "r":
            assert each["is_secured"] and each["policies"] == POLICIES, name
        if each["kind"] == "v":
            assert each["asks_as_caller"], name
        assert each["kind"] in "rv", f"{name}: say here how rows of a relation of this kind are kept apart"


async def test_what_looks_past_the_policies_is_named(db: Database):
    found = await look(
        db,
        "select p.oid::regprocedure::text as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where p.prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'",
    )

    assert {row["signature"] for row in found} == set(PAST_THE_POLICIES)


async def test_a_table_that_is_added_without_a_word_is_noticed(db: Database):
    await apply_roles(db)
    await look(db, "create table added (timing_partner_id integer, note text)")
    await look(db, "grant select on added to project88_reader")
    with pytest.raises(AssertionError, match="added"):
        await test_every_relation_is_under_the_policies_or_unreadable_or_named_as_nobodys(await look(db, RELATIONS))


@pytest.mark.parametrize("own", [1, 2])
async def test_no_column_of_any_relation_shows_a_word_of_the_other_partner(
    db: Database, database_url: str, relations: list[dict[str, Any]], own: int
):
    await two_marked_partners(db)
    empty = {
        each["relation"]
        for each in relations
        if each["kind"] == "r" and not await look(db, f"select 1 from {each['relation']} limit 1")
    }
    fill_tables(database_url, {partner: words[0] for partner, words in MARKERS.items()}, tables=empty)
    async with db.transaction() as connection:
        # What was filled belongs to no event, which the triggers would not allow.
        await connection.execute("set local session_replication_role = replica")
        await mark(connection)
    seen = set()
    async with login(database_url, "project88_reader") as reader:
        with psycopg.connect(reader, autocommit=True) as asking:
            asking.execute("select set_config('project88.timing_partner_id', %s, false)", [str(own)])
            for each in relations:
                if not each["is_read"]:
                    continue
                columns = SQL(", ").join(map(Identifier, each["columns"]))
                asked = SQL("select string_agg(row({})::text, chr(10)) from {}").format(
                    columns, Identifier(*each["relation"].split("."))
                )
                text = str(asking.execute(asked).fetchall())
                assert foreign_words(text, own) == [], each["relation"]
                seen |= {each["relation"]} if MARKERS[own][0] in text else set()

    read = {each["relation"] for each in relations if each["is_read"] and each["of_partners"]}
    assert read - seen == WITHOUT_TEXTS


# Routes.

#: Both partners' rows are for everybody there, or nobody's are there at all.
FOR_EVERYBODY = {
    Address("GET", "/"): "the list of events",
    Address("GET", "/live"): "the list of events",
    Address("GET", "/stream"): "versions of the list of events",
    Address("GET", "/static"): "files of the program",
    Address("GET", "/operator/login"): "the form of a login",
    Address("POST", "/operator/login"): "tests/integration/test_operator.py",
    Address("POST", "/operator/logout"): "ends a session",
}
OF_THE_PROCESS = {"/healthz", "/readyz", "/metrics", VERSION + "/openapi.json"}
#: Where a form needs more than its token.
FORMS = {
    "/operator/backfill": {"word": "plan", "partner": "2"},
    "/operator/events/new": {"name": "Own Run", "day": "2026-05-02", "time": "09:00", "zone": "UTC"},
}
#: For nobody else there are such pages.
OF_ADMINS = "/operator/users"
#: Endpoints whose answers hold no text of a partner's.
WITHOUT_WORDS = {VERSION + "/providers", VERSION + "/monitor"}
PARAMETER = re.compile(r"{(\w+)(?::int)?}")


def addresses(routes: list[BaseRoute], before: str = "") -> Iterator[Address]:
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            yield from addresses(route.routes, before + route.path)
        elif isinstance(route, Mount):
            yield Address("GET", before + route.path)
        else:
            assert isinstance(route, Route), f"{route}: say here how it keeps partners apart"
            yield from (Address(method, before + route.path) for method in (route.methods or set()) - {"HEAD"})


@dataclass(frozen=True)
class Site:
    operators: Operators
    tokens: dict[int, str]
    secrets: dict[int, str]
    #: The numbers of rows by partner.
    numbers: dict[int, dict[str, int]]

    def values(self, partner: int) -> dict[str, object]:
        """What stands for each parameter of an address, of this partner."""
        return {
            "timing_partner_id": partner,
            "partner": partner,
            "event_id": own_event(partner),
            "race_id": "1",
            "participant_id": "7",
            "secret": self.secrets[partner],
            **self.numbers[partner],
        }

    def fill(self, template: str, values: dict[str, object], word: str = "") -> str:
        """Raises KeyError for a parameter of which this test knows nothing."""
        return PARAMETER.sub(lambda found: str({"word": word, **values}[found[1]]), template)

    def foreign(self, template: str, own: int) -> set[str]:
        """The address with the other partner's values, all of them or all but the partner's own number."""
        other = self.values(3 - own)
        mixed = {**other, "timing_partner_id": own, "partner": own}
        words = ["sync", "pause", "resume", "merge", "keep-both", "undo", "apply", "dismiss", "name", "bind", "close"]
        tried = itertools.product((other, mixed), words if "{word}" in template else [""])
        return {self.fill(template, values, word) for values, word in tried}


NUMBERS = """
    select p.timing_partner_id as partner,
           (select min(event_source_id) from event_sources e where e.timing_partner_id = p.timing_partner_id)
               as event_source_id,
           (select min(held_retraction_id) from held_retractions h where h.timing_partner_id = p.timing_partner_id)
               as held_retraction_id,
           (select min(schedule_plan_id) from schedule_plan s where s.timing_partner_id = p.timing_partner_id)
               as schedule_plan_id,
           (select min(timing_session_id) from timing.timing_sessions t where t.timing_partner_id = p.timing_partner_id)
               as timing_session_id,
           (select min(display_id) from displays d where d.timing_partner_id = p.timing_partner_id) as display_id
    from timing_partners p
"""


@pytest.fixture
async def site(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Site]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "100000")
    made = await two_marked_partners(db)
    numbers = {row.pop("partner"): row for row in await look(db, NUMBERS)}
    async with serving(db) as operators:
        yield Site(
            operators,
            {partner: token for partner, (token, _) in made.items()},
            {partner: secret for partner, (_, secret) in made.items()},
            numbers,
        )


@pytest.fixture
def every_address(db: Database) -> set[Address]:
    return set(addresses(list(application(db, hub=db).routes)))


def below(every: set[Address], start: str, method: str = "GET") -> list[str]:
    known = {*FOR_EVERYBODY, *(Address("GET", template) for template in OF_THE_PROCESS)}
    return sorted(each.template for each in every - known if each.template.startswith(start) and each.method == method)


async def test_every_route_is_tried_by_one_of_these_tests(every_address: set[Address]):
    tried = {
        *FOR_EVERYBODY,
        *(Address("GET", template) for template in OF_THE_PROCESS),
        *(Address("GET", template) for start in ("/events/", "/display/", VERSION + "/", "/operator")
          for template in below(every_address, start)),
        *(Address("POST", template) for template in below(every_address, "/operator", "POST")),
    }  # fmt: skip

    assert every_address == tried
    assert len(every_address) > 45


@pytest.mark.parametrize("own", [1, 2])
async def test_a_page_for_everybody_shows_the_event_of_its_address_and_nothing_of_the_other_partner(
    site: Site, every_address: set[Address], own: int
):
    async with aiohttp.ClientSession(site.operators.address) as http:
        for template in below(every_address, "/events/"):
            asked = {"race": "1", "id": "7"} if "/runner" in template else {}
            mixed = {**site.values(3 - own), "timing_partner_id": own}
            async with http.get(site.fill(template, mixed), params=asked) as answer:
                assert answer.status == 404, template
                assert foreign_words(await answer.text(), own) == [], template
            if template.endswith("/stream"):
                continue
            async with http.get(site.fill(template, site.values(own)), params=asked) as answer:
                raw = await answer.read()
                assert answer.status == 200, template
                assert foreign_words(raw.decode(errors="replace"), own) == [], template
                assert template.endswith("xlsx") or MARKERS[own][0].encode() in raw, template


@pytest.mark.parametrize("own", [1, 2])
async def test_a_display_shows_nothing_of_the_other_partner(site: Site, every_address: set[Address], own: int):
    async with aiohttp.ClientSession(site.operators.address) as http:
        for template in below(every_address, "/display/"):
            async with http.get(site.fill(template, {"secret": site.secrets[3 - own][:-1]})) as answer:
                assert answer.status == 404, template
            if template.endswith("/stream"):
                continue
            async with http.get(site.fill(template, site.values(own))) as answer:
                page = await answer.text()
                assert MARKERS[own][0] in page and foreign_words(page, own) == [], template


@pytest.mark.parametrize("own", [1, 2])
async def test_a_token_opens_no_address_of_the_other_partner(site: Site, every_address: set[Address], own: int):
    headers = {"Authorization": f"Bearer {site.tokens[own]}"}
    async with aiohttp.ClientSession(site.operators.address, headers=headers) as http:
        for template in below(every_address, VERSION + "/"):
            for address in site.foreign(template, own) | {site.fill(template, site.values(own))}:
                async with http.get(address) as answer:
                    text = await answer.text()
                    assert foreign_words(text, own) == [], address
                    is_own = own_event(3 - own) not in address
                    # A feed goes on behind the deletion of an event, so it opens for any event of one's own.
                    is_feed = address == f"{VERSION}/events/{own}/{own_event(3 - own)}/changes"
                    assert answer.status == (200 if is_own or is_feed else 404), address
                    assert not is_feed or '"data":[]' in text
                    assert (
                        not is_own or template.endswith(("/providers", "/monitor", "/races")) or MARKERS[own][0] in text
                    )


@pytest.mark.parametrize("own", [1, 2])
async def test_a_token_finds_nothing_by_another_partners_number_or_cursor(site: Site, own: int):
    cursors = {}
    for partner in (own, 3 - own):
        headers = {"Authorization": f"Bearer {site.tokens[partner]}"}
        async with aiohttp.ClientSession(site.operators.address, headers=headers) as http:
            for path in (
                "/events",
                f"/events/{partner}/live/results",
                f"/events/{partner}/live/participants",
                "/changes",
            ):
                async with http.get(VERSION + path, params={"limit": "1"}) as answer:
                    body = await answer.json()
                    cursors[partner, path.replace(f"/{partner}/", "/{}/")] = body.get("next_cursor") or body["cursor"]
    headers = {"Authorization": f"Bearer {site.tokens[own]}"}
    async with aiohttp.ClientSession(site.operators.address, headers=headers) as http:
        for (partner, path), cursor in cursors.items():
            async with http.get(VERSION + path.format(own), params={"cursor": cursor}) as answer:
                assert answer.status == 200, (partner, path)
                assert foreign_words(await answer.text(), own) == []
        async with http.get(VERSION + "/events", params={"timing_partner_id": str(3 - own)}) as answer:
            assert (await answer.json())["data"] == []


async def test_without_a_token_an_address_of_mixed_ids_opens_nothing(site: Site, every_address: set[Address]):
    async with aiohttp.ClientSession(site.operators.address) as http:
        for template in below(every_address, VERSION + "/"):
            mixed = {**site.values(2), "timing_partner_id": 1}
            async with http.get(site.fill(template, mixed)) as answer:
                text = await answer.text()
                for_everybody = template == VERSION + "/events"
                is_feed = template.endswith("/{event_id}/changes") and '"data":[]' in text
                assert answer.status in (401, 404) or for_everybody or is_feed, template
                assert for_everybody or foreign_words(text, 1) == [], template


@pytest.mark.parametrize(("email", "own"), [(SUMMIT, 1), (RIVER, 2)])
async def test_staff_of_a_partner_open_no_page_of_the_other_one(
    site: Site, every_address: set[Address], email: str, own: int
):
    async with site.operators.as_user(email) as browser:
        for template in below(every_address, "/operator"):
            if template.startswith(OF_ADMINS):
                assert foreign_words(await browser.read(template, 404), own) == []
                continue
            if "{" in template:
                for address in site.foreign(template, own):
                    assert foreign_words(await browser.read(address, 404), own) == [], address
            values = {**site.values(own), "event_id": "live"}
            for suffix in ("", "?all=1"):
                page = await browser.read(site.fill(template, values) + suffix)
                assert foreign_words(page, own) == [], template
                assert MARKERS[own][1] in page or template.endswith("/record"), template


@pytest.mark.parametrize(("email", "own"), [(SUMMIT, 1), (RIVER, 2)])
async def test_staff_of_a_partner_do_nothing_to_the_other_one(
    site: Site, every_address: set[Address], db: Database, email: str, own: int
):
    state = " union all ".join(
        f"select t::text as row from {table} t where timing_partner_id = {3 - own}"
        for table in ("ct_events", "ct_results", "event_sources", "held_retractions", "schedule_plan", "backfill_runs",
                      "timing.timing_sessions", "user_actions", "displays")
    )  # fmt: skip
    before = sorted(row["row"] for row in await look(db, state))
    async with site.operators.as_user(email) as browser:
        token = await browser.token()
        for template in below(every_address, "/operator", "POST"):
            if template.startswith(OF_ADMINS):
                await browser.post(site.fill(template, {"user_id": 1}), 404, form_token=token)
                continue
            form = FORMS.get(template, {})
            assert form or "{" in template, f"{template}: say here what its form holds"
            for address in {template} if form else site.foreign(template, own):
                fields = {**form, "form_token": token, **({"partner": str(3 - own)} if form else {})}
                page = await browser.post(address, 200 if form else 404, **fields)
                assert foreign_words(page, own) == [], address

    assert sorted(row["row"] for row in await look(db, state)) == before
    done = await look(db, "select distinct timing_partner_id from user_actions")
    assert [row["timing_partner_id"] for row in done] == [own]


async def test_a_display_is_never_bound_to_a_timing_session_of_the_other_partner(site: Site):
    foreign = str(site.numbers[2]["timing_session_id"])
    address = f"/operator/events/1/{own_event(1)}/display"
    async with site.operators.as_user(SUMMIT) as browser:
        shown = await browser.read(f"{address}?session={foreign}", 400)
        made = await browser.post(address, 400, kind="wall", session=foreign)

    assert foreign_words(shown, 1) == foreign_words(made, 1) == []


@pytest.mark.parametrize("template", sorted(OF_THE_PROCESS))
async def test_what_the_process_says_of_itself_names_no_partner(site: Site, template: str):
    async with aiohttp.ClientSession(site.operators.address) as http, http.get(template) as answer:
        text = await answer.text()

    assert foreign_words(text, 1) == foreign_words(text, 2) == []
