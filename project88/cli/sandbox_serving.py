"""What the commands of the stand-ins share: the clock, the faults, serving until a signal. Knows no service."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.sandbox import Fault, SandboxClock

Running = TypeVar("Running")


def clock_of(speed: float, offset: float | None) -> SandboxClock:
    from project88.sandbox import SandboxClock

    return SandboxClock.starting_now(speed) if offset is None else SandboxClock(speed, offset)


def faults_of(path: Path | None) -> list[Fault]:
    import msgspec

    from project88.sandbox import read_faults

    if path is None:
        return []
    try:
        return read_faults(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"--faults {path}: {error}") from error


async def serve_until_told(service: AbstractAsyncContextManager[Running], ready_line: Callable[[Running], str]) -> None:
    """Serve until SIGINT or SIGTERM, after printing the line that says where."""
    import asyncio
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with service as running:
        typer.echo(ready_line(running))
        await stop.wait()


def told(title: str, facts: dict[str, str], as_json: bool) -> str:
    """The line that says where, for people or as JSON."""
    import msgspec

    if as_json:
        return msgspec.json.encode(facts).decode()
    return f"{title}: " + ", ".join(f"{name} {value}" for name, value in facts.items())
