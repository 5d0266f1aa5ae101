-- The order of record. `psql -f database/install.sql` and `project88 db migrate` both read this file.
-- Every file may run again; each records its own name in applied_migrations.
\set ON_ERROR_STOP on
begin;
\ir schema/000_migrations.sql
\ir schema/010_partners.sql
\ir schema/020_chronotrack.sql
\ir schema/030_sync.sql
\ir schema/040_budget.sql
\ir schema/045_breakers.sql
\ir schema/050_backfill.sql
\ir schema/060_jobs.sql
\ir schema/065_cadence.sql
\ir schema/070_schedule.sql
\ir views/unified_events.sql
\ir views/unified_participants.sql
\ir views/unified_results.sql
\ir views/call_windows.sql
commit;
