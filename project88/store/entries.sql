-- name: last_reading
-- Since when changes must be asked for, beside how many entries are shown.
select hub_now(), e.changes_read_from, e.all_read_from, coalesce(e.stored_rows, -1), (
           select count(*) from ct_participants p
           where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s
             and p.data_source = %(data_source)s and p.retracted_at is null)::int,
       coalesce(e.listing, '{}'), e.refreshed_to
from (select) one
left join entry_readings e on e.timing_partner_id = %(timing_partner_id)s and e.event_id = %(event_id)s
    and e.data_source = %(data_source)s;

-- name: note_reading
-- What came through whole began then.
insert into entry_readings as e (
    timing_partner_id, event_id, data_source, changes_read_from, all_read_from, stored_rows, listing,
    refreshed_to)
select %(timing_partner_id)s, %(event_id)s, %(data_source)s, %(began)s, %(began)s, count(*)::int, %(listing)s::text[],
       %(refreshed_to)s
from ct_participants p
where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s and p.data_source = %(data_source)s
  and p.retracted_at is null
on conflict (timing_partner_id, event_id, data_source) do update set
    changes_read_from = excluded.changes_read_from,
    all_read_from = case when %(of_all)s then excluded.all_read_from else e.all_read_from end,
    stored_rows = excluded.stored_rows, listing = coalesce(excluded.listing, e.listing),
    refreshed_to = excluded.refreshed_to;

-- name: known_listing
-- By which row of the list each entry was last asked for.
select listed_as, min(listing_digest), bool_or(bib_number is null) from ct_participants
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and listed_as is not null and retracted_at is null
group by listed_as
having count(*) = count(listing_digest);

-- name: stage_stored
-- Entries as they are stored.
insert into stage_participants
select %(list_no)s, entry_id, race_id, bib_number, external_id, entry_status, declared_status, entry_type, athlete_id,
       first_name, last_name, gender, age, date_of_birth, email, phone, city, state, country, postal_code, team_name,
       division, wave_name, registration_choice, raw_payload::text, listed_as, listing_digest
from ct_participants
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and listed_as = any (%(listed)s::text[]) and retracted_at is null;
