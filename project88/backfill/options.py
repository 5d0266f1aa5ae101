"""What a backfill is asked for and whom it tells. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from project88.backfill.plan import Plan, PlannedEvent
from project88.backfill.report import EventReport


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOptions:
    """``None`` means every partner, every provider, no limit, the last 365 days."""

    timing_partner_id: int | None = None
    provider_key: str | None = None
    #: Per partner.
    limit_events: int | None = None
    #: A day in the partner's time zone.
    since: date | None = None
    dry_run: bool = False
    resume: bool = False


class Observer(Protocol):
    """Is told while a backfill runs. Its methods return at once."""

    def found(self, timing_partner_id: int, company_name: str, events: int) -> None:
        """The events of a partner to ask the size of."""

    def probed(self, event: PlannedEvent) -> None:
        """The size of one event is known, or why it is not."""

    def planned(self, plan: Plan) -> None:
        """All there is to do. In a dry run the last thing that is told."""

    def event_started(self, event: PlannedEvent) -> None: ...

    def event_finished(self, event: PlannedEvent, report: EventReport) -> None: ...


class SilentObserver:
    """Tells nobody."""

    def found(self, timing_partner_id: int, company_name: str, events: int) -> None: ...

    def probed(self, event: PlannedEvent) -> None: ...

    def planned(self, plan: Plan) -> None: ...

    def event_started(self, event: PlannedEvent) -> None: ...

    def event_finished(self, event: PlannedEvent, report: EventReport) -> None: ...
