-- name: begin_session
-- Makes a new connection speak UTC, and write intervals and dates in one form: fingerprints are made of that text.
-- Compiling costs more than it saves on statements of this size. The server lets go of the locks of a machine that is
-- gone: as connection.KEEPALIVES say for this side.
select set_config('timezone', 'UTC', false), set_config('intervalstyle', 'postgres', false),
       set_config('datestyle', 'ISO, MDY', false), set_config('jit', 'off', false),
       set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '3', false),
       set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '14000', false)

-- name: name_partners
-- Whose rows a reader sees from now on.
select set_config('project88.timing_partner_id', %(partners)s, false)

-- name: name_all_partners
-- Every timing partner's.
select set_config('project88.timing_partner_id', array_to_string(published_partners(), ','), false)

-- name: see_one_moment
-- Every statement of this transaction sees what the first one sees; none writes.
set transaction isolation level repeatable read, read only

-- name: let_go
-- Lets every lock of this connection go; how many bytes its temporary tables take.
select coalesce((select sum(pg_relation_size(c.oid)) from pg_class c where c.relnamespace = pg_my_temp_schema()), 0)
from (select pg_advisory_unlock_all()) unlocked

-- name: database_exists
-- Whether the server has a database of this name.
select exists (select from pg_database where datname = %(name)s)

-- name: create_database
-- Makes an empty database.
create database {name} encoding 'UTF8' template template0

-- name: other_clients
-- How many other programs are connected to this server.
select count(*) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()

-- name: size
-- How many bytes this database takes.
select pg_database_size(current_database())

-- name: server_version
-- The server's version as it writes it.
select current_setting('server_version')

-- name: database_name
-- The database we are connected to.
select current_database()

-- name: drop_database
-- Drops a database; fails while anybody else is connected to it.
drop database if exists {name}

-- name: is_empty
-- Whether the database holds no table of anybody's.
select not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_toast%' and n.nspname not like 'pg_temp%')
