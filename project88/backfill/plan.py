"""Which events a backfill covers, in which order, and what that costs. Pure: events and counts in, a plan out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal

from project88.store.backfill import EventToPlan, FoundEvent, Window
from project88.store.scope import EventScope

#: The budget leaves so much of the rate unused (see reserve_calls).
SLOT_MARGIN = 1.02
BEGINNING = datetime.min.replace(tzinfo=UTC)

Verdict = Literal["import", "duplicate", "gone", "undated", "not started", "before the window", "limit", "done"]

#: Why an event is not imported, for people.
REASONS: dict[Verdict, str] = {
    "duplicate": "possible duplicate of a hardware event",
    "gone": "given up by the provider",
    "undated": "no start date",
    "not started": "did not start more than an hour ago",
    "before the window": "started before the window",
    "limit": "beyond --limit-events",
    "done": "done before the run was interrupted",
}
#: Skipped events that a plan counts but does not list.
UNLISTED: frozenset[Verdict] = frozenset({"not started", "before the window", "limit", "done"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What an event holds upstream and the calls that reading it takes. None: the service did not say."""

    rows: int | None = None
    calls: int = 1
    #: Why the size could not be asked; ``is_gone`` when the provider gave the event up.
    problem: str | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """One event and what becomes of it. ``scope`` is None while a dry run has not stored the event."""

    timing_partner_id: int
    event: FoundEvent
    verdict: Verdict
    reason: str | None = None
    size: Size = field(default_factory=Size)
    scope: EventScope | None = None

    @property
    def provider_event_id(self) -> str:
        return self.event.provider_event_id

    @property
    def event_name(self) -> str | None:
        return self.event.event_name

    @property
    def event_date(self) -> date | None:
        return self.event.event_date

    @property
    def is_to_run(self) -> bool:
        """An event that the service gave up is run too: that notes its state and leaves a row in the history."""
        return self.verdict == "import" or self.size.is_gone

    @property
    def is_listed(self) -> bool:
        return self.verdict not in UNLISTED

    def with_size(self, size: Size) -> PlannedEvent:
        verdict: Verdict = "gone" if size.is_gone else self.verdict
        return replace(self, size=size, verdict=verdict, reason=size.problem or self.reason)

    def to_store(self) -> EventToPlan:
        return EventToPlan(
            provider_event_id=self.provider_event_id,
            event_name=self.event_name,
            calls_planned=self.size.calls,
            rows_planned=self.size.rows,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPlan:
    """One account's part. ``api_calls`` were spent on planning; ``errors`` happened meanwhile."""

    timing_partner_id: int
    company_name: str
    provider_key: str
    #: Empty for the main account.
    account_name: str = ""
    events: Sequence[PlannedEvent] = ()
    discovered: int = 0
    calls_per_minute: float = 1.0
    since: datetime = BEGINNING
    api_calls: int = 0
    errors: Sequence[str] = ()

    @property
    def imports(self) -> list[PlannedEvent]:
        return [event for event in self.events if event.verdict == "import"]

    @property
    def to_run(self) -> list[PlannedEvent]:
        return [event for event in self.events if event.is_to_run]

    @property
    def calls(self) -> int:
        return sum(event.size.calls for event in self.imports)

    @property
    def rows(self) -> int:
        return sum(event.size.rows or 0 for event in self.imports)

    @property
    def hub_seconds(self) -> float:
        """At the rate the account is allowed."""
        return self.calls * 60 * SLOT_MARGIN / self.calls_per_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole backfill. Partners run beside each other. ``speed`` is hub seconds per real second."""

    partners: Sequence[PartnerPlan]
    speed: float = 1.0

    @property
    def events(self) -> list[PlannedEvent]:
        return [event for partner in self.partners for event in partner.events]

    @property
    def imports(self) -> list[PlannedEvent]:
        return [event for partner in self.partners for event in partner.imports]

    @property
    def calls(self) -> int:
        return sum(partner.calls for partner in self.partners)

    @property
    def rows(self) -> int:
        return sum(partner.rows for partner in self.partners)

    @property
    def seconds(self) -> float:
        return max((partner.hub_seconds for partner in self.partners), default=0.0) / self.speed


def choose(found: Iterable[FoundEvent], window: Window, limit_events: int | None) -> list[tuple[FoundEvent, Verdict]]:
    """Judge every event, newest first. A limit keeps the newest events."""
    judged: list[tuple[FoundEvent, Verdict]] = []
    wanted = 0
    for event in sorted(found, key=_start, reverse=True):
        verdict = _verdict(event, window)
        if verdict == "import":
            wanted += 1
            if limit_events is not None and wanted > limit_events:
                verdict = "limit"
        judged.append((event, verdict))
    return judged


def _start(event: FoundEvent) -> tuple[datetime, str]:
    return event.start_date or BEGINNING, event.provider_event_id


def _verdict(event: FoundEvent, window: Window) -> Verdict:
    if event.is_duplicate:
        return "duplicate"
    if event.start_date is None:
        return "undated"
    if event.start_date >= window.ends:
        return "not started"
    if event.start_date < window.begins:
        return "before the window"
    return "gone" if event.upstream_state else "import"


def small_first(events: Iterable[PlannedEvent]) -> list[PlannedEvent]:
    """Events of unknown size come last, because one of them may be large."""
    return sorted(events, key=lambda event: (event.size.rows is None, event.size.rows or 0, event.provider_event_id))


def pages(rows: int, page_size: int) -> int:
    """An empty list is a page as well."""
    return max(1, -(-rows // page_size))


def reading_calls(
    *, course_calls: int, entries: int, results: int, place_lists: int, races: int, page_size: int
) -> int:
    """The calls of reading an event whole. A list of places holds about the entries of one race."""
    entries_per_race = -(-entries // max(1, races))
    listed = pages(entries, page_size) + pages(results, page_size)
    return course_calls + listed + place_lists * pages(entries_per_race, page_size)
