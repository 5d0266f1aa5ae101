-- name: make_plan
-- Fills the plan with rows of one partner that fall due in some weeks, one for each event.
with made as (
    insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)
    select %(timing_partner_id)s, 'chronotrack_live', n::text, 'Race ' || n, hub_now() + interval '30 days'
    from generate_series(%(first)s::int, %(last)s::int) n
    returning timing_partner_id, event_id, start_date)
insert into schedule_plan (
    timing_partner_id, provider_id, kind, event_id, planned_due, next_due, phase, lane, every, reason)
select timing_partner_id, 1, 'results', event_id, start_date, start_date, 'intensive', 'live', interval '90 seconds',
       'of the benchmark'
from made;

-- name: forget_changes
-- Nothing is left to plan.
delete from schedule_changes;

-- name: forget_jobs
-- Takes back what was handed over.
truncate pgqueuer.pgqueuer;

-- name: make_due
-- Lets the next ten rows fall due now, and those before wait again.
with chosen as (
    select schedule_plan_id from schedule_plan
    where timing_partner_id = %(timing_partner_id)s and schedule_plan_id > %(after)s
    order by schedule_plan_id limit 10)
update schedule_plan set state = 'waiting', next_due = case when schedule_plan_id in (select * from chosen)
    then hub_now() else planned_due end
where timing_partner_id = %(timing_partner_id)s
  and (state = 'queued' or schedule_plan_id in (select * from chosen));

-- name: make_events
-- Fills the hub with events of several partners. The first results of the live ones fall due within the window, and
-- of the others nothing does.
with numbered as (
    select n, 1 + n %% %(partners)s as partner, n < %(live)s as is_live,
           (%(window_seconds)s * n / %(live)s) * interval '1 second' as spread,
           case when n * 7 %% 240 between 76 and 81 then 100 else n * 7 %% 240 - 80 end as days
    from generate_series(0, %(events)s - 1) n)
insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)
select partner, 'chronotrack_live', (n / %(partners)s + 1)::text, 'Race ' || n,
       case when is_live then %(begins)s::timestamptz - interval '5 minutes' + spread
            else %(begins)s::timestamptz + make_interval(days => days, hours => 2 + n %% 20) end
from numbered;

-- name: pretend_all_is_polled
-- As if every poll that was due before had run.
update schedule_plan set last_due = hub_now() where next_due is not null;

-- name: count_plan
-- Rows of the plan, those that fall due before the end of the window, and of these the results.
select count(*) filter (where state <> 'ended') as rows,
       count(*) filter (where next_due < %(ends)s) as due,
       count(*) filter (where next_due < %(ends)s and kind = 'results' and lane = 'live') as live
from schedule_plan;

-- name: ask_to_plan
-- Has the planner look at one event again.
with noted as (
    insert into schedule_changes (timing_partner_id, event_id)
    select timing_partner_id, event_id from ct_events limit 1 returning 1)
select pg_notify('project88_plan', '') from noted;

-- name: wake_planner
-- Has the planner look at the clock.
select pg_notify('project88_plan', '');

-- name: changes_left
-- What the planner has not looked at yet.
select count(*) from schedule_changes;

-- name: connections
-- The connections of the hub's programs to this database.
select count(*) from pg_stat_activity where datname = current_database() and application_name = 'project88';

-- name: unfinished
-- Live polls of the window that have not ended, the hanging partner's left out.
select count(*) from schedule_plan p join timing_partners t using (timing_partner_id)
where p.kind = 'results' and t.company_name <> %(hanging)s and p.planned_due < %(ends)s;

-- name: breaker_open
-- Whether the hanging partner's breaker has opened.
select count(*) from credential_breakers where open_until is not null;

-- name: poll_starts
-- The polls of the window as they first began: whose, and how late in real seconds.
select distinct on (t.company_name, event_number, h.due_at) t.company_name, e.provider_event_id::int as event_number,
       extract(epoch from h.started_at) + c.offset_seconds - extract(epoch from h.due_at)::double precision as late_seconds
from sync_history h
join timing_partners t using (timing_partner_id)
join ct_events e using (timing_partner_id, event_id)
cross join hub_clock c
where h.sync_type = 'results' and h.due_at >= %(begins)s and h.due_at < %(ends)s
order by t.company_name, event_number, h.due_at, h.started_at;

-- name: missed_polls
-- Beats that were collapsed into later ones, by event.
select t.company_name, e.provider_event_id::int as event_number, p.missed::int as missed
from schedule_plan p
join timing_partners t using (timing_partner_id)
join ct_events e using (timing_partner_id, event_id)
where p.kind = 'results';

-- name: poll_ends
-- How polls and the backfill's readings ended, by partner, kind and status.
select t.company_name, h.sync_type, h.status, h.error_message = 'the process ended before this attempt did' as is_killed,
       count(*)::int as attempts, sum(h.api_calls)::int as calls
from sync_history h join timing_partners t using (timing_partner_id)
group by 1, 2, 3, 4 order by 1, 2, 3, 4;

-- name: late_in_drill
-- How late polls of results began, in real seconds, once the first rush was over; by partner.
with begun as (
    select timing_partner_id, extract(epoch from started_at - due_at)::double precision as late_seconds
    from sync_history
    where sync_type = 'results'
      and due_at > (select min(started_at) from sync_history) + make_interval(secs => %(settled_after_seconds)s))
select t.company_name, percentile_cont(0.5) within group (order by late_seconds) as half,
       percentile_cont(0.99) within group (order by late_seconds) as most, count(*)::int as polls
from begun join timing_partners t using (timing_partner_id)
group by t.company_name;
