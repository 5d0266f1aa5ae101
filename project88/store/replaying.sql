-- name: collected_as
-- The sources that are collected into an event, and how many of their rows are stored.
select e.data_source, v.provider_id, e.provider_event_id, coalesce(e.account_name, '') as account_name,
       (select count(*) from ct_results r
        where (r.timing_partner_id, r.event_id, r.data_source) = (e.timing_partner_id, e.event_id, e.data_source)
          and r.legacy_row_id is null)
       + (select count(*) from ct_participants c
          where (c.timing_partner_id, c.event_id, c.data_source) = (e.timing_partner_id, e.event_id, e.data_source))
       as rows
from collected_events e
join providers v on v.key = e.data_source
where e.timing_partner_id = %(timing_partner_id)s and e.event_id = %(event_id)s and e.provider_event_id is not null
order by e.data_source;

-- name: prints
-- What the page says of each person, as a digest. When a row was written is no part of it.
select coalesce(u.race_id, ''), coalesce(u.participant_id, ''),
       sha256(convert_to(string_agg((to_jsonb(u) - 'updated_at')::text, '' order by (to_jsonb(u) - 'updated_at')::text), 'UTF8'))
from unified_results u
where u.timing_partner_id = %(timing_partner_id)s and u.event_id = %(event_id)s
group by 1, 2;

-- name: contents
-- What the page says of some persons.
select coalesce(u.race_id, ''), coalesce(u.participant_id, ''), to_jsonb(u) - 'updated_at'
from unified_results u
join unnest(%(races)s::text[], %(participants)s::text[]) as asked (race_id, participant_id)
    on (asked.race_id, asked.participant_id) = (coalesce(u.race_id, ''), coalesce(u.participant_id, ''))
where u.timing_partner_id = %(timing_partner_id)s and u.event_id = %(event_id)s;

-- name: reads
-- How many reads an event has.
select count(*) from timing.timing_reads r
join timing.timing_sessions s using (timing_partner_id, timing_session_id)
where s.timing_partner_id = %(timing_partner_id)s and s.event_id = %(event_id)s;

-- name: other_rows
-- Sources of results that are not collected into the event.
select distinct r.data_source from ct_results r
where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.retracted_at is null
  and (r.legacy_row_id is not null or not exists (
      select from collected_events e
      where (e.timing_partner_id, e.event_id, e.data_source) = (r.timing_partner_id, r.event_id, r.data_source)
        and e.provider_event_id is not null))
order by 1;

-- name: remove_results
-- Takes the results of a source away, to make them again.
delete from ct_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and legacy_row_id is null;

-- name: remove_participants
-- Takes the entries of a source away, to make them again.
delete from ct_participants
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s;

-- name: put_concluded_aside
-- Statuses that followed from 24 hours without a change. When they were concluded is no part of the archive.
create temporary table concluded on commit drop as
select * from ct_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and legacy_row_id is null and status_is_derived and retracted_at is null;

-- name: conclude_dnf
-- Who did not finish by that, as far as the rows that were made again still say so.
update ct_results r set result_status = c.result_status, status_is_derived = true
from concluded c
where (r.timing_partner_id, r.event_id, r.data_source, r.race_id, r.entry_id)
    = (c.timing_partner_id, c.event_id, c.data_source, c.race_id, c.entry_id)
  and r.result_status = 'started' and r.retracted_at is null and r.split_keys = c.split_keys;

-- name: conclude_dns
-- Who did not start by that, as far as there are entries and no rows.
insert into ct_results
select c.* from concluded c
join ct_participants p
    on (p.timing_partner_id, p.event_id, p.data_source, p.race_id, p.entry_id)
     = (c.timing_partner_id, c.event_id, c.data_source, c.race_id, c.entry_id)
    and p.retracted_at is null and p.bib_number is not null and p.declared_status is not null
where c.raw_payload is null and c.split_keys = '{}'
on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do nothing;

-- name: forget_concluded
-- The next source has its own.
drop table concluded;

-- name: stamps
-- When the results of an event changed and settled.
select results_changed_at, settled_at from ct_events
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: restore_stamps
-- The same stamps as before the results were made again.
update ct_events set results_changed_at = %(results_changed_at)s, settled_at = %(settled_at)s
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: applied
-- Retractions that a person let happen between two instants.
select stream, keys from held_retractions
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and state = 'applied' and (%(after)s::timestamptz is null or decided_at > %(after)s::timestamptz)
  and (%(until)s::timestamptz is null or decided_at <= %(until)s::timestamptz)
order by held_retraction_id;

-- name: finish_joins
-- What joining waits for the end of the transaction with.
set constraints all immediate;
