-- The feed of changes read from a standby.

-- Behind this number may be transactions that are under way. A snapshot that was taken during recovery does not list
-- them, so there it is the oldest one of the whole server.
create or replace function feed_horizon() returns bigint
language sql stable as $$
    select case when pg_is_in_recovery() then pg_snapshot_xmin(pg_current_snapshot())::text::bigint else (
        select coalesce(min(u.transaction_id), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
        from (select x::text::bigint as transaction_id from pg_snapshot_xip(pg_current_snapshot()) x) u
        where not exists (
            select from pg_stat_activity a
            where a.datname <> current_database() and a.backend_xid::text::bigint = u.transaction_id & 4294967295)
    ) end
$$;

insert into applied_migrations (name) values ('schema/089_standby.sql') on conflict do nothing;
