"""What systemd says of our unit and its file. Installs and starts nothing."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from project88.edges import environment
from project88.edges.units import UNIT_NAME

SECONDS_AT_MOST = 20.0


async def complaints(unit: Path) -> list[str] | None:
    """What ``systemd-analyze verify`` finds wrong with the file; None where systemd cannot be asked."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return None
    checking = await asyncio.create_subprocess_exec(
        *(program, "verify", "--man=no", str(unit)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment.for_child({"SYSTEMD_LOG_LEVEL": "warning", "LC_ALL": "C"}),
    )
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            _, said = await checking.communicate()
    except TimeoutError:
        checking.kill()
        await checking.wait()
        return None
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    about_it = [line for line in lines if unit.name in line]
    # A machine without a running systemd may fail for reasons of its own.
    return about_it if about_it or checking.returncode == 0 else None


async def unit_state() -> str | None:
    """``active``, ``failed`` and so on; None where the unit is not installed or systemd cannot be asked."""
    program = shutil.which("systemctl")
    if program is None or await _asked(program, "is-enabled") not in ("enabled", "disabled", "static"):
        return None
    return await _asked(program, "is-active") or None


async def _asked(program: str, verb: str) -> str:
    """The one word of the answer; empty where there is none in time."""
    asking = await asyncio.create_subprocess_exec(
        *(program, verb, UNIT_NAME),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment.for_child({"LC_ALL": "C"}),
    )
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            said, _ = await asking.communicate()
    except TimeoutError:
        asking.kill()
        await asking.wait()
        return ""
    return said.decode(errors="replace").strip()
