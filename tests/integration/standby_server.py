"""A real streaming standby of a server on loopback: made, paused, killed, promoted. Not a test."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from project88.edges import embedded
from project88.edges.embedded import processes
from project88.edges.embedded.binaries import find_binaries
from project88.edges.embedded.layout import Layout
from project88.edges.embedded.owner import Owner, choose_owner
from project88.edges.embedded.ports import free_port
from tests.conftest import TEST_BINARIES

HOST = "127.0.0.1"
WAIT_SECONDS = 30
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "60"}
#: A statement in the way of what is to be replayed is ended at once.
OF_A_STANDBY = {**SETTINGS, "max_standby_streaming_delay": "0", "wal_receiver_status_interval": "1s"}


@dataclass
class Standby:
    """A server that follows another one. ``url`` names the superuser and the database ``postgres``."""

    data: Path
    command: list[str | Path]
    owner: Owner
    url: str
    pid: int = 0

    async def start(self) -> None:
        """Until it answers."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        with (self.data.parent / "standby.log").open("ab") as log:
            self.pid = processes.start_detached(self.command, self.owner, log.fileno())
        await eventually(self._answers)

    async def kill(self) -> None:
        """As kill -9 of the whole server does it."""
        self.signal(signal.SIGKILL)
        await eventually(self._is_gone)

    def signal(self, which: signal.Signals) -> None:
        """To each of its processes."""
        for pid in [self.pid, *self.children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, which)

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    async def run(self, statement: str) -> Any:
        """The first column of its first row, if it has one."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            cursor = await connection.execute(statement.encode())
            row = await cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    async def pause(self) -> None:
        """What comes from now on is received and not replayed."""
        await self.run("select pg_wal_replay_pause()")
        await eventually(lambda: self.says("select pg_get_wal_replay_pause_state() = 'paused'"))

    async def resume(self) -> None:
        await self.run("select pg_wal_replay_resume()")

    async def promote(self) -> None:
        await self.run("select pg_promote()")
        await eventually(lambda: self.says("select not pg_is_in_recovery()"))

    def url_of(self, database_url: str, **changes: str) -> str:
        """A database of the primary here, by the same login."""
        return make_conninfo(database_url, port=self.url.rpartition(":")[2].partition("/")[0], **changes)

    async def says(self, statement: str) -> bool:
        return bool(await self.run(statement))

    async def _answers(self) -> bool:
        try:
            return await self.says("select true")
        except psycopg.OperationalError:
            return False

    async def _is_gone(self) -> bool:
        return not processes.is_alive(self.pid)


async def eventually(is_so: Any) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not await is_so():  # noqa: ASYNC110 - the work of other processes
            await asyncio.sleep(0.02)


@asynccontextmanager
async def standby_of(server: embedded.Server, folder: Path) -> AsyncIterator[Standby]:
    """A copy of the server in the folder that follows it; ended and forgotten afterwards."""
    layout = Layout.under(server.home)
    owner = choose_owner(layout.data, None)
    binaries = await find_binaries(layout, owner, Path(TEST_BINARIES) if TEST_BINARIES else None)
    folder.mkdir()
    owner.take(folder)
    data = folder / "data"
    copying = [binaries.folder / "pg_basebackup", "-D", data, "-d", server.url("postgres"), "-R", "-c", "fast", "-N"]
    finished = await processes.run(copying, owner)
    assert finished.exit_code == 0, finished.output
    port = free_port(HOST, folder / "port")
    settings = {**OF_A_STANDBY, "listen_addresses": HOST, "port": str(port), "unix_socket_directories": ""}
    command: list[str | Path] = [binaries.postgres, "-D", data]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    url = server.url("postgres").replace(f":{server.port}/", f":{port}/")
    standby = Standby(data=data, command=command, owner=owner, url=url)
    await standby.start()
    try:
        yield standby
    finally:
        if processes.is_alive(standby.pid):
            standby.signal(signal.SIGCONT)
            await standby.kill()
