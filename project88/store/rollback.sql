-- name: sources
-- The sources that programs collect from, by the word of data_source.
select key from providers where key is not null order by key

-- name: counts
-- What of a source each partner has: rows of the source, and what hangs on its events and goes with them.
with events as (
    select timing_partner_id, event_id from ct_events
    where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s)
), counted as (
    select timing_partner_id, 'events' as what, count(*) as rows from events group by 1
    union all
    select timing_partner_id, 'participants', count(*) from ct_participants
    where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s) group by 1
    union all
    select timing_partner_id, 'results', count(*) from ct_results
    where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s) group by 1
    union all
    select timing_partner_id, 'races', count(*) from ct_races join events using (timing_partner_id, event_id) group by 1
    union all
    select timing_partner_id, 'planned', count(*) from schedule_plan join events using (timing_partner_id, event_id)
    group by 1
    union all
    select timing_partner_id, 'history', count(*) from sync_history join events using (timing_partner_id, event_id)
    group by 1
)
select p.timing_partner_id, p.company_name,
       coalesce(sum(c.rows) filter (where c.what = 'events'), 0)::bigint as events,
       coalesce(sum(c.rows) filter (where c.what = 'races'), 0)::bigint as races,
       coalesce(sum(c.rows) filter (where c.what = 'participants'), 0)::bigint as participants,
       coalesce(sum(c.rows) filter (where c.what = 'results'), 0)::bigint as results,
       coalesce(sum(c.rows) filter (where c.what = 'planned'), 0)::bigint as planned,
       coalesce(sum(c.rows) filter (where c.what = 'history'), 0)::bigint as history
from counted c join timing_partners p using (timing_partner_id)
group by 1, 2 order by 1

-- name: mark_history
-- The history of events that are removed stays, and says so.
update sync_history h set reason = concat_ws('; ', nullif(h.reason, ''), %(mark)s::text)
from ct_events e
where e.data_source = %(data_source)s and (%(partner)s::int is null or e.timing_partner_id = %(partner)s)
  and (h.timing_partner_id, h.event_id) = (e.timing_partner_id, e.event_id)

-- name: delete_events
-- The deployment page's first statement.
delete from ct_events
where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s)

-- name: delete_participants
-- The deployment page's second statement.
delete from ct_participants
where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s)

-- name: delete_results
-- The deployment page's third statement.
delete from ct_results
where data_source = %(data_source)s and (%(partner)s::int is null or timing_partner_id = %(partner)s)

-- name: has_heartbeats
-- Whether the programs of this version tell that they run.
select to_regclass('heartbeats') is not null

-- name: running
-- The programs that collect now.
select component, instance from heartbeats
where component in ('planner', 'worker') and beat_at > now() - interval '60 seconds' order by 1, 2
