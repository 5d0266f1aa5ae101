-- name: write_staged
-- Writes the staged participants that are new, changed or back; counts them.
with staged as (
    select distinct on (entry_id) *,
        sha256(convert_to(row(entry_id, race_id, declared, raw)::text, 'UTF8')) as content_fingerprint
    from stage_participants order by entry_id, ctid desc
),
changed as (
    select s.* from staged s
    left join ct_participants o
        on o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
        and o.data_source = %(data_source)s and o.entry_id = s.entry_id
    where o.entry_id is null or o.retracted_at is not null
       or (o.content_fingerprint, o.listed_as, o.listing_digest)
          is distinct from (s.content_fingerprint, s.listed_as, s.listing_digest)
),
written as (
    insert into ct_participants (
        timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, external_id, entry_status,
        declared_status, entry_type, athlete_id, first_name, last_name, gender, age, date_of_birth, email, phone,
        city, state, country, postal_code, team_name, division, wave_name, registration_choice, raw_payload,
        content_fingerprint, listed_as, listing_digest)
    select
        %(timing_partner_id)s, %(event_id)s, %(data_source)s, entry_id, race_id, bib, external_id, status, declared,
        entry_type, athlete_id, first_name, last_name, gender, age, date_of_birth, email, phone, city, state, country,
        postal_code, team_name, division, wave_name, registration_choice, raw::json, content_fingerprint, listed_as,
        listing_digest
    from changed
    on conflict (timing_partner_id, event_id, data_source, entry_id) do update set
        race_id = excluded.race_id, bib_number = excluded.bib_number, external_id = excluded.external_id,
        entry_status = excluded.entry_status, declared_status = excluded.declared_status,
        entry_type = excluded.entry_type, athlete_id = excluded.athlete_id, first_name = excluded.first_name,
        last_name = excluded.last_name, gender = excluded.gender, age = excluded.age,
        date_of_birth = excluded.date_of_birth, email = excluded.email, phone = excluded.phone, city = excluded.city,
        state = excluded.state, country = excluded.country, postal_code = excluded.postal_code,
        team_name = excluded.team_name, division = excluded.division, wave_name = excluded.wave_name,
        registration_choice = excluded.registration_choice, raw_payload = excluded.raw_payload,
        content_fingerprint = excluded.content_fingerprint, listed_as = excluded.listed_as,
        listing_digest = excluded.listing_digest, retracted_at = null, removed_reason = null, successor_entry_id = null,
        updated_at = now()
    returning 1
)
select count(*)::int from written;

-- name: write_races_of_entries
-- Races that only the entries tell of, under the name of what was chosen.
insert into ct_races (timing_partner_id, event_id, data_source, race_id, race_name)
select %(timing_partner_id)s, %(event_id)s, %(data_source)s, race_id, max(registration_choice)
from stage_participants where race_id is not null group by race_id
on conflict (timing_partner_id, event_id, data_source, race_id) do nothing;

-- name: remove_staged
-- Hides the participants that the provider says are none any more, with its reason; counts those that were shown. An
-- entry that stands in the list of entries as well is there.
with removed as (
    select distinct on (entry_id) * from stage_removals order by entry_id, ctid desc
),
gone as (
    update ct_participants p set
        retracted_at = coalesce(p.retracted_at, now()), updated_at = now(), removed_reason = r.reason,
        successor_entry_id = r.successor_entry_id
    from removed r
    where p.timing_partner_id = %(timing_partner_id)s and p.event_id = %(event_id)s and p.data_source = %(data_source)s
      and r.entry_id in (p.entry_id, p.listed_as)
      and not exists (select from stage_participants s where r.entry_id in (s.entry_id, s.listed_as))
      and (p.retracted_at is null
           or (p.removed_reason, p.successor_entry_id) is distinct from (r.reason, r.successor_entry_id))
    returning p.retracted_at = p.updated_at as was_shown
)
select count(*) filter (where was_shown)::int from gone;

-- name: vanished
-- Visible participants that were not staged, and how many were visible.
select
    coalesce(array_agg(o.entry_id order by o.entry_id) filter (where s.entry_id is null), '{}') as keys,
    count(*)::int as visible
from ct_participants o
left join (
    select entry_id from stage_participants
    union
    select o.entry_id from stage_removals r
    join ct_participants o
        on o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
        and o.data_source = %(data_source)s and r.entry_id in (o.entry_id, o.listed_as)
) s on s.entry_id = o.entry_id
where o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s and o.data_source = %(data_source)s
  and o.retracted_at is null;

-- name: retract
-- Hides participants that are gone upstream; they stay stored.
with gone as (
    update ct_participants set retracted_at = now(), updated_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and entry_id = any (%(keys)s::text[]) and retracted_at is null
    returning 1
)
select count(*)::int from gone;

-- name: new_rows
-- How many staged participants are not visible yet.
select count(distinct s.entry_id)::int from stage_participants s
where not exists (
    select from ct_participants o
    where o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
      and o.data_source = %(data_source)s and o.entry_id = s.entry_id and o.retracted_at is null);

-- name: visible_rows
-- How many participants are visible.
select count(*)::int from ct_participants
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and retracted_at is null;

-- name: take_back
-- Rows that are seen again leave the retraction that waits.
update held_retractions h set keys = array(
        select key from unnest(h.keys) as gone (key)
        except select entry_id from stage_participants)
where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(event_id)s and h.data_source = %(data_source)s
  and h.stream = 'participants' and h.state in ('held', 'dismissed');
