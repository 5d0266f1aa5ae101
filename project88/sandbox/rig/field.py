"""A race of the sandbox as reads: who crosses which mat when, in the order of each mat. Sends nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from project88.sandbox.entities import Event, Race
from project88.sandbox.rig.faults import LinkFaults
from project88.wire.ctp01.events import Observation, WallTime

START, FINISH = "start", "finish"
LATE_MS = 30_000
REPEATED_AFTER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Crossing:
    """``sent_ms`` is the simulated epoch time at which the reader gives the line away, never before ``at_ms``."""

    at_ms: int
    sent_ms: int
    tag: str
    is_gun: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    sent_ms: int
    seen: Observation


def crossings(event: Event, faults: LinkFaults) -> dict[str, list[Crossing]]:
    """By location, in the order in which the reads are given away."""
    luck = faults.draw("crossings")
    places: dict[str, list[Crossing]] = {location: [] for location in locations(event)}
    for race in event.races:
        places[START].append(Crossing(race.gun_ms, race.gun_ms, "guntime", is_gun=True))
        for location, at_ms, bib in _passages(race):
            places[location] += _reads_of(at_ms, bib, faults, luck)
    for found in places.values():
        found.sort(key=lambda crossing: (crossing.sent_ms, crossing.at_ms, crossing.tag))
    return places


def locations(event: Event) -> list[str]:
    """The start and the end of each interval, in course order."""
    names = [interval.name for interval in event.races[0].intervals[:-1]]
    return [START, *names, FINISH]


def shared_out(places: Sequence[str], computers: int) -> list[list[str]]:
    """Locations to computers: neighbours together."""
    return [list(places[len(places) * n // computers : len(places) * (n + 1) // computers]) for n in range(computers)]


def lines(found: Mapping[str, list[Crossing]], location: str, zone: str, clock_offset_seconds: float) -> list[Line]:
    """What the computer of a location sends: numbered from 1 on, in the wall-clock time of its own clock."""
    controller = f"{abs(hash_of(location)) % 0xFFFFFF:06X}"
    return [
        Line(crossing.sent_ms, _observation(number, location, crossing, controller, zone, clock_offset_seconds))
        for number, crossing in enumerate(found[location], start=1)
    ]


def hash_of(text: str) -> int:
    """The same in every process, which Python's own is not."""
    return int.from_bytes(text.encode().ljust(8, b"\0")[:8], "big")


def _passages(race: Race) -> Iterator[tuple[str, int, str]]:
    for entry in race.entries:
        if entry.is_removed or not any(entry.elapsed_ms):
            continue
        began_ms = race.gun_ms + entry.delay_ms
        yield START, began_ms, entry.bib
        for interval, elapsed_ms in zip(race.intervals, entry.elapsed_ms, strict=True):
            if elapsed_ms is not None:
                yield FINISH if interval.is_full else interval.name, began_ms + elapsed_ms, entry.bib


def _reads_of(at_ms: int, bib: str, faults: LinkFaults, luck: random.Random) -> Iterator[Crossing]:
    waits_ms = int(luck.random() * LATE_MS) if luck.random() < faults.late else 0
    yield Crossing(at_ms, at_ms + waits_ms, bib)
    if luck.random() < faults.repeated:
        again_ms = at_ms + REPEATED_AFTER_MS + int(luck.random() * REPEATED_AFTER_MS)
        yield Crossing(again_ms, again_ms, bib)


def _observation(
    number: int, location: str, crossing: Crossing, controller: str, zone: str, offset_seconds: float
) -> Observation:
    at = datetime.fromtimestamp(crossing.at_ms / 1000, UTC) + timedelta(seconds=offset_seconds)
    return Observation(
        kind="guntime" if crossing.is_gun else "read",
        sequence=number,
        location=location,
        tag=crossing.tag,
        time=WallTime(local=at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)),
        reader=controller,
        gator=0 if crossing.is_gun else 1,
        lap=0 if crossing.is_gun else 1,
        raw="",
    )
