"""What belongs together is read of one moment, whatever is written meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.sql import SQL

from project88.errors import StoreError
from project88.store.connection import Database
from project88.store.one_moment import full_rows
from tests.integration.public_event import TWO_PARTNERS, run

COUNT = SQL("select count(*) from ct_results")
#: A statement that finds rows and lets another connection move their places before it ends.
NARROW = SQL("""
select data_source, race_id, entry_id as participant_id, overall_place, pg_sleep(%(seconds)s)::text
from ct_results where timing_partner_id = 1 and event_id = 'p1' and overall_place <= 2 order by overall_place
""")
FULL = SQL("""
select data_source, race_id, entry_id as participant_id, overall_place as shown_place from ct_results
where timing_partner_id = 1 and event_id = 'p1' and entry_id = any (%(participant_ids)s::text[])
""")


async def test_a_snapshot_sees_nothing_of_what_is_committed_meanwhile(db: Database):
    await run(db, TWO_PARTNERS)
    async with db.snapshot() as connection:
        before = await (await connection.execute(COUNT)).fetchone()
        await run(db, "delete from ct_results where entry_id = 'e1'")
        after = await (await connection.execute(COUNT)).fetchone()

    assert before == after == (140,)


async def test_a_snapshot_writes_nothing(db: Database):
    with pytest.raises(StoreError, match="read-only"):
        async with db.snapshot() as connection:
            await connection.execute(SQL("delete from ct_results"))


async def test_the_order_and_the_places_of_a_page_are_of_one_moment(db: Database):
    await run(db, TWO_PARTNERS)
    async with asyncio.TaskGroup() as tasks:
        page = tasks.create_task(full_rows(db, NARROW, FULL, {"seconds": 0.5}))
        await asyncio.sleep(0.2)
        tasks.create_task(run(db, "update ct_results set overall_place = 60 - overall_place where overall_place < 60"))

    assert [(row["overall_place"], row["shown_place"]) for row in page.result()] == [(1, 1), (2, 2)]
