-- name: withhold
-- Pages shall not show the name of a bib; open pages are told by the event's change.
with withheld as (
    insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by)
    values (%(timing_partner_id)s, %(event_id)s, %(bib_number)s, %(decided_by)s)
    on conflict (timing_partner_id, event_id, bib_number) do nothing
    returning timing_partner_id, event_id
)
update ct_events e set updated_at = now() from withheld w
where (e.timing_partner_id, e.event_id) = (w.timing_partner_id, w.event_id);

-- name: show_again
-- Take that back.
with shown as (
    delete from withheld_names
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib_number)s
    returning timing_partner_id, event_id
)
update ct_events e set updated_at = now() from shown s
where (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id);

-- name: set_event_ages
-- Which ages pages show of an event; null: as its partner has it.
update ct_events set shown_ages = %(ages)s, updated_at = now()
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: set_partner_ages
-- Which ages pages show of a partner's events that say nothing themselves.
with changed as (
    update timing_partners set shown_ages = %(ages)s, updated_at = now()
    where timing_partner_id = %(timing_partner_id)s
    returning timing_partner_id
)
update ct_events e set updated_at = now() from changed c
where e.timing_partner_id = c.timing_partner_id and e.shown_ages is null;

-- name: partner_exists
-- Whether there is such a partner.
select exists (select from timing_partners where timing_partner_id = %(timing_partner_id)s);
