-- Every result of every source on one contract, one row per person and race. Unknown stays NULL; retracted rows are
-- hidden. The two tables are put together before anything is joined or left out, so that their indexes give the first
-- rows by place, and the rows with a bib, without reading the event.
-- published_results rests on it and is made anew after it.
drop view if exists published_results;
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
    coalesce(r.race_name, race.race_name) as race_name,
    r.participant_id,
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
    -- Those of joined rows stay where they came from.
    coalesce(r.split_times, (
        select won.split_times from ct_results won
        where (won.timing_partner_id, won.event_id, won.data_source, won.race_id, won.entry_id)
            = (r.timing_partner_id, r.event_id, r.data_source, r.source_race_id, r.source_entry_id)
          and won.legacy_row_id is not distinct from r.source_row_id
        limit 1), '[]') as split_times,
    r.begin_time,
    r.finish_time,
    r.updated_at,
    e.settled_at is not null as is_settled
from (
    select
        timing_partner_id, event_id, data_source, race_id, entry_id as participant_id, null::text as race_name,
        coalesce(bib_number, entry_bib) as bib_number, first_name, last_name, gender, age, city, state, country,
        chip_time, gun_time, overall_place, gender_place, division, division_place, result_status, provider_status,
        split_times, begin_time, finish_time, updated_at, retracted_at, is_detail, entry_id,
        null::text as source_race_id, null::text as source_entry_id, null::bigint as source_row_id, false as is_joined
    from ct_results
    union all
    select
        timing_partner_id, event_id, data_source, race_id, participant_id, race_name, bib_number, first_name, last_name,
        gender, age, city, state, country, chip_time, gun_time, overall_place, gender_place, division, division_place,
        result_status, provider_status, null::jsonb, begin_time, finish_time, updated_at, null::timestamptz, false,
        null::text, source_race_id, source_entry_id, source_row_id, true
    from joined_results
) r
join ct_events e
    on (e.timing_partner_id, e.event_id, e.is_joined) = (r.timing_partner_id, r.event_id, r.is_joined)
join timing_partners p on p.timing_partner_id = r.timing_partner_id
left join ct_races race
    on (race.timing_partner_id, race.event_id, race.data_source, race.race_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.race_id)
-- What the entry knows; of joined rows that is in the row.
left join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.entry_id)
    and c.retracted_at is null
where r.retracted_at is null
  and not r.is_detail
  and e.retracted_at is null;

insert into applied_migrations (name) values ('views/unified_results.sql') on conflict do nothing;
