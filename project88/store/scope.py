"""Which event of which source a statement is about. Holds values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One partner's account with one provider; the main one has no name."""

    timing_partner_id: TimingPartnerId
    provider_id: ProviderId
    data_source: str
    account_name: str = ""

    def parameters(self) -> dict[str, Any]:
        return {
            "timing_partner_id": self.timing_partner_id,
            "provider_id": self.provider_id,
            "data_source": self.data_source,
            "account_name": self.account_name,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScope:
    """One event of one source."""

    source: Source
    event_id: EventId
    provider_event_id: ProviderEventId

    def parameters(self) -> dict[str, Any]:
        return {
            **self.source.parameters(),
            "event_id": self.event_id,
            "provider_event_id": self.provider_event_id,
        }
