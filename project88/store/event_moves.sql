-- name: merged_already
-- Another event of the provider that is merged into the same event.
select provider_event_id from event_sources
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s and event_id = %(event_id)s
  and decision = 'merged' and event_source_id <> %(event_source_id)s;

-- name: others_of
-- Other sources that an event holds rows of, or that an event is merged into it from, with their providers.
select distinct k.data_source, v.provider_id from (
    select data_source from ct_races where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    union
    select data_source from ct_participants where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    union
    select data_source from ct_results where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    union
    select o.key from event_sources s join providers o using (provider_id)
    where s.timing_partner_id = %(timing_partner_id)s and s.event_id = %(live_event_id)s and s.decision = 'merged') k
left join providers v on v.key = k.data_source
where k.data_source <> %(data_source)s
order by 1;

-- name: shows_rows
-- Whether an event shows rows of a source.
select exists (select from ct_participants
               where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
                 and data_source = %(data_source)s and retracted_at is null)
    or exists (select from ct_results
               where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
                 and data_source = %(data_source)s and retracted_at is null);

-- name: others_to_return
-- Other sources that a merge took along and that still stand where it put them. A start list that was taken off since is
-- elsewhere already.
select p.data_source, v.provider_id from merge_spans p
left join providers v on v.key = p.data_source
where p.timing_partner_id = %(timing_partner_id)s and p.event_source_id = %(event_source_id)s and p.undone_at is null
  and p.data_source <> %(data_source)s
  and (v.provider_id is null or exists (
      select from event_sources s
      where s.timing_partner_id = p.timing_partner_id and s.provider_id = v.provider_id
        and s.moved_with = p.event_source_id and s.decision = 'merged'))
order by 1;

-- name: open_span
-- From now on rows of a source stand under the hardware event.
insert into merge_spans (timing_partner_id, event_id, data_source, event_source_id, from_event, merged_at)
values (%(timing_partner_id)s, %(event_id)s, %(data_source)s, %(event_source_id)s, %(from_event)s, change_instant());

-- name: close_spans
-- Until now they stood there; now they are in another event.
update merge_spans set undone_at = change_instant(), from_event = %(live_event_id)s
where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s and undone_at is null
  and (event_source_id = %(event_source_id)s or event_id = %(event_id)s);

-- name: leave_spans
-- What is left of a merge that is undone stays where it is.
update merge_spans set undone_at = change_instant(), from_event = event_id
where timing_partner_id = %(timing_partner_id)s and event_source_id = %(event_source_id)s and undone_at is null;

-- name: home_of_hidden
-- The event of a provider that is stored now and whose rows an undone merge left hidden under the hardware event.
select e.event_id from event_sources s
join providers v using (provider_id)
join ct_events e on e.timing_partner_id = s.timing_partner_id and e.data_source = v.key
    and coalesce(e.provider_event_id, e.event_id) = s.provider_event_id
where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s
  and exists (select from merge_spans p
              where p.timing_partner_id = s.timing_partner_id and p.event_source_id = s.event_source_id
                and p.event_id = s.event_id and p.from_event = p.event_id and p.undone_at is not null)
  and not exists (select from event_sources o
                  where (o.timing_partner_id, o.provider_id, o.event_id)
                      = (s.timing_partner_id, s.provider_id, s.event_id) and o.decision = 'merged');

-- name: home_is_known
-- Rows that were hidden under the hardware event are in the provider's event now.
update merge_spans set from_event = %(live_event_id)s
where timing_partner_id = %(timing_partner_id)s and event_source_id = %(event_source_id)s
  and data_source = %(data_source)s and from_event = event_id and undone_at is not null;

-- name: point_others
-- Events of providers that were merged into an event, or may be it, are of the other one now.
update event_sources set event_id = %(event_id)s, moved_with = %(event_source_id)s
where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
  and event_source_id <> %(event_source_id)s;

-- name: point_back
-- They are of the event again that they were of.
update event_sources set event_id = %(live_event_id)s, moved_with = null
where timing_partner_id = %(timing_partner_id)s and moved_with = %(event_source_id)s;

-- name: take_along
-- Displays, webhooks and decisions on results of the event follow the other one, and names that it withholds are withheld
-- there, too.
with names as (
    insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by, decided_at)
    select timing_partner_id, %(event_id)s, bib_number, decided_by, decided_at from withheld_names
    where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    on conflict (timing_partner_id, event_id, bib_number) do nothing
    returning bib_number
),
shown as (
    update displays set event_id = %(event_id)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    returning display_id
),
told as (
    update webhooks set event_id = %(event_id)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    returning webhook_id
),
decided as (
    update timing.decisions set event_id = %(event_id)s
    where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s
    returning decision_id
)
update event_sources set taken_along = jsonb_build_object(
    'withheld', (select coalesce(jsonb_agg(to_jsonb(w)), '[]') from withheld_names w
                 where w.timing_partner_id = %(timing_partner_id)s and w.event_id = %(live_event_id)s),
    'names', (select coalesce(jsonb_agg(bib_number), '[]') from names),
    'displays', (select coalesce(jsonb_agg(display_id), '[]') from shown),
    'webhooks', (select coalesce(jsonb_agg(webhook_id), '[]') from told),
    'decisions', (select coalesce(jsonb_agg(decision_id), '[]') from decided))
where timing_partner_id = %(timing_partner_id)s and event_source_id = %(event_source_id)s;

-- name: give_back
-- What a merge took along goes back. A name that was withheld since is withheld in both.
with merge as (
    select s.taken_along as it, s.decided_at from event_sources s
    where s.timing_partner_id = %(timing_partner_id)s and s.event_source_id = %(event_source_id)s
),
gone as (
    delete from withheld_names w using merge m
    where w.timing_partner_id = %(timing_partner_id)s and w.event_id = %(event_id)s
      and m.it -> 'names' ? w.bib_number and w.decided_at <= m.decided_at
),
names as (
    insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by, decided_at)
    select w.timing_partner_id, %(live_event_id)s, w.bib_number, w.decided_by, w.decided_at
    from merge m cross join lateral jsonb_populate_recordset(null::withheld_names, m.it -> 'withheld') w
    union all
    select w.timing_partner_id, %(live_event_id)s, w.bib_number, w.decided_by, w.decided_at
    from merge m join withheld_names w on w.decided_at > m.decided_at
    where w.timing_partner_id = %(timing_partner_id)s and w.event_id = %(event_id)s
    on conflict (timing_partner_id, event_id, bib_number) do nothing
),
shown as (
    update displays d set event_id = %(live_event_id)s from merge m
    where d.timing_partner_id = %(timing_partner_id)s and d.event_id = %(event_id)s
      and m.it -> 'displays' @> to_jsonb(d.display_id)
),
decided as (
    update timing.decisions d set event_id = %(live_event_id)s from merge m
    where d.timing_partner_id = %(timing_partner_id)s and d.event_id = %(event_id)s
      and m.it -> 'decisions' @> to_jsonb(d.decision_id)
)
update webhooks h set event_id = %(live_event_id)s from merge m
where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(event_id)s
  and m.it -> 'webhooks' @> to_jsonb(h.webhook_id);

-- name: remove_joins
-- While the event is there, so that its history keeps them.
delete from joined_results where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s;

-- name: put_joins_aside
-- The history of its joined results waits under the other event for the undoing, and is none of that event's. So does that
-- of events that are merged into it.
update row_changes set event_id = %(event_id)s,
    data_source = case data_source when 'joined' then 'joined of ' || %(live_event_id)s else data_source end
where timing_partner_id = %(timing_partner_id)s and event_id = %(live_event_id)s and subject = 'joined';

-- name: put_joins_back
-- It is the event's again.
update row_changes set event_id = %(live_event_id)s,
    data_source = case data_source when 'joined of ' || %(live_event_id)s then 'joined' else data_source end
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and subject = 'joined'
  and data_source in (
      select 'joined of ' || %(live_event_id)s
      union all
      select 'joined of ' || (s.removed_event ->> 'event_id') from event_sources s
      where s.timing_partner_id = %(timing_partner_id)s and s.moved_with = %(event_source_id)s and s.decision = 'merged');

-- name: own_hardware
-- What an event of ChronoTrack Live holds that only an event of the hardware should.
select (select count(*) from timing.timing_sessions t where (t.timing_partner_id, t.event_id) = (%(timing_partner_id)s, %(live_event_id)s))
     + (select count(*) from timing.courses t where (t.timing_partner_id, t.event_id) = (%(timing_partner_id)s, %(live_event_id)s));

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
      and subject <> 'joined'
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
-- What the provider said of it, as it came, and what is known of its account today. Results that changed while it was
-- merged have not settled.
update ct_events e set raw_payload = s.removed_payload, account_name = s.account_name,
    unlisted_since = s.unlisted_since, upstream_state = s.upstream_state,
    results_changed_at = case when since.changed then greatest(e.results_changed_at, h.results_changed_at)
                              else e.results_changed_at end,
    settled_at = case when not since.changed then e.settled_at end
from event_sources s
join ct_events h on (h.timing_partner_id, h.event_id) = (s.timing_partner_id, s.event_id)
cross join lateral (
    select exists (select from ct_results r
                   where r.timing_partner_id = s.timing_partner_id and r.event_id = %(live_event_id)s
                     and r.data_source = %(data_source)s and r.updated_at > s.decided_at) as changed
) since
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
