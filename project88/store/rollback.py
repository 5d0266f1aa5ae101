"""Removing all that came from one source: the deployment page's three DELETEs in one transaction. Asks nobody."""

from __future__ import annotations

from dataclasses import dataclass

from project88.errors import UsageError
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.queries import load

queries = load("rollback")

#: What the timing hardware sent. Nobody can ask for it again.
HARDWARE = ("tcp_hardware", "chronotrack_tcp")
#: The page's order. The rest goes with its event.
STATEMENTS = ("delete_events", "delete_participants", "delete_results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one partner has of a source. Planned polls and races go with their events; history stays and is marked."""

    timing_partner_id: int
    company_name: str
    events: int
    races: int
    participants: int
    results: int
    planned: int
    history: int


async def check_source(db: Database, data_source: str) -> None:
    """Raises UsageError for what no service can give back, and for an unknown word."""
    if data_source in HARDWARE:
        raise UsageError(
            f"{data_source} is what the timing hardware sent; no service can send it again, so this does not remove it"
        )
    known = [str(row["key"]) for row in await db.rows(queries["sources"]) if row["key"] not in HARDWARE]
    if data_source not in known:
        raise UsageError(f"{data_source!r} is no source; there are {', '.join(known)}")


async def holdings(db: Database, data_source: str, partner: TimingPartnerId | None = None) -> list[Holding]:
    """What would be removed, by partner."""
    rows = await db.rows(queries["counts"], {"data_source": data_source, "partner": partner})
    return [Holding(**row) for row in rows]


async def remove(db: Database, data_source: str, partner: TimingPartnerId | None, mark: str) -> None:
    """Remove the rows of a source; ``mark`` is added to the reason of their history."""
    parameters = {"data_source": data_source, "partner": partner, "mark": mark}
    async with db.transaction() as connection:
        await connection.execute(queries["mark_history"], parameters)
        for name in STATEMENTS:
            await connection.execute(queries[name], parameters)


async def running(db: Database) -> list[str]:
    """The planners and workers that are at work on this database, where they tell."""
    if not await db.value(queries["has_heartbeats"]):
        return []
    return [f"{row['component']} {row['instance']}" for row in await db.rows(queries["running"])]
