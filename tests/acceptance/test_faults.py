"""Faults injected one by one, as an operator meets them: the right slot and the right check turn red, and green again.

Every answer comes from the commands as processes; the scheduler is a real one and dies by a real signal.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from project88.edges import clock, embedded
from project88.sandbox import LiveSettings, Sandbox, list_world, serve
from project88.sandbox.live.settings import CLIENT_ID, LOGIN, PASSWORD
from project88.store.budget import set_clock
from project88.store.connection import Database, ensure_database
from project88.store.migrate import migrate
from project88.store.partners import add_partner, set_credentials
from tests.hub_command import Finished, HubCommand
from tests.integration.collecting import PROVIDER, days_ago
from tests.integration.scheduling import look, processes, until
from tests.integration.test_schedule_outage import QUICK_SERVER
from tests.integration.test_verification import named_files

CONSTANTS = {"project88.schedule.heartbeat.BEAT_SECONDS": 0.2, "project88.sync.client.ATTEMPTS": 1}
pytestmark = pytest.mark.timeout(240)


@dataclass
class Hub:
    """A hub with a login at a sandbox, and its command."""

    db: Database
    sandbox: Sandbox
    command: HubCommand
    folder: Path

    async def log_in_with(self, secret: str) -> None:
        config = {"base_url": self.sandbox.base_url, "client_id": CLIENT_ID, "timeout": 2}
        await set_credentials(self.db, 1, PROVIDER, LOGIN, secret, config)

    async def red_checks(self) -> dict[str, str]:
        """Those that are not healthy, by the monitor's command; its exit code says the same."""
        done = await self.command("monitor", "--json")
        status = done.json
        assert done.code == {"healthy": 0, "degraded": 1, "unhealthy": 2}[status["status"]]
        return {each["check"]: each["state"] for each in status["checks"] if each["state"] in ("degraded", "unhealthy")}

    async def red_slots(self) -> list[str]:
        """Those that failed, by the verification; its exit code says the same."""
        done = await self.command("verify", *named_files(self.folder))
        results = json.loads((self.folder / "report").read_text())["test_results"]
        failed = [name for name, result in results.items() if result["status"] in ("failed", "error")]
        assert done.code == (1 if failed else 0), done.err
        return failed

    async def backup(self, limit: str = "") -> Finished:
        line = " ".join(self.command.line("backup", "--file", str(self.folder / "timing.dump")))
        process = await asyncio.create_subprocess_shell(
            limit + line,
            env=self.command.without_compiled_files,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Finished(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def hub(database_url: str, open_folder: Path) -> AsyncIterator[Hub]:
    """A hub that is well but for its programs, which do not run."""
    world = list_world(30, 12, start=days_ago(3))
    async with Database.open(database_url) as db, serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox:
        await add_partner(db, "Peak", "UTC")
        made = Hub(db, sandbox, HubCommand(database_url, open_folder), open_folder)
        await made.log_in_with(PASSWORD)
        await look(db, "insert into heartbeats (component, instance) values ('planner', 'a'), ('worker', 'b')")
        assert (await made.red_checks(), await made.red_slots()) == ({}, [])
        yield made


async def test_a_wrong_secret(hub: Hub):
    await hub.log_in_with("not-the-password")
    async with processes(hub.command.database_url, hub.folder, "schedule --with-worker", constants=CONSTANTS):
        await until(lambda: look(hub.db, "select 1 from credential_breakers where kind = 'login'"))
        assert (await hub.red_checks())["logins refused"] == "unhealthy"
        assert await hub.red_slots() == ["adapter_authentication"]

        await hub.log_in_with(PASSWORD)
        await until(lambda: look(hub.db, "select 1 from sync_history where status = 'completed'"))
        assert "logins refused" not in await hub.red_checks()
        assert await hub.red_slots() == []


async def test_a_service_that_is_down(hub: Hub):
    async def red_slots_but_of_the_clock() -> list[str]:
        """The slot rate_limiting measures minutes, which last half a second here."""
        return [slot for slot in await hub.red_slots() if slot != "rate_limiting"]

    # The waits between attempts are minutes of the hub's clock.
    await set_clock(hub.db, 120, clock.epoch_ms() / 1000 * -119)
    await set_credentials(hub.db, 1, PROVIDER, LOGIN, PASSWORD, {"base_url": "http://127.0.0.1:9", "client_id": "c"})
    async with processes(hub.command.database_url, hub.folder, "schedule --with-worker", constants=CONSTANTS):
        await until(lambda: look(hub.db, "select 1 from credential_breakers where open_until is not null"))
        assert (await hub.red_checks())["logins refused"] == "degraded"
        assert await red_slots_but_of_the_clock() == ["api_connectivity"]

        await hub.log_in_with(PASSWORD)
        await until(lambda: look(hub.db, "select 1 from sync_history where status = 'completed'"))
        assert "logins refused" not in await hub.red_checks()
        assert await red_slots_but_of_the_clock() == []


async def test_an_index_that_was_dropped(hub: Hub):
    await look(hub.db, "alter table ct_events drop constraint event_is_known_once_per_source")
    assert await hub.red_checks() == {"schema": "unhealthy"}
    # Imports fail without it rather than store twice.
    assert (await hub.red_slots())[0] == "database_schema"

    ((remedy,),) = [tuple(row.values()) for row in await look(hub.db, "select remedy from schema_problems()")]
    await look(hub.db, remedy.partition("run: ")[2])
    assert (await hub.red_checks(), await hub.red_slots()) == ({}, [])


async def test_a_scheduler_that_was_killed(hub: Hub):
    await look(hub.db, "delete from heartbeats")
    assert await hub.red_checks() == {"programs": "unhealthy"}
    beating = """
        select 1 from heartbeats where beat_at > now() - interval '5 seconds' having count(distinct component) = 2
    """
    async with processes(hub.command.database_url, hub.folder, "schedule --with-worker", constants=CONSTANTS) as (one,):
        await until(lambda: look(hub.db, beating))
        await until(lambda: look(hub.db, "select 1 from sync_history where status = 'completed'"))
        assert "programs" not in await hub.red_checks()
        one.process.send_signal(signal.SIGKILL)
        await one.ended()
    await look(hub.db, "update heartbeats set beat_at = beat_at - interval '61 seconds'")
    assert (await hub.red_checks())["programs"] == "unhealthy"
    assert await hub.red_slots() == ["scheduler_functionality"]

    async with processes(hub.command.database_url, hub.folder, "schedule --with-worker", constants=CONSTANTS):
        await until(lambda: look(hub.db, beating))
        assert "programs" not in await hub.red_checks()
        assert await hub.red_slots() == []


async def test_a_disk_without_room_for_the_backup(hub: Hub):
    full = await hub.backup("ulimit -f 16; exec ")
    assert (full.code, await hub.red_checks()) == (1, {"backups": "unhealthy"})

    done = await hub.backup()
    assert (done.code, await hub.red_checks()) == (0, {}), done.err


async def test_a_database_that_is_away(hub_home: Path, open_folder: Path):
    server = await embedded.ensure_running(hub_home, options=QUICK_SERVER)
    await ensure_database(server.url("postgres"), "project88")
    async with Database.open(server.url()) as db:
        await migrate(db)
    command = HubCommand(server.url(), open_folder)
    before = await command("monitor", "--json")
    await embedded.stop(hub_home)
    away = await command("monitor", "--json")
    verified = await command("verify", *named_files(open_folder))
    assert (await embedded.ensure_running(hub_home, options=QUICK_SERVER)).url() == server.url()
    after = await command("monitor", "--json")

    assert (before.code, after.code) == (1, 1), "no login is stored, and that is all"
    assert (away.code, [each["check"] for each in away.json["checks"]]) == (2, ["database"])
    assert verified.code != 0
    results = json.loads((open_folder / "report").read_text())["test_results"]
    assert results["database_schema"]["status"] in ("failed", "error")
