-- Every result of every source on one contract. Unknown stays NULL; retracted rows are hidden.
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
    coalesce(r.bib_number, c.bib_number) as bib_number,
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
    r.updated_at
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
  and e.retracted_at is null;

insert into applied_migrations (name) values ('views/unified_results.sql') on conflict do nothing;
