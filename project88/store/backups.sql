-- name: lock
-- One backup of a database at a time; freed when the connection ends.
select pg_try_advisory_lock(8800085)

-- name: has_table
-- Whether backups can be noted here: not before the schema is applied.
select to_regclass('backups') is not null

-- name: give_up_lost
-- A backup that still runs while nobody holds the lock ended with its process.
update backups set status = 'failed', finished_at = now(), error_message = 'the process ended before it was done'
where status = 'running'

-- name: begin
-- Notes a backup that begins.
insert into backups (file_name) values (%(file_name)s) returning backup_id

-- name: complete
-- Notes a backup that is done and was read back.
update backups set status = 'completed', finished_at = now(), verified_at = now(), verified_by = %(verified_by)s,
    size_bytes = %(size_bytes)s, sha256 = %(sha256)s
where backup_id = %(backup_id)s

-- name: fail
-- Notes why a backup came to nothing.
update backups set status = 'failed', finished_at = now(), error_message = %(error_message)s
where backup_id = %(backup_id)s

-- name: note
-- Notes a verified backup that was made before this table was. Twice is once.
insert into backups (file_name, started_at, finished_at, size_bytes, sha256, verified_at, verified_by, status)
select %(file_name)s, %(started_at)s, %(finished_at)s, %(size_bytes)s, %(sha256)s, %(finished_at)s, %(verified_by)s,
       'completed'
where not exists (select from backups where file_name = %(file_name)s and sha256 = %(sha256)s)

-- name: backups
-- What was made, the newest first.
select backup_id, file_name, started_at, finished_at, size_bytes, sha256, verified_at, verified_by, status,
       error_message
from backups order by started_at desc, backup_id desc limit %(limit)s

-- name: begin_snapshot
-- One state of the database for every statement that follows.
begin isolation level repeatable read read only

-- name: export_snapshot
-- The name by which another connection sees the same state.
select pg_export_snapshot()

-- name: tables
-- Every table whose rows a dump holds.
select n.nspname as schema_name, c.relname as table_name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1, 2

-- name: count
-- The rows of one table.
select count(*) from {table}

-- name: rights
-- What the role may do here, and how large the database is.
select current_setting('server_version_num')::integer as version, r.rolcreatedb or r.rolsuper as may_create_database,
       has_database_privilege(current_database(), 'create') as may_create_schema,
       has_schema_privilege('public', 'create') as may_create_table,
       pg_database_size(current_database()) as size_bytes
from pg_roles r where r.rolname = current_user

-- name: rename_database
-- Gives a database another name; fails while anybody is connected to it.
alter database {name} rename to {new_name}

-- name: clients
-- How many programs are connected to a database.
select count(*) from pg_stat_activity where datname = %(name)s and pid <> pg_backend_pid()

-- name: analyze
-- Figures for the planner, which a dump does not hold.
analyze

-- name: has_self_check
-- Whether the database can check its own schema.
select to_regprocedure('schema_problems()') is not null

-- name: has_role
-- Whether the server has the role that the policies name.
select exists (select from pg_roles where rolname = 'project88_reader')
