-- name: lock
-- One migration of a database at a time, to the end of the transaction.
select pg_advisory_xact_lock(8800088)

-- name: table_exists
-- Whether any file was applied here.
select to_regclass('applied_migrations') is not null

-- name: applied
-- The files that ran here; a null sha256 is a run by psql alone.
select name, applied_at, sha256 from applied_migrations

-- name: seal
-- Notes which text of a file ran. Touches no row when the file did not record itself.
update applied_migrations set sha256 = %(sha256)s, applied_at = now() where name = %(name)s
