-- name: persons
-- The results of an event that have a bib, as everybody may see them; written as what the sources say is.
select race_id, race_name, participant_id, is_settled, to_jsonb(u) as shown
from unified_results u
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib)s
order by race_id, participant_id;

-- name: said
-- What each source says of one person, the word that counts most first. Of an event that is not joined there is one.
select row_number() over (order by s.turn, s.link_key) as place, s.data_source, s.why,
       to_jsonb(r) - 'raw_payload' as result, to_jsonb(c) - 'raw_payload' as entry
from person_sources(%(timing_partner_id)s, %(event_id)s, array[%(race_id)s || chr(31) || %(participant_id)s]) s
join entry_links l on l.timing_partner_id = %(timing_partner_id)s and l.event_id = %(event_id)s
    and l.link_key = s.link_key
left join ct_results r on r.ctid = s.row_id
left join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id) and c.retracted_at is null
union all
select 1, r.data_source, 'the only source', to_jsonb(r) - 'raw_payload', to_jsonb(c) - 'raw_payload'
from ct_results r
join ct_events e on (e.timing_partner_id, e.event_id) = (r.timing_partner_id, r.event_id) and not e.is_joined
left join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (r.timing_partner_id, r.event_id, r.data_source, r.entry_id) and c.retracted_at is null
where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.race_id = %(race_id)s
  and r.entry_id = %(participant_id)s and r.retracted_at is null and not r.is_detail
order by place;

-- name: decided
-- What people decided on a bib and nobody undid.
select decision_id, kind, adjustment, field, value, reason, decided_by, decided_at from timing.decisions
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib)s and undone_at is null
order by decision_id;
