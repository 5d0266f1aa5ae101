"""What the adapter declares, for people: its streams with their fields, limits and settings. Pure; needs no login."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from project88.providers.contract import PagedList
from project88.providers.runsignup import rows
from project88.providers.runsignup.adapter import RunSignUpAdapter
from project88.providers.runsignup.course import EventOfRace, ResultSet, RunSignUpCourse
from project88.providers.runsignup.settings import Settings
from project88.providers.streams import Stream, fields_read
from project88.records.entities import ProviderEventId, Race

EVENT = ProviderEventId("1-2")
RACE = Race(race_id="{event_id}")
RESULT_SET = ResultSet(set_id="{result_set_id}", race_id=RACE.race_id)


def streams() -> list[Stream]:
    """In the order in which an edition is read. Of the lists by race, one each."""
    return [_stream(wanted, row) for wanted, row in _lists()]


def settings() -> dict[str, Any]:
    """The keys of additional_config with their defaults."""
    return msgspec.structs.asdict(Settings())


def _lists() -> Iterator[tuple[PagedList[Any], type[msgspec.Struct]]]:
    adapter = RunSignUpAdapter("a key", "a secret", {})
    course = RunSignUpCourse(races=(RACE,), sets=(RESULT_SET,))
    known: dict[str, list[Any]] = {}
    yield adapter.events(), rows.RaceRow
    steps: list[tuple[type[msgspec.Struct], Any]] = [
        (rows.EventRow, EventOfRace(edition="2", race=RACE)),
        (rows.ResultSetRow, RESULT_SET),
        (rows.SplitRow, None),
    ]
    for row, record in steps:
        ((name, wanted),) = adapter.course_lists(EVENT, known, results=True).items()
        known[name] = [record]
        yield wanted, row
    people, removed = adapter.participants(EVENT, course, None)
    yield people.rows, rows.EntryRow
    yield removed.rows, rows.RemovedRow
    for each in adapter.results(EVENT, course):
        yield each.rows, rows.ResultRow


def _stream(wanted: PagedList[Any], row: type[msgspec.Struct]) -> Stream:
    asked = [name for name in ("event_id", "individual_result_set_id") if name in wanted.request.query]
    query = "?" + "&".join(f"{name}={wanted.request.query[name]}" for name in asked) if asked else ""
    path = wanted.request.url.removeprefix(Settings().base_url).replace("/race/1", "/race/{race_id}", 1)
    return Stream(name=wanted.name, path=path + query, fields=fields_read(row))
