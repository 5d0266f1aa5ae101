-- name: alike
-- Staged events that are not stored and may be hardware events of the same partner, with the decision that stands: a
-- person's, else the partner's rule where the likeness is certain. They are not imported unless both are kept. Of two
-- that the rule would merge into one event nobody knows which it is. Of several events of the hardware that it may be, each
-- has to be kept apart before it is imported. An event of a registration system that certainly is
-- one that is timed is merged into it; where that is doubtful it is imported, and the database flags it.
with found as (
    select s.provider_event_id, s.name, s.start_date, to_jsonb(s) as listed, coalesce(d.event_id, a.event_id) as event_id,
           coalesce(d.likeness, a.likeness) as likeness, d.decision as known_decision,
           case when a.likeness not in ('same_id', 'same_name') then 'review'
                when v.is_registration then 'merged' else p.duplicate_decision end as rule
    from (select distinct on (provider_event_id) * from stage_events order by provider_event_id, ctid desc) s
    join timing_partners p on p.timing_partner_id = %(timing_partner_id)s
    join providers v on v.provider_id = %(provider_id)s
    left join lateral (
        -- A merge that the partner's rule made is as good as a person's: rows were collected under it.
        select * from event_sources d
        where d.timing_partner_id = p.timing_partner_id and d.provider_id = %(provider_id)s
          and d.provider_event_id = s.provider_event_id and (
              d.decided_by is not null or d.decision = 'merged'
              or exists (select from event_sources o
                         where (o.timing_partner_id, o.provider_id, o.provider_event_id)
                             = (d.timing_partner_id, d.provider_id, d.provider_event_id) and o.is_further))
        order by array_position(array['merged', 'review', 'skipped', 'kept_both'], d.decision), d.event_source_id
        limit 1) d on true
    left join lateral (
        select * from alike_events(
            p.timing_partner_id, v.is_registration, s.name, s.start_date, s.provider_event_id)
        limit 1) a on not v.is_registration or a.likeness = 'same_name'
    where coalesce(d.event_id, a.event_id) is not null
      and not exists (
          select from ct_events e
          where e.timing_partner_id = p.timing_partner_id and e.data_source = %(data_source)s
            and e.provider_event_id = s.provider_event_id)
)
select f.provider_event_id, f.name, f.start_date, f.listed, f.event_id, f.likeness, f.known_decision,
       case when f.known_decision is not null then f.known_decision
            when f.rule = 'merged' and (
                count(*) filter (where f.known_decision is null and f.rule = 'merged') over (partition by f.event_id) > 1
                or exists (select from event_sources o
                           where o.timing_partner_id = %(timing_partner_id)s and o.provider_id = %(provider_id)s
                             and o.event_id = f.event_id and o.decision = 'merged')) then 'review'
            else f.rule end as decision,
       (select e.event_name from ct_events e
        where e.timing_partner_id = %(timing_partner_id)s and e.event_id = f.event_id) as hardware_event_name
from found f
order by f.provider_event_id collate "C";

-- name: note_known
-- How the provider lists an event now on which there is a decision.
update event_sources known set
    event_name = %(name)s, start_date = %(start_date)s, listed = %(listed)s::jsonb - 'list_no',
    account_name = case when known.account_name is null or known.unlisted_since is not null
                        then %(account_name)s else known.account_name end,
    unlisted_since = case when known.account_name = %(account_name)s then null else known.unlisted_since end
where known.timing_partner_id = %(timing_partner_id)s and known.provider_id = %(provider_id)s
  and known.provider_event_id = %(provider_event_id)s
  and ((known.event_name, known.start_date, known.listed)
       is distinct from (%(name)s::text, %(start_date)s::timestamptz, %(listed)s::jsonb - 'list_no')
       or known.account_name is null or known.unlisted_since is not null);

-- name: point_elsewhere
-- An event on which nobody decided is like another event of the hardware now.
update event_sources set event_id = %(event_id)s
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
  and provider_event_id = %(provider_event_id)s and event_id <> %(event_id)s;

-- name: note_alike
-- Keeps what was found of one staged event that may be a hardware event.
insert into event_sources as known (
    timing_partner_id, event_id, provider_id, provider_event_id, decision, likeness, event_name, start_date, listed,
    account_name)
values (%(timing_partner_id)s, %(event_id)s, %(provider_id)s, %(provider_event_id)s, %(decision)s, %(likeness)s,
        %(name)s, %(start_date)s, %(listed)s::jsonb - 'list_no', %(account_name)s)
on conflict (timing_partner_id, provider_id, provider_event_id, event_id) do update set
    decision = excluded.decision, likeness = excluded.likeness,
    event_name = excluded.event_name, start_date = excluded.start_date, listed = excluded.listed,
    account_name = case when known.account_name is null or known.unlisted_since is not null
                        then excluded.account_name else known.account_name end,
    unlisted_since = case when known.account_name = excluded.account_name then null else known.unlisted_since end
where (known.decision, known.likeness, known.event_name, known.start_date, known.listed)
      is distinct from (excluded.decision, excluded.likeness, excluded.event_name, excluded.start_date, excluded.listed)
   or known.account_name is null or known.unlisted_since is not null;

-- name: forget_unlike_pairs
-- Of staged events that may be several hardware events the pairs that nobody decided on and that are alike no more.
delete from event_sources d using stage_events s
where d.timing_partner_id = %(timing_partner_id)s and d.provider_id = %(provider_id)s
  and d.provider_event_id = s.provider_event_id and d.decided_by is null and d.decision <> 'merged'
  and exists (select from event_sources o
              where (o.timing_partner_id, o.provider_id, o.provider_event_id)
                  = (d.timing_partner_id, d.provider_id, d.provider_event_id) and o.is_further)
  and not exists (
      select from alike_hardware_events(d.timing_partner_id, s.name, s.start_date, s.provider_event_id) a
      where a.event_id = d.event_id)
  and not exists (
      select from ct_events e
      where e.timing_partner_id = d.timing_partner_id and e.data_source = %(data_source)s
        and e.provider_event_id = d.provider_event_id);

-- name: forget_unlike
-- Staged events that nobody decided on and that no hardware event is like any more are not held back.
delete from event_sources d using stage_events s
where d.timing_partner_id = %(timing_partner_id)s and d.provider_id = %(provider_id)s
  and d.provider_event_id = s.provider_event_id and d.decided_by is null and d.decision <> 'merged'
  and d.provider_event_id <> all (%(alike)s::text[])
  and not exists (
      select from ct_events e
      where e.timing_partner_id = d.timing_partner_id and e.data_source = %(data_source)s
        and e.provider_event_id = d.provider_event_id);

-- name: write_staged
-- Writes the staged events that are new or changed, not held back and no other account's; counts them.
with staged as (
    select distinct on (provider_event_id) *, sha256(convert_to(row(provider_event_id, raw)::text, 'UTF8')) as print
    from stage_events
    where provider_event_id <> all (%(held_back)s::text[])
    order by provider_event_id, ctid desc
),
zoned as (
    select s.*, z.name as known_zone from staged s left join pg_timezone_names z on z.name = s.time_zone
),
written as (
    insert into ct_events (
        timing_partner_id, data_source, provider_event_id, event_name, start_date, end_date, time_zone,
        event_description, event_site_uri, event_is_published, event_tag, event_external_id, organization_id,
        organization_name, city, state, country, raw_payload, content_fingerprint, account_name)
    select
        %(timing_partner_id)s, %(data_source)s, provider_event_id, name, start_date, end_date, known_zone, description,
        site_uri, is_published, tag, external_id, organization_id, organization_name, city, state, country, raw::json,
        print, %(account_name)s
    from zoned s
    where not exists (
        select from ct_events e
        where e.timing_partner_id = %(timing_partner_id)s and e.data_source = %(data_source)s
          and e.provider_event_id = s.provider_event_id
          and (e.content_fingerprint = s.print and e.retracted_at is null
               or e.account_name <> %(account_name)s and e.unlisted_since is null))
    on conflict (timing_partner_id, data_source, provider_event_id) do update set
        event_name = excluded.event_name, start_date = excluded.start_date, end_date = excluded.end_date,
        time_zone = excluded.time_zone, event_description = excluded.event_description,
        event_site_uri = excluded.event_site_uri, event_is_published = excluded.event_is_published,
        event_tag = excluded.event_tag, event_external_id = excluded.event_external_id,
        organization_id = excluded.organization_id, organization_name = excluded.organization_name,
        city = excluded.city, state = excluded.state, country = excluded.country, raw_payload = excluded.raw_payload,
        content_fingerprint = excluded.content_fingerprint, retracted_at = null, updated_at = now()
    returning 1
)
select count(*)::int from written;

-- name: lock_lists
-- The lists of events of a partner's accounts are stored one after the other: they may hold the same events.
select lock_events(%(timing_partner_id)s);

-- name: claim_staged
-- The staged events that no other account has, or that the account's list has no longer, belong to this one.
update ct_events e set account_name = %(account_name)s, unlisted_since = null
from (select distinct provider_event_id from stage_events) s
where e.timing_partner_id = %(timing_partner_id)s and e.data_source = %(data_source)s
  and e.provider_event_id = s.provider_event_id and (e.account_name is null or e.unlisted_since is not null);

-- name: note_unlisted
-- Events of this account that its whole list has no longer: another account may take them over.
update ct_events e set unlisted_since = hub_now()
where e.timing_partner_id = %(timing_partner_id)s and e.data_source = %(data_source)s
  and e.account_name = %(account_name)s and e.unlisted_since is null
  and not exists (select from stage_events s where s.provider_event_id = e.provider_event_id);

-- name: note_unlisted_sources
-- The same of events that are not stored under their own id.
update event_sources d set unlisted_since = hub_now()
where d.timing_partner_id = %(timing_partner_id)s and d.provider_id = %(provider_id)s
  and d.account_name = %(account_name)s and d.unlisted_since is null
  and not exists (select from stage_events s where s.provider_event_id = d.provider_event_id);

-- name: find
-- Events that EVENT may mean: our id, else the provider's; retracted ones too. An event that another is merged into is
-- one event, unless the other's source is asked for.
select timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, end_date, time_zone,
       upstream_state, event_id = %(event)s as by_our_id, coalesce(account_name, '') as account_name
from (
    select *, row_number() over (partition by timing_partner_id, event_id order by is_merged) as place
    from collected_events
    where (event_id = %(event)s or provider_event_id = %(event)s)
      and (%(timing_partner_id)s::int is null or timing_partner_id = %(timing_partner_id)s)
      and (%(data_source)s::text is null or data_source = %(data_source)s)
) found
where place = 1
order by timing_partner_id, event_id;

-- name: held_back_as
-- Why an event of a provider is not stored under its own id.
select s.provider_event_id, v.name as provider_name, s.event_id, s.decision
from event_sources s
join providers v using (provider_id)
where s.provider_event_id = %(event)s
  and (%(timing_partner_id)s::int is null or s.timing_partner_id = %(timing_partner_id)s)
order by s.is_further
limit 1;

-- name: is_collected
-- Whether the event of the provider is still collected under this id of ours.
select exists (
    select from collected_events
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and provider_event_id = %(provider_event_id)s);

-- name: of_partner
-- The events of one partner and source, newest first.
select timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, end_date, time_zone,
       upstream_state, true as by_our_id, coalesce(account_name, '') as account_name
from collected_events
where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s and retracted_at is null
order by start_date desc nulls last, event_id;

-- name: mark_upstream_state
-- Remembers that the provider gave the event up; what is stored of it stays.
with merged as (
    update event_sources set upstream_state = %(upstream_state)s::text
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and provider_id = %(provider_id)s
      and provider_event_id = %(provider_event_id)s and upstream_state is distinct from %(upstream_state)s::text
)
update ct_events set upstream_state = %(upstream_state)s::text, updated_at = now()
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and upstream_state is distinct from %(upstream_state)s::text;

-- name: write_staged_races
-- Writes the staged races of one event that are new or changed; counts them.
with staged as (
    select distinct on (race_id) *, sha256(convert_to(row(race_id, raw)::text, 'UTF8')) as print
    from stage_races order by race_id, ctid desc
),
written as (
    insert into ct_races (
        timing_partner_id, event_id, data_source, race_id, race_name, race_tag, race_type, race_subtype,
        race_course_distance, race_pref_distance_unit, planned_start, planned_end, actual_start, actual_end,
        raw_payload, content_fingerprint)
    select
        %(timing_partner_id)s, %(event_id)s, %(data_source)s, race_id, name, tag, type, subtype, distance,
        distance_unit, planned_start, planned_end, actual_start, actual_end, raw::json, print
    from staged s
    where not exists (
        select from ct_races r
        where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
          and r.data_source = %(data_source)s and r.race_id = s.race_id and r.content_fingerprint = s.print
          and r.retracted_at is null)
    on conflict (timing_partner_id, event_id, data_source, race_id) do update set
        race_name = excluded.race_name, race_tag = excluded.race_tag, race_type = excluded.race_type,
        race_subtype = excluded.race_subtype, race_course_distance = excluded.race_course_distance,
        race_pref_distance_unit = excluded.race_pref_distance_unit, planned_start = excluded.planned_start,
        planned_end = excluded.planned_end, actual_start = excluded.actual_start, actual_end = excluded.actual_end,
        raw_payload = excluded.raw_payload, content_fingerprint = excluded.content_fingerprint,
        retracted_at = null, updated_at = now()
    returning 1
)
select count(*)::int from written;
