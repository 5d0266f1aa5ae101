"""What pages for everyone withhold: the names of bibs, and ages. Writes settings; published_results applies them."""

from __future__ import annotations

from typing import Literal

from project88.errors import UsageError
from project88.store.connection import Database
from project88.store.events import StoredEvent
from project88.store.queries import load

queries = load("privacy")

Ages = Literal["all", "adults", "none"]


async def withhold_name(db: Database, event: StoredEvent, bib_number: str, decided_by: str) -> bool:
    """Whether it was shown until now."""
    parameters = {**event.key, "bib_number": bib_number, "decided_by": decided_by}
    return await db.execute(queries["withhold"], parameters) > 0


async def show_name(db: Database, event: StoredEvent, bib_number: str) -> bool:
    """Whether it was withheld until now."""
    return await db.execute(queries["show_again"], {**event.key, "bib_number": bib_number}) > 0


async def set_event_ages(db: Database, event: StoredEvent, ages: Ages | None) -> None:
    """None: as its partner has it."""
    await db.execute(queries["set_event_ages"], {**event.key, "ages": ages})


async def set_partner_ages(db: Database, timing_partner_id: int, ages: Ages) -> None:
    parameters = {"timing_partner_id": timing_partner_id, "ages": ages}
    if not await db.value(queries["partner_exists"], parameters):
        raise UsageError(f"there is no timing partner {timing_partner_id}; see: project88 partner list")
    await db.execute(queries["set_partner_ages"], parameters)
