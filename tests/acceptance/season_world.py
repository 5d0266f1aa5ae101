"""The events of a season at the provider, who runs in them, and what a timing company edits there. Knows no hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from project88.sandbox import Account, ChangeTime, World
from project88.sandbox.entities import Entry, Event, Race
from project88.sandbox.worlds.build import FULL_COURSE, Ids, add_brackets, add_race
from tests.acceptance.hardware_files import Runner

#: Eight in the morning some days ago: all is over, whatever the time of day is now.
DAY = datetime.combine(datetime.now(UTC).date() - timedelta(days=4), time(8), UTC)
NEAR, FAR = timedelta(hours=23, minutes=59), timedelta(hours=24, minutes=1)
SUMMIT, RIVER = 1, 2

CITY = {
    "Marathon": """
        11 Ada Berg    3:10:01
        12 Bo Dahl     3:20:01
        13 Cleo Lund   3:30:01
        14 Dora Moe    3:40:01
        15 Eli Noor    3:50:01
        16 Finn Oie    4:00:01
        17 Gro Pihl    4:10:01
        19 Ida Sand    4:20:01
    """,
    "10K": """
        21 Jon Tveit   0:40:01
        22 Kari Ulv    0:45:01
    """,
}
#: The same race as the hardware knows it: nobody is Ida there, and nobody is Hal at the provider.
CITY_HARDWARE = {
    "Marathon": """
        11 Ada Berg    3:10:00
        12 BO DAHL     3:20:00
        13 Cleo Lund   3:30:00
        14 Dora Moe    3:40:00
        15 Eli Noor    3:50:00
        16 Finn Oie    4:00:00
        17 Gro Píhl    4:10:00
        18 Hal Rask    4:15:00
    """,
    "10 k": """
        21 Jon Tveit   0:40:00
        22 Kari Ulv    0:45:00
    """,
}
MANY = "".join(f"{100 + number} Runner {number} 0:{29 + number}:00\n" for number in range(1, 15))
#: Of each partner: the name, and the races with their fields. Every one starts on the DAY.
AT_PROVIDER: Mapping[int, Mapping[str, Mapping[str, str]]] = {
    SUMMIT: {
        "City Marathon": CITY,
        "Lake Run": {"Run": "23 Not Shown 0:40:00"},
        "Fen Run": {"Run": "24 Not Shown 0:40:00"},
        "Hill Climb": {"Run": "81 Una Ims 0:15:01"},
        "Moor Run": {"Run": "82 Vig Jor 0:16:01"},
        "São Paulo Run": {"Run": "71 Tor Hoel 0:50:01"},
        "Night Run": {"Run": "61 Siv Gad 0:30:01"},
        "Forest Trail 2026": {"Run": "25 Not Shown 0:40:00"},
        "River-Mile!": {"Mile": "51 Rui Fox 0:06:01"},
        "Coast Run": {"Run": "26 Not Shown 0:40:00"},
        "Summer Mile": {"Mile": "31 Lea Aas 0:05:01\n 32 Mio Bak 0:05:31"},
        "Dawn Run": {"Run": "83 Wy Kro 0:17:01"},
        "Bridge Run": {"Run": "84 Xi Lov 0:18:01"},
    },
    RIVER: {
        "City Marathon": {"Marathon": MANY},
        "Valley Run": {"Run": "41 Ola Dun 0:20:01\n 42 Pia Eid 0:21:01"},
        "Park Run 2026": {"Run": "27 Not Shown 0:40:00"},
    },
}


def clock_ms(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def lines(field: str) -> list[tuple[str, str, int]]:
    """Bib, name and time of each line."""
    found = [line.split() for line in field.strip().splitlines()]
    return [(bib, " ".join(name), clock_ms(clock)) for bib, *name, clock in found]


def runners(races: Mapping[str, str]) -> list[Runner]:
    return [
        Runner(f"h{bib}", bib, name, finish_ms, race)
        for race, field in races.items()
        for bib, name, finish_ms in lines(field)
    ]


def season_world() -> tuple[World, Mapping[tuple[int, str], Event]]:
    """With the events by partner and name."""
    ids = Ids()
    events = {
        (partner, name): _event(ids, name, races)
        for partner, named in AT_PROVIDER.items()
        for name, races in named.items()
    }
    return World(events.values()), events


def accounts(events: Mapping[tuple[int, str], Event]) -> tuple[Account, ...]:
    """One login for each partner, which sees its own events."""
    return tuple(
        Account(login=login(partner), event_ids={event.event_id for (of, _), event in events.items() if of == partner})
        for partner in AT_PROVIDER
    )


def login(partner: int) -> str:
    return f"partner-{partner}@example.org"


def _event(ids: Ids, name: str, races: Mapping[str, str]) -> Event:
    start_ms = round(DAY.timestamp() * 1000)
    event = Event(event_id=ids.event(), name=name, start_ms=start_ms, end_ms=start_ms + clock_ms("6:00:00"), zone="UTC")
    for race_name, field in races.items():
        race = add_race(ids, event, race_name, start_ms, ((FULL_COURSE, 10_000.0),))
        race.entries = _entries(ids, lines(field))
        add_brackets(ids, race)
    return event


def _entries(ids: Ids, field: Sequence[tuple[str, str, int]]) -> list[Entry]:
    entries = []
    for number, (bib, name, finish_ms) in enumerate(field):
        entry_id, sex = ids.entry(), "FM"[number % 2]
        first_name, _, last_name = name.partition(" ")
        entries.append(
            Entry(
                entry_id=entry_id,
                athlete_id=f"8{entry_id}",
                bib=bib,
                first_name=first_name,
                last_name=last_name,
                sex=sex,
                age=30,
                division=f"{sex}18-39",
                elapsed_ms=(finish_ms,),
            )
        )
    return entries


def entry_of(event: Event, name: str) -> tuple[Race, Entry]:
    [found] = [
        (race, entry)
        for race in event.races
        for entry in race.entries
        if f"{entry.first_name} {entry.last_name}" == name
    ]
    return found


def swap_bibs(world: World, event: Event, one: str, other: str) -> None:
    """They wore each other's number, so the times change places, too."""
    (race, first), (_, second) = entry_of(event, one), entry_of(event, other)
    first.bib, second.bib = second.bib, first.bib
    of_first, of_second = first.elapsed_ms[0] or 0, second.elapsed_ms[0] or 0
    world.apply(
        ChangeTime(entry_id=first.entry_id, seconds=of_second / 1000),
        ChangeTime(entry_id=second.entry_id, seconds=of_first / 1000),
    )
    race.version += 1


def change_race(world: World, event: Event, name: str, race_name: str) -> None:
    race, entry = entry_of(event, name)
    [target] = [each for each in event.races if each.name == race_name]
    race.entries.remove(entry)
    target.entries.append(entry)
    world.entries[entry.entry_id] = (target, entry)
    race.version += 1
    target.version += 1
