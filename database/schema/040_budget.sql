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
    next_slot_at      timestamptz not null default '-infinity',
    paused_until      timestamptz not null default '-infinity',
    calls_reserved    bigint not null default 0,
    primary key (timing_partner_id, provider_id)
);
comment on table call_budgets is
    'next_slot_at: hub time of the next free call. Slots are spaced evenly, so no 60 s window holds more than the rate.';

-- Reserves p_calls evenly spaced slots. Returns the hub time of the first one, how long to wait for it and how far
-- apart they are, both in real seconds. 2 % of the rate stays unused, because calls reach the service with some delay.
drop function if exists reserve_calls(integer, integer, integer, double precision);
create function reserve_calls(
    p_timing_partner_id integer, p_provider_id integer, p_calls integer, p_calls_per_minute double precision,
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
    insert into call_budgets as b (timing_partner_id, provider_id, next_slot_at, calls_reserved)
    values (p_timing_partner_id, p_provider_id, hub_time + make_interval(secs => p_calls * spacing), p_calls)
    on conflict (timing_partner_id, provider_id) do update set
        next_slot_at = greatest(b.next_slot_at, b.paused_until, hub_now()) + make_interval(secs => p_calls * spacing),
        calls_reserved = b.calls_reserved + p_calls
    returning next_slot_at - make_interval(secs => p_calls * spacing) into first_slot_at;
    wait_seconds := greatest(0, extract(epoch from first_slot_at - hub_now()) / clock_speed);
    spacing_seconds := spacing / clock_speed;
end $$;

-- Stops a credential everywhere for p_seconds of hub time. A 429 or Retry-After asks for it.
create or replace function pause_calls(p_timing_partner_id integer, p_provider_id integer, p_seconds double precision)
returns void
language sql volatile
begin atomic
    insert into call_budgets as b (timing_partner_id, provider_id, paused_until)
    values (p_timing_partner_id, p_provider_id, hub_now() + make_interval(secs => p_seconds))
    on conflict (timing_partner_id, provider_id) do update
        set paused_until = greatest(b.paused_until, excluded.paused_until);
end;

insert into applied_migrations (name) values ('schema/040_budget.sql') on conflict do nothing;
