"""The big race: the published 2014 Boston field as two races of one event. Names, guns and delays are invented."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from project88.sandbox.entities import CONFIRMED, Entry, Event, Race
from project88.sandbox.worlds.build import Ids, add_brackets, add_race, milliseconds
from project88.sandbox.worlds.field import (
    DISTANCES_M,
    SPLITS,
    Finisher,
    division,
    finishers,
    sample,
    wheelchair_divisions,
)
from project88.sandbox.worlds.people import People

NAME = "Boston Marathon 2014 rehearsal"
RUNNERS_AFTER_WHEELCHAIRS_MS = 43 * 60_000
EVENT_LENGTH_MS = 12 * 3_600_000
ELITE_DELAY_MS = 2_000
LAST_CORRAL_MS = 1_060_000
LAST_BIB = 36_000
DNF_NOTED_AFTER_MS = 25 * 60_000
FIRST_EXTRA_BIB = 36_001
NEVER_STARTED = "DNS"
NOTED_DNF = "DNF"
STOPPED = "partial intervals only"
DISQUALIFIED = "DQ"
EXTRAS = (NEVER_STARTED,) * 14 + (NOTED_DNF,) * 8 + (STOPPED,) * 7 + (DISQUALIFIED,)
FEW_EXTRAS = (NEVER_STARTED, NEVER_STARTED, NOTED_DNF, STOPPED, DISQUALIFIED)
FIELD_FOR_ALL_EXTRAS = 3_000


def boston_event(ids: Ids, start: datetime, seed: int, field_size: int | None, with_unfinished: bool) -> Event:
    """The event with ``field_size`` finishers (None: all 31,984); ``start`` is the wheelchairs' gun.

    With ``with_unfinished`` it also holds a few entries that never start, stop on the way or are
    disqualified; those are in addition to the finishers.
    """
    start_ms = round(start.timestamp() * 1000)
    event = Event(
        event_id=ids.event(),
        name=NAME,
        start_ms=start_ms,
        end_ms=start_ms + EVENT_LENGTH_MS,
        zone="America/New_York",
        city="Boston",
        country="US",
    )
    course = tuple(zip(SPLITS, DISTANCES_M, strict=True))
    wheelchairs = add_race(ids, event, "Wheelchairs", start_ms, course)
    runners = add_race(ids, event, "Runners", start_ms + RUNNERS_AFTER_WHEELCHAIRS_MS, course)
    maker = _EntryMaker(ids, seed)
    field = sample(field_size)
    wheelchairs.entries = [maker.wheelchair(finisher) for finisher in field if finisher.is_wheelchair]
    runners.entries = [maker.runner(finisher) for finisher in field if not finisher.is_wheelchair]
    if with_unfinished:
        _add_unfinished(maker, runners, EXTRAS if len(field) >= FIELD_FOR_ALL_EXTRAS else FEW_EXTRAS)
    for race in event.races:
        add_brackets(ids, race)
    return event


class _EntryMaker:
    def __init__(self, ids: Ids, seed: int) -> None:
        self.random = random.Random(seed)
        self._ids = ids
        self._people = People(seed + 1)

    def wheelchair(self, finisher: Finisher) -> Entry:
        delay_ms = int(self.random.random() * 3_000)
        return self._entry(finisher, wheelchair_divisions()[finisher.bib], delay_ms, "Wheelchairs")

    def runner(self, finisher: Finisher, bib: str | None = None) -> Entry:
        number = 0 if finisher.is_elite_woman else int(bib or finisher.bib)
        is_elite = number < 100
        delay_ms = ELITE_DELAY_MS + int(self.random.random() * (400 if is_elite else 20_000))
        if not is_elite:
            delay_ms += number * LAST_CORRAL_MS // LAST_BIB
        wave = "Elite" if is_elite else f"Wave {min(4, 1 + number // 9_000)}"
        return self._entry(finisher, division(finisher.sex, finisher.age), delay_ms, wave, bib)

    def _entry(self, finisher: Finisher, group: str, delay_ms: int, wave: str, bib: str | None = None) -> Entry:
        first_name, last_name = self._people.name(finisher.sex)
        entry_id = self._ids.entry()
        return Entry(
            entry_id=entry_id,
            athlete_id=f"8{entry_id}",
            bib=bib or finisher.bib,
            first_name=first_name,
            last_name=last_name,
            sex=finisher.sex,
            age=finisher.age,
            division=group,
            elapsed_ms=milliseconds(finisher.splits_s),
            delay_ms=delay_ms,
            place=finisher.overall_place,
            region=finisher.state,
            country=finisher.country,
            wave=wave,
        )


def _add_unfinished(maker: _EntryMaker, runners: Race, kinds: tuple[str, ...]) -> None:
    complete = [one for one in finishers() if one.bib.isdigit() and None not in one.splits_s]
    for number, kind in enumerate(kinds):
        model = complete[int(maker.random.random() * len(complete))]
        entry = maker.runner(model, bib=str(FIRST_EXTRA_BIB + number))
        _UNFINISH[kind](entry, maker.random)
        runners.entries.append(entry)


def _never_start(entry: Entry, _random: random.Random) -> None:
    entry.elapsed_ms = (None,) * len(entry.elapsed_ms)


def _stop(entry: Entry, random: random.Random) -> None:
    kept = 1 + int(random.random() * (len(entry.elapsed_ms) - 2))
    entry.elapsed_ms = entry.elapsed_ms[:kept] + (None,) * (len(entry.elapsed_ms) - kept)


def _stop_and_say_so(entry: Entry, random: random.Random) -> None:
    _stop(entry, random)
    _note(entry, NOTED_DNF)


def _disqualify(entry: Entry, _random: random.Random) -> None:
    _note(entry, DISQUALIFIED)


def _note(entry: Entry, status: str) -> None:
    last_ms = max(elapsed for elapsed in entry.elapsed_ms if elapsed is not None)
    assert entry.status == CONFIRMED
    entry.status, entry.status_from_ms = status, entry.delay_ms + last_ms + DNF_NOTED_AFTER_MS


_UNFINISH: dict[str, Callable[[Entry, random.Random], None]] = {
    NEVER_STARTED: _never_start,
    NOTED_DNF: _stop_and_say_so,
    STOPPED: _stop,
    DISQUALIFIED: _disqualify,
}
