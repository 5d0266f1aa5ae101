"""The command project88 as processes that start at once: each is a fork of one that has everything imported."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.hub_command import CHECKOUT, SECONDS_AT_MOST, Finished

#: Reads what to run, forks, says the process's id, and its exit code when it has ended: a signal is below zero.
PARENT = """
import importlib, json, os, sys
from project88.cli.app import COMMANDS, main

for module in json.loads(sys.argv[1]):
    importlib.import_module(module)

def become(order):
    for number, path in ((1, order["out"]), (2, order["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order["environment"])
    sys.argv = ["project88", *order["arguments"]]
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        become(order)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
#: What the commands import when they are called.
IMPORTED = [
    *(f"project88.cli.{name}" for name in
      ("changes", "decisions", "duplicates", "imports", "partner", "reconcile", "results", "retractions", "score",
       "sync", "timing")),
    *("project88.listen.scorer", "project88.imports.run", "project88.store.reports", "project88.store.reconcile"),
    *("project88.sync.accounts", "project88.sync.discovery", "project88.sync.event", "project88.store.migrate"),
    *("project88.cli.outcomes", "project88.store.changes", "project88.store.explain", "project88.store.roles"),
    *("uvloop", "psycopg", "aiohttp", "rich.table"),
]  # fmt: skip


@dataclass
class WarmCommand:
    """The command on one database; one process at a time. ``pid`` is the running one's."""

    parent: asyncio.subprocess.Process
    environment: Mapping[str, str]
    folder: Path
    pid: int | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, *arguments: str) -> Finished:
        out, err = self.folder / "out", self.folder / "err"
        order = {
            "arguments": arguments,
            "environment": self.environment,
            "out": os.fspath(out),
            "err": os.fspath(err),
        }
        async with self._turn, asyncio.timeout(SECONDS_AT_MOST):
            assert self.parent.stdin is not None
            self.parent.stdin.write(json.dumps(order).encode() + b"\n")
            self.pid = await self._number()
            code = await self._number()
            self.pid = None
        return Finished(code, out.read_text(), err.read_text())

    async def _number(self) -> int:
        assert self.parent.stdout is not None
        return int(await self.parent.stdout.readline())


@asynccontextmanager
async def warm_command(database_url: str, folder: Path) -> AsyncIterator[WarmCommand]:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, json.dumps(IMPORTED)), stdin=PIPE, stdout=PIPE, cwd=CHECKOUT
    )
    environment = {"DATABASE_URL": database_url, "PROJECT88_HOME": os.fspath(folder)}
    try:
        yield WarmCommand(parent, environment, folder)
    finally:
        if parent.stdin is not None:
            parent.stdin.close()
        await parent.wait()
