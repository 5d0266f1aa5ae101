-- name: events
-- Events of one partner or of all with what is planned next and what failed, the latest start first.
select e.timing_partner_id, t.company_name, e.event_id, e.event_name, e.start_date, e.data_source,
       coalesce(e.time_zone, t.time_zone) as time_zone, plan.next_due, plan.running, plan.parked, plan.failing
from ct_events e
join timing_partners t using (timing_partner_id)
left join lateral (
    select min(p.next_due) filter (where p.state in ('waiting', 'queued')) as next_due,
           count(*) filter (where p.state = 'running')::int as running,
           count(*) filter (where p.state = 'parked')::int as parked,
           count(*) filter (where p.failures > 0)::int as failing
    from schedule_plan p where (p.timing_partner_id, p.event_id) = (e.timing_partner_id, e.event_id)
) plan on true
where e.retracted_at is null
  and (%(timing_partner_id)s::int is null or e.timing_partner_id = %(timing_partner_id)s)
  and (%(words)s = '' or position(lower(%(words)s) in lower(coalesce(e.event_name, ''))) > 0
       or e.event_id = %(words)s or e.provider_event_id = %(words)s)
order by e.start_date desc nulls last, e.timing_partner_id, e.event_id
limit %(at_most)s offset %(offset)s;

-- name: hardware_events
-- Events of a partner whose results come from its timing computers, the latest start first.
select event_id, event_name from ct_events
where timing_partner_id = %(timing_partner_id)s and data_source = 'tcp_hardware' and retracted_at is null
order by start_date desc nulls last, event_id
limit %(at_most)s;

-- name: preparations
-- What a hardware event needs before it can be scored, counted.
select (select count(*) from timing.courses c
        where (c.timing_partner_id, c.event_id) = (%(timing_partner_id)s, %(event_id)s))::int as courses,
       (select count(*) from unified_participants p
        where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s)::int as entries,
       (select count(*) from timing.timing_sessions s
        where (s.timing_partner_id, s.event_id) = (%(timing_partner_id)s, %(event_id)s))::int as sessions;

-- name: time_zones
-- Where events of one partner or of all were.
select distinct time_zone from ct_events
where time_zone is not null and (%(timing_partner_id)s::int is null or timing_partner_id = %(timing_partner_id)s);

-- name: attempts
-- The attempts on an event, the newest first.
select h.sync_history_id, v.key as provider_key, h.sync_type, h.status, h.reason, h.error_message, h.due_at,
       h.started_at, h.sync_time, h.duration_seconds, h.records_processed, h.rows_written, h.rows_retracted,
       h.rows_quarantined, h.api_calls
from sync_history h
left join providers v using (provider_id)
where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(event_id)s
order by h.sync_history_id desc
limit %(at_most)s;

-- name: read_rates
-- Reads of each minute of arrival, the newest first; of the highest numbers of each location, which an index finds.
select date_trunc('minute', t.received_at) as minute, count(*)::int as reads,
       round(count(*) / 60.0, 1)::double precision as per_second
from timing.timing_locations l
join timing.timing_reads t using (timing_partner_id, timing_session_id, location)
where l.timing_partner_id = %(timing_partner_id)s and l.timing_session_id = %(timing_session_id)s
  and t.sequence_number > l.last_sequence - %(newest)s
group by 1 order by 1 desc
limit %(at_most)s;

-- name: newest_reads
-- Reads of a session within the last so many seconds, and when the newest one came.
select count(*) filter (where t.received_at > now() - make_interval(secs => %(seconds)s))::int as reads,
       max(t.received_at) as newest_at
from timing.timing_locations l
join timing.timing_reads t using (timing_partner_id, timing_session_id, location)
where l.timing_partner_id = %(timing_partner_id)s and l.timing_session_id = %(timing_session_id)s
  and t.sequence_number > l.last_sequence - %(newest)s;

-- name: backfill_runs
-- Backfill runs of one partner or of all with their progress, the newest first.
select r.timing_partner_id, t.company_name, v.key as provider_key, r.account_name, r.backfill_run_id, r.since,
       r.started_at, r.finished_at, count(e.*)::int as events,
       count(*) filter (where e.state <> 'planned')::int as done,
       count(*) filter (where e.state in ('failed', 'partial'))::int as failed,
       coalesce(sum(e.calls_planned), 0)::int as calls,
       coalesce(sum(e.calls_planned) filter (where e.state <> 'planned'), 0)::int as calls_done
from backfill_runs r
join timing_partners t using (timing_partner_id)
join providers v using (provider_id)
left join backfill_events e using (timing_partner_id, backfill_run_id)
where %(timing_partner_id)s::int is null or r.timing_partner_id = %(timing_partner_id)s
group by r.timing_partner_id, r.backfill_run_id, t.company_name, v.key
order by r.started_at desc
limit %(at_most)s;

-- name: partner_name
-- The name of a partner, where whoever asks may see it.
select company_name from timing_partners where timing_partner_id = %(timing_partner_id)s;

-- name: quarantined
-- Rows that could not be read, by event and reason, the newest first.
select q.timing_partner_id, t.company_name, v.key as provider_key, q.provider_event_id, q.stream, q.reason,
       count(*)::int as rows, max(q.created_at) as newest_at
from quarantine q
join timing_partners t using (timing_partner_id)
join providers v using (provider_id)
where %(timing_partner_id)s::int is null or q.timing_partner_id = %(timing_partner_id)s
group by q.timing_partner_id, t.company_name, v.key, q.provider_event_id, q.stream, q.reason
order by newest_at desc
limit %(at_most)s;
