"""Two accounts of one partner with one provider: whose an event is, and what each account has of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from project88.backfill import BackfillOptions, SilentObserver, run_backfill
from project88.records.entities import TimingPartnerId
from project88.sandbox import LiveSettings, Sandbox, World, list_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD, Account
from project88.store import breakers, budget
from project88.store.connection import Database
from project88.store.partners import Credential, add_partner, credentials, set_credentials
from project88.store.scope import Source
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from tests.hub_command import HubCommand
from tests.integration.collecting import PROVIDER, days_ago
from tests.integration.scheduling import (
    look,
    only_results,
    planner_and_worker,
    planners,
    until,
    until_polled,
    workers,
    world_due_now,
)

MAIN, CLUB = "", "club"
CLUB_LOGIN, CLUB_PASSWORD = "club@example.org", "club-password"
ACCOUNT_OF_POLLS = "select account_name from schedule_plan where kind = 'results' order by account_name"
ACCOUNT_OF_EVENTS = "select provider_event_id, account_name from ct_events"


@dataclass(frozen=True, slots=True)
class TwoAccounts:
    """A partner whose main account and whose account ``club`` see events of one service. ``lists`` may be changed."""

    db: Database
    sandbox: Sandbox
    partner: TimingPartnerId
    lists: Mapping[str, set[str]]

    async def credential(self, account_name: str) -> Credential:
        [found] = [each for each in await credentials(self.db, self.partner) if each.account_name == account_name]
        return found

    async def source(self, account_name: str) -> Source:
        return (await self.credential(account_name)).source

    async def discover(self, *account_names: str) -> None:
        for name in account_names:
            async with open_account(self.db, await self.credential(name)) as account:
                assert "completed" == (await discover(account)).status

    async def owners(self) -> dict[str, str | None]:
        return {row["provider_event_id"]: row["account_name"] for row in await look(self.db, ACCOUNT_OF_EVENTS)}

    def asked_by(self, event_id: str) -> set[str]:
        """The logins that asked for an event's results."""
        return {call.query["user_id"] for call in self.sandbox.calls.to(f"/event/{event_id}/results")}


@asynccontextmanager
async def two_accounts(db: Database, world: World, *, club_secret: str = CLUB_PASSWORD) -> AsyncIterator[TwoAccounts]:
    """Of three events the main account sees the first two and the club's the last two."""
    one, both, other = world.events
    lists = {MAIN: {one, both}, CLUB: {both, other}}
    accounts = (
        Account(event_ids=lists[MAIN]),
        Account(login=CLUB_LOGIN, password=CLUB_PASSWORD, event_ids=lists[CLUB]),
    )
    async with serve(world, LiveSettings(rate_limit=1_000_000, accounts=accounts)) as sandbox:
        partner = await add_partner(db, "Timers", "UTC")
        config = {"base_url": sandbox.base_url, "client_id": CLIENT_ID, "rate_limit": 600_000}
        await set_credentials(db, partner, PROVIDER, LOGIN, PASSWORD, config)
        await add_account(db, partner, club_secret, json.dumps(config))
        yield TwoAccounts(db, sandbox, partner, lists)


async def add_account(db: Database, partner: int, secret: str, config: str = "{}") -> None:
    await look(
        db,
        "insert into partner_provider_accounts (timing_partner_id, provider_id, account_name, principal, secret, "
        "additional_config) values (%(partner)s, 1, 'club', %(login)s, %(secret)s, %(config)s)",
        partner=partner,
        login=CLUB_LOGIN,
        secret=secret,
        config=config,
    )


def finished_world() -> World:
    return list_world(2, 3, 4, start=days_ago(3))


async def test_an_event_belongs_to_the_first_account_that_lists_it_and_is_rewritten_by_no_other(db: Database):
    world = finished_world()
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        await two.discover(MAIN, CLUB)
        first = await two.owners()
        world.events[both].name = "Renamed"
        await two.discover(CLUB)
        [kept] = await look(db, "select event_name from ct_events where provider_event_id = %(id)s", id=both)
        await two.discover(MAIN)
        [renamed] = await look(db, "select event_name from ct_events where provider_event_id = %(id)s", id=both)

    assert first == {one: MAIN, both: MAIN, other: CLUB}
    assert (kept["event_name"], renamed["event_name"]) == ("List of 3", "Renamed")


async def test_an_event_that_its_account_lists_no_longer_goes_to_one_that_does_and_to_nobody_else(db: Database):
    world = finished_world()
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        await two.discover(MAIN, CLUB)
        two.lists[MAIN].clear()
        two.lists[CLUB].discard(other)
        await two.discover(MAIN)
        waiting = await two.owners()
        await two.discover(CLUB)
        taken = await two.owners()
        two.lists[MAIN].update([one, both])
        await two.discover(MAIN)
        unlisted = await look(db, "select provider_event_id from ct_events where unlisted_since is not null")

    assert waiting == {one: MAIN, both: MAIN, other: CLUB}
    assert taken == {one: MAIN, both: CLUB, other: CLUB}
    assert taken == await two.owners()
    assert [other] == [row["provider_event_id"] for row in unlisted]


async def test_two_lists_that_are_read_at_the_same_time_give_each_event_one_account(db: Database):
    world = finished_world()
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        await asyncio.gather(two.discover(MAIN), two.discover(CLUB))
        owners = await two.owners()
        attempts = await look(db, "select account_name, status from sync_history order by account_name")

    assert (owners[one], owners[other]) == (MAIN, CLUB)
    assert owners[both] in (MAIN, CLUB)
    assert [(MAIN, "completed"), (CLUB, "completed")] == [(row["account_name"], row["status"]) for row in attempts]


async def test_planner_and_worker_read_the_list_of_each_account_and_poll_each_event_with_the_one_that_has_it(
    db: Database,
):
    world = world_due_now(2, 3, 4)
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        await look(db, "update cadence_rules set is_on = false where kind = 'participants'")
        async with planner_and_worker(db):
            await until_polled(db, 2, "discovery")
            await until_polled(db, 3)
        owners = await two.owners()
        used = await look(
            db, "select distinct provider_event_id, account_name from sync_history where sync_type = 'results'"
        )

    assert owners.keys() == {one, both, other}
    assert {row["provider_event_id"]: row["account_name"] for row in used} == owners
    logins = {MAIN: LOGIN, CLUB: CLUB_LOGIN}
    assert {event: two.asked_by(event) for event in owners} == {event: {logins[owners[event]]} for event in owners}


async def test_a_refused_account_is_left_alone_and_the_other_one_goes_on(db: Database):
    world = world_due_now(2, 3, 4)
    one, both, other = world.events
    async with two_accounts(db, world, club_secret="not it") as two:
        async with planners(db), workers(db):
            await until_polled(db, 2, "discovery")
            await until_polled(db, 2)
        main = await breakers.admit(db, await two.source(MAIN))
        club = await breakers.admit(db, await two.source(CLUB))
        await look(db, "update partner_provider_accounts set secret = %(secret)s", secret=CLUB_PASSWORD)
        changed = await breakers.admit(db, await two.source(CLUB))
        async with planners(db), workers(db):

            async def is_found():
                return other in await two.owners()

            await until(is_found)

    assert (main.admitted, club.admitted, changed.admitted) == (True, False, True)
    assert club.reason == "check login"
    assert {one: MAIN, both: MAIN, other: CLUB} == await two.owners()


async def test_each_account_has_the_whole_budget_and_its_own_pause(db: Database):
    partner = await add_partner(db, "Timers", "UTC")
    await set_credentials(db, partner, PROVIDER, "me", "secret", {})
    await add_account(db, partner, "secret")
    main, club = [each.source for each in await credentials(db)]
    await budget.reserve(db, main, 100, 60)
    await budget.pause(db, main, 600, "too many calls")
    free = await budget.reserve(db, club, 1, 60)
    standings = {each.account_name: each for each in await budget.standings(db)}

    assert isinstance(free, budget.Slots)
    assert free.wait_seconds < 1
    assert standings[MAIN].pause_reason == "too many calls"
    assert (standings[CLUB].pause_reason, standings[CLUB].highest_calls) == (None, 1)


async def test_the_events_of_an_account_that_is_removed_fall_to_the_main_one_also_while_polls_wait(db: Database):
    world = world_due_now(2, 3, 4)
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        await two.discover(MAIN, CLUB)
        await only_results(db)
        async with planners(db):

            async def are_queued():
                return len(await look(db, "select 1 from schedule_plan where state = 'queued'")) == 3

            await until(are_queued)
        before = await look(db, ACCOUNT_OF_POLLS)
        two.lists[MAIN].add(other)
        await look(db, "delete from partner_provider_accounts")
        freed = await two.owners()
        async with workers(db):
            await until_polled(db, 3)
        after = await look(db, ACCOUNT_OF_POLLS)
        await two.discover(MAIN)

    assert [MAIN, MAIN, CLUB] == [row["account_name"] for row in before]
    assert freed == {one: MAIN, both: MAIN, other: None}
    assert {LOGIN} == two.asked_by(other)
    assert [MAIN] * 3 == [row["account_name"] for row in after]
    assert {one: MAIN, both: MAIN, other: MAIN} == await two.owners()


async def test_a_backfill_collects_each_event_once_with_the_account_that_has_it_and_plans_it_the_same(db: Database):
    world = finished_world()
    one, both, other = world.events
    async with two_accounts(db, world) as two:
        planned = await run_backfill(db, BackfillOptions(dry_run=True), SilentObserver())
        done = await run_backfill(db, BackfillOptions(), SilentObserver())
        owners = await two.owners()
        again = await run_backfill(db, BackfillOptions(), SilentObserver())
        runs = await look(db, "select account_name from backfill_runs where finished_at is not null order by 1")

    assert [one, both, other] == sorted(event.provider_event_id for event in planned.events)
    assert [one, both, other] == sorted(event.provider_event_id for event in done.events)
    assert (done.success, done.events_imported, again.success, again.rows_written) == (True, 3, True, 0)
    assert {LOGIN} == two.asked_by(one)
    assert {CLUB_LOGIN} == two.asked_by(other)
    assert (owners[one], owners[other]) == (MAIN, CLUB)
    assert [MAIN, MAIN, CLUB, CLUB] == [row["account_name"] for row in runs]


async def test_the_commands_use_every_account_and_name_those_that_have_a_name(
    db: Database, database_url: str, tmp_path: Path
):
    world = finished_world()
    one, both, other = world.events
    hub = HubCommand(database_url, tmp_path)
    async with two_accounts(db, world) as two:
        lists = await hub("sync", "events", "--timing-partner-id", "1")
        results = await hub("sync", "results", "--timing-partner-id", "1", "--json")
        shown, planned = await hub("budget"), await hub("schedule", "plan", other)
        await look(db, "delete from partner_provider_accounts")
        without = await hub("budget")

    assert [0] * 4 == [each.code for each in (lists, results, shown, planned)]
    assert lists.lines[2].endswith("account club")
    assert {one: MAIN, both: MAIN, other: CLUB} == {row["provider_event_id"]: row["account"] for row in results.json}
    assert {CLUB_LOGIN} == two.asked_by(other)
    assert "account" in shown.lines[0]
    assert "club" in shown.lines[2]
    assert "account" not in without.lines[0]
    assert planned.lines[0].endswith("of chronotrack_live, account club")
