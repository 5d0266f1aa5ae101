"""A hub of two timing partners beside a sandbox, and what a person types and sees there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from project88.records.entities import TimingPartnerId
from project88.sandbox import LiveSettings, World, serve
from project88.sandbox.entities import Event
from project88.sandbox.live.settings import PASSWORD
from project88.sandbox.world import Edit
from project88.store.connection import Database
from project88.store.partners import set_credentials
from tests.acceptance.hardware_files import Runner, add_event, done, import_race, import_start_list
from tests.acceptance.season_world import CITY_HARDWARE, DAY, RIVER, SUMMIT, accounts, login, runners, season_world
from tests.hub_command import Finished, HubCommand
from tests.integration.collecting import PROVIDER, login_settings
from tests.integration.scheduling import look, set_hub_time

DIRECTOR = ("--by", "Race director")
#: What everybody may see, without the instants of writing and what follows from them: rows that come again are new.
PAGE = "select to_jsonb(r) - 'updated_at' - 'is_settled' as it from unified_results r"
PAIRS = """
select s.timing_partner_id, s.provider_event_id, s.event_id, s.decision, s.decided_by, s.likeness
from event_sources s
"""
TABLE = """
select timing_partner_id::text, event_name, race_name, bib_number, concat_ws(' ', first_name, last_name) as name,
       chip_time::text, coalesce(overall_place::text, '-') as place, result_status, data_source,
       case when is_settled then 'settled' else 'provisional' end as state
from unified_results
"""
TWICE = """
select timing_partner_id, event_id, race_id, bib_number from unified_results group by 1, 2, 3, 4 having count(*) > 1
union all
select timing_partner_id, data_source, null, provider_event_id from ct_events where provider_event_id is not null
group by 1, 2, 3, 4 having count(*) > 1
union all
select timing_partner_id, data_source, null, entry_id from ct_participants
where data_source = 'chronotrack_live' and retracted_at is null group by 1, 2, 3, 4 having count(*) > 1
"""
VERSIONS = "select xmin::text from ct_results union all select xmin::text from joined_results"
Page = list[str]


@dataclass
class SeasonHub:
    """``hardware``: our ids of the hardware's events, by partner and name. ``moments``: what was shown, and when.

    ``start_list`` is the hardware's of the marathon, and ``decision`` the last one on it.
    """

    db: Database
    command: HubCommand
    world: World
    events: Mapping[tuple[int, str], Event]
    hardware: dict[tuple[int, str], str] = field(default_factory=dict)
    moments: dict[str, tuple[datetime, str, list[dict[str, Any]]]] = field(default_factory=dict)
    start_list: Sequence[Runner] = field(default_factory=lambda: runners(CITY_HARDWARE))
    decision: str = ""

    @property
    def city(self) -> str:
        """The marathon of the hardware, into which the provider's is merged."""
        return self.hardware[SUMMIT, "city  MARATHON"]

    async def type(self, *arguments: str, code: int = 0) -> Finished:
        return await done(self.command, *arguments, code=code)

    def live(self, name: str, partner: int = SUMMIT) -> str:
        """The provider's id."""
        return self.events[partner, name].event_id

    async def add_hardware(self, partner: int, name: str, later: timedelta = timedelta()) -> str:
        event = await add_event(self.command, partner, name, DAY + later)
        self.hardware[partner, name] = event
        return event

    async def sync(self, name: str, partner: int = SUMMIT) -> None:
        of_event = ("--timing-partner-id", str(partner), "--event", self.live(name, partner))
        await self.type("sync", "results", *of_event)

    async def sync_all(self) -> None:
        """Lists of events, then every event that has started."""
        for partner in (SUMMIT, RIVER):
            await self.type("sync", "events", "--timing-partner-id", str(partner))
            await self.type("sync", "results", "--timing-partner-id", str(partner))

    async def correct(self, *edits: Edit, name: str = "City Marathon", partner: int = SUMMIT) -> None:
        """The provider's word changes, and the hub asks for it."""
        self.world.apply(*edits)
        await self.sync(name, partner)

    async def score(
        self,
        partner: int,
        name: str,
        races: Mapping[str, str],
        fields: Mapping[str, str],
        later: timedelta = timedelta(),
    ) -> None:
        await import_race(self.command, self.hardware[partner, name], DAY + later, races, runners(fields))

    async def import_start_list(self) -> None:
        await import_start_list(self.command, self.city, self.start_list)
        await self.type("score", self.city)

    async def add_decision(self, bib: str, kind: str, *more: str) -> None:
        said = await self.type("decisions", "add", self.city, kind, "--bib", bib, *more, "--reason", "seen", *DIRECTOR)
        self.decision = said.out.split()[1]
        await self.type("score", self.city)

    async def undo_decision(self) -> None:
        await self.type("decisions", "undo", self.city, self.decision, *DIRECTOR)
        await self.type("score", self.city)

    async def times(self) -> dict[str, str]:
        """Of the marathon, by bib."""
        return {row["bib_number"]: row["chip_time"].removesuffix(".000") for row in await self.results(self.city)}

    async def told(self, bib: str) -> list[tuple[str, str]]:
        """Status and source of each row of the marathon that has the bib."""
        return sorted(
            (row["result_status"], row["data_source"])
            for row in await self.results(self.city)
            if row["bib_number"] == bib
        )

    async def whose(self, bib: str) -> dict[str, tuple[Any, str | None]]:
        """Of the only row with the bib each field's value, and where it comes from."""
        [person] = await self.results(self.city, "--explain", bib)
        return {each["field"]: (each["value"], each["source"]) for each in person["fields"]}

    async def causes(self, bib: str, name: str) -> list[tuple[Any, Any, str]]:
        """What a field of a result was, what it became and why, the newest first."""
        said = (await self.type("changes", self.city, "--bib", bib, "--all", "--limit", "500", "--json")).json
        return [
            (each["before"], each["after"], each["cause"])
            for each in said["changes"]
            if (each["subject"], each["field"]) == ("result", name)
        ]

    async def held(self) -> list[dict[str, Any]]:
        return await self.look(
            "select held_retraction_id, stream, cardinality(keys) as rows_gone from held_retractions"
            " where state = 'held' order by stream desc"
        )

    async def look(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        return await look(self.db, statement, **parameters)

    async def page(self) -> Page:
        return sorted(str(sorted(row["it"].items())) for row in await self.look(PAGE))

    async def table(self) -> list[tuple[str, ...]]:
        return sorted(tuple(row.values()) for row in await self.look(TABLE))

    async def stored_twice(self) -> list[dict[str, Any]]:
        return await self.look(TWICE)

    async def versions(self) -> list[str]:
        """The transactions that wrote the rows."""
        return sorted(row["xmin"] for row in await self.look(VERSIONS))

    async def pairs(self) -> dict[tuple[int, str], tuple[str, str, str | None]]:
        """By partner and the provider's name: why, what, and who said so."""
        names = {event.event_id: key for key, event in self.events.items()}
        return {
            names[row["provider_event_id"]]: (row["likeness"], row["decision"], row["decided_by"])
            for row in await self.look(PAIRS)
        }

    async def results(self, event: str, *more: str, partner: int = SUMMIT) -> list[dict[str, Any]]:
        of_partner = ("--timing-partner-id", str(partner))
        shown: list[dict[str, Any]] = (await self.type("results", event, *of_partner, "--format", "json", *more)).json
        return shown

    async def remember(self, name: str, event: str) -> None:
        """What the page of the event says now, to ask for it at the end."""
        [now] = await self.look("select clock_timestamp() as now")
        self.moments[name] = now["now"], event, await self.results(event)

    async def a_day_passes(self) -> None:
        """On the hub's clock, which is what results settle by."""
        [now] = await self.look("select hub_now() as now")
        await set_hub_time(self.db, now["now"] + timedelta(hours=25))

    async def decide(
        self,
        decide: Callable[[], Awaitable[object]],
        undo: Callable[[], Awaitable[object]],
        *,
        stays: bool = False,
    ) -> None:
        """Carried out, taken back, and carried out again: the page is as before each time.

        ``stays``: taking it back leaves the rows where they are.
        """
        before = await self.page()
        await decide()
        after = await self.page()
        await undo()
        assert await self.page() == (after if stays else before)
        await decide()
        assert await self.page() == after

    async def merge(self, name: str, partner: int = SUMMIT) -> None:
        await self.type("duplicates", "merge", self.live(name, partner), *DIRECTOR, "--reason", "the same race")
        await self.sync(name, partner)

    async def keep_both(self, name: str) -> None:
        await self.type("duplicates", "keep-both", self.live(name), *DIRECTOR, "--reason", "two races")
        await self.sync(name)

    async def undo(self, name: str, partner: int = SUMMIT) -> None:
        await self.type("duplicates", "undo", self.live(name, partner), *DIRECTOR)


@asynccontextmanager
async def season_hub(database_url: str, folder: Path) -> AsyncIterator[SeasonHub]:
    world, events = season_world()
    settings = LiveSettings(rate_limit=1_000_000, accounts=accounts(events))
    async with (
        serve(world, settings) as sandbox,
        Database.open(database_url) as db,
    ):
        command = HubCommand(database_url, folder)
        config = login_settings(sandbox.base_url)
        for partner, name in ((SUMMIT, "Summit Timing"), (RIVER, "River Timing")):
            await done(command, "partner", "add", "--name", name, "--time-zone", "UTC")
            await set_credentials(db, TimingPartnerId(partner), PROVIDER, login(partner), PASSWORD, config)
        yield SeasonHub(db, command, world, events)
