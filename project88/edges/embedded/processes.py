"""Starting and watching the server's processes. Knows what postmaster.pid says; takes no decision about a cluster."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from project88.edges import clock
from project88.edges.embedded.owner import Owner

POLL_SECONDS = 0.01
#: Nothing of our own environment reaches the server: PGDATA or PGPORT would change what it does.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}

#: Servers that this process started. Kept so that a dead one is reaped and does not look alive.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended, and all it printed."""

    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server, as its own postmaster.pid describes it."""

    pid: int
    #: None until the server has written it.
    port: int | None
    ready: bool


async def run(command: Sequence[str | Path], owner: Owner, input_text: str = "") -> Finished:
    """Run one command as the server's user and wait for its end."""
    with tempfile.TemporaryFile() as output:
        standard_input = _readable_by(owner, input_text)
        try:
            # Not asyncio's: uvloop cannot change the user of a process.
            process = subprocess.Popen(  # noqa: ASYNC220
                command,
                stdin=standard_input,
                stdout=output,
                stderr=output,
                cwd="/",
                env=ENVIRONMENT,
                **owner.process_user(),
            )
        finally:
            os.close(standard_input)
        exit_code = await _ended(process)
        output.seek(0)
        return Finished(exit_code, output.read().decode(errors="replace").strip())


def start_detached(command: Sequence[str | Path], owner: Owner, log_descriptor: int) -> int:
    """Start a server that outlives us and say its process id."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log_descriptor,
        stderr=log_descriptor,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
        **owner.process_user(),
    )
    _children[process.pid] = process
    return process.pid


def live_postmaster(data: Path) -> Postmaster | None:
    """The server that runs on this data folder; None where none does, whatever a stale postmaster.pid says."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not is_serving(pid, data):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None
    return Postmaster(pid=pid, port=port, ready=len(lines) > 7 and lines[7].strip() == "ready")


def is_serving(pid: int, data: Path) -> bool:
    """Whether this process lives and works in the data folder, as a postmaster always does."""
    _reap(pid)
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except (FileNotFoundError, PermissionError):
        return not Path("/proc/self").exists() and _exists(pid)


def left_behind(data: Path) -> list[int]:
    """Processes of a server whose first process was killed; none where the system has no /proc.

    One that was in a statement goes on with it, and no server starts beside it.
    """
    found = {int(each.name): _command(each) for each in Path("/proc").glob("[0-9]*") if _works_in(each, data)}
    return [
        pid for pid, (command, parent) in found.items() if command.startswith(b"postgres: ") and parent not in found
    ]


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data.resolve()
    except OSError:
        return False


def _command(process: Path) -> tuple[bytes, int]:
    """What it calls itself, and its parent; of one that is gone meanwhile nothing."""
    try:
        return (process / "cmdline").read_bytes(), int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return b"", 0


def is_alive(pid: int) -> bool:
    """Whether a process that we started still runs."""
    _reap(pid)
    return _exists(pid)


def ask_to_stop(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        _reap(pid)


def _reap(pid: int) -> None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        while (exit_code := process.poll()) is None:
            await clock.sleep(POLL_SECONDS)
    except asyncio.CancelledError:
        process.kill()
        process.wait()
        raise
    return exit_code


def _readable_by(owner: Owner, text: str) -> int:
    """A pipe that holds a short text. Reopening it as /dev/stdin needs its owner, hence the change."""
    read_end, write_end = os.pipe()
    owner.take_descriptor(read_end)
    os.write(write_end, text.encode())
    os.close(write_end)
    return read_end
