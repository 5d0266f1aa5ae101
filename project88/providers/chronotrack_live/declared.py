"""What the adapter declares, for people: its streams with their fields, limits and settings. Pure; needs no login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from project88.providers.chronotrack_live import rows
from project88.providers.chronotrack_live.adapter import ChronoTrackLiveAdapter
from project88.providers.chronotrack_live.course import Bracket, Interval, LiveCourse
from project88.providers.chronotrack_live.settings import Settings
from project88.providers.contract import PagedList
from project88.providers.streams import Stream, fields_read
from project88.records.entities import ProviderEventId, Race

EVENT = ProviderEventId("{event_id}")
RACE = "{race_id}"
INTERVAL = "{interval_id}"
#: The row of each stream; the others are lists of results.
ROWS: Mapping[str, type[msgspec.Struct]] = {
    "events": rows.EventRow,
    "races": rows.RaceRow,
    "intervals": rows.IntervalRow,
    "brackets": rows.BracketRow,
    "participants": rows.EntryRow,
}


def streams() -> list[Stream]:
    """In the order in which an event is read. Of the lists by race, one each."""
    adapter = ChronoTrackLiveAdapter("", "", {})
    return [_stream(each, adapter.settings.base_url) for each in _lists(adapter)]


def settings() -> dict[str, Any]:
    """The keys of additional_config with their defaults."""
    return msgspec.structs.asdict(Settings())


def _lists(adapter: ChronoTrackLiveAdapter) -> Iterator[PagedList[Any]]:
    course = LiveCourse(
        races=(Race(race_id=RACE, raw="{}"),),
        intervals=(Interval(interval_id=INTERVAL, race_id=RACE, name=None, is_full=True),),
        brackets=(
            Bracket(bracket_id="", race_id=RACE, name="", kind="gender"),
            Bracket(bracket_id="", race_id=RACE, name="", kind="division"),
        ),
    )
    yield adapter.events()
    yield from adapter.course_lists(EVENT, {}, results=True).values()
    yield from (each.rows for each in adapter.participants(EVENT, course, None))
    yield from (each.rows for each in adapter.results(EVENT, course))


def _stream(wanted: PagedList[Any], base_url: str) -> Stream:
    asked = {name: wanted.request.query[name] for name in ("interval", "bracket") if name in wanted.request.query}
    query = "?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else ""
    row = ROWS.get(wanted.name, rows.ResultRow)
    return Stream(
        name=wanted.name,
        path=wanted.request.url.removeprefix(base_url) + query,
        fields=fields_read(row),
    )
