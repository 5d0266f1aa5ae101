"""One timing computer: it connects, obeys, streams what has happened, and comes back after every cut."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from project88.edges import clock
from project88.edges.tcp import Connection, connect
from project88.sandbox.clock import Clock
from project88.sandbox.rig.faults import LinkFaults
from project88.sandbox.rig.field import Line
from project88.wire.ctp01.events import Asked, Observation, Refused
from project88.wire.ctp01.session import ClientSession, State
from project88.wire.ctp01.settings import Settings

PROGRAM, VERSION = "ChronoTrack Rig", "0.4.0"
TICK_SECONDS = 0.05
LINES_AT_ONCE = 500
#: Before it connects again.
AWAY_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingEvent:
    """What the computer answers to geteventinfo."""

    name: str
    number: str
    description: str = ""


class Computer:
    """``lines`` are its locations' lines, each in the order of its numbers from 1 on.

    The last location is announced as a new one on the first connection. ``sent_all`` is set while the hub has taken
    every line on one connection.
    """

    def __init__(
        self,
        name: str,
        event: TimingEvent,
        login: Login,
        lines: Mapping[str, Sequence[Line]],
        faults: LinkFaults,
        sandbox_clock: Clock,
    ) -> None:
        self.name = name
        self._event = event
        self._login = login
        self._lines = lines
        self._faults = faults
        self._luck: random.Random = faults.draw(name)
        self._clock = sandbox_clock
        self._known = list(lines)[:-1] or list(lines)
        self._next: dict[str, int] = {}
        self._session = ClientSession(PROGRAM, VERSION)
        self.sent_all = asyncio.Event()
        self.refused = False
        self.lines_sent = 0
        self.cuts = 0
        self._sent_before = 0

    @property
    def size(self) -> int:
        """How many lines it has in all."""
        return sum(map(len, self._lines.values()))

    async def run(self, host: str, port: int) -> None:
        """Until it is cancelled, or its login is refused."""
        while not self.refused:
            connection = await connect(host, port)
            if connection is not None:
                self._session, self._next = ClientSession(PROGRAM, VERSION), {}
                try:
                    await self._converse(connection)
                finally:
                    await connection.close()
            self.sent_all.clear()
            await clock.sleep(AWAY_SECONDS)

    async def _converse(self, connection: Connection) -> None:
        await connection.write(self._session.outgoing())
        while self._session.state is not State.closed:
            data = await connection.read(TICK_SECONDS)
            for event in self._session.receive(data) if data is not None else []:
                self._obey(event)
            is_whole = self._send_what_happened()
            if not await connection.write(self._session.outgoing()):
                return
            if self._is_cut():
                connection.cut()
                return
            if is_whole and data is None:
                self.sent_all.set()

    def _obey(self, event: object) -> None:
        match event:
            case Settings(authentication=kind) if kind != "none":
                self._session.authorize(self._login.user, self._login.password)
            case Refused(command="authorize"):
                self.refused = True
            case Asked():
                self._answer(event)

    def _answer(self, asked: Asked) -> None:
        match asked.command, asked.fields:
            case "geteventinfo", ():
                event = self._event
                self._session.answer("geteventinfo", event.name, event.number, event.description)
            case "getlocations", ():
                self._session.answer("getlocations", *self._known)
            case "getconnectionid", ():
                self._session.answer("getconnectionid", self.name)
                self._announce()
            case "start", (location, *rest) if location in self._lines:
                self._next[location] = int(rest[0]) - 1 if rest else 0
            case "start", ():
                self._next.update(dict.fromkeys(self._known, 0))
            case "stop", (location,):
                self._next.pop(location, None)
            case "stop", ():
                self._next.clear()
            case command, _:
                self._session.refuse(command, "unknown location")

    def _announce(self) -> None:
        """Of the locations that are no answer to getlocations the hub hears only here."""
        for location in self._lines:
            if location not in self._known:
                first = self._lines[location][0].seen
                self._session.observe(_as_new(first))
                self._known.append(location)

    def _send_what_happened(self) -> bool:
        """Whether there is nothing left that the hub has asked for, up to the end."""
        now_ms = self._clock.now_seconds() * 1000
        for location, begin in self._next.items():
            found = self._lines[location]
            number = begin
            while number < len(found) and number - begin < LINES_AT_ONCE and found[number].sent_ms <= now_ms:
                self._send(found[number].seen)
                number += 1
            self._next[location] = number
        return len(self._next) == len(self._lines) and all(
            number >= len(self._lines[location]) for location, number in self._next.items()
        )

    def _send(self, seen: Observation) -> None:
        if self._luck.random() < self._faults.garbled:
            self._session.say("CT01_33~noise")
        self._session.observe(seen)
        if self._luck.random() < self._faults.doubled:
            self._session.observe(seen)
        self.lines_sent += 1

    def _is_cut(self) -> bool:
        sent, self._sent_before = self.lines_sent - self._sent_before, self.lines_sent
        is_cut = self._luck.random() < 1 - (1 - self._faults.cuts / 1000) ** sent
        self.cuts += is_cut
        return is_cut


def _as_new(first: Observation) -> Observation:
    return Observation(
        kind="newlocation",
        sequence=1,
        location=first.location,
        tag="newlocation",
        time=first.time,
        reader=first.reader,
        gator=0,
        lap=0,
        raw="",
    )
