"""The programs of the hub as processes: started, watched and killed. Measures nothing but their processor time."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


async def start(database_url: str, folder: Path, *arguments: str) -> Process:
    """``project88 ...`` on a database; what it logs goes into a file named like the command."""
    environment = {**os.environ, "DATABASE_URL": database_url, "PROJECT88_HOME": str(folder)}
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "project88", *arguments, stdout=log, stderr=log, env=environment
        )


@asynccontextmanager
async def running(database_url: str, folder: Path, *commands: Sequence[str]) -> AsyncIterator[list[Process]]:
    """Programs that are killed at the end."""
    processes = [await start(database_url, folder, *command) for command in commands]
    try:
        yield processes
    finally:
        for process in processes:
            await kill(process)


async def kill(process: Process) -> None:
    """End a process without a chance to clean up."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def output(database_url: str, folder: Path, *arguments: str) -> bytes:
    """What ``project88 ...`` prints. Raises where it fails."""
    environment = {**os.environ, "DATABASE_URL": database_url, "PROJECT88_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "project88", *arguments, stdout=asyncio.subprocess.PIPE, env=environment
    )
    printed, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"project88 {' '.join(arguments)} ended with {process.returncode}")
    return printed


def processor_seconds(process: Process) -> float:
    """Of a process that still runs."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
