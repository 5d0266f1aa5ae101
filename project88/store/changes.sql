-- name: changes
-- What rows of an event were before they changed, the newest change first; of one bib, now or before, or of everybody.
-- Changes of nothing but places are left out where they are not asked for.
select c.change_id, c.changed_at, c.cause, c.data_source, c.subject, each.key, each.was - 'updated_at' as was,
       case c.subject
           when 'result' then (
               select to_jsonb(r) - 'raw_payload' from ct_results r
               where r.timing_partner_id = c.timing_partner_id and r.event_id = c.event_id
                 and r.data_source = c.data_source and r.race_id = split_part(each.key, chr(31), 1)
                 and r.entry_id = split_part(each.key, chr(31), 2)
               limit 1)
           when 'participant' then (
               select to_jsonb(p) - 'raw_payload' from ct_participants p
               where p.timing_partner_id = c.timing_partner_id and p.event_id = c.event_id
                 and p.data_source = c.data_source and p.entry_id = each.key)
           when 'joined' then (
               select to_jsonb(j) from joined_results j
               where j.timing_partner_id = c.timing_partner_id and j.event_id = c.event_id
                 and j.race_id = split_part(each.key, chr(31), 1)
                 and j.participant_id = split_part(each.key, chr(31), 2))
           when 'race' then (
               select to_jsonb(r) - 'raw_payload' from ct_races r
               where r.timing_partner_id = c.timing_partner_id and r.event_id = c.event_id
                 and r.data_source = c.data_source and r.race_id = each.key)
           else (
               select to_jsonb(e) - 'raw_payload' from ct_events e
               where e.timing_partner_id = c.timing_partner_id and e.event_id = c.event_id)
       end as now_row
from row_changes c
cross join lateral unnest(c.keys, array(select jsonb_array_elements(c.was))) as each (key, was)
where c.timing_partner_id = %(timing_partner_id)s and c.event_id = %(event_id)s
  and (c.subject <> 'event' or each.key = c.event_id) and (c.subject <> 'joined' or c.data_source = 'joined')
  and (%(every)s or each.was - array['updated_at', 'overall_place', 'gender_place', 'division_place'] <> '{}')
  and (%(bib)s::text is null or each.was ->> 'bib_number' = %(bib)s or (c.data_source, c.subject, each.key) in (
      select r.data_source, 'result', result_key(r.race_id, r.entry_id, r.legacy_row_id) from ct_results r
      where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
        and coalesce(r.bib_number, r.entry_bib) = %(bib)s
      union all
      select p.data_source, 'participant', p.entry_id from ct_participants p
      where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s and p.bib_number = %(bib)s
      union all
      select 'joined', 'joined', result_key(j.race_id, j.participant_id, null) from joined_results j
      where j.timing_partner_id = %(timing_partner_id)s and j.event_id = %(event_id)s and j.bib_number = %(bib)s))
order by c.change_id desc, each.key
limit %(at_most)s;

-- name: first_seen
-- When the rows that have a bib were stored first, and by which attempt.
with rows as (
    select r.data_source, 'result' as subject, r.created_at from ct_results r
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
      and coalesce(r.bib_number, r.entry_bib) = %(bib)s
    union all
    select p.data_source, 'participant', p.created_at from ct_participants p
    where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s and p.bib_number = %(bib)s
)
select rows.data_source, rows.subject, rows.created_at, (
    select h.sync_history_id from sync_history h join providers v using (provider_id)
    where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(event_id)s and v.key = rows.data_source
      and rows.created_at between h.started_at and coalesce(h.sync_time, 'infinity')
    order by h.started_at desc limit 1) as sync_history_id
from rows order by rows.created_at;

-- name: results_as_of
-- What the page said of an event at an instant, race by race in order of place.
select *
from unified_results_as_of(%(timing_partner_id)s, %(event_id)s, %(at)s)
where %(race_id)s::text is null or race_id = %(race_id)s
order by race_id, overall_place nulls last, length(bib_number), bib_number, participant_id
limit %(limit)s::bigint;
