-- The most calls that each credential sent within 60 s of the last day, and when that minute began (hub time). It is
-- never less than the truth: a call goes out up to 0.5 s after its slot, so the slots of 60.5 s are counted.
drop view if exists call_windows;
create view call_windows with (security_invoker = true) as
select b.timing_partner_id, b.provider_id, b.account_name, b.calls_per_minute, highest.calls as highest_calls, highest.begins_at
from call_budgets b
cross join lateral (
    select begins_at, count(*) over (
        order by begins_at range between current row and interval '60.5 seconds' following) as calls
    from call_log l
    cross join lateral (select l.second + ms * interval '1 millisecond' from unnest(l.sent_ms) ms) slot (begins_at)
    where l.timing_partner_id = b.timing_partner_id and l.provider_id = b.provider_id
      and l.account_name = b.account_name
      and l.second > (select hub_now()) - interval '1 day'
    order by calls desc, begins_at
    limit 1
) highest;

insert into applied_migrations (name) values ('views/call_windows.sql') on conflict do nothing;
