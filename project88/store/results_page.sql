-- name: events
-- One page of the events that were searched for, or of all: what has begun, newest first, then what is to come, nearest first.
with clock as materialized (select hub_now() as hub_now)
select e.timing_partner_id, e.event_id, e.event_name, e.event_date, e.start_date, e.end_date, e.time_zone, e.city,
       e.state, e.country, e.source_provider, clock.hub_now, e.updated_at as event_changed_at,
       (select max(r.updated_at) from ct_results r
        where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)) as results_changed_at,
       (select max(c.updated_at) from ct_participants c
        where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)) as participants_changed_at
from unified_events e cross join clock
where (%(words)s::text is null or strpos(lower(e.event_name), lower(%(words)s::text)) > 0)
  and (%(first_day)s::date is null or e.event_date >= %(first_day)s::date)
  and (%(last_day)s::date is null or e.event_date <= %(last_day)s::date)
order by case when e.start_date <= clock.hub_now then 0 when e.start_date is not null then 1 else 2 end,
         case when e.start_date <= clock.hub_now then e.start_date end desc, e.start_date,
         e.timing_partner_id, e.event_id
limit %(limit)s offset %(offset)s;

-- name: event_count
-- How many events were searched for, or there are.
select count(*) from unified_events e
where (%(words)s::text is null or strpos(lower(e.event_name), lower(%(words)s::text)) > 0)
  and (%(first_day)s::date is null or e.event_date >= %(first_day)s::date)
  and (%(last_day)s::date is null or e.event_date <= %(last_day)s::date);

-- name: event
-- One event.
select e.timing_partner_id, e.event_id, e.event_name, e.event_date, e.start_date, e.end_date, e.time_zone, e.city,
       e.state, e.country, e.source_provider, hub_now() as hub_now, e.updated_at as event_changed_at,
       (select max(r.updated_at) from ct_results r
        where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)) as results_changed_at,
       (select max(c.updated_at) from ct_participants c
        where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)) as participants_changed_at
from unified_events e
where e.timing_partner_id = %(timing_partner_id)s::int and e.event_id = %(event_id)s::text;

-- name: changes
-- When each of the given events last changed. Hidden rows count too: hiding a row is a change.
select e.timing_partner_id, e.event_id, e.updated_at as event_changed_at,
       (select max(r.updated_at) from ct_results r
        where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)) as results_changed_at,
       (select max(c.updated_at) from ct_participants c
        where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)) as participants_changed_at
from unnest(%(timing_partner_ids)s::int[], %(event_ids)s::text[]) as asked (timing_partner_id, event_id)
join unified_events e using (timing_partner_id, event_id);

-- name: entry_counts
-- How many participants each race of the given events has.
select p.timing_partner_id, p.event_id, p.race_id, count(*) as entries
from unnest(%(timing_partner_ids)s::int[], %(event_ids)s::text[]) as asked (timing_partner_id, event_id)
cross join lateral (
    select u.timing_partner_id, u.event_id, u.race_id from unified_participants u
    where u.timing_partner_id = asked.timing_partner_id and u.event_id = asked.event_id
) p
group by p.timing_partner_id, p.event_id, p.race_id;

-- name: status_counts
-- How many results of each status the given events have, and when the newest crossing was.
select p.timing_partner_id, p.event_id, p.result_status, count(*) as results, max(p.crossed_at) as crossed_at
from unnest(%(timing_partner_ids)s::int[], %(event_ids)s::text[]) as asked (timing_partner_id, event_id)
cross join lateral (
    select u.timing_partner_id, u.event_id, u.result_status, coalesce(u.finish_time, u.begin_time) as crossed_at
    from unified_results u
    where u.timing_partner_id = asked.timing_partner_id and u.event_id = asked.event_id
) p
group by p.timing_partner_id, p.event_id, p.result_status;

-- name: races
-- The races of an event, those without a result too.
select race_id, max(race_name) as race_name from ct_races
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text and retracted_at is null
group by race_id
order by race_id;

-- name: groups
-- Results of an event counted in one scan: by status, gender and division; finishers by minute; all by their splits.
select race_id, result_status, gender, division, finish_minute, split_names, count(*) as results,
       max(crossed_at) as crossed_at,
       case when grouping(result_status) = 0 then 'status' when grouping(finish_minute) = 0 then 'minute' else 'splits' end
           as counted_by
from (
    select race_id, result_status, gender, division, coalesce(finish_time, begin_time) as crossed_at,
           case result_status when 'finished' then date_trunc('minute', finish_time) end as finish_minute,
           jsonb_path_query_array(split_times, '$[*].name') as split_names
    from unified_results
    where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
) counted
group by grouping sets ((race_id, result_status, gender, division), (race_id, finish_minute), (race_id, split_names));

-- name: newest_finishers
-- Who finished last by the clock.
select data_source, race_id, participant_id from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and result_status = 'finished' and finish_time is not null
order by finish_time desc, participant_id
limit %(limit)s;

-- name: leaderboard
-- Whose rows stand on one page of a race: by place, then those on the course by progress, then the rest.
-- Behind coalesce the planner takes half of the rows for wanted and reads by place; else it reads and sorts the event.
select data_source, race_id, participant_id from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and race_id = %(race_id)s::text
  and coalesce(gender = %(gender)s::text, %(gender)s::text is null)
  and coalesce(division = %(division)s::text, %(division)s::text is null)
order by overall_place,
         case result_status when 'finished' then 0 when 'started' then 1 when 'dnf' then 2 when 'dq' then 3 else 4 end,
         jsonb_array_length(split_times) desc, (split_times -> -1 ->> 'cumulative_ms')::bigint, participant_id
limit %(limit)s offset %(offset)s;

-- name: search
-- Whose bib is the words, or whose name holds them; the bib first. Nobody is found by a name that is withheld.
select data_source, race_id, participant_id from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and (upper(bib_number) = upper(%(words)s::text)
       or strpos(lower(concat_ws(' ', first_name, last_name)), lower(%(words)s::text)) > 0
          and participant_id not in (
              select c.entry_id from ct_participants c
              where c.timing_partner_id = %(timing_partner_id)s::int and c.event_id = %(event_id)s::text
                and asks_for_anonymity(c.data_source, c.raw_payload)
              union all
              select l.person_id from entry_links l
              join ct_participants c
                  on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
                   = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id)
              where c.timing_partner_id = %(timing_partner_id)s::int and c.event_id = %(event_id)s::text
                and asks_for_anonymity(c.data_source, c.raw_payload))
          and coalesce(bib_number, '') not in (
              select n.bib_number from withheld_names n
              where n.timing_partner_id = %(timing_partner_id)s::int and n.event_id = %(event_id)s::text))
order by upper(bib_number) = upper(%(words)s::text) desc nulls last, overall_place, race_id, participant_id
limit %(limit)s offset %(offset)s;

-- name: rows
-- The rows, as everybody may see them, of the given participants, each found by its whole key; left to itself, a join
-- reads the whole event.
select u.data_source, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender,
       u.age, u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.split_times -> -1 as latest_split, u.finish_time,
       u.is_settled, u.is_name_withheld
from unnest(%(data_sources)s::text[], %(race_ids)s::text[], %(participant_ids)s::text[])
     as asked (data_source, race_id, participant_id)
cross join lateral (
    select p.* from published_results p
    where p.timing_partner_id = %(timing_partner_id)s::int and p.event_id = %(event_id)s::text
      and (p.data_source, p.race_id, p.participant_id) = (asked.data_source, asked.race_id, asked.participant_id)
    offset 0
) u;

-- name: freshness
-- Where the data of the given events comes from, when it was last asked for, and when that is due again. Hub time.
select asked.timing_partner_id, asked.event_id,
       array(select v.name from providers v
             where v.key = (select e.source_provider from unified_events e
                            where (e.timing_partner_id, e.event_id) = (asked.timing_partner_id, asked.event_id))
                or v.provider_id in (select s.provider_id from event_sources s
                                     where (s.timing_partner_id, s.event_id) = (asked.timing_partner_id, asked.event_id)
                                       and s.decision = 'merged')
             order by v.provider_id) as sources,
       plan.checked_at, plan.next_due, coalesce(plan.is_failing, false) as is_failing
from unnest(%(timing_partner_ids)s::int[], %(event_ids)s::text[]) as asked (timing_partner_id, event_id)
cross join lateral (
    select max(p.last_finished_at) filter (where p.last_status = 'completed') as checked_at,
           min(p.next_due) filter (where p.state in ('waiting', 'queued', 'running')) as next_due,
           (array_agg(p.last_status = 'failed' order by p.last_finished_at desc nulls last))[1] as is_failing
    from schedule_plan p
    where (p.timing_partner_id, p.event_id) = (asked.timing_partner_id, asked.event_id)
) plan;
