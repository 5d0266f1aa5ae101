-- name: known_races
-- The races of an event by what tells of them, and whether files alone do.
select race_id, max(race_name) as race_name, bool_and(data_source = 'file') as is_of_files
from (
    select race_id, race_name, data_source from ct_races
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and retracted_at is null
    union all
    select distinct race_id, null, data_source from ct_results
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and retracted_at is null
      and race_id is not null
) races
group by race_id order by race_id;

-- name: make_event
-- An event that files alone tell of; gives its id.
insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date, time_zone)
values (%(timing_partner_id)s, 'file', %(provider_event_id)s, %(event_name)s, %(start_date)s, %(time_zone)s)
returning event_id;

-- name: save_mapping
-- Saves a mapping in place of an earlier one of its name.
insert into import_mappings (timing_partner_id, mapping_name, columns, splits, date_order)
values (%(timing_partner_id)s, %(mapping_name)s, %(columns)s::jsonb, %(splits)s::jsonb, %(date_order)s)
on conflict (timing_partner_id, mapping_name) do update set
    columns = excluded.columns, splits = excluded.splits, date_order = excluded.date_order, updated_at = now();

-- name: mappings
-- The saved mappings of a partner.
select mapping_name, columns, splits, date_order from import_mappings
where timing_partner_id = %(timing_partner_id)s order by mapping_name;
