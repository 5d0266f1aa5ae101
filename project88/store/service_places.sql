-- name: take
-- One of the places that a service gives to all who call it, where it is free.
select pg_try_advisory_lock(hashtextextended('call ' || %(service)s::text || ' ' || %(place)s::text, 88));

-- name: wait
-- The same place, once it is free. It is freed by the end of the process that has it, too.
select pg_advisory_lock(hashtextextended('call ' || %(service)s::text || ' ' || %(place)s::text, 88));

-- name: give_back
-- Lets the place go.
select pg_advisory_unlock(hashtextextended('call ' || %(service)s::text || ' ' || %(place)s::text, 88));
