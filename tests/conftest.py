"""What every test may ask for: a clean environment, a fresh database, a home folder for an embedded server."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Identifier

from project88.edges import embedded
from project88.store.connection import Database
from tests.distribution import OneByOne
from tests.memory import write_to_memory
from tests.postgres_keeper import WITHOUT_ROLES

KEEPER = Path(__file__).with_name("postgres_keeper.py")
CHECKOUT = Path(__file__).resolve().parents[1]
START_SECONDS = 90.0

#: Read before the environment is stripped: the folder of another PostgreSQL to run the tests on.
TEST_BINARIES = os.environ.get("PROJECT88_TEST_PG_BIN")
#: Databases that tests are done with, by server.
_used: dict[str, list[str]] = {}
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex

# Our machines are noisy: how long an example takes says nothing.
settings.register_profile("hub", deadline=None)
settings.load_profile("hub")
write_to_memory()

for variable in set(os.environ) - {"PROJECT88_TEST_PG_BIN"}:
    if variable.startswith(("PG", "DB_", "PROJECT88_", "DATABASE_")):
        del os.environ[variable]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test waits for programs and sockets a quarter of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no look for garbage need go through it."""
    gc.collect()
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneByOne:
    return OneByOne(config, log)


@pytest.fixture(scope="session")
def template_url() -> str:
    """The migrated template on the run's server, which all xdist workers share. Its keeper ends it with the run."""
    folder = Path(tempfile.gettempdir()) / f"project88-tests-{RUN}"
    folder.mkdir(exist_ok=True)
    # The server's user must be able to walk through it when we are root.
    folder.chmod(0o755)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "url").exists():
            _start_keeper(folder)
    return (folder / "url").read_text()


@pytest.fixture
async def database_url(template_url: str) -> AsyncIterator[str]:
    """A fresh database with the hub's schema and its roles, dropped afterwards."""
    async with new_database(template_url, _name(template_url)) as url:
        yield url


@pytest.fixture
async def database_without_roles_url(template_url: str) -> AsyncIterator[str]:
    """A fresh database with the hub's schema, of which nobody but its owner may see anything."""
    async with new_database(template_url, WITHOUT_ROLES) as url:
        yield url


@pytest.fixture
async def empty_database_url(template_url: str) -> AsyncIterator[str]:
    """A fresh database without any table, dropped afterwards."""
    async with new_database(template_url, "template0") as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A pool of connections to a fresh database with the hub's schema."""
    async with Database.open(database_url) as database:
        yield database


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own tmp_path is not when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="p88-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def hub_home(open_folder: Path) -> AsyncIterator[Path]:
    """A home for an embedded server. It does not exist yet; a server that was started in it is stopped afterwards."""
    home = open_folder / "home"
    yield home
    await embedded.stop(home)


def _start_keeper(folder: Path) -> None:
    # An xdist worker's parent is the run; it outlives the worker that is done first.
    watched = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    command = [sys.executable, str(KEEPER), str(folder), str(watched), *([TEST_BINARIES] if TEST_BINARIES else [])]
    log_path = folder / "keeper.log"
    with log_path.open("w") as log:
        keeper = subprocess.Popen(command, stdout=log, stderr=log, env=_keeper_environment(), start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not (folder / "url").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            said = log_path.read_text() if log_path.exists() else "it removed its folder"
            pytest.exit(f"the test server does not start: {said}", returncode=3)
        time.sleep(0.02)
    # It is the run's process now, not this worker's; without this Popen warns that it still runs.
    keeper.returncode = 0


def _keeper_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT)}


@asynccontextmanager
async def new_database(server_url: str, template: str) -> AsyncIterator[str]:
    """Dropped before the next one is made: then its connections have ended, and the server does not wait for them."""
    name = f"test_{uuid.uuid4().hex}"
    admin_url = _url_of("postgres", server_url)
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as admin:
        for used in _used.pop(admin_url, []):
            await admin.execute(SQL("drop database {} with (force)").format(Identifier(used)))
        # In memory the files are copied sooner than their pages go through the log.
        made = SQL("create database {} template {} strategy file_copy").format(Identifier(name), Identifier(template))
        await admin.execute(made)
    try:
        yield _url_of(name, server_url)
    finally:
        _used.setdefault(admin_url, []).append(name)


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _url_of(name: str, url: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"
