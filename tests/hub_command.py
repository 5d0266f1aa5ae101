"""The command project88 run as a process, for tests that type what an operator types."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from tests.forked import Forked, start

CHECKOUT = Path(__file__).resolve().parents[1]
SECONDS_AT_MOST = 90.0
SAYS_WHERE = "Results pages: "


@dataclass(frozen=True, slots=True)
class Finished:
    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass(frozen=True, slots=True)
class HubCommand:
    """The command on one database, with nothing else in its environment that names one.

    ``pids``: the processes it was, the newest last.
    """

    database_url: str
    home: Path
    pids: list[int] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.database_url, "PROJECT88_HOME": str(self.home)}

    @property
    def without_compiled_files(self) -> dict[str, str]:
        """For a process that may write short files only: Python would keep a compiled module that is cut off."""
        return {**self.environment, "PYTHONDONTWRITEBYTECODE": "1"}

    def line(self, *arguments: str) -> list[str]:
        """What starts the program anew, where no fork of a started one will do."""
        return [sys.executable, "-m", "project88", *arguments]

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        with TemporaryFile() as typed, TemporaryFile() as out, TemporaryFile() as err:
            typed.write(stdin)
            typed.seek(0)
            process = start(arguments, self.environment, (typed.fileno(), out.fileno(), err.fileno()))
            self.pids.append(process.pid)
            code = await _ended(process)
            return Finished(code, _content(out), _content(err))

    @asynccontextmanager
    async def web(self, *arguments: str) -> AsyncIterator[str]:
        """Where ``project88 web`` serves the pages, until the end of the block; it must end well then."""
        async with _pipe() as (said, writing):
            process = start(("web", "--port", "0", *arguments), self.environment, (0, writing, 2))
            os.close(writing)
            try:
                async with asyncio.timeout(SECONDS_AT_MOST):
                    where = (await said.readline()).decode()
                yield where.removeprefix(SAYS_WHERE).strip().removesuffix("/")
            finally:
                process.send_signal(signal.SIGTERM)
                code = await _ended(process)
        assert code == 0


async def _ended(process: Forked) -> int:
    """The exit code; a process that takes too long is killed."""
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """What is written to the handle can be read. The handle is the caller's to close."""
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb"))
    try:
        yield reader, writing
    finally:
        transport.close()


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
