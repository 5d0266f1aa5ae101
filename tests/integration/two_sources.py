"""Rows of two partners and of two sources, hardware's and ChronoTrack Live's, and checksums to compare them by."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg.sql import SQL

from project88.store.connection import Database
from project88.store.partners import add_partner

LIVE, HARDWARE = "chronotrack_live", "tcp_hardware"
PARTNERS = ("Summit Timing", "River Timing")
ROWS = """
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date)
values (%(partner)s, %(event)s, %(source)s, %(event)s, 'Run ' || %(event)s, '2026-05-02 08:00+00');
insert into ct_races (timing_partner_id, event_id, data_source, race_id)
values (%(partner)s, %(event)s, %(source)s, '1');
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, first_name, raw_payload)
select %(partner)s, %(event)s, %(source)s, n::text, 'Ann ' || n, json_build_object('n', n) from generate_series(1, 9) n;
insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id, chip_time, gun_time)
select %(partner)s, %(event)s, %(source)s, '1', n::text, make_interval(secs => 3000 + n / 7.0), '01:00:00.25'
from generate_series(1, 8) n;
insert into sync_history (timing_partner_id, provider_id, event_id, provider_event_id, sync_type, status, reason)
select %(partner)s, 1, %(event)s, %(event)s, 'results', 'completed', reason from unnest(array[null, 'by hand']) reason;
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id) values (%(partner)s, 1, 'results', %(event)s)
"""
TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('public', 'pgqueuer') and c.relname <> 'backups' order by 1
"""
CHECKSUM = "select count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from {} t where {}"


async def fill(db: Database) -> list[int]:
    """Two events of each source for each partner; says the partners' numbers."""
    numbers = [int(await add_partner(db, name, "UTC")) for name in PARTNERS]
    async with db.connection() as connection:
        for number in numbers:
            for source in (LIVE, HARDWARE):
                for event in (f"{source[0]}{number}-1", f"{source[0]}{number}-2"):
                    parameters = {"partner": number, "event": event, "source": source}
                    for statement in ROWS.split(";\n"):
                        await connection.execute(SQL(statement), parameters)
    return numbers


async def checksums(url: str, conditions: Mapping[str, str] | None = None) -> dict[str, tuple[int, str]]:
    """Rows and their checksum for each table but that of the backups; ``conditions`` leave rows of a table out."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("set timezone to 'UTC'")
        names = [row[0] for row in await (await connection.execute(TABLES)).fetchall()]
        found = {}
        for name in names:
            condition = (conditions or {}).get(name, "true")
            row = await (await connection.execute(SQL(CHECKSUM.format(name, condition)))).fetchone()
            assert row is not None
            found[name] = (int(row[0]), str(row[1]))
        return found
