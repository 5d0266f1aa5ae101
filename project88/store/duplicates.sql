-- name: list
-- Events of providers that may be, or are, events of the hardware; those that wait first.
select s.timing_partner_id, p.company_name, s.event_source_id, v.key as provider_key, s.provider_event_id, s.event_name,
       s.start_date, s.event_id, h.event_name as hardware_event_name, h.start_date as hardware_start_date, s.likeness,
       s.decision, s.decided_by, s.decided_at, s.reason, s.found_at, l.event_id as live_event_id,
       s.listed is not null as is_listed, s.earlier
from event_sources s
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
join ct_events h on (h.timing_partner_id, h.event_id) = (s.timing_partner_id, s.event_id)
left join ct_events l on l.timing_partner_id = s.timing_partner_id and l.data_source = v.key
    and coalesce(l.provider_event_id, l.event_id) = s.provider_event_id
where (%(timing_partner_id)s::int is null or s.timing_partner_id = %(timing_partner_id)s)
  and (%(event)s::text is null or %(event)s in (s.event_id, s.provider_event_id, l.event_id))
  and (%(decided_too)s or s.decided_by is null)
order by s.decision <> 'review', s.decided_by is not null, s.start_date desc nulls last, s.event_source_id;

-- name: lock_pair
-- Nothing is imported and no other decision is made meanwhile.
select lock_events(%(timing_partner_id)s);

-- name: lock_collecting
-- Waits until nobody collects or merges either event.
select pg_advisory_xact_lock(hashtextextended('collect ' || %(timing_partner_id)s::text || ' ' || each, 88)),
       pg_advisory_xact_lock(hashtextextended('merge ' || %(timing_partner_id)s::text || ' ' || each, 88))
from unnest(%(event_ids)s::text[]) with ordinality as e (each, place) order by place;

-- name: patience
-- A collecting that runs is waited for so long.
select set_config('lock_timeout', '60s', true), set_config('project88.decided', 'on', true);

-- name: merged_already
-- Another event of the provider that is merged into the same event.
select provider_event_id from event_sources
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s and event_id = %(event_id)s
  and decision = 'merged' and event_source_id <> %(event_source_id)s;

-- name: certain
-- An event of a registration system that certainly is one that is timed, and that nobody decided on, is stored by itself.
-- Not where another event of the system is merged into that one, or may be it as well.
select s.event_source_id from event_sources s
join providers v using (provider_id)
where s.timing_partner_id = %(timing_partner_id)s and s.provider_id = %(provider_id)s
  and s.provider_event_id = %(provider_event_id)s and v.is_registration and s.decision = 'review'
  and s.decided_by is null and s.likeness = 'same_name'
  and not exists (
      select from event_sources o
      where (o.timing_partner_id, o.provider_id, o.event_id) = (s.timing_partner_id, s.provider_id, s.event_id)
        and o.event_source_id <> s.event_source_id and (o.decision = 'merged' or o.likeness = 'same_name'));

-- name: collected_under
-- The event of ours under which an event of a provider is collected.
select event_id from collected_events
where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s
  and provider_event_id = %(provider_event_id)s
limit 1;

-- name: others_of
-- Other sources that an event holds rows of, with their providers.
select distinct k.data_source, v.provider_id from (
    select data_source from ct_races where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    union
    select data_source from ct_participants where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    union
    select data_source from ct_results where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s) k
left join providers v on v.key = k.data_source
where k.data_source <> %(data_source)s
order by 1;

-- name: point_others
-- Events of providers that were merged into an event are of the other one now.
update event_sources set event_id = %(event_id)s
where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
  and event_source_id <> %(event_source_id)s;

-- name: score_again
-- An event that was scored is scored anew: its entries are other ones.
update timing.scorings set scoring_id = default, is_stale = true
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: own_hardware
-- What an event of ChronoTrack Live holds that only an event of the hardware should.
select (select count(*) from timing.timing_sessions t where (t.timing_partner_id, t.event_id) = (%(timing_partner_id)s, %(live_event_id)s))
     + (select count(*) from timing.courses t where (t.timing_partner_id, t.event_id) = (%(timing_partner_id)s, %(live_event_id)s))
     + (select count(*) from timing.decisions t where (t.timing_partner_id, t.event_id) = (%(timing_partner_id)s, %(live_event_id)s));

-- name: keep_removed
-- Remembers the row that a merge takes away.
update event_sources s set
    removed_event = to_jsonb(e) - 'raw_payload', removed_payload = e.raw_payload,
    account_name = e.account_name, unlisted_since = e.unlisted_since, upstream_state = e.upstream_state
from ct_events e
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s
  and e.timing_partner_id = s.timing_partner_id and e.event_id = %(live_event_id)s;

-- name: make_room
-- Rows that an earlier merge brought, hidden since it was undone, leave the place to those that come now.
with hidden_races as (
    delete from ct_races h using ct_races n
    where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(to_event)s and h.data_source = %(data_source)s
      and n.timing_partner_id = h.timing_partner_id and n.event_id = %(from_event)s
      and (n.data_source, n.race_id) = (h.data_source, h.race_id) and h.retracted_at is not null
),
hidden_participants as (
    delete from ct_participants h using ct_participants n
    where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(to_event)s and h.data_source = %(data_source)s
      and n.timing_partner_id = h.timing_partner_id and n.event_id = %(from_event)s
      and (n.data_source, n.entry_id) = (h.data_source, h.entry_id) and h.retracted_at is not null
)
delete from ct_results h using ct_results n
where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(to_event)s and h.data_source = %(data_source)s
  and n.timing_partner_id = h.timing_partner_id and n.event_id = %(from_event)s
  and (n.data_source, n.race_id, n.entry_id) = (h.data_source, h.race_id, h.entry_id) and h.retracted_at is not null;

-- name: move_rows
-- Races, participants and results of one source, and all that is known of their collecting, belong to another event.
with races as (
    update ct_races set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
    returning 1
),
participants as (
    update ct_participants set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
    returning 1
),
results as (
    update ct_results set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
    returning 1
),
retractions as (
    update held_retractions set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
),
changes as (
    update row_changes set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
      and (subject in ('race', 'participant', 'result') or subject = 'event' and keys = array[%(live_event_id)s::text])
),
lists as (
    update collected_lists set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
),
entries as (
    update entry_readings set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
),
readings as (
    update raw_readings set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and data_source = %(data_source)s
),
polls as (
    update schedule_plan set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and provider_id = %(provider_id)s
),
history as (
    update sync_history set event_id = %(to_event)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(from_event)s and provider_id = %(provider_id)s
)
select (select count(*) from races)::int as races, (select count(*) from participants)::int as participants,
       (select count(*) from results)::int as results;

-- name: note_hidden
-- For the history the event of ChronoTrack Live is hidden while it is merged: it was not before, and it was until now.
insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
select s.timing_partner_id, %(live_event_id)s, %(data_source)s, 'event', change_instant(), change_cause(),
       array[%(live_event_id)s::text],
       jsonb_build_array(jsonb_build_object('retracted_at', case when %(was_hidden)s then s.decided_at end))
from event_sources s
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s;

-- name: remove_event
-- The event of ChronoTrack Live whose rows belong to another one now.
delete from ct_events where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s;

-- name: restore_event
-- The row of ct_events that a merge took away.
insert into ct_events
select (jsonb_populate_record(null::ct_events, s.removed_event || jsonb_build_object('updated_at', now()))).*
from event_sources s
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s
  and s.removed_event is not null
returning event_id;

-- name: restore_payload
-- What the provider said of it, as it came, and what is known of its account today.
update ct_events e set raw_payload = s.removed_payload, account_name = s.account_name,
    unlisted_since = s.unlisted_since, upstream_state = s.upstream_state
from event_sources s
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s
  and e.timing_partner_id = s.timing_partner_id and e.event_id = %(live_event_id)s;

-- name: hide_rows
-- Rows of a source under an event that it is not merged into any more. They stay stored; a new merge shows them again.
with races as (
    update ct_races set retracted_at = now(), updated_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and retracted_at is null
    returning 1
),
participants as (
    update ct_participants set retracted_at = now(), updated_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and retracted_at is null
    returning 1
),
results as (
    update ct_results set retracted_at = now(), updated_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and retracted_at is null
    returning 1
),
retractions as (
    update held_retractions set state = 'returned', decided_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and state in ('held', 'dismissed')
),
lists as (
    delete from collected_lists
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
),
entries as (
    delete from entry_readings
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
),
readings as (
    delete from raw_readings
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
),
polls as (
    delete from schedule_plan
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and provider_id = %(provider_id)s
)
select (select count(*) from races)::int as races, (select count(*) from participants)::int as participants,
       (select count(*) from results)::int as results;

-- name: decide
-- Keeps a person's decision, and the one before it.
update event_sources set
    earlier = earlier || jsonb_build_object('decision', decision, 'by', decided_by, 'at', decided_at, 'reason', reason),
    decision = %(decision)s, decided_by = %(decided_by)s, decided_at = now(), reason = %(reason)s,
    removed_event = case when %(decision)s = 'merged' then removed_event end,
    removed_payload = case when %(decision)s = 'merged' then removed_payload end
where timing_partner_id = %(timing_partner_id)s and event_source_id = %(event_source_id)s;

-- name: undo
-- What stood before the last decision stands again. Where the partner's rule, or that of registration systems, would merge
-- the event at once, that it is not merged is a person's decision.
update event_sources s set
    earlier = s.earlier || jsonb_build_object('decision', s.decision, 'by', s.decided_by, 'at', s.decided_at,
                                              'reason', s.reason, 'undone_by', %(decided_by)s::text, 'undone_at', now()),
    decision = %(decision)s, decided_by = case when rule.is_against then %(decided_by)s::text end,
    decided_at = case when rule.is_against then now() end, reason = null, removed_event = null, removed_payload = null
from (
    select p.duplicate_decision = 'merged' and %(decision)s = 'skipped'
           or v.is_registration and o.likeness = 'same_name' as is_against
    from event_sources o join timing_partners p using (timing_partner_id) join providers v using (provider_id)
    where o.timing_partner_id = %(timing_partner_id)s and o.event_source_id = %(event_source_id)s
) rule
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s;

-- name: stage_listed
-- The event as the provider lists it.
insert into stage_events
select (jsonb_populate_record(null::stage_events, s.listed)).*
from event_sources s
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s;

-- name: what_it_holds
-- How many entries and results of a source an event has, and how many of its entries have the bib of one of the hardware.
select count(*)::int as entries,
       count(*) filter (where exists (
           select from ct_participants h
           where h.timing_partner_id = c.timing_partner_id and h.event_id = %(hardware_event_id)s
             and h.data_source = 'tcp_hardware' and h.bib_number = c.bib_number and h.retracted_at is null))::int as same_bib,
       (select count(*)::int from ct_results r
        where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
          and r.data_source = %(data_source)s and r.retracted_at is null) as results
from ct_participants c
where c.timing_partner_id = %(timing_partner_id)s and c.event_id = %(event_id)s and c.data_source = %(data_source)s
  and c.retracted_at is null;

-- name: set_rule
-- What becomes of certain duplicates of a partner.
update timing_partners set duplicate_decision = %(decision)s
where timing_partner_id = %(timing_partner_id)s;
