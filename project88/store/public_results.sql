-- name: runner
-- One runner of a race as everybody may see him; of several sources the event's own counts.
select p.* from published_results p
join ct_events e using (timing_partner_id, event_id)
where p.timing_partner_id = %(timing_partner_id)s::int and p.event_id = %(event_id)s::text
  and p.race_id = %(race_id)s::text and p.participant_id = %(participant_id)s::text
order by p.data_source <> e.data_source, p.data_source
limit 1;

-- name: course
-- How long a race is and where its points are, as far as that is known.
select r.race_course_distance::float8 as distance_m, r.race_pref_distance_unit as unit,
       coalesce(c.course -> 'points', '[]') as points
from ct_races r
left join timing.courses c using (timing_partner_id, event_id, race_id)
where r.timing_partner_id = %(timing_partner_id)s::int and r.event_id = %(event_id)s::text
  and r.race_id = %(race_id)s::text and r.retracted_at is null
order by r.race_course_distance nulls last
limit 1;

-- name: finish_minutes
-- How many of a race finished within each minute since their start.
select floor(extract(epoch from coalesce(chip_time, gun_time)) / 60)::int as minute, count(*) as results
from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and race_id = %(race_id)s::text and result_status = 'finished' and coalesce(chip_time, gun_time) is not null
group by 1
order by 1;

-- name: split_figures
-- The splits of a race in course order: how many passed, and the middle and the shortest time since the start.
select coalesce(split ->> 'name', '') as name, count(*) as passed,
       percentile_disc(0.5) within group (order by (split ->> 'cumulative_ms')::bigint) as median_ms,
       min((split ->> 'cumulative_ms')::bigint) as fastest_ms
from unified_results r cross join lateral jsonb_array_elements(r.split_times) split
where r.timing_partner_id = %(timing_partner_id)s::int and r.event_id = %(event_id)s::text
  and r.race_id = %(race_id)s::text
group by 1
order by 3 nulls last, 1;

-- name: finish_figures
-- The same of the finish.
select count(*) as passed,
       percentile_disc(0.5) within group (order by (extract(epoch from coalesce(chip_time, gun_time)) * 1000)::bigint)
           as median_ms,
       min((extract(epoch from coalesce(chip_time, gun_time)) * 1000)::bigint) as fastest_ms
from unified_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and race_id = %(race_id)s::text and result_status = 'finished';

-- name: published_results_of_event
-- The results of an event, or of a part of it, as everybody may see them, race by race in order of place.
select * from published_results
where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
  and (%(race_id)s::text is null or race_id = %(race_id)s::text)
  and (%(gender)s::text is null or gender = %(gender)s::text)
  and (%(division)s::text is null or division = %(division)s::text)
order by race_id, overall_place nulls last, length(bib_number), bib_number, participant_id;
