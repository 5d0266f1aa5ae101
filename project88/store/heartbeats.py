"""The rows by which planners, workers and listeners say that they are alive. Knows no clock of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from project88.store.connection import Database
from project88.store.queries import load

queries = load("heartbeats")

Component = Literal["planner", "worker", "listener"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One running program: ``instance`` tells it from others of its kind."""

    component: Component
    instance: str
    host: str
    pid: int


async def beat(db: Database, program: Program) -> None:
    await db.execute(queries["beat"], asdict(program))


async def leave(db: Database, program: Program) -> None:
    await db.execute(queries["leave"], {"component": program.component, "instance": program.instance})
