"""What a command names: a timing partner, an event, a start. Imports heavy modules only when used."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.records.entities import TimingPartnerId
    from project88.store.connection import Database
    from project88.store.events import StoredEvent


def partner_named(number: int | None) -> TimingPartnerId | None:
    """None where a command was given no timing partner: then it is about all of them."""
    from project88.records.entities import TimingPartnerId

    return None if number is None else TimingPartnerId(number)


async def event_named(db: Database, event: str, partner: int | None) -> StoredEvent:
    """The event by our id or the provider's. Raises UsageError where there is none or where there are several."""
    from project88.store.events import find_event

    return await find_event(db, event, partner_named(partner))


async def require_partner(db: Database, partner: int) -> None:
    from project88.store.partners import partners

    if partner not in {row["timing_partner_id"] for row in await partners(db)}:
        raise UsageError(f"timing partner {partner} does not exist: see project88 partner list")


def start_instant(text: str) -> datetime:
    example = "write an instant like 2026-04-20T09:00:00-04:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--start {text!r} cannot be read; {example}") from None
    if found.tzinfo is None:
        raise UsageError(f"--start {text!r} has no zone; {example}")
    return found
