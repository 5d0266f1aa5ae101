-- name: begin_session
-- Makes a new connection speak UTC.
select set_config('timezone', 'UTC', false)

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
