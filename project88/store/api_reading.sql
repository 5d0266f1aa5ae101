-- name: events
-- One page of the events, newest first; those without a date last. The cursor names the last one of the page before.
select e.timing_partner_id, e.event_id, e.event_name, e.event_date, e.start_date, e.end_date, e.time_zone, e.city,
       e.state, e.country, e.source_provider, c.settled_at is not null as is_settled,
       greatest(e.updated_at,
                (select max(r.updated_at) from ct_results r
                 where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)),
                (select max(p.updated_at) from ct_participants p
                 where (p.timing_partner_id, p.event_id) = (e.timing_partner_id, e.event_id))) as changed_at
from unified_events e
join ct_events c using (timing_partner_id, event_id)
where (%(words)s::text is null or strpos(lower(e.event_name), lower(%(words)s)) > 0)
  and (%(timing_partner_id)s::int is null or e.timing_partner_id = %(timing_partner_id)s)
  and (%(from_date)s::date is null or e.event_date >= %(from_date)s)
  and (%(to_date)s::date is null or e.event_date <= %(to_date)s)
  and (%(after_event)s::text is null
       or (coalesce(e.start_date, '-infinity') < %(after_start)s::timestamptz)
       or (coalesce(e.start_date, '-infinity') = %(after_start)s
           and (e.timing_partner_id, e.event_id) > (%(after_partner)s::int, %(after_event)s)))
order by coalesce(e.start_date, '-infinity') desc, e.timing_partner_id, e.event_id
limit %(limit)s;

-- name: event
-- One event, and when each part of it last changed.
select e.timing_partner_id, e.event_id, e.event_name, e.event_date, e.start_date, e.end_date, e.time_zone, e.city,
       e.state, e.country, e.source_provider, c.settled_at is not null as is_settled, e.updated_at as event_changed_at,
       (select max(r.updated_at) from ct_results r
        where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)) as results_changed_at,
       (select max(p.updated_at) from ct_participants p
        where (p.timing_partner_id, p.event_id) = (e.timing_partner_id, e.event_id)) as participants_changed_at
from unified_events e
join ct_events c using (timing_partner_id, event_id)
where e.timing_partner_id = %(timing_partner_id)s::int and e.event_id = %(event_id)s::text;

-- name: races
-- The races of an event, with how many results each has.
select race_id, max(race_name) as race_name, max(planned_start) as planned_start, max(actual_start) as actual_start,
       (select count(*) from unified_results u
        where u.timing_partner_id = %(timing_partner_id)s::int and u.event_id = %(event_id)s::text
          and u.race_id = r.race_id) as results
from ct_races r
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text and retracted_at is null
group by race_id
order by race_id;

-- name: leaderboard
-- Which results stand on one page, race by race in order of place; the cursor names the last one of the page before.
-- Behind coalesce the planner takes half of the rows for wanted and reads by place; else it reads and sorts the event.
select data_source, race_id, participant_id from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and race_id is not null and participant_id is not null
  and (%(race_id)s::text is null or race_id = %(race_id)s)
  and coalesce(gender = %(gender)s::text, %(gender)s::text is null)
  and coalesce(division = %(division)s::text, %(division)s::text is null)
  and (%(bib)s::text is null or upper(bib_number) = upper(%(bib)s))
  and (%(after_race)s::text is null
       or race_id > %(after_race)s
       or (race_id = %(after_race)s
           and (coalesce(overall_place, 2147483647), participant_id) > (%(after_place)s::int, %(after_participant)s::text)))
order by race_id, overall_place, participant_id
limit %(limit)s;

-- name: results
-- The rows of the given results, each found by its whole key; left to itself, a join reads the whole event.
select u.data_source, u.event_id, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender, u.age,
       u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.provider_status, u.split_times, u.begin_time, u.finish_time,
       u.source_provider, u.is_settled, u.updated_at
from unnest(%(data_sources)s::text[], %(race_ids)s::text[], %(participant_ids)s::text[])
     as asked (data_source, race_id, participant_id)
cross join lateral (
    select p.* from unified_results p
    where p.timing_partner_id = %(timing_partner_id)s::int and p.event_id = %(event_id)s::text
      and (p.data_source, p.race_id, p.participant_id) = (asked.data_source, asked.race_id, asked.participant_id)
    offset 0
) u;

-- name: result
-- One runner's result in one race.
select u.event_id, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender, u.age,
       u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.provider_status, u.split_times, u.begin_time, u.finish_time,
       u.source_provider, u.is_settled, u.updated_at
from unified_results u
where u.timing_partner_id = %(timing_partner_id)s::int and u.event_id = %(event_id)s::text
  and u.race_id = %(race_id)s and u.participant_id = %(participant_id)s
limit 1;

-- name: results_as_of
-- One page of what the results said at an instant.
select u.event_id, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender, u.age,
       u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.provider_status, u.split_times, u.begin_time, u.finish_time,
       u.source_provider, u.is_settled, u.updated_at
from unified_results_as_of(%(timing_partner_id)s::int, %(event_id)s::text, %(as_of)s::timestamptz) u
where (%(race_id)s::text is null or race_id = %(race_id)s)
  and (%(participant_id)s::text is null or participant_id = %(participant_id)s)
  and (%(gender)s::text is null or gender = %(gender)s)
  and (%(division)s::text is null or division = %(division)s)
  and (%(bib)s::text is null or upper(bib_number) = upper(%(bib)s))
  and (%(after_race)s::text is null
       or race_id > %(after_race)s
       or (race_id = %(after_race)s
           and (coalesce(overall_place, 2147483647), participant_id) > (%(after_place)s::int, %(after_participant)s::text)))
order by race_id, overall_place, participant_id
limit %(limit)s;

-- name: participants
-- One page of who entered an event.
select p.event_id, p.race_id, p.participant_id, p.external_id, p.bib_number, p.first_name, p.last_name, p.gender, p.age,
       p.email, p.city, p.state, p.country, p.division, p.team_name, p.entry_status, p.source_provider, p.updated_at
from unified_participants p
where p.timing_partner_id = %(timing_partner_id)s::int and p.event_id = %(event_id)s::text
  and (%(race_id)s::text is null or p.race_id = %(race_id)s)
  and (%(bib)s::text is null or upper(p.bib_number) = upper(%(bib)s))
  and (%(after_participant)s::text is null
       or (p.participant_id, coalesce(p.race_id, '')) > (%(after_participant)s, %(after_race)s::text))
order by p.participant_id, coalesce(p.race_id, '')
limit %(limit)s;

-- name: connections
-- Of each provider how many accounts a timing partner has, and when something last came from them.
select v.key,
       ((select count(*) from partner_provider_credentials c
         where c.provider_id = v.provider_id and c.timing_partner_id = %(timing_partner_id)s)
        + (select count(*) from partner_provider_accounts a
           where a.provider_id = v.provider_id and a.timing_partner_id = %(timing_partner_id)s))::int as accounts,
       case v.key
           when 'chronotrack_tcp' then (select max(last_connected_at) from timing.timing_sessions t
                                        where t.timing_partner_id = %(timing_partner_id)s)
           else (select max(h.sync_time) from sync_history h
                 where h.provider_id = v.provider_id and h.status = 'completed'
                   and h.timing_partner_id = %(timing_partner_id)s)
       end as last_success_at
from providers v where v.key is not null;

-- name: problems_count
-- How many things the schema lacks.
select count(*) from schema_problems();
