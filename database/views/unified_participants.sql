-- Every participant of every source on one contract. Unknown stays NULL.
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
where c.retracted_at is null;

insert into applied_migrations (name) values ('views/unified_participants.sql') on conflict do nothing;
