-- name: take_changes
-- The changes the planner must look at, each once.
delete from schedule_changes where schedule_change_id in (
    select schedule_change_id from schedule_changes order by schedule_change_id limit %(at_most)s
    for update skip locked)
returning timing_partner_id, event_id;

-- name: last_dues
-- When the polls of a partner were last due; the rows are locked, so that no worker finishes one meanwhile.
select p.event_id, v.key, p.kind, p.last_due, p.discovery_of from schedule_plan p
join providers v using (provider_id)
where p.timing_partner_id = %(timing_partner_id)s and (%(event_id)s::text is null or p.event_id = %(event_id)s)
  and (%(kind)s::text is null or p.kind = %(kind)s)
for update of p;

-- name: put
-- Writes what is planned. A running poll is left alone, it plans its next one itself; a parked one stays parked.
insert into schedule_plan as s (
    timing_partner_id, provider_id, kind, event_id, account_name, state, planned_due, next_due, phase, lane, every,
    reason)
select %(timing_partner_id)s, provider_id, n.kind, n.event_id, n.account_name,
       case when n.due is null then 'ended' else 'waiting' end, n.due, n.due, n.phase, coalesce(n.lane, 'routine'),
       n.every, n.reason
from unnest(%(provider_keys)s::text[], %(kinds)s::text[], %(event_ids)s::text[], %(account_names)s::text[],
            %(dues)s::timestamptz[], %(phases)s::text[], %(lanes)s::text[], %(everys)s::interval[], %(reasons)s::text[])
     as n (provider_key, kind, event_id, account_name, due, phase, lane, every, reason)
join providers on providers.key = n.provider_key
on conflict (timing_partner_id, provider_id, kind, event_id, discovery_of) do update set
    state = case when s.state = 'parked' then s.state else excluded.state end, state_since = now(),
    planned_due = excluded.planned_due, next_due = excluded.next_due, phase = excluded.phase, lane = excluded.lane,
    every = excluded.every, reason = excluded.reason, account_name = excluded.account_name
where s.state <> 'running'
  and (s.planned_due, s.phase, s.lane, s.every, s.reason, s.account_name, s.state = 'ended')
      is distinct from (excluded.planned_due, excluded.phase, excluded.lane, excluded.every, excluded.reason,
                        excluded.account_name, excluded.state = 'ended');

-- name: horizon
-- The instant so many real seconds from now.
select hub_now() + make_interval(secs => %(seconds)s * speed) from hub_clock;

-- name: take_due
-- The polls that fall due within the horizon, for handing over; each taken by one planner. Of a lane a login has only
-- so many in the engine, so that hundreds of one that hangs do not stand before the others'; the rest follow them.
with active as (
    select timing_partner_id, provider_id, account_name, lane, count(*) as polls from schedule_plan
    where state in ('queued', 'running') group by timing_partner_id, provider_id, account_name, lane),
due as (
    select timing_partner_id, schedule_plan_id,
           row_number() over (partition by timing_partner_id, provider_id, account_name, lane
                              order by next_due, schedule_plan_id) + coalesce(active.polls, 0) as place
    from schedule_plan left join active using (timing_partner_id, provider_id, account_name, lane)
    where state = 'waiting' and next_due <= %(horizon)s)
select p.timing_partner_id, p.schedule_plan_id, v.key as provider_key, p.account_name, p.lane, p.next_due,
       greatest(0, extract(epoch from next_due - hub_now()) / (select speed from hub_clock))::double precision
           as in_seconds,
       schedule_plan_id || ' ' || extract(epoch from next_due) as job_key
from schedule_plan p
join due using (timing_partner_id, schedule_plan_id)
join providers v using (provider_id)
where state = 'waiting' and place <= %(of_a_login)s
order by next_due
limit %(at_most)s
for update of p skip locked;

-- name: mark_queued
-- Polls that were handed over.
update schedule_plan set state = 'queued', state_since = now(), starts = 0
where (timing_partner_id, schedule_plan_id) in (
    select * from unnest(%(timing_partner_ids)s::int[], %(schedule_plan_ids)s::bigint[]));

-- name: next_due
-- In how many real seconds the next waiting poll falls due.
select extract(epoch from min(next_due) - hub_now())::double precision / (select speed from hub_clock)
from schedule_plan where state = 'waiting';

-- name: lock_event
-- One poll of an event begins at a time.
select pg_advisory_xact_lock(hashtextextended(
    'poll ' || timing_partner_id || ' ' || coalesce(event_id, 'events ' || provider_id), 88))
from schedule_plan
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s;

-- name: is_busy
-- Whether another poll of the same event runs.
select exists (
    select from schedule_plan mine
    join schedule_plan other on other.timing_partner_id = mine.timing_partner_id and other.event_id = mine.event_id
        and other.schedule_plan_id <> mine.schedule_plan_id and other.state = 'running'
    where mine.timing_partner_id = %(timing_partner_id)s and mine.schedule_plan_id = %(schedule_plan_id)s);

-- name: begin
-- A worker begins the poll that was handed over, or takes it over from a worker that died. No row: it is obsolete. It
-- may be waiting: then it was planned anew for the same instant, and the planner cannot hand over a job that exists.
-- The event may have come to another account since it was planned.
update schedule_plan p set
    state = 'running', state_since = now(), token = gen_random_uuid(), worker = %(worker)s, starts = starts + 1,
    account_name = case when p.event_id is null then p.account_name else coalesce((
        select e.account_name from collected_events e
        where e.timing_partner_id = p.timing_partner_id and e.event_id = p.event_id and e.data_source = v.key), '') end
from providers v, hub_clock
where p.timing_partner_id = %(timing_partner_id)s and p.schedule_plan_id = %(schedule_plan_id)s
  and p.state in ('waiting', 'queued', 'running') and p.next_due = %(due)s and v.provider_id = p.provider_id
returning p.*, v.key as provider_key, hub_now() as began_at,
    (extract(epoch from hub_now() - p.next_due) / speed)::double precision as late_seconds;

-- name: finish
-- Accounts for a poll and plans the next one. No row: the poll was taken over, so this worker may store nothing.
update schedule_plan set
    state = case when %(next_due)s::timestamptz is null then 'ended' else 'waiting' end, state_since = now(),
    token = null, worker = null, starts = 0, polls = polls + 1, missed = missed + %(missed)s,
    failures = case when %(is_tried_again)s then failures + 1 else 0 end,
    planned_due = %(planned_due)s, next_due = %(next_due)s, phase = %(phase)s, lane = coalesce(%(lane)s, lane),
    every = %(every)s::interval, reason = %(reason)s, last_due = %(due)s, last_started_at = %(began_at)s,
    last_finished_at = hub_now(), last_late = make_interval(secs => %(late_seconds)s), last_status = %(status)s,
    last_error = %(error)s, row_counts = coalesce(%(row_counts)s::jsonb, row_counts),
    last_full_calls = coalesce(%(full_calls)s, last_full_calls),
    last_full_seconds = coalesce(
        case when %(full_calls)s::int is not null then extract(epoch from hub_now() - %(began_at)s) end,
        last_full_seconds)
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s and token = %(token)s
returning pg_notify('project88_plan', '');

-- name: end
-- Ends a row of which nothing can be asked any more.
update schedule_plan set state = 'ended', state_since = now(), token = null, worker = null, planned_due = null,
    next_due = null, reason = %(reason)s
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s and token = %(token)s;

-- name: hub_now
-- The hub's present.
select hub_now() from hub_clock;

-- name: release
-- Gives an interrupted poll back. Its job is the worker's to give back, too: the planner cannot hand over a second one.
update schedule_plan set state = 'queued', state_since = now(), token = null, worker = null, starts = starts - 1
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s and token = %(token)s;

-- name: park
-- Stops a poll until a person lets it go on.
update schedule_plan set state = 'parked', state_since = now(), token = null, worker = null,
    last_error = coalesce(%(error)s, last_error)
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s
  and state <> 'ended';

-- name: poll_now
-- Lets polls go on, at once.
update schedule_plan set state = 'waiting', state_since = now(), token = null, worker = null, starts = 0, failures = 0,
    next_due = hub_now(), planned_due = coalesce(planned_due, hub_now())
where timing_partner_id = %(timing_partner_id)s and schedule_plan_id = %(schedule_plan_id)s
  and state <> 'running'
returning pg_notify('project88_plan', '');

-- name: take_back_lost
-- Polls whose job is gone from the engine without an end: they wait again.
update schedule_plan p set state = 'waiting', state_since = now(), token = null, worker = null
where state in ('queued', 'running') and state_since < now() - make_interval(secs => %(after_seconds)s)
  and not exists (
      select from pgqueuer.pgqueuer j
      where j.status in ('queued', 'picked') and j.dedupe_key = p.schedule_plan_id || ' ' || extract(epoch from p.next_due))
returning 1;

-- name: listed
-- The plan as people read it.
select p.schedule_plan_id, p.timing_partner_id, t.company_name, v.key as provider_key, p.account_name, p.kind,
       p.event_id, e.provider_event_id, e.event_name, p.state, p.lane, p.phase, p.next_due, p.reason, p.worker, p.starts,
       p.failures, p.polls, p.missed, p.last_due, p.last_started_at, p.last_finished_at,
       extract(epoch from p.last_late)::double precision as last_late_seconds, p.last_status, p.last_error,
       case when p.state in ('waiting', 'queued') then
           (extract(epoch from hub_now() - p.next_due) / (select speed from hub_clock))::double precision end
           as overdue_seconds
from schedule_plan p
join timing_partners t using (timing_partner_id)
join providers v using (provider_id)
left join ct_events e on e.timing_partner_id = p.timing_partner_id and e.event_id = p.event_id
where (%(timing_partner_id)s::int is null or p.timing_partner_id = %(timing_partner_id)s)
  and (%(event_id)s::text is null or p.event_id = %(event_id)s)
  and (%(kind)s::text is null or p.kind = %(kind)s)
  and (%(states)s::text[] is null or p.state = any (%(states)s))
order by (p.state = 'running') desc, p.next_due nulls last, p.schedule_plan_id
limit %(at_most)s::bigint;

-- name: counts
-- How many polls stand where, for people and metrics. The clock is read once, not for every row.
with clock as materialized (select hub_now() as now, speed from hub_clock),
rows as (
    select p.timing_partner_id, p.provider_id, p.state, p.lane, p.missed,
           case when p.next_due <= clock.now and p.state in ('waiting', 'queued') then clock.now - p.next_due end as late
    from schedule_plan p cross join clock
    where p.state <> 'ended')
select t.company_name, r.timing_partner_id, v.key as provider_key, r.state, r.lane, count(*)::int as polls,
       count(r.late)::int as due, coalesce(max(extract(epoch from r.late)), 0)::double precision / min(clock.speed)
           as late_seconds,
       sum(r.missed)::bigint as missed
from rows r
join timing_partners t using (timing_partner_id)
join providers v using (provider_id)
cross join clock
group by t.company_name, r.timing_partner_id, v.key, r.state, r.lane;
