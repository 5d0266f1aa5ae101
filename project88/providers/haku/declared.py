"""What the adapter declares, for people: its streams with their fields, limits and settings. Pure; needs no login."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from project88.providers.haku import rows
from project88.providers.haku.adapter import HakuAdapter
from project88.providers.haku.settings import Settings
from project88.providers.streams import Stream, fields_read
from project88.records.entities import ProviderEventId
from project88.wire.messages import Request

EVENT = ProviderEventId("EVENT")
REGISTRATION = "REGISTRATION"


def streams() -> list[Stream]:
    """In the order in which an event is read."""
    return [Stream(name=name, path=_path(request), fields=fields_read(row)) for name, request, row in _calls()]


def settings() -> dict[str, Any]:
    """The keys of additional_config with their defaults."""
    return msgspec.structs.asdict(Settings())


def _calls() -> Iterator[tuple[str, Request, type[msgspec.Struct]]]:
    adapter = HakuAdapter("", "", {})
    (everybody,) = adapter.participants(EVENT, adapter.course(EVENT, {}), None)
    yield "events", adapter.events().request, rows.EventRow
    yield everybody.rows.name, everybody.rows.request, rows.ListedRow
    if everybody.details is not None:
        yield "registrations", everybody.details.request(REGISTRATION), rows.RegistrationRow


def _path(request: Request) -> str:
    path = request.url.removeprefix(Settings().base_url)
    return path.replace(EVENT, "{event_id}").replace(REGISTRATION, "{registration_number}")
