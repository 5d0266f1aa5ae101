-- name: open
-- The held or dismissed retraction of one stream of an event.
select held_retraction_id, keys, state from held_retractions
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and stream = %(stream)s and state in ('held', 'dismissed');

-- name: hold
-- Holds a mass retraction for a person to decide.
insert into held_retractions (timing_partner_id, event_id, data_source, stream, keys, rows_before)
values (%(timing_partner_id)s, %(event_id)s, %(data_source)s, %(stream)s, %(keys)s, %(rows_before)s);

-- name: decide
-- Closes a held retraction.
update held_retractions set state = %(state)s, decided_at = now()
where timing_partner_id = %(timing_partner_id)s and held_retraction_id = %(held_retraction_id)s;

-- name: list
-- Held retractions of one partner or of all, newest first.
select h.timing_partner_id, h.held_retraction_id, h.event_id, e.event_name, h.data_source, h.stream,
       cardinality(h.keys) as rows_gone, h.rows_before, h.state, h.created_at, h.decided_at
from held_retractions h
join ct_events e using (timing_partner_id, event_id)
where (%(timing_partner_id)s::int is null or h.timing_partner_id = %(timing_partner_id)s)
  and (%(every_state)s or h.state = 'held')
order by h.held_retraction_id desc;

-- name: find
-- One retraction by its number, with the event it is about.
select h.timing_partner_id, h.held_retraction_id, h.event_id, h.data_source, h.stream, h.keys, h.state,
       v.provider_id, e.provider_event_id
from held_retractions h
join ct_events e using (timing_partner_id, event_id)
join providers v on v.key = case h.data_source when 'tcp_hardware' then 'chronotrack_tcp' else h.data_source end
where h.held_retraction_id = %(held_retraction_id)s
  and (%(timing_partner_id)s::int is null or h.timing_partner_id = %(timing_partner_id)s);
