-- The order of record. `psql -f database/install.sql` and `project88 db migrate` both read this file.
-- Every file may run again; each records its own name in applied_migrations.
\set ON_ERROR_STOP on
begin;
\ir schema/000_migrations.sql
\ir legacy/010_tools.sql
\ir legacy/020_set_aside.sql
\ir schema/010_partners.sql
\ir schema/015_event_names.sql
\ir schema/020_chronotrack.sql
\ir schema/030_sync.sql
\ir legacy/030_check_rows.sql
\ir legacy/040_take_shape.sql
\ir legacy/050_fill.sql
\ir legacy/060_convert.sql
\ir schema/040_budget.sql
\ir schema/045_breakers.sql
\ir schema/050_backfill.sql
\ir schema/060_jobs.sql
\ir schema/065_cadence.sql
\ir schema/070_schedule.sql
\ir schema/072_duplicates.sql
\ir schema/075_pages.sql
\ir schema/076_timing.sql
\ir schema/077_scoring.sql
\ir schema/078_joins.sql
\ir schema/079_joined_results.sql
\ir schema/080_monitor.sql
\ir schema/081_history.sql
\ir schema/082_archive.sql
\ir schema/083_import_mappings.sql
\ir schema/084_registration.sql
\ir schema/085_backups.sql
\ir schema/086_api.sql
\ir schema/087_users.sql
\ir schema/088_displays.sql
\ir schema/089_standby.sql
\ir schema/090_statistics.sql
\ir schema/091_displays_seen.sql
\ir views/collected_events.sql
\ir views/unified_events.sql
\ir views/unified_participants.sql
\ir views/unified_results.sql
\ir views/published_results.sql
\ir views/used_reads.sql
\ir views/call_windows.sql
\ir legacy/090_finish.sql
\ir schema/095_self_check.sql
commit;
