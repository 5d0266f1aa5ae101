-- name: metrics
-- The four figures of the deployment page's monitor, over 24 hours, and what else is counted.
select
    (select count(*) from ct_events where data_source = 'chronotrack_live' and created_at >= now() - interval '24 hours')
        as recent_events,
    (select count(*) from ct_participants
     where data_source = 'chronotrack_live' and created_at >= now() - interval '24 hours') as recent_participants,
    (select count(*) from ct_results
     where data_source = 'chronotrack_live' and created_at >= now() - interval '24 hours') as recent_results,
    (select count(distinct timing_partner_id) from sync_history
     where status = 'completed' and sync_time >= now() - interval '24 hours') as active_partners;

-- name: last_success
-- When each partner's lists of each kind last came completely.
select p.company_name, p.timing_partner_id, v.key as provider_key, h.sync_type, max(h.sync_time) as last_success
from sync_history h
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where h.status = 'completed' and h.sync_time is not null and v.key is not null
  and h.sync_type in ('discovery', 'participants', 'results')
group by 1, 2, 3, 4 order by 2, 3, 4;

-- name: fruitless
-- Partners of whom no list of a kind has come since several attempts, within a week. A partial list has come.
with newest as (
    select timing_partner_id, provider_id, sync_type,
           max(sync_time) filter (where status in ('completed', 'partial')) as last_success
    from sync_history
    where sync_time > now() - interval '7 days' and sync_type in ('discovery', 'participants', 'results')
    group by 1, 2, 3
)
select p.company_name, v.key as provider_key, n.sync_type, n.last_success, count(*) as attempts,
       extract(epoch from now() - min(h.sync_time))::double precision as fruitless_seconds
from newest n
join sync_history h using (timing_partner_id, provider_id, sync_type)
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where v.key is not null and h.sync_time > coalesce(n.last_success, now() - interval '7 days')
  and (h.status = 'failed' or (h.status = 'skipped' and h.api_calls = 0))
group by 1, 2, 3, 4 having count(*) >= 3 order by 1, 2, 3;

-- name: attempts
-- How the attempts of the last 24 hours ended, by partner and provider.
select p.company_name, v.key as provider_key, count(*) as attempts,
       count(*) filter (where h.status = 'failed') as failed,
       count(*) filter (where h.status = 'partial') as partial,
       (array_agg(h.error_message order by h.sync_time desc) filter (where h.status = 'failed'))[1] as last_error
from sync_history h
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where h.sync_time >= now() - interval '24 hours' and h.status in ('completed', 'failed', 'partial') and v.key is not null
group by 1, 2 order by 1, 2;

-- name: failing_polls
-- Polls that have failed several times in a row, or are given up until somebody looks.
select p.company_name, v.key as provider_key, s.kind, s.event_id, e.event_name, s.state, s.failures, s.last_error
from schedule_plan s
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
left join ct_events e on (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id)
where s.state = 'parked' or (s.failures >= 3 and s.state <> 'ended')
order by 1, 2, 3, 4;

-- name: heartbeats
-- The programs that run or have ended without a word, and how long they have been silent.
select component, instance, extract(epoch from now() - beat_at)::double precision as silent_seconds
from heartbeats order by component, silent_seconds;

-- name: left_alone
-- Credentials whose service refuses the login or does not answer.
select p.company_name, v.key as provider_key, b.account_name, b.kind, b.failures, b.reason, b.open_until
from credential_breakers b
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where b.kind = 'login' or b.open_until is not null
order by 1, 2, 3;

-- name: duplicates
-- The deployment page's question for events that both sources brought, and pairs that may be one event and wait for a
-- person. Pairs that somebody kept are left out.
select p.company_name, found.event_name, found.live_event_id, found.hardware_event_id,
       bool_or(found.is_twice) as is_twice
from (
    select e1.timing_partner_id, e1.event_name, coalesce(e1.provider_event_id, e1.event_id) as live_event_id,
           e2.event_id as hardware_event_id, true as is_twice
    from ct_events e1
    join ct_events e2 on e1.timing_partner_id = e2.timing_partner_id
        and lower(e1.event_name) = lower(e2.event_name)
        and abs(extract(epoch from (e1.start_date - e2.start_date))) < 86400
    where e1.data_source = 'chronotrack_live' and e2.data_source = 'tcp_hardware'
      and not exists (
          select from event_sources s join providers v using (provider_id)
          where s.timing_partner_id = e1.timing_partner_id and v.key = e1.data_source and s.decision = 'kept_both'
            and s.provider_event_id = coalesce(e1.provider_event_id, e1.event_id) and s.event_id = e2.event_id)
    union all
    select s.timing_partner_id, s.event_name, s.provider_event_id, s.event_id, false
    from event_sources s where s.decision = 'review'
) found
join timing_partners p using (timing_partner_id)
group by 1, 2, 3, 4 order by 1, 2;

-- name: waiting_for_a_person
-- What was held back for a decision or could not be read.
select p.company_name, held.what, held.rows
from (
    select timing_partner_id, 'held' as what, count(*) as rows from held_retractions where state = 'held' group by 1
    union all
    select timing_partner_id, 'quarantined', count(*) from quarantine
    where created_at >= now() - interval '24 hours' group by 1
) held
join timing_partners p using (timing_partner_id)
order by 1, 2;

-- name: without_results
-- Events that began one to five hours ago, whose list of results came, and in which nobody has one.
select p.company_name, e.event_id, e.event_name
from ct_events e
join timing_partners p using (timing_partner_id)
where e.retracted_at is null and e.provider_event_id is not null
  and e.start_date between hub_now() - interval '5 hours' and hub_now() - interval '1 hour'
  and exists (select from ct_participants c
              where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id) and c.retracted_at is null)
  and exists (select from sync_history h
              where (h.timing_partner_id, h.event_id) = (e.timing_partner_id, e.event_id)
                and h.sync_type = 'results' and h.status = 'completed' and h.sync_time > now() - interval '15 minutes')
  and not exists (select from ct_results r
                  where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)
                    and r.retracted_at is null and r.result_status in ('finished', 'started'))
order by 1, 2;

-- name: last_backups
-- The newest backup, and the newest one that was read back.
select
    (select status from backups where status <> 'running' order by started_at desc limit 1) as last_status,
    (select error_message from backups where status <> 'running' order by started_at desc limit 1) as last_error,
    (select extract(epoch from now() - max(verified_at))::double precision from backups where status = 'completed')
        as verified_seconds_ago;

-- name: schema_problems
-- What the schema's self-check finds.
select object, problem, remedy from schema_problems();

-- name: timing_links
-- Locations of the timing computers that are connected, and how many numbers each lacks.
select p.company_name, coalesce(s.session_name, s.timing_event_name, s.timing_session_id::text) as session, l.location,
       (select coalesce(sum(upper(gap) - lower(gap)), 0)::int
        from unnest(case when l.last_sequence is null then '{}'::int4multirange
                         else int4multirange(int4range(1, l.last_sequence + 1)) - l.received end) gap) as missing
from timing.timing_sessions s
join timing_partners p using (timing_partner_id)
join timing.timing_locations l using (timing_partner_id, timing_session_id)
where exists (select from timing.timing_links k
              where (k.timing_partner_id, k.timing_session_id) = (s.timing_partner_id, s.timing_session_id)
                and k.closed_at is null and k.opened_at > now() - interval '2 days')
order by 1, 2, 3;

-- name: unscored
-- Events of the hardware that cannot be scored, around their day.
select p.company_name, e.event_name, s.problem
from timing.scorings s
join ct_events e using (timing_partner_id, event_id)
join timing_partners p using (timing_partner_id)
where s.problem is not null and e.start_date between hub_now() - interval '7 days' and hub_now() + interval '1 day'
order by 1, 2;
