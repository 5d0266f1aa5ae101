"""What the tests of registration systems share: a partner whose account is a stand-in of one of the three services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from project88.sandbox import (
    Fault,
    HakuClient,
    HakuSettings,
    RaceRosterAccount,
    RaceRosterSettings,
    RunSignUpAccount,
    RunSignUpSettings,
    registration_world,
    serve_haku,
    serve_race_roster,
    serve_runsignup,
)
from project88.sandbox.registration import RegistrationWorld
from project88.store.connection import Database
from project88.store.events import StoredEvent, events_of
from project88.store.history import Outcome
from project88.store.partners import add_partner, credential, set_credentials
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.sync.event import Choice, everything, participants_only, sync_event
from tests.integration.collecting import Hub

#: Of each service the path of its entries, which faults strike.
ENTRY_PATHS = {
    "runsignup": "/rest/race/*/participants",
    "race_roster": "/*/participants",
    "haku": "/events/*/participants",
}
SERVICES = tuple(ENTRY_PATHS)
FAST = 600_000


@dataclass
class Registration(Hub):
    """One partner's account opened on a stand-in. ``edition`` is the event that is to come."""

    world: RegistrationWorld
    key: str

    @property
    def edition(self) -> Any:
        return [each for each in self.world.editions.values() if each.organiser_id == "1"][-1]

    async def sync_entries(self, choice: Choice = participants_only) -> Outcome:
        return await self._sync("participants", choice)

    async def sync_all(self) -> Outcome:
        return await self._sync("results", everything)

    async def _sync(self, sync_type: Any, choice: Choice) -> Outcome:
        return await sync_event(self.account, (await self.stored()).scope(self.account.source), sync_type, choice)

    async def stored(self) -> StoredEvent:
        """The event that is to come; the service may know its day only."""
        day = datetime.fromtimestamp(self.edition.start_s, ZoneInfo(self.edition.zone)).date()
        found = await events_of(self.db, self.account.source)
        return next(
            each
            for each in found
            if each.start_date and each.start_date.astimezone(ZoneInfo(self.edition.zone)).date() == day
        )

    async def people(self) -> list[tuple[Any, ...]]:
        """Who is on the start list, as it is shown."""
        rows = await self.look(
            "select bib_number, first_name, last_name, race_id from unified_participants"
            " where data_source = %(key)s order by participant_id",
            key=self.key,
        )
        return [tuple(row.values()) for row in rows]


def world_zone(world: RegistrationWorld) -> str:
    return next(iter(world.editions.values())).zone


def starts_in(days: float) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


@asynccontextmanager
async def registration_on(
    db: Database,
    key: str,
    *,
    people: int = 60,
    days: float = 5,
    faults: Iterable[Fault] = (),
    world: RegistrationWorld | None = None,
    settings: Any = None,
    partner: int | None = None,
    **config: Any,
) -> AsyncIterator[Registration]:
    """``config`` goes into additional_config. Nothing is collected yet."""
    played = world or registration_world(people, start=starts_in(days))
    async with _served(key, played, settings, faults) as (sandbox, login, addresses):
        number = partner or await add_partner(db, f"Timers of {key}", "America/New_York")
        options = {**addresses, "rate_limit": FAST, **config}
        await set_credentials(db, number, key, *login, options)
        async with open_account(db, await credential(db, number, key)) as account:
            yield Registration(db=db, account=account, sandbox=sandbox, world=played, key=key)


@asynccontextmanager
async def _served(
    key: str, world: RegistrationWorld, settings: Any, faults: Iterable[Fault]
) -> AsyncIterator[tuple[Any, tuple[str, str], dict[str, Any]]]:
    match key:
        case "runsignup":
            account = RunSignUpAccount()
            rules = settings or RunSignUpSettings()
            async with serve_runsignup(world, rules, faults=faults) as served:
                addresses = {"base_url": served.base_url, "registration_id": rules.caller_id}
                addresses["registration_secret"] = rules.caller_secret
                yield served, (account.key, account.secret), addresses
        case "haku":
            client = HakuClient()
            async with serve_haku(world, settings or HakuSettings(), faults=faults) as served:
                addresses = {
                    "base_url": served.base_url,
                    "token_url": served.token_url,
                    "time_zone": "America/New_York",
                }
                yield served, (client.client_id, client.client_secret), addresses
        case "race_roster":
            timer = RaceRosterAccount()
            async with serve_race_roster(world, settings or RaceRosterSettings(), faults=faults) as served:
                addresses = {
                    "base_url": served.base_url,
                    "results_url": served.results_url,
                    "authorize_url": served.token_url,
                    "client_id": timer.client_id,
                    "client_secret": timer.client_secret,
                }
                yield served, (timer.username, timer.password), addresses
        case _:
            raise AssertionError(f"{key} has no stand-in here: add a case that serves it")


async def discovered(hub: Registration) -> Outcome:
    return await discover(hub.account)
