-- One clock, and one budget of calls per credential that all processes and machines share.

create table if not exists hub_clock (
    only_row       boolean primary key default true,
    speed          double precision not null default 1,
    offset_seconds double precision not null default 0,
    constraint hub_clock_has_one_row check (only_row),
    constraint hub_clock_runs_forward check (speed > 0)
);
comment on table hub_clock is
    'Hub time = server time (epoch seconds) * speed + offset_seconds. Only the rehearsal and tests change it.';
insert into hub_clock default values on conflict do nothing;

create or replace function hub_now() returns timestamptz
language sql volatile
return (select to_timestamp(extract(epoch from clock_timestamp())::double precision * speed + offset_seconds)
        from hub_clock);

create table if not exists call_budgets (
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    account_name      text not null default '',
    next_slot_at      timestamptz not null default '-infinity',
    paused_until      timestamptz not null default '-infinity',
    calls_reserved    bigint not null default 0,
    primary key (timing_partner_id, provider_id, account_name)
);
alter table call_budgets add column if not exists pause_reason text;
alter table call_budgets add column if not exists calls_per_minute double precision;
comment on table call_budgets is
    'next_slot_at: hub time of the next free call. Slots are spaced evenly, so no 60 s window holds more than the rate.';
comment on column call_budgets.account_name is
    'The account in partner_provider_accounts; empty for the main one, in partner_provider_credentials.';
comment on column call_budgets.calls_per_minute is 'The rate of the last reservation; null before the first.';

-- What went out, kept for 8 days: the view call_windows reads it.
create table if not exists call_log (
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    account_name      text not null default '',
    second            timestamptz not null,
    sent_ms           smallint[] not null,
    calls             integer generated always as (cardinality(sent_ms)) stored,
    primary key (timing_partner_id, provider_id, account_name, second)
) with (fillfactor = 70);
comment on column call_log.sent_ms is
    'The slot of each call, in milliseconds of the second. A call goes out in its slot or up to 0.5 s later.';

-- Deletes what is older than 8 days; a part of it only, so that no call waits long for that.
create or replace function forget_calls(p_timing_partner_id integer, p_provider_id integer, p_account_name text)
returns void
language sql volatile
begin atomic
    delete from call_log
    where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name)
      and second in (
        select second from call_log
        where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name)
          and second < (select hub_now()) - interval '8 days'
        order by second limit 5000);
end;

-- Writes reserved slots into the log. The hour's first call clears the log of what is old.
create or replace function log_calls(
    p_timing_partner_id integer, p_provider_id integer, p_account_name text, p_first_slot_at timestamptz,
    p_calls integer, p_spacing double precision
) returns void
language plpgsql volatile as $$
begin
    insert into call_log as l (timing_partner_id, provider_id, account_name, second, sent_ms)
    select p_timing_partner_id, p_provider_id, p_account_name, date_trunc('second', slot_at),
           array_agg((trunc(extract(milliseconds from slot_at))::integer % 1000)::smallint)
    from generate_series(0, p_calls - 1) number
    cross join lateral (select p_first_slot_at + make_interval(secs => number * p_spacing)) slots (slot_at)
    group by date_trunc('second', slot_at)
    on conflict (timing_partner_id, provider_id, account_name, second) do update
        set sent_ms = l.sent_ms || excluded.sent_ms;
    if not exists (
        select from call_log
        where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name)
          and second >= date_trunc('hour', p_first_slot_at) and second < date_trunc('second', p_first_slot_at)
    ) then
        perform forget_calls(p_timing_partner_id, p_provider_id, p_account_name);
    end if;
end $$;

-- Takes a slot out of the log again that no call used.
create or replace function unlog_call(
    p_timing_partner_id integer, p_provider_id integer, p_account_name text, p_slot_at timestamptz
) returns void
language sql volatile
begin atomic
    update call_log
    set sent_ms = sent_ms[:array_position(sent_ms, ms) - 1] || sent_ms[array_position(sent_ms, ms) + 1:]
    from (select (trunc(extract(milliseconds from p_slot_at))::integer % 1000)::smallint) slot (ms)
    where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name)
      and second = date_trunc('second', p_slot_at) and ms = any (sent_ms);
end;

-- Reserves p_calls evenly spaced slots and logs them. Returns the hub time of the first one, how long to wait for it
-- and how far apart they are, both in real seconds. 2 % of the rate stays unused, because calls reach the service with
-- some delay. Where the next free slot is further away than p_horizon_seconds of real time, it reserves nothing:
-- first_slot_at is null and wait_seconds says when to ask again. Null is no horizon. p_unused_slot_at is an earlier
-- slot that no call used.
create or replace function reserve_calls(
    p_timing_partner_id integer, p_provider_id integer, p_account_name text, p_calls integer,
    p_calls_per_minute double precision, p_horizon_seconds double precision default null,
    p_unused_slot_at timestamptz default null,
    out first_slot_at timestamptz, out wait_seconds double precision, out spacing_seconds double precision
)
language plpgsql volatile as $$
declare
    spacing constant double precision := 60.0 * 1.02 / p_calls_per_minute;
    clock_speed double precision;
    hub_time timestamptz := hub_now();
begin
    perform set_config('synchronous_commit', 'off', true);
    select speed into clock_speed from hub_clock;
    spacing_seconds := spacing / clock_speed;
    insert into call_budgets as b (
        timing_partner_id, provider_id, account_name, next_slot_at, calls_reserved, calls_per_minute)
    values (p_timing_partner_id, p_provider_id, p_account_name, hub_time + make_interval(secs => p_calls * spacing),
            p_calls, p_calls_per_minute)
    on conflict (timing_partner_id, provider_id, account_name) do update set
        next_slot_at = greatest(b.next_slot_at, b.paused_until, hub_now()) + make_interval(secs => p_calls * spacing),
        calls_reserved = b.calls_reserved + p_calls,
        calls_per_minute = excluded.calls_per_minute
    where p_horizon_seconds is null
       or extract(epoch from greatest(b.next_slot_at, b.paused_until) - hub_now()) <= p_horizon_seconds * clock_speed
    returning next_slot_at - make_interval(secs => p_calls * spacing) into first_slot_at;
    if p_unused_slot_at is not null then
        perform unlog_call(p_timing_partner_id, p_provider_id, p_account_name, p_unused_slot_at);
    end if;
    if first_slot_at is null then
        select extract(epoch from greatest(b.next_slot_at, b.paused_until) - hub_now()) / clock_speed - p_horizon_seconds
        into wait_seconds from call_budgets b
        where (b.timing_partner_id, b.provider_id, b.account_name)
            = (p_timing_partner_id, p_provider_id, p_account_name);
    else
        wait_seconds := extract(epoch from first_slot_at - hub_now()) / clock_speed;
        perform log_calls(p_timing_partner_id, p_provider_id, p_account_name, first_slot_at, p_calls, spacing);
    end if;
    wait_seconds := greatest(0, wait_seconds);
end $$;

-- Stops a credential everywhere for p_seconds of hub time. A 429 or Retry-After asks for it.
create or replace function pause_calls(
    p_timing_partner_id integer, p_provider_id integer, p_account_name text, p_seconds double precision, p_reason text
) returns void
language sql volatile
begin atomic
    insert into call_budgets as b (timing_partner_id, provider_id, account_name, paused_until, pause_reason)
    values (p_timing_partner_id, p_provider_id, p_account_name, hub_now() + make_interval(secs => p_seconds), p_reason)
    on conflict (timing_partner_id, provider_id, account_name) do update
        set paused_until = excluded.paused_until, pause_reason = excluded.pause_reason
        where excluded.paused_until > b.paused_until;
end;

insert into applied_migrations (name) values ('schema/040_budget.sql') on conflict do nothing;
