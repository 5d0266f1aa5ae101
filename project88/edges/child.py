"""A child process of our own program: started, heard, and ended with its parent's block. Decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from project88.edges import environment
from project88.errors import HubError

#: A listener gives what is on its disk a moment to reach the database.
END_SECONDS = 8.0
NOTHING: Mapping[str, str] = {}


@asynccontextmanager
async def hub_process(*arguments: str, nice: int = 0, variables: Mapping[str, str] = NOTHING) -> AsyncIterator[str]:
    """Run ``project88 ARGUMENTS`` beside this process; gives the first line it prints.

    The child is in a session of its own, so that Ctrl-C reaches only us, and ends when the block does. ``nice``: how
    far it steps back where the processor is short. ``variables``: of its environment, besides ours. Raises HubError
    in the block where the child fails before it.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "project88",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=environment.for_child(variables),
        start_new_session=True,
    )
    try:
        if nice:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, child.pid, nice)
        line = await _first_line(child, arguments[0])
        async with _missed(child, arguments[0]):
            yield line
    finally:
        await _end(child)


@asynccontextmanager
async def _missed(child: asyncio.subprocess.Process, name: str) -> AsyncIterator[None]:
    """Ends the block by HubError where the child fails; one that has done all of its work may go."""
    block = asyncio.current_task()
    assert block is not None
    has_failed = False

    async def watch() -> None:
        nonlocal has_failed
        has_failed = await child.wait() != 0
        if has_failed:
            block.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        # Somebody else may have cancelled the block as well.
        if not has_failed or block.uncancel() > 0:
            raise
        raise HubError(f"project88 {name} ended with {child.returncode} while it was needed") from None
    finally:
        watching.cancel()


async def _first_line(child: asyncio.subprocess.Process, name: str) -> str:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise HubError(f"project88 {name} ended with {await child.wait()} before it was ready; see its message above")
    return line.decode().strip()


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), END_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()
