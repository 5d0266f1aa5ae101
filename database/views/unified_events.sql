-- Every event of every source on one contract. Unknown stays NULL.
drop view if exists unified_events;
create view unified_events with (security_invoker = true) as
select
    e.timing_partner_id,
    case e.data_source when 'tcp_hardware' then 'chronotrack_tcp' else e.data_source end as source_provider,
    e.data_source,
    e.event_id,
    e.provider_event_id,
    e.event_name,
    (e.start_date at time zone coalesce(e.time_zone, p.time_zone))::date as event_date,
    e.start_date,
    e.end_date,
    coalesce(e.time_zone, p.time_zone) as time_zone,
    e.city,
    e.state,
    e.country,
    e.updated_at
from ct_events e
join timing_partners p using (timing_partner_id)
where e.retracted_at is null;

insert into applied_migrations (name) values ('views/unified_events.sql') on conflict do nothing;
