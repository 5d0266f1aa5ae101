"""The timing sessions as the listener knows them: ledgers, zones, who is connected. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

from project88.listen.ledger import LocationLedger, Numbers
from project88.providers.chronotrack_tcp.reads import ReadContext, zone_of
from project88.records.entities import EventId, TimingPartnerId
from project88.records.timing import TimingSession
from project88.store.budget import HubClock
from project88.store.timing import KnownSession


class LiveLink(Protocol):
    """A connection that serves a session now."""

    async def answers(self) -> bool: ...

    def end(self, reason: str) -> None: ...


@dataclass(slots=True)
class SessionState:
    """One session. Its ledgers count what is safe on disk, whether it is in the database yet or not."""

    timing_partner_id: TimingPartnerId
    key: str
    timing_event_name: str | None = None
    timing_session_id: int | None = None
    session_name: str | None = None
    event_id: EventId | None = None
    zone: tzinfo = UTC
    day: date | None = None
    location_zones: dict[str, tzinfo] = field(default_factory=dict)
    ledgers: dict[str, LocationLedger] = field(default_factory=dict)
    last_read_at: dict[str, datetime] = field(default_factory=dict)
    link: LiveLink | None = None
    _contexts: dict[str, ReadContext] = field(default_factory=dict)

    def ledger(self, location: str) -> LocationLedger:
        return self.ledgers.setdefault(location, LocationLedger())

    def context(self, location: str) -> ReadContext:
        found = self._contexts.get(location)
        if found is None:
            found = self._contexts[location] = ReadContext(
                timing_partner_id=self.timing_partner_id,
                session_key=self.key,
                zone=self.location_zones.get(location, self.zone),
                day=self.day,
                source="stream",
            )
        return found

    def forget_contexts(self) -> None:
        """Zones or the day may be others now."""
        self._contexts.clear()


class SessionBook:
    """Every session of every partner. ``assumed_zone`` holds where nobody said one; None: the partner's."""

    def __init__(self, assumed_zone: str | None) -> None:
        self._assumed_zone = assumed_zone
        self._partner_zones: Mapping[TimingPartnerId, str] = {}
        self._sessions: dict[tuple[TimingPartnerId, str], SessionState] = {}
        self._speed, self._offset_seconds = 1.0, 0.0

    def __iter__(self) -> Iterator[SessionState]:
        return iter(self._sessions.values())

    def open(self, session: TimingSession) -> SessionState:
        """The state of a session, a new one where it is not known."""
        known = self._sessions.get((session.timing_partner_id, session.key))
        if known is None:
            known = SessionState(session.timing_partner_id, session.key, session.timing_event_name)
            known.zone = zone_of(self._assumed_zone or self._partner_zones.get(session.timing_partner_id, "UTC"))
            self._sessions[session.timing_partner_id, session.key] = known
        return known

    def hub_time(self, at: datetime) -> datetime:
        """The same moment by the hub's clock, which a rehearsal lets run faster."""
        return datetime.fromtimestamp(at.timestamp() * self._speed + self._offset_seconds, UTC)

    def learn(
        self, clock: HubClock, partner_zones: Mapping[TimingPartnerId, str], known: Iterable[KnownSession]
    ) -> None:
        """What the database says: zones, days, names, events. The numbers that it has are added to the ledgers."""
        self._partner_zones = partner_zones
        self._speed, self._offset_seconds = clock.speed, clock.offset_seconds
        for each in known:
            state = self._sessions.setdefault(
                (each.timing_partner_id, each.session_key),
                SessionState(each.timing_partner_id, each.session_key, each.timing_event_name),
            )
            state.timing_session_id, state.session_name = each.timing_session_id, each.session_name
            state.event_id, state.day = each.event_id, each.timing_day
            state.zone = zone_of(each.time_zone or self._assumed_zone or each.partner_time_zone)
            state.forget_contexts()
            for place in each.locations:
                if place.time_zone is not None:
                    state.location_zones[place.location] = zone_of(place.time_zone)
                ledger = state.ledgers.get(place.location)
                if ledger is None:
                    ledger = LocationLedger(Numbers(), place.numbering, place.first_key)
                    state.ledgers[place.location] = ledger
                if ledger.numbering == place.numbering:
                    ledger.received.add_ranges(place.received)
