"""One rehearsal from an empty database to the last result. Starts and stops everything it needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from project88.backfill.options import BackfillOptions
from project88.backfill.run import run_backfill
from project88.cli.common import ADMIN_DATABASE, borrowed_embedded
from project88.cli.pages import pages_database
from project88.cli.rehearsal.hardware import NICE_OF_SERVICES, HardwareProgress, HardwareRace, rehearse_hardware
from project88.cli.rehearsal.registration import start_list
from project88.cli.rehearsal.screen import Screen
from project88.edges import browser, clock, environment
from project88.edges.child import hub_process
from project88.errors import ConfigError, HubError
from project88.records.entities import TimingPartnerId
from project88.schedule.service import plan_until, work_until
from project88.schedule.worker import PollDone
from project88.store import duplicates, partners
from project88.store.budget import set_clock
from project88.store.connection import Database, recreate_database
from project88.store.events import StoredEvent, find_event
from project88.store.migrate import migrate
from project88.sync.accounts import open_account
from project88.sync.discovery import discover
from project88.web.app import serve

PARTNER = "Rehearsal Timing"
LIVE = "chronotrack_live"
PARTNER_TIME_ZONE = "America/New_York"
#: The login is the sandbox's own default; it opens nothing else.
SANDBOX_PASSWORD = "sandbox-password"
#: The race starts so many simulated minutes after the sandbox.
STARTS_IN_MINUTES = 20
PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOptions:
    """``duration_seconds``: real seconds after which all ends; None goes on until Ctrl-C."""

    speed: float = 60.0
    port: int = 8088
    open_browser: bool = True
    duration_seconds: float | None = None
    database_url: str | None = None
    field: int | None = None
    trusted_proxies: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What the sandbox said when it was ready."""

    base_url: str
    login: str
    client_id: str
    event_id: str
    starts_at: datetime
    last_crossing_at: datetime


async def rehearse(options: RehearsalOptions, complete: asyncio.Event) -> None:
    """Sets ``complete`` once the race's last result is stored. Raises HubError where a part of it fails."""
    offset = clock.epoch_ms() / 1000 * (1 - options.speed)
    async with rehearsal_database(options.database_url) as db, _sandbox(options, offset) as sandbox:
        await set_clock(db, options.speed, offset)
        rehearsal = _Rehearsal(db, sandbox, options, offset, complete)
        await rehearsal.run()


@asynccontextmanager
async def rehearsal_database(url: str | None) -> AsyncIterator[Database]:
    """A database of its own, made anew on the embedded server, or the empty one that ``url`` names."""
    if url is not None:
        async with Database.open(url) as db:
            if not await db.is_empty():
                raise ConfigError("--database must name an empty database: the rehearsal fills it with invented people")
            await migrate(db)
            yield db
        return
    async with borrowed_embedded(environment.embedded(), ADMIN_DATABASE) as server:
        await recreate_database(server.url(ADMIN_DATABASE), environment.REHEARSAL_DATABASE)
        async with Database.open(server.url(environment.REHEARSAL_DATABASE)) as db:
            await migrate(db)
            yield db


@asynccontextmanager
async def _sandbox(options: RehearsalOptions, offset: float) -> AsyncIterator[Sandbox]:
    arguments = ["sandbox", "live", "--json", "--port", "0", "--starts-in", str(STARTS_IN_MINUTES)]
    arguments += ["--speed", str(options.speed), f"--offset={offset!r}"]
    arguments += ["--field", str(options.field)] if options.field is not None else []
    async with hub_process(*arguments, nice=NICE_OF_SERVICES) as line:
        said = json.loads(line)
        yield Sandbox(
            base_url=said["base_url"],
            login=said["login"],
            client_id=said["client_id"],
            event_id=said["event_id"],
            starts_at=datetime.fromisoformat(said["starts_at"]),
            last_crossing_at=datetime.fromisoformat(said["last_crossing_at"]),
        )


class _Rehearsal:
    def __init__(
        self, db: Database, sandbox: Sandbox, options: RehearsalOptions, offset: float, complete: asyncio.Event
    ) -> None:
        self._complete = complete
        self._hardware = HardwareProgress(asyncio.Event(), asyncio.Event())
        self._race = HardwareRace(
            starts_at=sandbox.starts_at, speed=options.speed, offset_seconds=offset, field=options.field
        )
        self._db = db
        self._sandbox = sandbox
        self._options = options
        self._stop = asyncio.Event()
        self._page = f"http://127.0.0.1:{options.port}"
        self._screen = Screen(db, self._page, options.speed)

    async def run(self) -> None:
        """Everything at once: the page, the screen, the collecting, and the end by time."""
        try:
            async with pages_database(self._db) as pages, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._serve(pages))
                tasks.create_task(self._screen.show(self._stop))
                partner = await self._add_partner()
                collecting = tasks.create_task(self._collect(partner))
                tasks.create_task(rehearse_hardware(self._db, partner, self._race, self._stop, self._hardware))
                if self._options.duration_seconds is not None:
                    tasks.create_task(self._end_after(self._options.duration_seconds, collecting))
        except* HubError as group:
            raise group.exceptions[0] from None
        finally:
            await self._screen.summarise()

    async def _serve(self, pages: Database) -> None:
        await serve(
            pages,
            port=self._options.port,
            stop=self._stop,
            source_note="rehearsal",
            hub=self._db,
            trusted_proxies=self._options.trusted_proxies,
        )

    async def _collect(self, partner: TimingPartnerId) -> None:
        if self._options.open_browser:
            browser.open_page(self._page)
        await self._hardware.set_up.wait()
        self._screen.phase = "collecting the start list"
        async with start_list(self._db, partner, self._race):
            event = await self._find_events(partner)
            self._screen.phase = "collecting the live race"
            await self._collect_live(event)
            self._screen.phase = "waiting for the last runners of the hardware"
            await self._hardware.done.wait()
        self._complete.set()
        self._screen.collected_all()

    async def _find_events(self, partner: TimingPartnerId) -> StoredEvent:
        """The live race, which is one event with the hardware's, and the season, which is collected whole."""
        credential = await partners.credential(self._db, partner, LIVE)
        async with open_account(self._db, credential) as account:
            self._screen.phase = "finding the events"
            await discover(account)
            event = await find_event(self._db, self._sandbox.event_id, partner, LIVE)
            self._screen.watch(event.scope(account.source), self._sandbox.starts_at)
            self._screen.phase = "backfilling the season"
            await run_backfill(self._db, BackfillOptions(), self._screen)
        return event

    async def _collect_live(self, event: StoredEvent) -> None:
        """Planner and worker as on race day, until a full poll that began after the last crossing is stored."""
        stored = asyncio.Event()

        def polled(done: PollDone) -> None:
            if (done.poll.event_id, done.poll.kind, done.poll.provider_key) != (event.event_id, "results", LIVE):
                return
            self._screen.polled(done)
            is_whole = done.is_full and done.outcome.status == "completed"
            if is_whole and done.poll.began_at > self._sandbox.last_crossing_at:
                stored.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(plan_until(self._db, stored))
            tasks.create_task(work_until(self._db, "rehearsal", stored, observe=polled))

    async def _add_partner(self) -> TimingPartnerId:
        timing_partner_id = await partners.add_partner(self._db, PARTNER, PARTNER_TIME_ZONE)
        # The service's race and the hardware's are one event, whose results are joined.
        await duplicates.set_rule(self._db, timing_partner_id, "merged")
        config = {
            "base_url": self._sandbox.base_url,
            "client_id": self._sandbox.client_id,
            "page_size": PAGE_SIZE,
        }
        await partners.set_credentials(self._db, timing_partner_id, LIVE, self._sandbox.login, SANDBOX_PASSWORD, config)
        return timing_partner_id

    async def _end_after(self, seconds: float, collecting: asyncio.Task[None]) -> None:
        await clock.sleep(seconds)
        collecting.cancel()
        self._stop.set()
