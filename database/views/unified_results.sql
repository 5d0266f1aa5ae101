-- Every result of every source on one contract, one row per person and race. Unknown stays NULL; retracted rows are
-- hidden. Rows with a bib of their own stand apart from those that have their entry's, so that an index finds a bib.
drop view if exists unified_results;
create view unified_results with (security_invoker = true) as
select
    r.timing_partner_id,
    case r.data_source when 'tcp_hardware' then 'chronotrack_tcp' else r.data_source end as source_provider,
    r.data_source,
    r.event_id,
    e.provider_event_id,
    e.event_name,
    (e.start_date at time zone coalesce(e.time_zone, p.time_zone))::date as event_date,
    r.race_id,
    race.race_name,
    r.entry_id as participant_id,
    r.bib_number,
    coalesce(r.first_name, c.first_name) as first_name,
    coalesce(r.last_name, c.last_name) as last_name,
    coalesce(r.gender, c.gender) as gender,
    coalesce(r.age, c.age) as age,
    coalesce(r.city, c.city) as city,
    coalesce(r.state, c.state) as state,
    coalesce(r.country, c.country) as country,
    r.chip_time,
    r.gun_time,
    r.overall_place,
    r.gender_place,
    coalesce(r.division, c.division) as division,
    r.division_place,
    r.result_status,
    r.provider_status,
    r.split_times,
    r.begin_time,
    r.finish_time,
    r.updated_at,
    e.settled_at is not null as is_settled
from ct_results r
join ct_events e on (e.timing_partner_id, e.event_id) = (r.timing_partner_id, r.event_id)
join timing_partners p on p.timing_partner_id = r.timing_partner_id
left join ct_races race
    on (race.timing_partner_id, race.event_id, race.data_source, race.race_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.race_id)
left join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.entry_id)
    and c.retracted_at is null
where r.retracted_at is null
  and not r.is_detail
  and r.bib_number is not null
  and e.retracted_at is null
  and not e.is_joined
union all
select
    r.timing_partner_id,
    case r.data_source when 'tcp_hardware' then 'chronotrack_tcp' else r.data_source end,
    r.data_source,
    r.event_id,
    e.provider_event_id,
    e.event_name,
    (e.start_date at time zone coalesce(e.time_zone, p.time_zone))::date,
    r.race_id,
    race.race_name,
    r.entry_id,
    c.bib_number,
    coalesce(r.first_name, c.first_name),
    coalesce(r.last_name, c.last_name),
    coalesce(r.gender, c.gender),
    coalesce(r.age, c.age),
    coalesce(r.city, c.city),
    coalesce(r.state, c.state),
    coalesce(r.country, c.country),
    r.chip_time,
    r.gun_time,
    r.overall_place,
    r.gender_place,
    coalesce(r.division, c.division),
    r.division_place,
    r.result_status,
    r.provider_status,
    r.split_times,
    r.begin_time,
    r.finish_time,
    r.updated_at,
    e.settled_at is not null
from ct_results r
join ct_events e on (e.timing_partner_id, e.event_id) = (r.timing_partner_id, r.event_id)
join timing_partners p on p.timing_partner_id = r.timing_partner_id
left join ct_races race
    on (race.timing_partner_id, race.event_id, race.data_source, race.race_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.race_id)
left join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.entry_id)
    and c.retracted_at is null
where r.retracted_at is null
  and not r.is_detail
  and r.bib_number is null
  and e.retracted_at is null
  and not e.is_joined
union all
select
    j.timing_partner_id,
    case j.data_source when 'tcp_hardware' then 'chronotrack_tcp' else j.data_source end,
    j.data_source,
    j.event_id,
    e.provider_event_id,
    e.event_name,
    (e.start_date at time zone coalesce(e.time_zone, p.time_zone))::date,
    j.race_id,
    j.race_name,
    j.participant_id,
    j.bib_number,
    j.first_name,
    j.last_name,
    j.gender,
    j.age,
    j.city,
    j.state,
    j.country,
    j.chip_time,
    j.gun_time,
    j.overall_place,
    j.gender_place,
    j.division,
    j.division_place,
    j.result_status,
    j.provider_status,
    j.split_times,
    j.begin_time,
    j.finish_time,
    j.updated_at,
    e.settled_at is not null
from joined_results j
join ct_events e on (e.timing_partner_id, e.event_id) = (j.timing_partner_id, j.event_id)
join timing_partners p on p.timing_partner_id = j.timing_partner_id
where e.retracted_at is null
  and e.is_joined;

insert into applied_migrations (name) values ('views/unified_results.sql') on conflict do nothing;
