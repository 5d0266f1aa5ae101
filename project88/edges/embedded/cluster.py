"""Making, starting and stopping the embedded server. Runs no SQL; databases in it are the store's concern.

The server is detached: it lives on when the command that started it ends, and other commands find it by its
postmaster.pid. A kill -9 at any moment leaves a state from which the next start goes on: the data folder appears by
a rename when initdb is done, a lock file is freed by the kernel, and a postmaster.pid counts only while its process
lives.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from project88.edges import clock
from project88.edges.embedded import layout as files
from project88.edges.embedded import processes
from project88.edges.embedded.binaries import Binaries, data_major, find_binaries
from project88.edges.embedded.layout import Layout
from project88.edges.embedded.options import Options, configuration
from project88.edges.embedded.owner import Owner, choose_owner
from project88.edges.embedded.ports import free_port
from project88.errors import ConfigError, StoreError

log = logging.getLogger(__name__)

USER = "project88"
HOST = "127.0.0.1"
READY_POLL_SECONDS = 0.02
RETRY_SECONDS = 0.2
FAST_STOP_SECONDS = 60.0
IMMEDIATE_STOP_SECONDS = 15.0
#: What a start may meet that passes: processes of a killed server that are still ending, and a port just taken.
PASSING_FAILURES = (
    "pre-existing shared memory block",
    "could not bind",
    "could not create any TCP/IP sockets",
    'lock" already exists',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server and how to reach it."""

    home: Path
    pid: int
    port: int
    password: str = field(repr=False)
    #: Whether this very call started it.
    started_here: bool

    def url(self, database: str = "project88") -> str:
        """Where to connect, with the password: not for logs."""
        return f"postgresql://{USER}:{quote(self.password, safe='')}@{HOST}:{self.port}/{quote(database)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of a home's server without starting it."""

    data: Path
    #: The version that made the data; None where nothing was made yet.
    major: int | None
    running: bool
    pid: int | None
    port: int | None


async def ensure_running(home: Path, *, options: Options | None = None) -> Server:
    """The home's server, made and started where need be."""
    options = options or Options()
    layout = Layout.under(home)
    with _files_explained(layout):
        files.make_home(layout.home)
        async with files.only_one(layout, options.start_timeout_seconds):
            deadline = clock.monotonic() + options.start_timeout_seconds
            if processes.live_postmaster(layout.data) is not None:
                return await _when_ready(layout, deadline, started_here=False)
            return await _start(layout, options, deadline)


async def stop(home: Path) -> bool:
    """Stop the home's server and say whether one ran. Open transactions are rolled back."""
    layout = Layout.under(home)
    with _files_explained(layout):
        if not layout.data.exists():
            return False
        async with files.only_one(layout, FAST_STOP_SECONDS):
            server = processes.live_postmaster(layout.data)
            if server is None:
                return False
            await _stop(server.pid, layout)
            return True


async def status(home: Path) -> Status:
    layout = Layout.under(home)
    with _files_explained(layout):
        server = processes.live_postmaster(layout.data)
        return Status(
            data=layout.data,
            major=data_major(layout.data),
            running=server is not None and server.ready,
            pid=server.pid if server else None,
            port=server.port if server else None,
        )


async def _start(layout: Layout, options: Options, deadline: float) -> Server:
    owner = choose_owner(layout.data, options.os_user)
    closed = owner.first_closed_folder(layout.data.parent)
    if closed is not None:
        raise ConfigError(
            f"the server runs as {owner.name}, who may not enter {closed}; set PROJECT88_HOME to another folder"
        )
    binaries = await find_binaries(layout, owner, options.binaries)
    files.write_configuration(layout, configuration(options))
    files.remove_abandoned_data(layout)
    if not layout.data.exists():
        await _initialise(layout, binaries, owner, options)
    while True:
        log_start = layout.log.stat().st_size if layout.log.exists() else 0
        _end_what_is_left(layout)
        pid = _launch(layout, binaries, owner, options)
        if await _survives(pid, layout, deadline):
            return await _when_ready(layout, deadline, started_here=True)
        failure = _log_since(layout, log_start)
        if not any(words in failure for words in PASSING_FAILURES) or clock.monotonic() > deadline:
            raise StoreError(f"the embedded PostgreSQL does not start; {layout.log} says: {failure[-1000:]}")
        await clock.sleep(RETRY_SECONDS)


async def _initialise(layout: Layout, binaries: Binaries, owner: Owner, options: Options) -> None:
    files.make_owned_folder(layout, owner)
    making = layout.new_data_in_the_making()
    # From 17 on PostgreSQL brings its own UTF-8 rules; before, the C library's order characters, C orders the text.
    provider = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if binaries.major >= 17 else ()
    finished = await processes.run(
        [
            binaries.initdb,
            f"--pgdata={making}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale=C",
            *(provider or ("--lc-ctype=C.UTF-8",)),
            "--data-checksums",
            "--auth=scram-sha-256",
            "--pwfile=/dev/stdin",
            *options.initdb_arguments,
        ],
        owner,
        input_text=files.read_password(layout) + "\n",
    )
    if finished.exit_code != 0:
        raise StoreError(f"initdb failed as {owner.name} in {layout.owned}: {finished.output[-1000:]}")
    making.rename(layout.data)


def _end_what_is_left(layout: Layout) -> None:
    """No server rules them any more; what they had not committed is rolled back by the recovery that follows."""
    for pid in processes.left_behind(layout.data):
        log.warning(
            "process %d of a PostgreSQL that was killed still works in %s; it is ended",
            pid,
            layout.data,
            extra={"action": "ended_left_behind"},
        )
        processes.ask_to_stop(pid, signal.SIGQUIT)


def _launch(layout: Layout, binaries: Binaries, owner: Owner, options: Options) -> int:
    # No live server is here, so what a killed one left counts for nothing; its number may be another process by now.
    (layout.data / "postmaster.pid").unlink(missing_ok=True)
    port = free_port(HOST, layout.port)
    if layout.socket is not None:
        (layout.socket / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    command: list[str | Path] = [binaries.postgres, "-D", layout.data]
    for setting in (
        f"config_file={layout.configuration}",
        f"listen_addresses={HOST}",
        f"port={port}",
        f"unix_socket_directories={layout.socket or ''}",
    ):
        command += ["-c", setting]
    with files.open_log(layout) as log:
        return processes.start_detached(command, owner, log)


async def _survives(pid: int, layout: Layout, deadline: float) -> bool:
    """Wait until the new process serves; False when it ends instead."""
    while processes.is_alive(pid):
        server = processes.live_postmaster(layout.data)
        if server is not None and server.pid == pid and server.ready:
            return True
        if clock.monotonic() > deadline:
            raise StoreError(f"the embedded PostgreSQL is still starting; see {layout.log} and try again")
        await clock.sleep(READY_POLL_SECONDS)
    return False


async def _when_ready(layout: Layout, deadline: float, *, started_here: bool) -> Server:
    while True:
        server = processes.live_postmaster(layout.data)
        if server is None:
            raise StoreError(f"the embedded PostgreSQL ended while it started; see {layout.log} and try again")
        if server.ready and server.port is not None:
            return Server(
                home=layout.home,
                pid=server.pid,
                port=server.port,
                password=files.read_password(layout),
                started_here=started_here,
            )
        if clock.monotonic() > deadline:
            raise StoreError(f"the embedded PostgreSQL is not ready; see {layout.log} and try again")
        await clock.sleep(READY_POLL_SECONDS)


async def _stop(pid: int, layout: Layout) -> None:
    for how, seconds in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS)):
        processes.ask_to_stop(pid, how)
        deadline = clock.monotonic() + seconds
        while processes.is_serving(pid, layout.data):
            if clock.monotonic() > deadline:
                break
            await clock.sleep(READY_POLL_SECONDS)
        else:
            return
    raise StoreError(f"the embedded PostgreSQL, process {pid}, does not stop; see {layout.log}")


def _log_since(layout: Layout, start: int) -> str:
    with layout.log.open("rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace").strip()


@contextmanager
def _files_explained(layout: Layout) -> Iterator[None]:
    """Turn a refusal of the file system into what an operator can do about it."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"cannot use {layout.home} for the embedded PostgreSQL: {error}."
            " Set PROJECT88_HOME to a folder of yours, or name a database in DATABASE_URL"
        ) from error
