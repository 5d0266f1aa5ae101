"""Two partners with an event each, for the tests of pages for everyone; timed by computers with two sessions."""

from __future__ import annotations

import aiohttp
from psycopg.sql import SQL

from project88.store.connection import Database

EVENT = "/events/1/p1"
OTHER_EVENT = "/events/2/p9"

TWO_PARTNERS = SQL("""
insert into timing_partners (timing_partner_id, company_name, time_zone)
values (1, 'Example Timing', 'America/New_York'), (2, 'Other Timing', 'UTC');
insert into ct_events (timing_partner_id, event_id, event_name, start_date, data_source, provider_event_id, settled_at)
values (1, 'p1', 'Harbor Run', now() - interval '1 hour', 'tcp_hardware', null, null),
       (1, 'p2', 'Old Mill 5K', '2020-05-02 13:30:00Z', 'chronotrack_live', '77', now()),
       (1, 'p3', 'Empty Trail', '2021-06-01 13:30:00Z', 'chronotrack_live', '78', null),
       (2, 'p9', 'Strange Harbor', now() - interval '1 hour', 'tcp_hardware', null, null);
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id, next_due, last_finished_at, last_status)
values (1, 1, 'results', 'p2', hub_now() + interval '90 seconds', hub_now() - interval '30 seconds', 'completed');
insert into ct_races (timing_partner_id, event_id, race_id, race_name, race_course_distance, data_source) values
    (1, 'p1', '10', 'Ten', 10000, 'tcp_hardware'), (1, 'p1', '20', 'Short & Fun', null, 'tcp_hardware'),
    (1, 'p2', '10', 'Open', 5000, 'chronotrack_live'), (2, 'p9', '10', 'Ten', 10000, 'tcp_hardware');
insert into timing.courses (timing_partner_id, event_id, race_id, course)
select timing_partner_id, event_id, '10',
       '{"points": [{"name": "Start", "distance_m": 0}, {"name": "Bridge", "distance_m": 8000},
                    {"name": "Finish", "distance_m": 10000}]}'
from ct_events where event_id in ('p1', 'p9');
insert into ct_participants (timing_partner_id, event_id, entry_id, race_id, bib_number, first_name, last_name, gender,
                             age, city, division)
select e.timing_partner_id, e.event_id, 'e' || n, case when n > 70 then '20' else '10' end, n::text,
       case e.event_id when 'p1' then 'First' else 'Strange' end || n, 'Last' || n,
       case when n % 3 = 0 then 'F' when n = 5 then 'X' else 'M' end, 10 + n, 'Falls' || n,
       case when n % 3 = 0 then 'F 10-99' else 'M 10-99' end
from ct_events e cross join generate_series(1, 80) n where e.event_id in ('p1', 'p9');
insert into ct_results (timing_partner_id, event_id, race_id, entry_id, chip_time, gun_time, overall_place,
                        gender_place, division_place, result_status, split_times, begin_time, finish_time)
select e.timing_partner_id, e.event_id, case when n > 70 then '20' else '10' end, 'e' || n,
       case when n < 60 then make_interval(secs => 2400 + n) end,
       case when n < 60 then make_interval(secs => 2407 + n) end,
       case when n < 60 then n end, case when n < 60 then n end, case when n < 60 then n end,
       case when n < 60 then 'finished' else 'started' end,
       jsonb_build_array(jsonb_build_object('name', 'Bridge', 'elapsed_ms', 1920000, 'rank', n, 'at',
                         now() - interval '4 minutes' + n * interval '1 second', 'cumulative_ms', 1920000 + n * 1000)),
       now() - interval '36 minutes', case when n < 60 then now() - interval '5 minutes' + n * interval '1 second' end
from ct_events e cross join generate_series(1, 70) n where e.event_id in ('p1', 'p9');
insert into timing.timing_sessions (timing_partner_id, session_key, event_id)
values (1, 'north', 'p1'), (1, 'south', 'p1'), (2, 'strange', 'p9');
""")

#: The north computer read bibs 1 to 3 at the finish and 61 at the bridge, the south one 4 and 62.
READS = SQL("""
with made as (
    insert into timing.timing_reads (timing_partner_id, timing_session_id, kind, location, sequence_number, numbering,
        tag_code, read_time, zone_is_assumed, day_is_assumed, reader_id, content_key, source, raw_line, received_at)
    select 1, s.timing_session_id, 'read', 'x', r.bib, 1, r.bib::text, now(), false, false, 'r', r.bib, 'stream', 'x',
           now()
    from timing.timing_sessions s
    join (values ('north', 1), ('north', 2), ('north', 3), ('north', 61), ('south', 4), ('south', 62)) r (session, bib)
        on r.session = s.session_key
    returning timing_partner_id, timing_read_id, tag_code
)
insert into timing.read_statuses (timing_partner_id, timing_read_id, event_id, status, point)
select timing_partner_id, timing_read_id, 'p1', 'used', case when tag_code::int > 60 then 'Bridge' else 'Finish' end
from made;
""")


async def run(db: Database, statement: SQL | str) -> None:
    async with db.connection() as connection:
        await connection.execute(statement if isinstance(statement, SQL) else statement.encode())


async def read(site: aiohttp.ClientSession, path: str, status: int = 200, **asked: str) -> str:
    async with site.get(path, params=asked or None) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text
