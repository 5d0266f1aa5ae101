"""A race played by several timing computers at once, until all is sent. Scores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from project88.edges import clock
from project88.errors import HubError
from project88.sandbox.clock import Clock
from project88.sandbox.entities import Event
from project88.sandbox.rig.computer import Computer, Login, TimingEvent
from project88.sandbox.rig.faults import LinkFaults
from project88.sandbox.rig.field import crossings, lines, locations, shared_out

LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class RigOptions:
    """``logins``: one for each computer, or one for all. ``offsets``: seconds that each computer's clock is ahead."""

    logins: Sequence[Login]
    computers: int = 3
    faults: LinkFaults = field(default_factory=LinkFaults)
    offsets: Sequence[float] = ()


def rig_of(event: Event, sandbox_clock: Clock, options: RigOptions) -> list[Computer]:
    found = crossings(event, options.faults)
    computers = []
    for number, places in enumerate(shared_out(locations(event), options.computers)):
        offset = options.offsets[number % len(options.offsets)] if options.offsets else 0.0
        computers.append(
            Computer(
                f"rig-{number + 1}",
                TimingEvent(name=event.name, number=event.event_id),
                options.logins[number % len(options.logins)],
                {place: lines(found, place, event.zone, offset) for place in places},
                options.faults,
                sandbox_clock,
            )
        )
    return computers


async def play(computers: Sequence[Computer], host: str, port: int, all_sent: Callable[[], None]) -> None:
    """Until cancelled; ``all_sent`` is called once every computer has sent all. Raises HubError for a refused login."""
    running = asyncio.gather(*(computer.run(host, port) for computer in computers))
    try:
        while not all(computer.sent_all.is_set() for computer in computers):
            if refused := [computer.name for computer in computers if computer.refused]:
                raise HubError(f"the login of {', '.join(refused)} is refused")
            await clock.sleep(LOOK_SECONDS)
        all_sent()
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
