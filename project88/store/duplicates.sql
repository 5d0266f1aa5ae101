-- name: list
-- Events of providers that may be, or are, events of the hardware; those that wait first.
select s.timing_partner_id, p.company_name, s.event_source_id, v.key as provider_key, s.provider_event_id, s.event_name,
       s.start_date, s.event_id, h.event_name as hardware_event_name, h.start_date as hardware_start_date, s.likeness,
       s.decision, s.decided_by, s.decided_at, s.reason, s.found_at, l.event_id as live_event_id,
       s.listed is not null as is_listed, s.earlier, array(
           select jsonb_build_object('event_id', o.event_id, 'decision', o.decision, 'by', o.decided_by,
                                     'is_older', o.event_source_id < s.event_source_id)
           from event_sources o
           where (o.timing_partner_id, o.provider_id, o.provider_event_id)
               = (s.timing_partner_id, s.provider_id, s.provider_event_id) and o.event_source_id <> s.event_source_id
           order by o.event_source_id) as others
from event_sources s
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
join ct_events h on (h.timing_partner_id, h.event_id) = (s.timing_partner_id, s.event_id)
left join ct_events l on l.timing_partner_id = s.timing_partner_id and l.data_source = v.key
    and coalesce(l.provider_event_id, l.event_id) = s.provider_event_id
where (%(timing_partner_id)s::int is null or s.timing_partner_id = %(timing_partner_id)s)
  and (%(event)s::text is null or %(event)s in (s.event_id, s.provider_event_id, l.event_id))
  and (%(hardware)s::text is null or s.event_id = %(hardware)s)
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

-- name: score_again
-- An event that was scored is scored anew: its entries are other ones.
update timing.scorings set scoring_id = default, is_stale = true, anew_count = anew_count + 1
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: decide
-- Keeps a person's decision, and the one before it.
update event_sources set
    earlier = earlier || jsonb_build_object('decision', decision, 'by', decided_by, 'at', decided_at, 'reason', reason),
    decision = %(decision)s, decided_by = %(decided_by)s, decided_at = now(), reason = %(reason)s,
    removed_event = case when %(decision)s = 'merged' then removed_event end,
    removed_payload = case when %(decision)s = 'merged' then removed_payload end,
    taken_along = case when %(decision)s = 'merged' then taken_along end, moved_with = null
where timing_partner_id = %(timing_partner_id)s and event_source_id = %(event_source_id)s;

-- name: undo
-- What stood before the last decision stands again. Where the partner's rule, or that of registration systems, would merge
-- the event at once, that it is not merged is a person's decision.
update event_sources s set
    earlier = s.earlier || jsonb_build_object('decision', s.decision, 'by', s.decided_by, 'at', s.decided_at,
                                              'reason', s.reason, 'undone_by', %(decided_by)s::text, 'undone_at', now()),
    decision = %(decision)s, decided_by = case when rule.is_against then %(decided_by)s::text end,
    decided_at = case when rule.is_against then now() end, reason = null, removed_event = null, removed_payload = null, taken_along = null
from (
    select p.duplicate_decision = 'merged' and %(decision)s = 'skipped'
           or v.is_registration and o.likeness = 'same_name' as is_against
    from event_sources o join timing_partners p using (timing_partner_id) join providers v using (provider_id)
    where o.timing_partner_id = %(timing_partner_id)s and o.event_source_id = %(event_source_id)s
) rule
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s;

-- name: let_others_wait
-- Of the pairs of an event of a provider the merged one counts, else the oldest; first the others are further ones.
update event_sources s set is_further = true
where s.timing_partner_id = %(timing_partner_id)s and s.provider_event_id = %(provider_event_id)s
  and s.provider_id = (select provider_id from providers where key = %(provider_key)s) and not s.is_further
  and exists (select from event_sources o
              where (o.timing_partner_id, o.provider_id, o.provider_event_id)
                  = (s.timing_partner_id, s.provider_id, s.provider_event_id)
                and (o.decision <> 'merged', o.event_source_id) < (s.decision <> 'merged', s.event_source_id));

-- name: let_one_count
-- Then that one counts.
update event_sources s set is_further = false
where s.timing_partner_id = %(timing_partner_id)s and s.provider_event_id = %(provider_event_id)s
  and s.provider_id = (select provider_id from providers where key = %(provider_key)s) and s.is_further
  and not exists (select from event_sources o
                  where (o.timing_partner_id, o.provider_id, o.provider_event_id)
                      = (s.timing_partner_id, s.provider_id, s.provider_event_id)
                    and (o.decision <> 'merged', o.event_source_id) < (s.decision <> 'merged', s.event_source_id));

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
