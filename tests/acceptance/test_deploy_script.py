"""deploy_chronotrack_live.sh in a copy of the checkout: it deploys, again too, and stops where it must."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.hub_command import CHECKOUT, Finished

UNIT = Path("/tmp/chronotrack-live-scheduler.service")
REPORT = Path("/tmp/chronotrack_live_test_report.json")
SECONDS_AT_MOST = 100

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Machine:
    """A clone of the checkout whose environment is a link, and a database of its own."""

    checkout: Path
    variables: dict[str, str]

    async def deploy(self, *arguments: str, folder: Path | None = None, **more: str) -> Finished:
        process = await asyncio.create_subprocess_exec(
            str(self.checkout / "deploy_chronotrack_live.sh"),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.DEVNULL,
            env={**self.variables, **more},
            cwd=folder or self.checkout,
        )
        out, err = await asyncio.wait_for(process.communicate(), SECONDS_AT_MOST)
        return Finished(process.returncode, out.decode(), err.decode())

    def backups(self) -> list[Path]:
        return sorted((Path(self.variables["PROJECT88_HOME"]) / "backups").glob("*.dump"))


@pytest.fixture
def one_at_a_time() -> Iterator[None]:
    """The page's files in /tmp are there once only; what another deployment left is put back."""
    with (Path(tempfile.gettempdir()) / "project88-deployment-page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {path: path.read_bytes() for path in (UNIT, REPORT) if path.exists()}
        for path in (UNIT, REPORT):
            path.unlink(missing_ok=True)
        yield
        for path in (UNIT, REPORT):
            path.unlink(missing_ok=True)
            if path in kept:
                path.write_bytes(kept[path])


@pytest.fixture
def machine(empty_database_url: str, tmp_path: Path, one_at_a_time: None) -> Machine:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.splitlines():
        if (CHECKOUT / name).is_file() and not name.startswith(("tests/", "bench/", "docs/")):
            (tmp_path / "hub" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, tmp_path / "hub" / name)
    (tmp_path / "hub" / ".venv").symlink_to(sys.prefix)
    variables = {**os.environ, "DATABASE_URL": empty_database_url, "PROJECT88_HOME": str(tmp_path / "home")}
    return Machine(tmp_path / "hub", variables)


async def tables(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        counted = await connection.execute("select count(*) from pg_tables where schemaname = 'public'")
        row = await counted.fetchone()
        return row[0] if row else 0


async def test_it_deploys_and_may_run_again_from_anywhere(machine: Machine, tmp_path: Path):
    url = machine.variables["DATABASE_URL"]
    first, second = await machine.deploy(), await machine.deploy(folder=tmp_path)
    assert (first.code, second.code) == (0, 0), first.out + first.err + second.out + second.err

    password = str(conninfo_to_dict(url)["password"])
    unit = UNIT.read_text()
    settings = tmp_path / "home" / "chronotrack-live.env"

    assert await tables(url) > 10
    assert len(machine.backups()) == 2
    assert "proved: restored into a scratch database" in second.out
    assert f"{machine.checkout}/schedulers/chronotrack_live_scheduler.py" in unit
    assert "sudo systemctl" in second.out
    assert password in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert not any(password in text for text in (first.out, first.err, second.out, second.err, unit))


async def test_a_check_changes_nothing(machine: Machine, tmp_path: Path):
    looked = await machine.deploy("--check")

    assert looked.code == 0, looked.out + looked.err
    assert "nothing was changed" in looked.out
    assert await tables(machine.variables["DATABASE_URL"]) == 0
    assert not UNIT.exists()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [(), ("--check",)])
async def test_a_missing_file_stops_it_before_anything_happens(machine: Machine, arguments: tuple[str, ...]):
    (machine.checkout / "providers" / "chronotrack_live_adapter.py").unlink(missing_ok=True)
    stopped = await machine.deploy(*arguments)

    assert stopped.code == 1
    assert "providers/chronotrack_live_adapter.py is missing" in stopped.err
    assert 'FAILED at "files": get the whole branch' in stopped.err
    assert await tables(machine.variables["DATABASE_URL"]) == 0


async def test_a_database_that_cannot_be_reached_stops_it(machine: Machine):
    stopped = await machine.deploy(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert stopped.code == 78
    assert "cannot connect to the database" in stopped.err
    assert stopped.err.count("FAILED at") == 1
    assert not UNIT.exists()


async def test_a_backup_that_fails_stops_it_before_the_schema(machine: Machine):
    (Path(machine.variables["PROJECT88_HOME"])).mkdir()
    (Path(machine.variables["PROJECT88_HOME"]) / "backups").write_text("in the way")
    stopped = await machine.deploy()

    assert stopped.code == 1
    assert 'FAILED at "backup of the data"' in stopped.err
    assert stopped.err.count("FAILED at") == 1
    assert await tables(machine.variables["DATABASE_URL"]) == 0


async def test_a_schema_that_cannot_be_applied_stops_it_with_the_backup_made(machine: Machine):
    url = machine.variables["DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("create view ct_results as select 1 as stands_in_the_way")
    stopped = await machine.deploy()

    assert stopped.code not in (0, 2)
    assert 'FAILED at "schema, providers and roles"' in stopped.err
    assert len(machine.backups()) == 1
    assert await tables(url) == 0


async def test_a_word_it_does_not_know_is_refused(machine: Machine):
    refused = await machine.deploy("--now")

    assert refused.code == 2
    assert "usage:" in refused.err
