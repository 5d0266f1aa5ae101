-- name: primary
-- How far the primary's log is on disk, and what tells this database from every other.
select (pg_current_wal_flush_lsn() - '0/0')::bigint as position,
       (select system_identifier from pg_control_system()) as server, current_database()::text as database,
       ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int as timeline,
       (select md5(string_agg(name || ' ' || coalesce(sha256, ''), ',' order by name)) from applied_migrations) as schema

-- name: standby
-- The same of a standby: how far it has replayed the log.
select pg_is_in_recovery() as is_standby, (pg_last_wal_replay_lsn() - '0/0')::bigint as position,
       (select system_identifier from pg_control_system()) as server, current_database()::text as database,
       (select timeline_id from pg_control_checkpoint()) as timeline,
       (select md5(string_agg(name || ' ' || coalesce(sha256, ''), ',' order by name)) from applied_migrations) as schema
