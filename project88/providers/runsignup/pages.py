"""From an answer without an error to the rows of a page: which list stands where, and what belongs to each row. Pure.

A list never says how many rows it has (S), so a paged one ends with an empty page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from xxhash import xxh3_128_digest

from project88.errors import Permanent
from project88.providers.contract import Page
from project88.providers.raw_rows import UNREADABLE, RawRow, Scalar, identifier
from project88.providers.runsignup.responses import body_of, has_error, object_of
from project88.wire.messages import Response
from project88.wire.paging import PageFacts

Read = Callable[[Response, int], Page]
#: Only these columns of a result are known by their headers: places within a gender or a division, and splits.
HEADERS_READ = ("division", "age group", "gender", "sex", "split-")
NULL = Raw(b"null")
NOTHING = frozenset({b"null", b'""', b"{}"})
#: Under this key stand the sets, with their rows and without (S).
SETS = "individual_results_sets"

T = TypeVar("T")


class RaceBody(Struct, frozen=True):
    events: list[Raw] | None
    timezone: Raw = NULL


class EventBody(Struct, frozen=True):
    participants: list[Raw] | None = None


class SetBody(Struct, frozen=True):
    individual_result_set_id: Scalar = None
    results: list[Raw] | UnsetType | None = UNSET
    registration_ids: list[Raw] | None = None
    results_headers: dict[str, Raw] | list[Raw] | None = None


class EntryKey(Struct, frozen=True, gc=False):
    registration_id: Scalar = None
    event_id: Scalar = None


_key = msgspec.json.Decoder(EntryKey)
_race = msgspec.json.Decoder(RaceBody)
_element = msgspec.json.Decoder(dict[str, Raw])
_event: msgspec.json.Decoder[EventBody | list[Raw] | None] = msgspec.json.Decoder(EventBody | list[Raw] | None)
_sets: msgspec.json.Decoder[list[SetBody] | None] = msgspec.json.Decoder(list[SetBody] | None)
_rows_or_none: msgspec.json.Decoder[list[Raw] | None] = msgspec.json.Decoder(list[Raw] | None)
_rows = msgspec.json.Decoder(list[Raw])


def races(response: Response, number: int) -> Page:
    return _page(_part(object_of(response), "races", _rows), number)


def events_of_race(response: Response, number: int) -> Page:
    """One answer with all events, each with the time zone of its race."""
    race = _part(object_of(response), "race", _race)
    rows = [b'{"timezone":%b,"event":%b}' % (race.timezone, event) for event in race.events or ()]
    return _page(rows, number, page_count=1)


def people(response: Response, number: int) -> Page:
    """The entries of all events. Each event has an element of its own, or the answer is the only element."""
    body = body_of(response)
    elements = [body] if isinstance(body, dict) else [_read(each, _element, "an element") for each in body]
    return _page([row for each in elements for row in _people_of(each)], number)


def _people_of(element: Mapping[str, Raw]) -> Sequence[Raw]:
    """Entries stand beside the event, and an empty list within it; removed ones stand within it (D)."""
    if not element.keys() & {"event", "participants"}:
        raise Permanent("an element of the answer has neither event nor participants")
    event = _read(element.get("event", NULL), _event, "event")
    within = event.participants if isinstance(event, EventBody) else None
    return [*(within or ()), *(_read(element.get("participants", NULL), _rows_or_none, "participants") or ())]


def after(size: int, page: Page, _rows_before: int) -> Mapping[str, str]:
    """The query of the page behind this one.

    More rows than were asked for mean that the service counts them event by event, each of which may go on behind its
    own last row; then the next page begins behind the first of these. A row that comes twice costs nothing, a lost one
    would.
    """
    last: dict[str | None, int] = {}
    for raw in page.rows:
        event, registration = _registration(raw)
        if registration is not None:
            last[event] = max(registration, last.get(event, 0))
    if not last:
        raise Permanent("no row of the page says its registration_id, so the page behind it cannot be asked for")
    seen = min(last.values()) if len(page.rows) > size else max(last.values())
    return {"after_registration_id": str(seen)}


def _registration(raw: RawRow) -> tuple[str | None, int | None]:
    try:
        key = _key.decode(raw)
        found = identifier(key.registration_id) or ""
        return identifier(key.event_id), int(found) if found.isascii() and found.isdigit() else None
    except (*UNREADABLE, ValueError):
        return None, None


def result_sets(no_results: Collection[int]) -> Read:
    """The sets of an event, without their rows. ``no_results``: the errors by which an event has none yet."""

    def read(response: Response, number: int) -> Page:
        rows = None if has_error(response, no_results) else _part(object_of(response), SETS, _rows_or_none)
        return _page(rows or [], number, page_count=1)

    return read


def splits(no_results: Collection[int]) -> Read:
    """The splits of a set in their order. Under which key they stand is unknown (U): it is the only list there is."""

    def read(response: Response, number: int) -> Page:
        values = [] if has_error(response, no_results) else list(object_of(response).values())
        lists = [value for value in values if bytes(value).startswith(b"[")]
        if len(lists) > 1 or (not lists and any(bytes(value) not in NOTHING for value in values)):
            raise Permanent(f"the answer has {len(lists)} lists in place of one list of splits")
        return _page([row for each in lists for row in _rows.decode(each)], number, page_count=1)

    return read


def results(set_id: str) -> Read:
    """The rows of one set, each with its registration and the headers by which it is understood."""

    def read(response: Response, number: int) -> Page:
        sets = _part(object_of(response), SETS, _sets) or []
        if any(identifier(each.individual_result_set_id) != set_id for each in sets):
            raise Permanent(f"another result set came than the one asked for, {set_id}")
        return _page([row for each in sets for row in _rows_of(each)], number)

    return read


def _rows_of(found: SetBody) -> list[bytes]:
    if found.results is UNSET:
        raise Permanent("the result set has no list of results")
    rows = found.results or []
    registrations: Sequence[RawRow] = found.registration_ids or [NULL] * len(rows)
    if len(registrations) != len(rows):
        raise Permanent("registration_ids and results differ in length, so nobody knows whose result is whose")
    headers = msgspec.json.encode(_headers(found.results_headers))
    return [
        b'{"registration_id":%b,"headers":%b,"result":%b}' % (registration, headers, row)
        for registration, row in zip(registrations, rows, strict=True)
    ]


def _headers(found: Mapping[str, Raw] | list[Raw] | None) -> dict[str, str]:
    """The labels of the columns that are read. One that is no text says nothing."""
    if not isinstance(found, Mapping):
        return {}
    labels = {name: msgspec.json.decode(bytes(label).decode("utf-8", "replace")) for name, label in found.items()}
    return {
        name: label if isinstance(label, str) else ""
        for name, label in labels.items()
        if any(word in f"{name} {label}".lower() for word in HEADERS_READ)
    }


def _page(rows: Sequence[Raw] | Sequence[bytes], number: int, page_count: int | None = None) -> Page:
    digest = xxh3_128_digest(b"\n".join(rows))
    facts = PageFacts(number=number, rows=len(rows), row_count=None, page_count=page_count, digest=digest)
    return Page(facts=facts, rows=rows)


def _part(body: Mapping[str, Raw], key: str, decoder: msgspec.json.Decoder[T]) -> T:
    if key not in body:
        raise Permanent(f"the answer has no {key}")
    return _read(body[key], decoder, key)


def _read(raw: Raw, decoder: msgspec.json.Decoder[T], what: str) -> T:
    try:
        return decoder.decode(raw)
    except UNREADABLE as error:
        raise Permanent(f"{what} is of an unknown shape: {error}") from error
