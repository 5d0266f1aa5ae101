-- name: window
-- The starts that a backfill covers: from a day in the partner's zone, else a year ago, to an hour ago.
select coalesce(%(since)s::date::timestamp at time zone %(time_zone)s, hub_now() - interval '365 days') as begins,
       hub_now() - interval '1 hour' as ends;

-- name: stored_events
-- The stored events of one account of a partner.
select provider_event_id, event_id, event_name, start_date, upstream_state, false as is_duplicate,
       (start_date at time zone coalesce(time_zone, %(time_zone)s))::date as event_date
from collected_events
where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s and retracted_at is null
  and provider_event_id is not null and coalesce(account_name, '') = %(account_name)s;

-- name: staged_events
-- The staged list of events together with the account's stored ones, as discovery would leave them. Writes nothing.
with staged as (
    select distinct on (s.provider_event_id) s.provider_event_id, s.name, s.start_date, z.name as known_zone
    from stage_events s
    left join pg_timezone_names z on z.name = s.time_zone
    where not exists (
        select from collected_events e
        where e.timing_partner_id = %(timing_partner_id)s and e.data_source = %(data_source)s
          and e.provider_event_id = s.provider_event_id and e.account_name <> %(account_name)s
          and e.unlisted_since is null)
    order by s.provider_event_id, s.ctid desc
),
stored as (
    select * from collected_events
    where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s
      and provider_event_id is not null
)
select
    coalesce(s.provider_event_id, e.provider_event_id) as provider_event_id,
    e.event_id,
    case when s.provider_event_id is null then e.event_name else s.name end as event_name,
    coalesce(s.start_date, e.start_date) as start_date,
    e.upstream_state,
    coalesce(s.provider_event_id = any (%(held_back)s::text[]), false) as is_duplicate,
    (coalesce(s.start_date, e.start_date) at time zone coalesce(s.known_zone, e.time_zone, %(time_zone)s))::date
        as event_date
from staged s
full join stored e on e.provider_event_id = s.provider_event_id
where s.provider_event_id is not null
   or e.retracted_at is null and coalesce(e.account_name, '') = %(account_name)s;

-- name: lock_partner
-- One backfill of a partner's account at a time; the lock lives as long as the connection.
select pg_try_advisory_lock(
    hashtextextended(
        'backfill ' || %(timing_partner_id)s::text || ' ' || %(provider_id)s::text || ' ' || %(account_name)s::text, 88));

-- name: begin_run
-- Notes a run that starts now.
insert into backfill_runs (timing_partner_id, provider_id, account_name, since, limit_events)
values (%(timing_partner_id)s, %(provider_id)s, %(account_name)s, %(since)s, %(limit_events)s)
returning backfill_run_id;

-- name: plan_event
-- Notes one event of a run's plan.
insert into backfill_events (
    timing_partner_id, backfill_run_id, provider_event_id, event_name, calls_planned, rows_planned)
values (%(timing_partner_id)s, %(backfill_run_id)s, %(provider_event_id)s, %(event_name)s, %(calls_planned)s,
        %(rows_planned)s);

-- name: unfinished_run
-- The last run of a partner's account, where it is not finished; an older one no longer counts.
select backfill_run_id from (
    select backfill_run_id, finished_at from backfill_runs
    where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
      and account_name = %(account_name)s
    order by backfill_run_id desc limit 1) last_run
where finished_at is null;

-- name: run_events
-- The events of a run as they were planned and as far as they came.
select b.provider_event_id, b.event_name, b.calls_planned, b.rows_planned, b.state, e.event_id, e.start_date,
       e.upstream_state, false as is_duplicate,
       (e.start_date at time zone coalesce(e.time_zone, %(time_zone)s))::date as event_date
from backfill_events b
left join collected_events e
    on e.timing_partner_id = b.timing_partner_id and e.data_source = %(data_source)s
    and e.provider_event_id = b.provider_event_id
where b.timing_partner_id = %(timing_partner_id)s and b.backfill_run_id = %(backfill_run_id)s
order by b.rows_planned nulls last, b.provider_event_id;

-- name: finish_event
-- Notes how an event of a run ended.
update backfill_events set state = %(state)s, reason = %(reason)s, finished_at = now()
where timing_partner_id = %(timing_partner_id)s and backfill_run_id = %(backfill_run_id)s
  and provider_event_id = %(provider_event_id)s;

-- name: finish_run
-- Closes a run that has nothing left to do or to try again.
update backfill_runs r set finished_at = now()
where r.timing_partner_id = %(timing_partner_id)s and r.backfill_run_id = %(backfill_run_id)s
  and not exists (
      select from backfill_events e
      where (e.timing_partner_id, e.backfill_run_id) = (r.timing_partner_id, r.backfill_run_id)
        and e.state in ('planned', 'partial', 'failed'));
