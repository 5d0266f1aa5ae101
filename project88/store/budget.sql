-- name: reserve
-- Reserves slots for calls; tells when the first one is, and the wait for it and the spacing in real seconds.
select first_slot_at, wait_seconds, spacing_seconds from reserve_calls(
    %(timing_partner_id)s::int, %(provider_id)s::int, %(account_name)s::text, %(calls)s::int,
    %(calls_per_minute)s::double precision, %(horizon_seconds)s::double precision, %(unused_slot_at)s::timestamptz);

-- name: is_free_of_pause
-- Whether no pause that was asked for meanwhile covers a reserved slot.
select not exists (
    select from call_budgets
    where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
      and account_name = %(account_name)s and paused_until > %(slot_at)s);

-- name: pause
-- Stops a credential everywhere.
select pause_calls(
    %(timing_partner_id)s::int, %(provider_id)s::int, %(account_name)s::text, %(seconds)s::double precision,
    %(reason)s::text);

-- name: hub_time
-- The hub's clock and its speed.
select hub_now(), speed, offset_seconds from hub_clock;

-- name: set_clock
-- Sets the hub's clock; only the rehearsal and tests do.
update hub_clock set speed = %(speed)s, offset_seconds = %(offset_seconds)s;

-- name: standings
-- How each credential stands to its budget: what it used, whether it is paused or left alone, and why.
with clock as materialized (select hub_now() as now),
logins as (
    select timing_partner_id, provider_id, '' as account_name from partner_provider_credentials
    union all
    select timing_partner_id, provider_id, account_name from partner_provider_accounts)
select c.timing_partner_id, p.company_name, v.key as provider_key, c.account_name,
       (select count(*)
        from call_log l cross join lateral unnest(l.sent_ms) ms
        where l.timing_partner_id = c.timing_partner_id and l.provider_id = c.provider_id
          and l.account_name = c.account_name
          and l.second > clock.now - interval '61 seconds' and l.second <= clock.now
          and l.second + ms * interval '1 millisecond' > clock.now - interval '60 seconds'
          and l.second + ms * interval '1 millisecond' <= clock.now) as used_last_minute,
       (select coalesce(sum(l.calls), 0)::int
        from call_log l
        where l.timing_partner_id = c.timing_partner_id and l.provider_id = c.provider_id
          and l.account_name = c.account_name
          and l.second >= date_trunc('day', clock.now, p.time_zone) and l.second <= clock.now) as calls_today,
       coalesce(w.highest_calls, 0) as highest_calls, w.begins_at as highest_begins_at,
       case when b.paused_until > clock.now then b.paused_until end as paused_until,
       case when b.paused_until > clock.now then b.pause_reason end as pause_reason,
       k.open_until as left_alone_until,
       case when k.open_until is not null then k.reason end as left_alone_reason
from logins c
cross join clock
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
left join call_budgets b using (timing_partner_id, provider_id, account_name)
left join call_windows w using (timing_partner_id, provider_id, account_name)
left join credential_breakers k using (timing_partner_id, provider_id, account_name)
where v.key is not null
  and (%(timing_partner_id)s::int is null or c.timing_partner_id = %(timing_partner_id)s)
order by c.timing_partner_id, c.provider_id, c.account_name;
