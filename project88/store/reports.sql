-- name: results_of_event
-- The results of one event as everybody may see them, race by race in order of place.
select *
from unified_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
  and (%(race_id)s::text is null or race_id = %(race_id)s)
order by race_id, overall_place nulls last, length(bib_number), bib_number, participant_id
limit %(limit)s::bigint;

-- name: count_results
-- How many results of one event, or of one race of it, are to be seen.
select count(*)
from unified_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
  and (%(race_id)s::text is null or race_id = %(race_id)s);

-- name: races_of_event
-- The races of one event that are known or have results.
select r.race_id, r.race_name
from ct_races r
where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.retracted_at is null
union
select u.race_id, u.race_name
from unified_results u
where u.timing_partner_id = %(timing_partner_id)s and u.event_id = %(event_id)s
order by race_id;
