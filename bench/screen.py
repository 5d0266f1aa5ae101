"""One screen that follows a display as a browser does, and how long runners waited to be on it. Starts no program."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from project88.web.screens import JUST_FINISHED

#: Finishers that the announcer's display shows; who is pushed out before a look is not seen.
FINISHED = re.compile(rb'data-row="finished-[^"]*"><td class="bib">([^<]*)<')


@dataclass(frozen=True, slots=True)
class Finish:
    """``read_at``: when the mat gave the read away, by the machine's clock. ``at_ms``: the finish, by the race's."""

    read_at: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class Part:
    came_at: float
    bibs: frozenset[str]


@dataclass(slots=True)
class Watched:
    """``finishes``: of everybody who may be on the screen. ``wanted``: those who finished while it was measured."""

    finishes: dict[str, Finish]
    wanted: list[str]
    parts: Sequence[Part]


@dataclass(slots=True)
class Waits:
    """Seconds until the runners were on the screen, and until those that never were had been passed over."""

    shown: list[float] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)
    too_late: int = 0
    missing: int = 0


@dataclass(slots=True)
class Screen:
    """What one display has shown: the bibs of each part, and the instant at which it came."""

    parts: list[Part] = field(default_factory=list)
    _told: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, address: str) -> None:
        for_ever = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=for_ever) as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(session, f"{address}/stream"))
            tasks.create_task(self._fetch(session, f"{address}/live"))

    async def _listen(self, session: aiohttp.ClientSession, address: str) -> None:
        async with session.get(address) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    self._told = line[6:].decode().strip()
                    self._news.set()

    async def _fetch(self, session: aiohttp.ClientSession, address: str) -> None:
        """One at a time; what is told meanwhile leads to one more."""
        while await self._news.wait():
            self._news.clear()
            async with session.get(address, params={"version": self._told}) as answer:
                part = await answer.read()
            self.parts.append(Part(time.time(), frozenset(bib.decode() for bib in FINISHED.findall(part))))


def waits_of(watched: Watched) -> Waits:
    found = Waits()
    for bib in watched.wanted:
        finish = watched.finishes[bib]
        parts = [part for part in watched.parts if part.came_at >= finish.read_at]
        earlier = next((part for part in reversed(watched.parts) if part.came_at < finish.read_at), None)
        told = next((part for part in parts if bib in part.bibs or _is_passed(watched, part, finish)), None)
        if earlier is not None and _is_passed(watched, earlier, finish):
            found.too_late += 1
        elif told is None:
            found.missing += 1
        else:
            (found.shown if bib in told.bibs else found.passed).append(told.came_at - finish.read_at)
    return found


def _is_passed(watched: Watched, part: Part, finish: Finish) -> bool:
    """Whether the screen is full of people who finished later."""
    finished_ms = [watched.finishes[bib].at_ms for bib in part.bibs if bib in watched.finishes]
    return len(finished_ms) == JUST_FINISHED and min(finished_ms) > finish.at_ms
