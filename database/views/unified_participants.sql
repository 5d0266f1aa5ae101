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
-- Of a person that several sources list, the event's own source counts, else the first by name; then the next one.
from (
    select k.*, row_number() over person as turn,
           lead(k.data_source) over person as next_source, lead(k.entry_id) over person as next_entry_id
    from entry_links k
    join ct_events e on (e.timing_partner_id, e.event_id) = (k.timing_partner_id, k.event_id) and e.is_joined
    where k.has_entry
    window person as (partition by k.timing_partner_id, k.event_id, k.joined_race_id, k.person_id
                      order by k.data_source <> e.data_source, k.data_source, k.link_key)
) l
join ct_participants c
    on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
     = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id) and c.retracted_at is null
left join ct_participants o
    on (o.timing_partner_id, o.event_id, o.data_source, o.entry_id)
     = (l.timing_partner_id, l.event_id, l.next_source, l.next_entry_id) and o.retracted_at is null
where l.turn = 1;

insert into applied_migrations (name) values ('views/unified_participants.sql') on conflict do nothing;
