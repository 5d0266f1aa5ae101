-- Every participant of every source on one contract, one row per person and race. Unknown stays NULL.
drop view if exists unified_participants;
create view unified_participants with (security_invoker = true) as
select
    c.timing_partner_id,
    case c.data_source when 'tcp_hardware' then 'chronotrack_tcp' else c.data_source end as source_provider,
    c.data_source,
    c.event_id,
    c.race_id,
    c.entry_id as participant_id,
    c.external_id,
    c.bib_number,
    c.first_name,
    c.last_name,
    c.gender,
    c.age,
    c.email,
    c.city,
    c.state,
    c.country,
    c.division,
    c.team_name,
    c.entry_status,
    c.updated_at
from ct_participants c
join ct_events e on (e.timing_partner_id, e.event_id) = (c.timing_partner_id, c.event_id)
where c.retracted_at is null
  and not e.is_joined
union all
select
    c.timing_partner_id,
    case c.data_source when 'tcp_hardware' then 'chronotrack_tcp' else c.data_source end,
    c.data_source,
    c.event_id,
    nullif(l.joined_race_id, ''),
    l.person_id,
    coalesce(c.external_id, o.external_id),
    coalesce(c.bib_number, o.bib_number),
    coalesce(c.first_name, o.first_name),
    coalesce(c.last_name, o.last_name),
    coalesce(c.gender, o.gender),
    coalesce(c.age, o.age),
    coalesce(c.email, o.email),
    coalesce(c.city, o.city),
    coalesce(c.state, o.state),
    coalesce(c.country, o.country),
    coalesce(c.division, o.division),
    coalesce(c.team_name, o.team_name),
    coalesce(c.entry_status, o.entry_status),
    greatest(c.updated_at, o.updated_at)
from entry_links l
join ct_events e on (e.timing_partner_id, e.event_id) = (l.timing_partner_id, l.event_id) and e.is_joined
join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id)
    and coalesce(c.race_id, '') = l.race_id and c.retracted_at is null
left join lateral (
    select p.external_id, p.bib_number, p.first_name, p.last_name, p.gender, p.age, p.email, p.city, p.state, p.country,
           p.division, p.team_name, p.entry_status, p.updated_at
    from entry_links m
    join ct_participants p
        on (p.timing_partner_id, p.event_id, p.data_source, p.entry_id)
         = (m.timing_partner_id, m.event_id, m.data_source, m.entry_id)
        and coalesce(p.race_id, '') = m.race_id and p.retracted_at is null
    where (m.timing_partner_id, m.event_id, m.joined_race_id, m.person_id)
        = (l.timing_partner_id, l.event_id, l.joined_race_id, l.person_id)
      and m.link_key <> l.link_key
    order by m.data_source
    limit 1
) o on true
-- Of a person that several sources list, the event's own source counts, else the first by name.
where not exists (
    select from entry_links m
    join ct_participants p
        on (p.timing_partner_id, p.event_id, p.data_source, p.entry_id)
         = (m.timing_partner_id, m.event_id, m.data_source, m.entry_id)
        and coalesce(p.race_id, '') = m.race_id and p.retracted_at is null
    where (m.timing_partner_id, m.event_id, m.joined_race_id, m.person_id)
        = (l.timing_partner_id, l.event_id, l.joined_race_id, l.person_id)
      and (m.data_source <> e.data_source, m.data_source, m.link_key)
        < (l.data_source <> e.data_source, l.data_source, l.link_key));

insert into applied_migrations (name) values ('views/unified_participants.sql') on conflict do nothing;
