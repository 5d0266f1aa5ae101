-- name: reserve
-- Reserves slots for calls; tells when the first one is, and the wait for it and the spacing in real seconds.
select first_slot_at, wait_seconds, spacing_seconds from reserve_calls(
    %(timing_partner_id)s::int, %(provider_id)s::int, %(calls)s::int, %(calls_per_minute)s::double precision);

-- name: pause
-- Stops a credential everywhere.
select pause_calls(%(timing_partner_id)s::int, %(provider_id)s::int, %(seconds)s::double precision);

-- name: hub_time
-- The hub's clock and its speed.
select hub_now(), speed, offset_seconds from hub_clock;

-- name: set_clock
-- Sets the hub's clock; only the rehearsal and tests do.
update hub_clock set speed = %(speed)s, offset_seconds = %(offset_seconds)s;
