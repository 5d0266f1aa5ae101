"""The command project88 run as a process, for tests that type what an operator types."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
SECONDS_AT_MOST = 90.0


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
