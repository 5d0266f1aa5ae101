"""The planner's statistics of tables that grew at once, before autovacuum has been there."""

from __future__ import annotations

from psycopg.sql import SQL

from project88.store import statistics
from project88.store.connection import Database
from tests.integration.collecting import hub_on, only_event, race_world
from tests.integration.public_event import TWO_PARTNERS, run

MANY = """
insert into ct_participants (timing_partner_id, event_id, entry_id, race_id, bib_number)
select 1, 'p1', 'many' || n, '10', n::text from generate_series(1000, 4000) n
"""
KNOWN = SQL(
    "select array_agg(relname order by relname) from pg_class where oid in (select starelid from pg_statistic)"
    " and relname in ('ct_participants', 'ct_results')"
)


async def known(db: Database) -> list[str] | None:
    return await db.value(KNOWN)


async def test_a_table_that_grew_is_looked_at_once(db: Database):
    await run(db, TWO_PARTNERS)
    await run(db, MANY)

    assert await statistics.refresh(db) == 1
    assert await known(db) == ["ct_participants"]
    assert await statistics.refresh(db) == 0


async def test_few_rows_are_left_to_autovacuum(db: Database):
    await run(db, TWO_PARTNERS)

    await statistics.refresh_after(db, rows=statistics.MANY_ROWS - 1)

    assert await known(db) is None


async def test_a_sync_of_a_large_event_leaves_statistics(db: Database):
    async with hub_on(db, race_world(1_000)) as hub:
        await hub.sync(only_event(hub.sandbox.world))

    assert await known(db) == ["ct_participants", "ct_results"]
