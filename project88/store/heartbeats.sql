-- name: beat
-- Says that a program is alive. Rows of programs that ended without a word are forgotten after a week.
with forgotten as (
    delete from heartbeats where beat_at < now() - interval '7 days' and (component, instance) <> (%(component)s, %(instance)s)
)
insert into heartbeats as h (component, instance, host, pid)
values (%(component)s, %(instance)s, %(host)s, %(pid)s)
on conflict (component, instance) do update set beat_at = now(), host = excluded.host, pid = excluded.pid;

-- name: leave
-- An orderly end.
delete from heartbeats where component = %(component)s and instance = %(instance)s;
