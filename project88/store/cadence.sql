-- name: rules
-- The rules of one provider or of all.
select provider_key, kind, phase, anchor, begins, ends, ends_anchor, closed, every, at_times, weekdays, lane, is_on,
       reason
from cadence_rules
where %(provider_key)s::text is null or provider_key = %(provider_key)s
order by provider_key, kind, begins nulls first, phase;

-- name: switch_tail
-- Switches the correction tail of one provider on or off.
update cadence_rules set is_on = %(is_on)s
where provider_key = %(provider_key)s and starts_with(phase, 'tail')
returning phase;

-- name: event_times
-- When the events of one partner, or one of them, start and end, and what is known of their races.
select e.timing_partner_id, e.event_id, e.data_source, e.start_date, e.end_date, e.upstream_state, e.retracted_at,
       p.time_zone as partner_time_zone, e.time_zone as event_time_zone, r.race_ids, r.planned_starts, r.actual_starts,
       coalesce(e.account_name, '') as account_name
from collected_events e
join timing_partners p using (timing_partner_id)
cross join lateral (
    select array_agg(race_id order by race_id) as race_ids,
           array_agg(planned_start order by race_id) as planned_starts,
           array_agg(actual_start order by race_id) as actual_starts
    from ct_races
    where timing_partner_id = e.timing_partner_id and event_id = e.event_id and data_source = e.data_source
      and retracted_at is null
) r
where e.timing_partner_id = %(timing_partner_id)s and (%(event_id)s::text is null or e.event_id = %(event_id)s)
order by e.event_id;
