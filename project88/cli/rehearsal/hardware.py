"""The rehearsal's timing computers: the same race by hardware, a listener and our own scoring. Polls nothing."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from project88.edges.child import hub_process
from project88.errors import HubError
from project88.imports.run import import_course
from project88.records.entities import TimingPartnerId
from project88.sandbox import rehearsal_world
from project88.sandbox.entities import Event
from project88.sandbox.rig.files import COURSE, write_files
from project88.schedule.service import stopped_within
from project88.store import scoring, timing
from project88.store.connection import Database
from project88.store.events import find_event
from project88.store.partners import set_credentials
from project88.store.progress import results_by_status
from project88.store.scope import EventScope

#: The login is the sandbox's own default; it opens nothing else.
USER, PASSWORD = "rig", "sandbox-password"
#: What goes wrong on the way, so that the rehearsal shows that nothing is lost by it.
FAULTS = ("--cuts", "0.1", "--repeated", "0.02", "--doubled", "0.005", "--late", "0.01")
LOOK_SECONDS = 1.0
#: To count all results takes longer, so they are counted with every so manieth look.
LOOKS_PER_COUNT = 5
#: In life the services have processors of their own; here they step back for the hub.
NICE_OF_SERVICES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareRace:
    """Which race is played, at which speed; the same that the sandbox of ChronoTrack Live shows."""

    starts_at: datetime
    speed: float
    offset_seconds: float
    field: int | None


@dataclass(frozen=True, slots=True)
class HardwareProgress:
    """``set_up``: the event is there. ``done``: everybody of the race who finishes has a result."""

    set_up: asyncio.Event
    done: asyncio.Event


async def rehearse_hardware(
    db: Database,
    partner: TimingPartnerId,
    race: HardwareRace,
    stop: asyncio.Event,
    progress: HardwareProgress,
) -> None:
    """Until ``stop`` is set."""
    event = list(rehearsal_world(race.starts_at, field_size=race.field).events.values())[-1]
    with tempfile.TemporaryDirectory(prefix="project88-rehearsal-") as name:
        folder = Path(name)
        scope = await _set_up(db, partner, event, race, folder)
        progress.set_up.set()
        async with _listener(db, folder / "spool") as port, hub_process(*_rig(race, port)):
            await _until_all_are_in(db, partner, scope, event, stop)
            progress.done.set()
            await stop.wait()


@asynccontextmanager
async def _listener(db: Database, spool: Path) -> AsyncIterator[int]:
    """``project88 listen`` as on race day, a program of its own beside the polls; gives its port.

    It alerts nobody: what goes wrong in a rehearsal is nobody's emergency.
    """
    arguments = ["listen", "--port", "0", "--bind", "127.0.0.1", "--status-port", "0", "--metrics-port", "0"]
    variables = {
        "DATABASE_URL": db.conninfo,
        "PROJECT88_REHEARSAL": "",
        "PROJECT88_LOG_LEVEL": "WARNING",
        "PROJECT88_ALERT_WEBHOOK": "",
        "PROJECT88_ALERT_EMAIL_TO": "",
    }
    async with hub_process(*arguments, "--spool", str(spool), variables=variables) as line:
        found = re.search(r" on port (\d+) ", line)
        if found is None:
            raise HubError(f"project88 listen said no port: {line}")
        yield int(found[1])


async def _is_complete(db: Database, scope: EventScope, event: Event) -> bool:
    """Whom ChronoTrack Live disqualifies is a finisher for the mats."""
    finishers = sum(entry.elapsed_ms[-1] is not None for race in event.races for entry in race.entries)
    statuses = await results_by_status(db, scope)
    return statuses.get("finished", 0) + statuses.get("dq", 0) >= finishers


async def _set_up(db: Database, partner: TimingPartnerId, event: Event, race: HardwareRace, folder: Path) -> EventScope:
    """Who runs comes from the registration service."""
    await set_credentials(db, partner, "chronotrack_tcp", USER, PASSWORD, {})
    event_id = await scoring.add_event(db, partner, event.name, race.starts_at, event.zone)
    stored = await find_event(db, event_id, partner)
    write_files(event, folder)
    await import_course(db, msgspec.json.decode((folder / COURSE).read_bytes()), stored)
    return await scoring.hardware_scope(db, stored)


def _rig(race: HardwareRace, port: int) -> list[str]:
    arguments = ["sandbox", "rig", "--json", "--port", str(port), "--start", race.starts_at.isoformat(), *FAULTS]
    arguments += ["--speed", str(race.speed), f"--offset={race.offset_seconds!r}"]
    return arguments + (["--field", str(race.field)] if race.field is not None else [])


async def _until_all_are_in(
    db: Database, partner: TimingPartnerId, scope: EventScope, event: Event, stop: asyncio.Event
) -> None:
    """An operator binds each computer that connects; here nobody has to."""
    for look in itertools.count():
        if stop.is_set() or (look % LOOKS_PER_COUNT == 0 and await _is_complete(db, scope, event)):
            return
        for session in await timing.sessions(db, partner):
            if session["event_id"] is None:
                await timing.bind_session(db, session, scope.event_id)
        await stopped_within(stop, LOOK_SECONDS)
