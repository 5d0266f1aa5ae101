-- Every event of a provider that is collected, and under which of our ids: its own, or the event it is merged into.
drop view if exists collected_events;
create view collected_events with (security_invoker = true) as
select timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, end_date, time_zone,
       upstream_state, account_name, unlisted_since, retracted_at, false as is_merged
from ct_events
union all
select s.timing_partner_id, s.event_id, v.key, s.provider_event_id, coalesce(e.event_name, s.event_name),
       coalesce(e.start_date, s.start_date), e.end_date, e.time_zone, s.upstream_state, s.account_name,
       s.unlisted_since, e.retracted_at, true
from event_sources s
join ct_events e using (timing_partner_id, event_id)
join providers v using (provider_id)
where s.decision = 'merged';

insert into applied_migrations (name) values ('views/collected_events.sql') on conflict do nothing;
