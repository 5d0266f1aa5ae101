"""The command project88 run as a process, for tests that type what an operator types."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """The command on one database, with nothing else in its environment that names one."""

    database_url: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.database_url, "PROJECT88_HOME": str(self.home)}

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "project88", *arguments]

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        process = await asyncio.create_subprocess_exec(
            *self.line(*arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
            cwd=CHECKOUT,
        )
        out, err = await asyncio.wait_for(process.communicate(stdin), SECONDS_AT_MOST)
        return Finished(process.returncode, out.decode(), err.decode())

    @asynccontextmanager
    async def web(self, *arguments: str) -> AsyncIterator[str]:
        """Where ``project88 web`` serves the pages, until the end of the block; it must end well then."""
        process = await asyncio.create_subprocess_exec(
            *self.line("web", "--port", "0", *arguments),
            stdout=asyncio.subprocess.PIPE,
            env=self.environment,
            cwd=CHECKOUT,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(SECONDS_AT_MOST):
                said = (await process.stdout.readline()).decode()
            yield said.removeprefix(SAYS_WHERE).strip().removesuffix("/")
        finally:
            process.terminate()
            async with asyncio.timeout(SECONDS_AT_MOST):
                code = await process.wait()
        assert code == 0
