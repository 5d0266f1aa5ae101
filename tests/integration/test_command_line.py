"""The command line as a process: exit codes, signals, and what it says when it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

#: A command that stands in for a long one: it says when it runs and when it has cleaned up.
WAITING = """
import asyncio, sys, typer
from project88.cli import app, common

async def wait():
    print("running", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("cleaned up", flush=True)

def command():
    common.run(wait())

def broken():
    raise RuntimeError("out of order")

def hub_error():
    from project88.errors import ConfigError
    raise ConfigError("set the thing")

sys.modules["stand_in"] = sys.modules["__main__"]
names = ("command", "broken", "hub_error")
app.COMMANDS = {name: app.Entry("stand_in", name, "A stand-in.") for name in names}
sys.exit(app.main())
"""


async def begin(*arguments: str, home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "PROJECT88_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.parametrize(("how", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_lets_the_command_clean_up_first(how: signal.Signals, exit_code: int, tmp_path: Path):
    process = await begin("-c", WAITING, "command", home=tmp_path)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"running\n"
    process.send_signal(how)

    assert await finish(process) == (exit_code, "cleaned up\n", "")


async def test_an_error_of_the_hub_is_one_line_and_its_exit_code(tmp_path: Path):
    process = await begin("-c", WAITING, "hub_error", home=tmp_path)

    assert await finish(process) == (78, "", "error: set the thing\n")


async def test_an_unexpected_error_is_one_line_and_its_traceback_is_in_the_log(tmp_path: Path):
    exit_code, output, errors = await finish(await begin("-c", WAITING, "broken", home=tmp_path))

    assert (exit_code, output) == (1, "")
    assert errors == f"error: unexpected RuntimeError; the traceback is in {tmp_path / 'project88.log'}\n"
    assert "out of order" in (tmp_path / "project88.log").read_text()


async def test_a_command_that_does_not_exist_is_a_usage_error_that_names_the_near_one(tmp_path: Path):
    exit_code, _, errors = await finish(await begin("-m", "project88", "dbs", home=tmp_path))

    assert exit_code == 2
    assert "Did you mean 'db'" in errors


async def test_stopping_a_database_that_somebody_named_is_a_usage_error(tmp_path: Path):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "project88",
        "db",
        "stop",
        cwd=CHECKOUT,
        env={"DATABASE_URL": "postgresql://ann:hush-hush@127.0.0.1:1/hub"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    exit_code, _, errors = await finish(process)

    assert (exit_code, "hush-hush" in errors) == (2, False)
    assert "named by DATABASE_URL" in errors


async def test_help_imports_no_driver_and_no_command(tmp_path: Path):
    code = (
        "import sys; sys.argv = ['project88', '--help']\n"
        "from project88.__main__ import main\n"
        "main()\n"
        "print(sorted({'psycopg', 'uvloop', 'aiohttp', 'project88.cli.db'} & set(sys.modules)), file=sys.stderr)"
    )

    assert (await finish(await begin("-c", code, home=tmp_path)))[2] == "[]\n"
