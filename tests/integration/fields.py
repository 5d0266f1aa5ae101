"""An event with rows of several sources, written as any program may write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL

from project88.records.entities import EventId, TimingPartnerId
from project88.store.connection import Database
from project88.store.decisions import decide
from project88.store.partners import add_partner

START = datetime.fromisoformat("2026-05-02T08:00:00+00:00")
HARDWARE, LIVE = "tcp_hardware", "chronotrack_live"
EVENT = EventId("p1")
BY = "Race director"


class Field:
    """An event of the hardware with rows of both sources, written as any program may write them."""

    def __init__(self, db: Database, partner: TimingPartnerId) -> None:
        self.db = db
        self.partner = partner

    async def run(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(SQL(statement), values)
            return await cursor.fetchall() if cursor.description is not None else []

    async def race(self, source: str, race_id: str, name: str) -> None:
        await self.run(
            "insert into ct_races (timing_partner_id, event_id, data_source, race_id, race_name)"
            " values (%s, 'p1', %s, %s, %s)", self.partner, source, race_id, name,
        )  # fmt: skip

    async def entry(
        self, source: str, race_id: str, entry_id: str, bib: str | None, name: str | None, **more: Any
    ) -> None:
        first, _, last = (name or "").partition(" ")
        columns = {
            "first_name": first or None,
            "last_name": last or None,
            "bib_number": bib,
            "race_id": race_id,
            **more,
        }
        names = ["timing_partner_id", "event_id", "data_source", "entry_id", *columns]
        places = ", ".join(["%s"] * len(names))
        await self.run(
            f"insert into ct_participants ({', '.join(names)}) values ({places})",
            self.partner, EVENT, source, entry_id, *columns.values(),
        )  # fmt: skip

    async def result(self, source: str, race_id: str, entry_id: str, bib: str | None, seconds: float | None,
                     status: str = "finished", **more: Any) -> None:  # fmt: skip
        columns = {
            "race_id": race_id, "bib_number": bib, "result_status": status,
            "chip_time": None if seconds is None else timedelta(seconds=seconds), **more,
        }  # fmt: skip
        names = ["timing_partner_id", "event_id", "data_source", "entry_id", *columns]
        places = ", ".join(["%s"] * len(names))
        await self.run(
            f"insert into ct_results ({', '.join(names)}) values ({places})",
            self.partner, EVENT, source, entry_id, *columns.values(),
        )  # fmt: skip

    async def both(self, entry_id: str, bib: str, name: str, seconds: float, live_name: str | None = None) -> None:
        """The same person at both sources; the hardware is a second faster."""
        await self.entry(HARDWARE, "m", f"h{entry_id}", bib, name)
        await self.result(HARDWARE, "m", f"h{entry_id}", bib, seconds - 1)
        await self.entry(LIVE, "77", entry_id, bib, live_name or name)
        await self.result(LIVE, "77", entry_id, bib, seconds)

    async def shown(self, *columns: str) -> list[tuple[Any, ...]]:
        rows = await self.run("select * from unified_results order by race_id, participant_id")
        return [tuple(row[column] for column in columns) for row in rows]

    async def joined(self) -> list[list[dict[str, Any]]]:
        """The links and the rows, without the times of their writing."""
        return [
            [row["said"] for row in await self.run(f"select to_jsonb(t) - '{{created_at,updated_at}}'::text[] as said"
                                                   f" from {table} t order by 1")]
            for table in ("entry_links", "joined_results")
        ]  # fmt: skip

    async def settle(self, *, settled: bool = True) -> None:
        await self.run("update ct_events set settled_at = case when %s then now() end", settled)

    async def decide(self, kind: Any, bib: str, **more: Any) -> int:
        fields = {"read": None, "adjustment": None, "reason": "seen", "decided_by": BY, **more}
        return await decide(self.db, self.partner, EVENT, kind, bib=bib, **fields)


async def field_of(db: Database) -> Field:
    """A race that both sources know, without anybody in it."""
    partner = await add_partner(db, "Timers", "UTC")
    made = Field(db, partner)
    await made.run(
        "insert into ct_events (timing_partner_id, event_id, event_name, start_date) values (%s, 'p1', 'City Run', %s)",
        partner, START,
    )  # fmt: skip
    await made.race(HARDWARE, "m", "Marathon")
    await made.race(LIVE, "77", "MARATHON")
    return made
