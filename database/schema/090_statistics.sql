-- Statistics for the planner once a table has grown. A race is in the tables within seconds and asked for at once;
-- autovacuum looks once a minute, and until it has, a statement over an event may read the event for each of its rows.

-- Analyzes those of the tables that hold events which have grown by a fifth since they were last looked at; says how
-- many. A third of the usual sample will do until autovacuum comes. Only an owner may analyze, so it works as its owner,
-- on what is his. A table that is being analyzed is left out.
create or replace function refresh_statistics() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 30 as $$
declare
    grown    regclass;
    analyzed integer := 0;
begin
    for grown in
        select c.oid from pg_class c
        where c.relkind = 'r' and c.relowner = current_user::regrole
          and c.relname in ('ct_events', 'ct_races', 'ct_participants', 'ct_results', 'entry_links', 'joined_results',
                            'row_changes', 'raw_lists', 'timing_reads', 'read_statuses')
          and pg_relation_size(c.oid) / current_setting('block_size')::int > greatest(c.relpages, 0) * 1.2 + 16
    loop
        execute format('analyze (skip_locked) %s', grown);
        analyzed := analyzed + 1;
    end loop;
    return analyzed;
end $$;

-- What no statement compares is the greater part of what ANALYZE would read.
alter table ct_events alter column raw_payload set statistics 0;
alter table ct_races alter column raw_payload set statistics 0;
alter table ct_participants alter column raw_payload set statistics 0;
alter table ct_results
    alter column raw_payload set statistics 0, alter column split_times set statistics 0,
    alter column split_keys set statistics 0;
alter table joined_results
    alter column race_name set statistics 0, alter column first_name set statistics 0,
    alter column last_name set statistics 0, alter column city set statistics 0, alter column state set statistics 0,
    alter column country set statistics 0, alter column gun_time set statistics 0,
    alter column gender_place set statistics 0, alter column division_place set statistics 0,
    alter column provider_status set statistics 0, alter column begin_time set statistics 0,
    alter column created_at set statistics 0;
alter table row_changes alter column was set statistics 0, alter column keys set statistics 0;

insert into applied_migrations (name) values ('schema/090_statistics.sql') on conflict do nothing;
