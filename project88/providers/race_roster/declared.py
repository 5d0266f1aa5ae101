"""What the adapter declares, for people: its streams with their fields, limits and settings. Pure; needs no login."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from project88.providers.race_roster import rows
from project88.providers.race_roster.adapter import EVENT, PUBLIC_EVENT, RaceRosterAdapter
from project88.providers.race_roster.course import Published, ResultsCode, RosterCourse
from project88.providers.race_roster.settings import DEFAULT_FIELDS, Settings
from project88.providers.streams import Stream, fields_read
from project88.records.entities import ProviderEventId
from project88.wire.messages import Request

EVENT_ID = ProviderEventId("EVENT")
CODE, RESULT_EVENT, SUB_EVENT = "CODE", "RESULT", "SUB"
SHOWN_AS = {
    EVENT_ID: "{event_id}",
    CODE: "{code}",
    RESULT_EVENT: "{result_event_id}",
    SUB_EVENT: "{result_sub_event_id}",
}


def streams() -> list[Stream]:
    """In the order in which an event is read. Those of the public results service stand with their whole address."""
    return [Stream(name=name, path=_path(request), fields=fields) for name, request, fields in _calls()]


def settings() -> dict[str, Any]:
    """The keys of additional_config with their defaults."""
    return msgspec.structs.asdict(Settings())


def _calls() -> Iterator[tuple[str, Request, tuple[str, ...]]]:
    adapter = RaceRosterAdapter("", "", {"client_id": "-", "client_secret": "-"})
    published = Published(result_event_id=RESULT_EVENT, sub_event_id=SUB_EVENT, race_id="")
    course = RosterCourse(races=(), published=(published,))
    event = adapter.course_lists(EVENT_ID, {}, results=True)[EVENT]
    public = adapter.course_lists(EVENT_ID, {EVENT: [ResultsCode(code=CODE)]}, results=True)[PUBLIC_EVENT]
    (everyone,) = adapter.participants(EVENT_ID, course, None)
    (results,) = adapter.results(EVENT_ID, course)
    yield "events", adapter.events().request, fields_read(rows.EventRow)
    yield EVENT, event.request, ("resultsUrl", *_below("subEvents", rows.SubEventRow))
    yield "participants", everyone.rows.request, tuple(path for paths in DEFAULT_FIELDS.values() for path in paths)
    yield PUBLIC_EVENT, public.request, ("resultEventId", *_below("subEvents", rows.PublicSubEventRow))
    yield "results", results.rows.request, fields_read(rows.ResultRow)


def _below(name: str, row: type[msgspec.Struct]) -> Iterator[str]:
    return (f"{name}.{field}" for field in fields_read(row))


def _path(request: Request) -> str:
    path = request.url.removeprefix(Settings().base_url)
    parts = (SHOWN_AS.get(part, part) for part in path.split("/"))
    return "/".join(parts)
