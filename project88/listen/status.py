"""How the listener stands, as a value: green only when it is. Serves nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from project88.edges import clock
from project88.edges.journal import Journal
from project88.listen.book import SessionState
from project88.listen.drain import Drain
from project88.listen.link import Listener, TimingLink
from project88.listen.offset import TOLERATED, whole_hours

State = Literal["ok", "degraded", "failing"]
#: The database is behind by no more than this while all is well.
LAG_SECONDS = 10.0
GAPS_SHOWN = 20


class LocationStatus(Struct, frozen=True, kw_only=True):
    location: str
    numbering: int
    received: int
    last_sequence: int
    missing: list[tuple[int, int]]
    last_read_at: datetime | None


class LinkStatus(Struct, frozen=True, kw_only=True):
    address: str
    account: str | None
    opened_at: datetime
    last_heard_at: datetime
    reads: int
    clock_ahead_ms: int | None
    wrong_hours: int


class SessionStatus(Struct, frozen=True, kw_only=True):
    timing_partner_id: int
    timing_session_id: int | None
    name: str | None
    event_id: str | None
    link: LinkStatus | None
    locations: list[LocationStatus]


class Status(Struct, frozen=True, kw_only=True):
    """``problems`` are sentences for an operator; none only while the status is ok."""

    status: State
    at: datetime
    problems: list[str]
    connections: int
    reads_per_second: float
    reads: int
    refused_connections: int
    spool_waiting_bytes: int
    database_lag_seconds: float
    last_stored_read_at: datetime | None
    sessions: list[SessionStatus]


def status(listener: Listener, drain: Drain, spool_limit: int) -> Status:
    now, figures = clock.utc_now(), listener.figures
    sessions = [_session(each) for each in listener.book if isinstance(each.link, TimingLink)]
    failures = list(_failures(drain, listener.journal, spool_limit))
    warnings = [*(["no timing computer is connected"] if not sessions else []), *_warnings(sessions)]
    return Status(
        status="failing" if failures else "degraded" if warnings else "ok",
        at=now,
        problems=[*failures, *warnings],
        connections=len(listener.links),
        reads_per_second=figures.reads_per_second(now),
        reads=figures.reads,
        refused_connections=figures.refusals,
        spool_waiting_bytes=drain.waiting_bytes,
        database_lag_seconds=round(drain.lag_seconds, 3),
        last_stored_read_at=drain.stored_received_at,
        sessions=sessions,
    )


def _failures(drain: Drain, journal: Journal, spool_limit: int) -> Iterator[str]:
    if journal.problem is not None:
        yield journal.problem
    if drain.problem is not None:
        yield f"the database takes no reads, they wait in the spool: {drain.problem}"
    elif drain.lag_seconds > LAG_SECONDS:
        yield f"the database is {drain.lag_seconds:.0f} s behind the timing computers"
    if drain.waiting_bytes >= spool_limit:
        yield "the spool is as large as it may be: no read is taken until the database has some of it (--spool-limit)"


def _warnings(sessions: list[SessionStatus]) -> Iterator[str]:
    for each in sessions:
        who = f"{each.name or 'a session without a name'} (partner {each.timing_partner_id})"
        if each.event_id is None:
            yield f"{who} is bound to no event, so nothing of it is scored: project88 timing bind"
        for place in each.locations:
            if place.missing:
                yield f"{who} lacks reads of {place.location}: {place.missing[:3]}"
        if each.link is not None and each.link.wrong_hours:
            yield (
                f"{who}: its clock is {each.link.wrong_hours:+d} h from ours, which looks like a wrong time zone: "
                "project88 timing zone"
            )
        elif each.link is not None and abs(each.link.clock_ahead_ms or 0) > TOLERATED.total_seconds() * 1000:
            yield f"{who}: its clock is {(each.link.clock_ahead_ms or 0) / 1000:+.1f} s from ours"


def _session(state: SessionState) -> SessionStatus:
    return SessionStatus(
        timing_partner_id=state.timing_partner_id,
        timing_session_id=state.timing_session_id,
        name=state.session_name or state.timing_event_name,
        event_id=state.event_id,
        link=_link(state.link) if isinstance(state.link, TimingLink) else None,
        locations=[
            LocationStatus(
                location=location,
                numbering=ledger.numbering,
                received=len(ledger.received),
                last_sequence=ledger.received.highest,
                missing=ledger.missing[:GAPS_SHOWN],
                last_read_at=state.last_read_at.get(location),
            )
            for location, ledger in state.ledgers.items()
        ],
    )


def _link(link: TimingLink) -> LinkStatus:
    return LinkStatus(
        address=link.name,
        account=link.account.user if link.account is not None else None,
        opened_at=link.opened_at,
        last_heard_at=link.last_heard_at,
        reads=link.reads,
        clock_ahead_ms=link.offset.milliseconds,
        wrong_hours=whole_hours(link.offset.ahead),
    )
