"""Work measured in a process of its own, so that its memory and processor time are its own. Knows no benchmark.

A child is a module with a ``main`` that calls ``answer``. It takes one JSON argument and prints one JSON line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import uvloop

from bench.sampling import Sampled, sampling

MEBIBYTE = 2**20


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is to do."""

    database_url: str
    #: The API's base_url, or the file to copy.
    source: str
    #: The API rows that the source holds.
    rows: int
    profile: bool = False


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a child did. Times of the work alone, without the start of the process."""

    rows: int
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    samples: list[Sampled] = []

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds


async def python(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """``bench.<module>`` as a process of its own; what it prints can be read."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.{module}", *arguments, stdout=asyncio.subprocess.PIPE
    )


@asynccontextmanager
async def serving(module: str, argument: str) -> AsyncIterator[int]:
    """``bench.<module>`` as a server that prints its port first; gives the port."""
    process = await python(module, argument)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        # Ctrl-C reaches the whole process group, so the server may be gone by now.
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def run(module: str, task: Task) -> Measured:
    """Have ``bench.<module>`` do the task."""
    process = await python(module, msgspec.json.encode(task).decode())
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"bench.{module} ended with {process.returncode}")
    return msgspec.json.decode(output.splitlines()[-1], type=Measured)


def answer(work: Callable[[Task], Awaitable[None]]) -> None:
    """The child's side: do the work and print what it took. ``work`` raises where a row is missing."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    print(msgspec.json.encode(uvloop.run(_measure(work, task))).decode(), flush=True)


async def _measure(work: Callable[[Task], Awaitable[None]], task: Task) -> Measured:
    async with _profile(task.profile) as samples:
        started, cpu_started = time.perf_counter(), time.process_time()
        await work(task)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    return Measured(
        rows=task.rows,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_memory_bytes=peak_memory_bytes(),
        samples=samples,
    )


@asynccontextmanager
async def _profile(wanted: bool) -> AsyncIterator[list[Sampled]]:
    if not wanted:
        yield []
        return
    samples: list[Sampled] = []
    with sampling() as sampler:
        yield samples
    samples.extend(sampler.hottest())


def require_rows(task: Task, handled: int) -> None:
    if handled != task.rows:
        raise RuntimeError(f"{handled} of {task.rows} rows were handled")


def peak_memory_bytes() -> int:
    """The highest resident memory of this process. getrusage would include what the parent had before the exec."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")
