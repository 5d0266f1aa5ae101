-- name: add
-- A person's decision; gives its number.
insert into timing.decisions (
    timing_partner_id, event_id, bib_number, timing_read_id, kind, adjustment, field, value, reason, decided_by)
values (%(timing_partner_id)s, %(event_id)s, %(bib_number)s, %(timing_read_id)s, %(kind)s, %(adjustment)s, %(field)s,
        %(value)s, %(reason)s, %(decided_by)s)
returning decision_id;

-- name: undo
-- Takes a decision back.
update timing.decisions set undone_by = %(undone_by)s, undone_at = now()
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and decision_id = %(decision_id)s
  and undone_at is null;

-- name: all
-- Every decision of an event, those that were undone too.
select decision_id, kind, bib_number, timing_read_id, adjustment, field, value, reason, decided_by, decided_at, undone_by, undone_at
from timing.decisions
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s order by decision_id;

-- name: read_belongs
-- Whether a read is of this event.
select exists (
    select from timing.timing_reads r join timing.timing_sessions s using (timing_partner_id, timing_session_id)
    where r.timing_partner_id = %(timing_partner_id)s and r.timing_read_id = %(timing_read_id)s
      and s.event_id = %(event_id)s);

-- name: bib_is_known
-- Whether somebody of this event has the bib.
select exists (
    select from ct_participants
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib_number)s
      and retracted_at is null)
    or exists (
    select from ct_results
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib_number)s
      and retracted_at is null);
