"""A machine for the deployment page: PostgreSQL 15, a clone of the repository, a system Python, stand-ins.

Nothing of it is the checkout under test but the files, which are copied, and the environment, which is linked.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal

from project88.edges import embedded
from tests.hub_command import CHECKOUT, Finished

STANDINS = Path(__file__).with_name("standins")
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
OWNER, OWNER_PASSWORD, DATABASE = "hub_owner", "owner-of-the-hub", "timing"
COMMAND_SECONDS = 120
LOOK_SECONDS = 0.1
SERVER = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
#: What the page's programs leave in /tmp, by the page's own names.
LEFTOVERS = ("chronotrack-live-scheduler.service", "chronotrack_live_test_report.json", "chronotrack_live_test.log",
             "chronotrack_live_backfill.log")  # fmt: skip
GIT = ("git", "-c", "user.name=operator", "-c", "user.email=operator@example.org", "-c", "init.defaultBranch=main")


@dataclass(frozen=True)
class Machine:
    folder: Path
    server: embedded.Server
    variables: dict[str, str] = field(repr=False)

    @property
    def checkout(self) -> Path:
        return self.folder / "project88"

    def url(self, database: str = DATABASE) -> str:
        """As the ordinary owner, whom the operator logs in as."""
        place = self.variables
        return f"postgresql://{OWNER}:{OWNER_PASSWORD}@{place['PGHOST']}:{place['PGPORT']}/{database}"

    @asynccontextmanager
    async def typing(self, text: str, folder: Path | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
        """A command that runs while the block does. It is typed in the clone if not said otherwise."""
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", text, cwd=folder or self.checkout, env=self.variables, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()

    async def types(self, text: str, stdin: str = "", folder: Path | None = None) -> Finished:
        """A command to its end."""
        async with self.typing(text, folder) as process:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), COMMAND_SECONDS)
            return Finished(process.returncode, out.decode(), err.decode())

    async def does(self, text: str, stdin: str = "", folder: Path | None = None) -> str:
        """A command that must succeed: what it printed."""
        done = await self.types(text, stdin, folder)
        assert done.code == 0, f"{text}\nexit code {done.code}\n{done.out}\n{done.err}"
        return done.out

    async def interrupted(self, text: str, once: Callable[[], Awaitable[object]]) -> Finished:
        """An endless command, ended by Ctrl-C as soon as ``once`` is true."""
        async with self.typing(text) as process:
            reading = asyncio.create_task(process.communicate())

            async def is_time() -> object:
                return reading.done() or await once()

            await self.until(is_time)
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGINT)
            out, err = await asyncio.wait_for(reading, COMMAND_SECONDS)
            return Finished(process.returncode, out.decode(), err.decode())

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(COMMAND_SECONDS):
            while not await condition():  # noqa: ASYNC110 - the work of other processes
                await asyncio.sleep(LOOK_SECONDS)

    async def rows(self, statement: str, database: str = DATABASE) -> list[tuple[object, ...]]:
        async with await psycopg.AsyncConnection.connect(self.url(database)) as connection:
            return list(await (await connection.execute(SQL(statement))).fetchall())

    async def value(self, statement: str, database: str = DATABASE) -> object:
        return (await self.rows(statement, database))[0][0]


@asynccontextmanager
async def machine(folder: Path, system_python: Path) -> AsyncIterator[Machine]:
    """Started, with an empty database of an ordinary owner; its server is stopped at the end."""
    home = folder / "server"
    try:
        server = await embedded.ensure_running(home, options=server_options())
        here = Machine(folder, server, _variables(folder, server, system_python))
        await _make_database(server)
        _make_clone(folder)
        with _tmp_to_itself():
            yield here
    finally:
        await embedded.stop(home)


def server_options() -> embedded.Options:
    """PostgreSQL 15 where the machine has it, else the embedded one."""
    binaries = POSTGRES_15 if POSTGRES_15.is_dir() else None
    return embedded.Options(binaries=binaries, settings=SERVER, initdb_arguments=("--no-sync",))


def make_system_python(folder: Path) -> None:
    """What python3 and pip3 mean on the machine: not the project's environment."""
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", str(folder)], check=True, capture_output=True)


async def _make_database(server: embedded.Server) -> None:
    url = server.url("postgres")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        login = SQL("create role {} login createdb password {}")
        await admin.execute(login.format(Identifier(OWNER), Literal(OWNER_PASSWORD)))
        await admin.execute(SQL("create database {} owner {}").format(Identifier(DATABASE), Identifier(OWNER)))


def _variables(folder: Path, server: embedded.Server, system_python: Path) -> dict[str, str]:
    place = conninfo_to_dict(server.url("postgres"))
    path = [str(STANDINS), str(system_python / "bin"), str(POSTGRES_15), os.environ["PATH"]]
    return {
        "PATH": ":".join(path),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PROJECT88_HOME": str(folder / "hub"),
        "STANDIN_ROOT": str(folder / "root"),
        "PGHOST": str(place["host"]),
        "PGPORT": str(place["port"]),
        "PGUSER": OWNER,
        "PGPASSWORD": OWNER_PASSWORD,
        "PGDATABASE": DATABASE,
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))},
    }


def _make_clone(folder: Path) -> None:
    """An origin whose branch development-workspace holds the files under test, and an older clone of it."""
    origin, clone = folder / "origin", folder / "project88"
    (folder / "root/etc/systemd/system").mkdir(parents=True)
    origin.mkdir()
    _git(origin, "init", "--quiet")
    _git(origin, "checkout", "--quiet", "-b", "development-workspace")
    _git(origin, "commit", "--quiet", "--allow-empty", "-m", "Before")
    subprocess.run([*GIT, "clone", "--quiet", str(origin), str(clone)], check=True, capture_output=True)
    for name in _files():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, origin / name)
    _git(origin, "add", "--all", "--force")
    _git(origin, "commit", "--quiet", "-m", "ChronoTrack Live")
    (clone / ".venv").symlink_to(Path(sys.prefix))


def _files() -> list[str]:
    """The files of the checkout, those not committed yet too."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    out = subprocess.run(listed, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    return [name for name in out.splitlines() if (CHECKOUT / name).is_file()]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


@contextmanager
def _tmp_to_itself() -> Iterator[None]:
    """The page names files in /tmp; whatever another deployment left there is put aside for the while."""
    kept = {path: path.read_bytes() for name in LEFTOVERS if (path := Path("/tmp") / name).is_file()}
    for name in LEFTOVERS:
        (Path("/tmp") / name).unlink(missing_ok=True)
    try:
        yield
    finally:
        for name in LEFTOVERS:
            (Path("/tmp") / name).unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
